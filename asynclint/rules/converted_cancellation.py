from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import Body, InTests, Problem, handlers, left_finallies, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import (
    CANCELLATION,
    Guard,
    awaits,
    guards,
    is_entry_point,
    only_closes,
    waits_for_existing,
)
from asynclint.rule.flow import Catch, Outcomes, Semantics, explore
from asynclint.rule.remedies import let_through, names_cancellation
from asynclint.rule.reraising import narrowed, never_caught, raised_for_this_task
from asynclint.rule.thrown import is_of_kind, other_exception, raises_cancellation
from asynclint.rule.trees import call_name, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, CSTNode, Raise, Try, TryStar

# What has become of the cancellation: it is held, it was passed on or ended; or the `raise` that replaced it.
_HELD, _PASSED = "held", "passed"
State: TypeAlias = "str | Raise"
_ANSWERING = frozenset({"cancelling", "uncancel", "set_exception", "cancel"})
_EXITS = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})


@rule(
    code="ASL402",
    wants=handlers(*CANCELLATION, of_waits=True) | left_finallies(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#task-cancellation",
    in_tests=InTests.INFO,
)
def converted_cancellation(body: Body) -> Iterator[Problem]:
    """A cancelled coroutine raises another exception in place of `CancelledError`.

    Cancelling a task raises `CancelledError` at the `await` where it waits, and whoever cancelled it waits for this
    very error. A handler that raises something else turns a wanted end into a failure: `asyncio.timeout` raises no
    `TimeoutError`, a task group takes the cancelled task for a broken one, and a shutdown reports errors that are none.

    ## Bad

    ```python
    import asyncio

    class FetchError(Exception):
        pass

    async def fetch(client):
        try:
            return await client.get()
        except BaseException as error:  # ASL402
            raise FetchError("cannot fetch") from error

    async def connect(client):
        try:
            await asyncio.wait_for(client.connect(), 5)
        except (asyncio.TimeoutError, asyncio.CancelledError):  # ASL402
            raise ConnectionError("no answer")
    ```

    ## Good

    ```python
    import asyncio

    class FetchError(Exception):
        pass

    async def fetch(client):
        try:
            return await client.get()
        except Exception as error:
            raise FetchError("cannot fetch") from error

    async def connect(client):
        try:
            await asyncio.wait_for(client.connect(), 5)
        except asyncio.TimeoutError:
            raise ConnectionError("no answer")
    ```

    ## What to do

    Catch `Exception`, which does not include `CancelledError`. A timeout needs no `CancelledError` in its `except`:
    `asyncio.timeout` and `asyncio.wait_for` raise `TimeoutError`. Some libraries cancel futures of their own when a
    connection is lost; where the handler is there for that, let the error through when it is meant for this task,
    `if asyncio.current_task().cancelling(): raise`, before Python 3.11 by an `except asyncio.CancelledError: raise`
    before the handler.

    ## Fix

    Catches `Exception` in the place of `BaseException`, or of anything. A handler that names `CancelledError` begins
    with `if asyncio.current_task().cancelling(): raise`; before Python 3.11 it has `except asyncio.CancelledError:
    raise` put before it. Unsafe: what the handler does is skipped then. None for a `finally`.

    ## Not reported

    Handlers that let `CancelledError` through on some path, by whatever test; waiting for a task or future that exists
    already, because its own cancellation arrives the same way; raising a subclass of `CancelledError`, `SystemExit` or
    `KeyboardInterrupt`; exceptions of unknown kind, and those that call themselves a cancellation; the coroutine given
    to `asyncio.run`; code around the `yield` of a context manager. A handler that swallows the cancellation on another
    path is ASL401's. A `finally` behind nothing but `await client.close()` and its like is information only.
    """
    if not body.is_async or is_entry_point(body) or raises_cancellation(body):
        return
    for guard in guards(body):
        if guard.handler is None or not any(map(awaits, guard.block)) or waits_for_existing(body, guard):
            continue
        thrown = _thrown_instead(body, guard.handler.body, guard.name)
        if thrown is not None:
            named = names_cancellation(body, guard.handler.type)
            fixes = raised_for_this_task(body, guard) if named else narrowed(body, guard) or never_caught(body, guard)
            trace = ((thrown, "here it is raised"),)
            yield Problem(guard.head, _message(body, guard, thrown), trace=trace, fixes=fixes)
    for statement in body.nodes:
        if isinstance(statement, cst.Try | cst.TryStar) and statement.finalbody and _awaits_before_finally(statement):
            thrown = _thrown_instead(body, statement.finalbody.body, "")
            if thrown is not None:
                yield Problem(thrown, _message_of_finally(body, thrown), is_information=only_closes(statement.body))


def _awaits_before_finally(statement: "Try | TryStar") -> bool:
    return any(awaits(part) for part in (statement.body, *statement.handlers, *filter(None, [statement.orelse])))


def _thrown_instead(body: Body, block: "BaseSuite", name: str) -> "Raise | None":
    """The first `raise` of another exception, when every way out of the block is one."""
    start: list[State] = [_HELD]
    ways: Outcomes[State] = explore(block, start, _semantics(body, name))
    if ways.falls or ways.returns or ways.breaks or ways.continues or _HELD in ways.raises or _PASSED in ways.raises:
        return None
    return next((node for node in walk(block) if isinstance(node, cst.Raise) and node in ways.raises), None)


def _semantics(body: Body, name: str) -> Semantics[State]:
    return Semantics(
        step=partial(_step, body, name),
        suppresses=lambda *_: Catch.MAYBE,
        assume=partial(_assume, body, name),
    )


def _step(body: Body, name: str, node: "CSTNode", state: State) -> tuple[State, ...]:
    if state != _HELD:
        return (state,)
    called = [part for part in walk(node, own_children) if isinstance(part, cst.Call)]
    if any(body.name_of(call.func) in _EXITS for call in called):
        return ()
    if isinstance(node, cst.Raise):
        is_other = node.exc is not None and other_exception(body, node.exc)
        return (node,) if is_other else (_PASSED,)
    return (_PASSED,) if any(call_name(call) in _ANSWERING for call in called) else (state,)


def _assume(body: Body, name: str, test: "BaseExpression", truth: bool, state: State) -> tuple[State, ...]:
    if state != _HELD or not name:
        return (state,)
    answer = is_of_kind(body, test, name)
    return (state,) if answer is None or answer is truth else ()


def _message(body: Body, guard: Guard, thrown: "Raise") -> str:
    assert guard.handler is not None
    kind = guard.handler.type
    catch = "a bare `except`" if kind is None else f"`except {body.text(kind)}`"
    remedy = let_through(body) if names_cancellation(body, kind) else "catch `Exception` instead"
    return (
        f"when `{body.name}` is cancelled, {catch} raises {_word(body, thrown)} instead, which "
        f"{_effect(body, thrown)}; {remedy}"
    )


def _message_of_finally(body: Body, thrown: "Raise") -> str:
    return (
        f"when `{body.name}` is cancelled, this `finally` raises {_word(body, thrown)} instead, which "
        f"{_effect(body, thrown)}; raise it behind the `try`, after an `except Exception`"
    )


def _effect(body: Body, thrown: "Raise") -> str:
    if body.name == "__anext__" and _word(body, thrown) == "`StopAsyncIteration`":
        return "swallows it, and the iteration ends as if complete"
    return "looks like a failure to whoever cancelled it"


def _word(body: Body, thrown: "Raise") -> str:
    return f"`{other_exception(body, thrown.exc)}`" if thrown.exc is not None else "another exception"
