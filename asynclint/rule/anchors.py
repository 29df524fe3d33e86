"""What holds a task while it waits: the timer of a limit or a sleep, or a queue or lock that others refer to."""

from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.descent import own_calls
from asynclint.facts.entities import Entity, Function, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project
from asynclint.rule.body import Body
from asynclint.rule.timeouts import CONTEXTS

if TYPE_CHECKING:
    from libcst import BaseExpression

_TIMERS = frozenset({"asyncio.sleep", "asyncio.wait_for"})
_PRIMITIVES = frozenset(
    {
        *(f"asyncio.{kind}Queue.{wait}" for kind in ("", "Lifo", "Priority") for wait in ("get", "put", "join")),
        *(f"asyncio.{kind}.acquire" for kind in ("Lock", "Semaphore", "BoundedSemaphore", "Condition")),
        *("asyncio.Event.wait", "asyncio.Condition.wait"),
    }
)
_NO_LIMIT = frozenset({"None", "timeout=None"})
_DEEPEST = 3


def is_held_by_timers(body: Body, work: "BaseExpression") -> bool:
    """Is a coroutine held by the timer of a sleep or a limit wherever it waits?"""
    return _is_held(body, work, by_primitives=False)


def is_held(body: Body, work: "BaseExpression") -> bool:
    """Is a coroutine held by a timer wherever it waits, or by a queue or lock that others refer to?"""
    return _is_held(body, work, by_primitives=True)


def _is_held(body: Body, work: "BaseExpression", *, by_primitives: bool) -> bool:
    coroutine = body.coroutine_of(work)
    if coroutine is None or isinstance(coroutine.of, Named):
        return coroutine is not None and coroutine.of == Named("asyncio.sleep")
    return _holds(body.project, coroutine.of, _DEEPEST, by_primitives=by_primitives)


def _holds(project: Project, function: Function, deepest: int, *, by_primitives: bool) -> bool:
    module, facts = project.module(function.path), project.function(function)
    is_known = facts.is_async and not (facts.awaits or facts.is_stub or facts.is_generator)
    if module is None or not deepest or not is_known or not project.is_plain(function):
        return False
    entered = (item for item in module.withs if item.is_async and module.executor(item.scope) == function.scope)
    if not all(_is_limit(project, function, callee_of(item.item)) for item in entered):
        return False

    def holds(call: CallFacts) -> bool:
        callee = project.call(function.path, call)
        if isinstance(callee, Function):
            return _holds(project, callee, deepest - 1, by_primitives=by_primitives)
        return _is_timed(callee, call) or (by_primitives and _is_of_others(module, callee, call))

    waits = [call for call in own_calls(project, function) if call.use is Use.AWAITED]
    return all(_is_limit(project, function, call.limit) or holds(call) for call in waits)


def _is_limit(project: Project, function: Function, code: str) -> bool:
    limit = project.evaluate(function.path, function.scope, code) if code else None
    return isinstance(limit, Named) and limit.name in CONTEXTS


def _is_timed(callee: Entity | None, call: CallFacts) -> bool:
    return isinstance(callee, Named) and callee.name in _TIMERS and not _NO_LIMIT & {*call.arguments}


def _is_of_others(module: ModuleFacts, callee: Entity | None, call: CallFacts) -> bool:
    """Is it a wait of something in an attribute or in a global?"""
    owner = call.callee.rpartition(".")[0]
    is_local = owner in module.scopes[module.executor(call.scope)].names
    return isinstance(callee, Named) and callee.name in _PRIMITIVES and not is_local
