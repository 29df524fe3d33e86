"""What is said about a coroutine that was not awaited."""

from typing import TYPE_CHECKING, TypeGuard

from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Named
from asynclint.facts.habits import exceptions
from asynclint.facts.library import is_lazy
from asynclint.facts.synchronous import is_wrapped
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.trees import code_of

__all__ = [
    "awaited_elsewhere",
    "definition",
    "is_certain",
    "is_expected_to_fail",
    "is_lazy",
    "is_run_by_call",
    "remedy",
]

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_AWAITABLES = frozenset({"typing.Awaitable", "collections.abc.Awaitable"})
_AS_TASK = {"asyncio": "make it a task and keep the task", "anyio": "give the function to `start_soon` of a task group"}


def remedy(body: Body, in_coroutine: str = "") -> str:
    """What the user can do about it in this body: only a coroutine can await."""
    if body.is_async:
        return in_coroutine or f"add `await`, or {_AS_TASK[body.library]}"
    start = f"start it with `{body.library}.run(...)`"
    if body.kind is BodyKind.MODULE:
        return start
    if body.name.startswith("__") and body.name.endswith("__"):  # called by Python itself, which awaits nothing
        return f"`{body.name}` cannot await and cannot be `async def`: make the call in a coroutine"
    return f"`{body.name}` cannot await because it is not `async def`: make it one, or {start}"


def definition(body: Body, function: Function | Named) -> tuple[tuple[Function, str], ...]:
    """Where a function of the project is defined, and of what kind it is, to be shown with a finding."""
    if isinstance(function, Named):
        return ()
    return ((function, f"`{body.project.qualname(function)}` {_kind(body, function)}"),)


def _kind(body: Body, function: Function) -> str:
    facts = body.project.function(function)
    if facts.is_async:
        return "is an async generator" if facts.is_generator else "is a coroutine function"
    return "returns a coroutine" if isinstance(body.project.result(function), Coroutine) else "is a plain function"


def is_certain(entity: Entity | None) -> TypeGuard[Coroutine | AsyncGenerator]:
    """Is it a coroutine (or an async generator), and not what is only declared awaitable, as a task may be?"""
    declared = isinstance(entity, Coroutine) and isinstance(entity.of, Named) and entity.of.name in _AWAITABLES
    return isinstance(entity, Coroutine | AsyncGenerator) and not declared


def is_run_by_call(body: Body, entity: Coroutine) -> bool:
    """Is it plain code that calls a coroutine function which its package makes run at once?"""
    return not body.is_async and is_wrapped(body.project, body.facts, entity.of)


def is_expected_to_fail(body: Body, call: "Call") -> bool:
    """Does it stand in `with raises(...)`, so that it is the call itself which has to fail?

    A call of an `async def` runs nothing of it: it cannot raise an exception that is the project's own.
    """
    above = (node.items[0].item for node in body.ancestors(call) if isinstance(node, cst.With))
    expectations = [item for item in above if "raises" in body.text(item).lower()]
    if any(not _is_of_the_project(body, item) for item in expectations):
        return True
    callee = body.resolve(call.func)
    return bool(expectations) and not (isinstance(callee, Function) and body.project.function(callee).is_async)


def _is_of_the_project(body: Body, expectation: "BaseExpression") -> bool:
    """Is the exception that is expected here, its first argument, a class of the project?"""
    if not isinstance(expectation, cst.Call) or not expectation.args:
        return False
    return isinstance(body.resolve(expectation.args[0].value), Class)


def awaited_elsewhere(body: Body, call: "Call") -> int:
    """How often its file awaits what this call drops, 0 where it has no such habit or the call is expected to fail."""
    if is_expected_to_fail(body, call):
        return 0
    code = code_of(call.func)
    found = ((other, times) for other, times in exceptions(body.facts) if other.callee == code)
    return next((times for other, times in found if body.facts.executor(other.scope) == body.scope), 0)
