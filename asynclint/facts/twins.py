"""Plain functions that have an asynchronous twin: `save` beside `asave`, `async_save` or `save_async`.

That a name has a twin is no proof. The pair counts when the twin really gives up the loop while it works and the plain
function does something that may take time: a default `async def aget(self): return self.get()` says nothing, nor does
a getter, nor a plain function that only starts a task.
"""

from collections.abc import Iterator

from msgspec import Struct

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.descent import own_calls
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Module, Named
from asynclint.facts.project import Project

_PREFIXES = ("a", "a_", "async_", "aio_")
_SUFFIXES = ("_async", "_aio", "Async")
_DEEPEST = 8  # calls; further down nothing is looked at
_RESULTS = frozenset({"result", "exception"})  # asked for once the work is known to be done
_STARTERS = frozenset(
    {
        *("create_task", "ensure_future", "call_soon", "call_later", "call_at", "add_done_callback"),
        *("start_soon", "spawn", "submit", "start"),
        *("get_running_loop", "current_task", "get_ident", "current_thread"),
    }
)
_QUICK_ROOTS = frozenset(
    {
        *("abc", "asyncio", "collections", "contextlib", "contextvars", "copy", "dataclasses", "datetime", "decimal"),
        *("enum", "functools", "hashlib", "inspect", "itertools", "json", "logging", "math", "operator", "random"),
        *("re", "string", "threading", "time", "traceback", "types", "typing", "typing_extensions", "urllib", "uuid"),
        *("warnings", "weakref", "builtins", "zoneinfo"),
    }
)
_SLOW = frozenset(
    {
        *("builtins.open", "builtins.input", "builtins.print", "time.sleep", "urllib.request.urlopen"),
        *("threading.Event.wait", "threading.Thread.join", "threading.Condition.wait"),
    }
)
_QUICK_METHODS = frozenset(
    {
        *("append", "extend", "add", "discard", "remove", "clear", "items", "keys", "values", "setdefault", "copy"),
        *("debug", "info", "warning", "error", "exception", "critical", "isoformat", "total_seconds"),
        *("split", "strip", "lstrip", "rstrip", "lower", "upper", "replace", "startswith", "endswith", "format"),
        *("cancel", "release", "close", "abort", "kill", "terminate"),  # tell something else to end
        *("write", "set_result", "set_exception", "put_nowait", "call_soon_threadsafe"),  # leave it to the loop
        *("encode", "decode", "join", "model_dump", "model_copy", "dict", "hex", "hexdigest", "is_set", "empty"),
    }
)
_PRIMITIVES = frozenset(Named(f"asyncio.{name}") for name in ("Lock", "Semaphore", "BoundedSemaphore", "Condition"))


class Twins(Struct, frozen=True):
    """A plain function and the coroutine function that does the same without blocking."""

    plain: Function
    twin: Function


def twins(project: Project, callee: Entity | None, receiver: Entity | None) -> Twins | None:
    """The plain function that is called and its twin, None when there is none.

    The twin stands beside it: in the class of `receiver`, the object whose method it is, or else in its module.
    """
    if not isinstance(callee, Function):
        return None
    name, owner = project.scope(callee).name, project.owner(callee)
    place = receiver if owner else Module(callee.path)
    if place is None or name in _RESULTS or name.endswith("__") or "nowait" in name:
        return None
    beside = project.scope(owner or Class(callee.path, 0)).names
    named = (project.member(place, other) for other in _twin_names(name) if other in beside)
    twin = next((found for found in named if isinstance(found, Function) and _is_coroutine(project, found)), None)
    return Twins(callee, twin) if twin and _is_worth_awaiting(project, callee, twin) else None


def _twin_names(name: str) -> Iterator[str]:
    bare = name.lstrip("_")
    private = name.removesuffix(bare)
    yield from (f"{private}{prefix}{bare}" for prefix in _PREFIXES)
    yield from (f"{name}{suffix}" for suffix in _SUFFIXES)


def _is_coroutine(project: Project, function: Function) -> bool:
    return project.function(function).is_async and isinstance(project.result(function), Coroutine)


def _is_worth_awaiting(project: Project, plain: Function, twin: Function) -> bool:
    if not _is_plain(project, plain) or not _are_a_pair(project, plain, twin):
        return False
    if _gives_awaitable(project, plain) or _starts_something(project, plain):
        return False
    if project.function(plain).is_stub:  # an interface that asks for both
        return project.function(twin).is_stub
    asked = frozenset(call.callee for call in own_calls(project, plain))
    return _may_wait(project, plain, frozenset()) and _gives_way(project, twin, asked)


