"""Coroutines that only fetch something from outside, so that two of them may run at once as well as in turn."""

from msgspec import Struct

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project

_READS = frozenset(
    {
        *(f"aiohttp.ClientSession.{method}" for method in ("get", "head", "options")),
        *(f"aiohttp.ClientResponse.{method}" for method in ("json", "read", "text")),
        *(f"httpx.AsyncClient.{method}" for method in ("get", "head", "options")),
        "httpx.Response.aread",
        "asyncio.sleep",
    }
)
_SHARED = frozenset({"aiohttp.ClientSession", "asyncio.timeout", "httpx.AsyncClient"})
_CHANGING = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popleft", "put", "put_nowait"),
        *("remove", "send", "set", "setdefault", "update", "write"),
    }
)
_DEEPEST = 3


class _Frame(Struct, frozen=True):
    """A coroutine function whose calls are judged, and how many calls deep the answer may still be looked for."""

    module: ModuleFacts
    function: Function
    deepest: int


def only_reads(project: Project, callee: Entity | None, deepest: int = _DEEPEST) -> bool:
    """Does a coroutine function surely wait, for nothing but answers, and change nothing that another one sees?"""
    if isinstance(callee, Named):
        return callee.name in _READS
    module = project.module(callee.path) if isinstance(callee, Function) else None
    if not isinstance(callee, Function) or module is None or not deepest or not _is_coroutine(project, callee):
        return False
    frame = _Frame(module, callee, deepest)
    own = [call for call in module.calls if module.executor(call.scope) == callee.scope]
    return (
        not _writes(frame)
        and not any(module.executor(await_.scope) == callee.scope for await_ in module.awaits)
        and not any(loop.is_async and module.executor(loop.scope) == callee.scope for loop in module.loops)
        and _enters_only_clients(project, frame)
        and all(_is_harmless(project, frame, call) for call in own)
        and any(_waits(project, frame, call) for call in own)
    )


def _is_coroutine(project: Project, function: Function) -> bool:
    facts = project.function(function)
    return facts.is_async and not facts.is_generator and isinstance(project.result(function), Coroutine)


def _writes(frame: _Frame) -> bool:
    """Does it bind a global variable, or an attribute of any object?"""
    here = frame.function.scope
    if frame.module.scopes[here].replaced:
        return True
    attributes = (scope.klass.attributes for scope in frame.module.scopes if scope.klass is not None)
    if any(binding.scope == here for each in attributes for ways in each.values() for binding in ways):
        return True
    outer = (scope.names for index, scope in enumerate(frame.module.scopes) if index < here)
    values = (binding for names in outer for ways in names.values() for binding in ways)
    return any(binding.scope == here and binding.target < 0 and not binding.value for binding in values)


def _enters_only_clients(project: Project, frame: _Frame) -> bool:
    for item in frame.module.withs:
        if frame.module.executor(item.scope) == frame.function.scope:
            entered = project.evaluate(frame.module.path, item.scope, item.item)
            name = entered.of.name if isinstance(entered, Instance) and isinstance(entered.of, Named) else ""
            if not item.is_async or not (name in _SHARED or name.endswith(".<request>")):
                return False
    return True


def _is_harmless(project: Project, frame: _Frame, call: CallFacts) -> bool:
    callee = project.call(frame.module.path, call)
    result = project.called(frame.module.path, call)
    if call.use is Use.AWAITED or isinstance(result, Coroutine) or _is_request(result):
        return only_reads(project, callee, frame.deepest - 1)
    match callee:
        case Function():
            return project.owner(callee) is None and not project.function(callee).is_async
        case Class():
            return True
        case Named(name=name):
            return name.rpartition(".")[2] not in _CHANGING
    return call.last_name not in _CHANGING or _is_local(frame, call)


def _is_request(entity: Entity | None) -> bool:
    return isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name.endswith(".<request>")


def _is_local(frame: _Frame, call: CallFacts) -> bool:
    """Is it a method of a variable of its own, no parameter?"""
    root = call.callee.partition(".")[0]
    facts = frame.module.scopes[frame.function.scope]
    parameters = facts.function.parameters if facts.function else ()
    return root in facts.names and root not in parameters


def _waits(project: Project, frame: _Frame, call: CallFacts) -> bool:
    return only_reads(project, project.call(frame.module.path, call), frame.deepest - 1)