def _are_a_pair(project: Project, plain: Function, twin: Function) -> bool:
    """Does the same class or module define both, and does the twin take nothing that the plain one does not take?

    A flag may well decide whether the plain one waits, so there must be none.
    """
    if project.owner(plain) != project.owner(twin) or plain.path != twin.path:
        return False
    taken = _annotations(project, plain)
    same = all(name in taken and _agree(taken[name], kind) for name, kind in _annotations(project, twin).items())
    return same and "bool" not in taken.values()


def _agree(annotation: str, other: str) -> bool:
    return not annotation or not other or annotation == other


def _annotations(project: Project, function: Function) -> dict[str, str]:
    """Its parameters and what they are declared to be."""
    facts, names = project.function(function), project.scope(function).names
    return {name: names[name][0].value for name in (*facts.parameters, *facts.keywords)}


def _is_plain(project: Project, function: Function) -> bool:
    facts = project.function(function)
    is_quick = facts.is_async or facts.is_generator or project.is_property(function)
    return not is_quick and project.is_plain(function)


def _gives_awaitable(project: Project, function: Function) -> bool:
    result = project.result(function)
    known = result.of.name if isinstance(result, Instance) and isinstance(result.of, Named) else ""
    return isinstance(result, Coroutine | AsyncGenerator) or known.startswith("asyncio.")


def _starts_something(project: Project, function: Function) -> bool:
    """Does it, or a function inside it, hand work to the loop or to a thread, or ask which of them it is in?"""
    module = project.module(function.path)
    calls = [call for call in module.calls if module.is_within(call.scope, function.scope)] if module else []
    return any(call.last_name in _STARTERS or _hands_coroutine(project, function.path, call) for call in calls)


def _hands_coroutine(project: Project, path: str, call: CallFacts) -> bool:
    """Is a coroutine made here for another call to run?"""
    callee = project.call(path, call) if call.use is Use.ARGUMENT else None
    return callee is not None and isinstance(project.result(callee), Coroutine)


def _may_wait(project: Project, function: Function, above: frozenset[Function]) -> bool:
    """Does the plain function call anything that is not known to be quick?"""
    if function in above or len(above) > _DEEPEST:
        return False
    if project.function(function).is_stub:
        return True
    here = above | {function}
    return any(_takes_time(project, function, call, here) for call in own_calls(project, function))


def _takes_time(project: Project, function: Function, call: CallFacts, above: frozenset[Function]) -> bool:
    callee = project.call(function.path, call)
    if isinstance(callee, Class):
        callee = project.member(callee, "__init__") or Named("builtins.object")
    if isinstance(callee, Function):
        return not project.function(callee).is_async and _may_wait(project, callee, above)
    if isinstance(callee, Named):
        return callee.name in _SLOW or callee.name.partition(".")[0] not in _QUICK_ROOTS
    is_readable = bool(call.callee)  # a method of a text, of a display and the like is not, and quick
    return is_readable and call.last_name not in _QUICK_METHODS


def _gives_way(
    project: Project, function: Function, asked: frozenset[str], above: frozenset[Function] = frozenset()
) -> bool:
    """Does the coroutine function await anything but coroutines of the project that await nothing themselves?

    What the plain function calls too (`asked`) does not count: that is a callback of either kind.
    """
    if function in above or len(above) > _DEEPEST:
        return False
    facts, here = project.function(function), above | {function}
    if facts.is_stub or facts.awaits or _enters(project, function):
        return True
    calls = own_calls(project, function)
    awaited = [call for call in calls if call.use is Use.AWAITED and (above or call.callee not in asked)]
    return any(_suspends(project, function, call, here) for call in awaited)


def _suspends(project: Project, function: Function, call: CallFacts, above: frozenset[Function]) -> bool:
    callee = project.call(function.path, call)
    is_known = isinstance(callee, Function) and _is_coroutine(project, callee)
    return not (is_known and isinstance(callee, Function)) or _gives_way(project, callee, frozenset(), above)


def _enters(project: Project, function: Function) -> bool:
    """Does it hold an `async with` of anything but a lock?"""
    module = project.module(function.path)
    for item in module.withs if module else ():
        if item.is_async and module is not None and module.executor(item.scope) == function.scope:
            entered = project.evaluate(function.path, item.scope, item.item)
            if not (isinstance(entered, Instance) and entered.of in _PRIMITIVES):
                return True
    return False
