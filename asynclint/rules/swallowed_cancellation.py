from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import Body, Fix, InTests, Problem, calls, decorated_coroutines, handlers, rule, suppressing
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import (
    CANCELLATION,
    CLOSING,
    Guard,
    awaits,
    guards,
    is_awaited_directly,
    is_child_of_group,
    is_entry_point,
    is_task,
    waits_for_existing,
)
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.remedies import let_through, names_cancellation, names_only_cancellation
from asynclint.rule.reraising import narrowed, never_caught, raised_again, raised_for_this_task
from asynclint.rule.retries import BACKOFF, TENACITY, retries_of_cancellation
from asynclint.rule.stopping import asks_whether_to_stop
from asynclint.rule.thrown import is_of_kind, raises_cancellation
from asynclint.rule.trees import call_name, code_of, own_children, statements, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, ExceptHandler, ExceptStarHandler, Return, WithItem

    Handler: TypeAlias = ExceptHandler | ExceptStarHandler

# What has become of the cancellation that reached the guard's block; the node where the body goes on is a state too.
_RUNNING, _FLYING, _HELD, _ANSWERED, _PASSED = "running", "flying", "held", "answered", "passed"
_FAILED = "failed"  # an ordinary exception in flight, for the guards that stand in its handler
State: TypeAlias = "str | CSTNode"
_FORWARDING = frozenset({"cancel", "set_exception", "uncancel", "throw"})
_TALKING = frozenset(
    {"print", "str", "repr", "format", "debug", "info", "warning", "warn", "error", "exception", "critical", "log"}
)
_SAVING = frozenset({"sys.exc_info", "sys.exception"})
_ENDING = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})


@rule(
    code="ASL401",
    wants=handlers(*CANCELLATION, of_waits=True)
    | suppressing(*CANCELLATION)
    | calls(*TENACITY, BACKOFF, in_coroutine=True)
    | decorated_coroutines(*TENACITY, BACKOFF),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#task-cancellation",
    in_tests=InTests.INFO,
)
def swallowed_cancellation(body: Body) -> Iterator[Problem]:
    """A cancelled coroutine catches `CancelledError` and goes on as if nothing had happened.

    Cancelling a task raises `CancelledError` at the `await` where it waits. Timeouts, task groups and shutdown all
    work that way. A handler that eats the error (by name, through `BaseException` or a bare `except`, or with
    `contextlib.suppress`) breaks them: `asyncio.timeout` no longer ends the block, a task group waits for ever,
    the program does not stop.

    ## Bad

    ```python
    import asyncio
    import contextlib

    async def poll(client):
        while True:
            try:
                await client.update()
            except asyncio.CancelledError:  # ASL401
                print("stopping")

    async def fetch(client):
        try:
            return await client.get()
        except BaseException:  # ASL401
            return None

    async def refresh(client):
        with contextlib.suppress(asyncio.CancelledError):  # ASL401
            await client.update()
        await client.publish()
    ```

    ## Good

    ```python
    import asyncio
    import contextlib

    async def poll(client):
        while True:
            try:
                await client.update()
            except asyncio.CancelledError:
                print("stopping")
                raise

    async def fetch(client):
        try:
            return await client.get()
        except Exception:
            return None

    async def stop(task):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    ```

    ## What to do

    End a handler of `CancelledError` alone with a bare `raise`. Where it is caught together with errors that the
    handler is there for, let it through when it is meant for this task, `if asyncio.current_task().cancelling():
    raise`; before Python 3.11 by an `except asyncio.CancelledError: raise` before the handler. Where `BaseException` is
    meant to catch errors, catch `Exception`, which does not include `CancelledError`; the same goes for what tenacity
    and backoff retry on. Code that really ends a cancellation says so with `asyncio.current_task().uncancel()`.

    ## Fix

    Ends a handler of `CancelledError` alone with `raise`. One that catches it with others begins with
    `if asyncio.current_task().cancelling(): raise`, and one of `BaseException`, or before Python 3.11, has an
    `except asyncio.CancelledError: raise` put before it. Unsafe: what comes after is skipped then. None for `suppress`,
    and for a handler that ends with `return`, `break` or `continue`.

    ## Not reported

    Waiting for a task or future that exists already, because its own cancellation arrives the same way; a handler that
    passes the error on (stores it, sets it on a future) or asks first: `cancelling()`, or a flag that another function
    sets where it calls `cancel()`; the coroutine given to `asyncio.run`; a task that ends right after its handler,
    because then nothing is left to go on. Of the handler of a request that only answers it is information.
    """
    if not body.is_async or is_entry_point(body) or raises_cancellation(body):
        return
    for guard in guards(body):
        if any(map(awaits, guard.block)) and not waits_for_existing(body, guard):
            yield from _swallowed(body, guard)
    for retry in retries_of_cancellation(body) if any(map(awaits, body.nodes)) else ():
        what = f"`{body.text(retry.node)}` makes {retry.library} run it again"
        yield Problem(retry.node, f"when `{body.name}` is cancelled, {what}; retry on `Exception` or less")


def _swallowed(body: Body, guard: Guard) -> Iterator[Problem]:
    """A problem when the body, cancelled inside the guard, neither ends nor passes the cancellation on."""
    assert isinstance(body.node, cst.FunctionDef)
    outcomes = explore(body.node.body, [_RUNNING], _semantics(body, guard))
    resumed = {id(state) for states in outcomes for state in states if not isinstance(state, str)}
    if resumed:
        first = next(node for node in walk(body.node) if id(node) in resumed)
        trace = ((first, "here it goes on"),)
        yield Problem(guard.head, _message(body, guard, "goes on"), trace=trace, fixes=_fixes(body, guard))
        return
    ends = outcomes.falls | outcomes.returns
    held = bool(ends & {_HELD, _FLYING})
    answered = _ANSWERED in ends or (held and _gives_a_result(body))
    if (answered and not is_task(body, guard)) or (held and is_awaited_directly(body)):
        message = _message(body, guard, "returns as if it had finished")
        is_slight = _only_responds(body, guard)
        yield Problem(guard.head, message, is_information=is_slight, fixes=_fixes(body, guard))


def _only_responds(body: Body, guard: Guard) -> bool:
    """Is it the handler of a request that only answers? Nobody reads the answer then, and nothing goes on after it."""
    is_handler = body.function is not None and "request" in body.function.parameters
    match [*statements(guard.handler.body)] if guard.handler is not None else []:
        case [cst.Return(value=cst.Call() as made)]:
            return is_handler and call_name(made).endswith("Response")
    return False


def _gives_a_result(body: Body) -> bool:
    return any(isinstance(node, cst.Return) and _has_value(node) for node in body.nodes)


def _has_value(node: "Return") -> bool:
    return node.value is not None and code_of(node.value) != "None"


def _semantics(body: Body, guard: Guard) -> Semantics[State]:
    protected = frozenset(id(node) for part in guard.block for node in walk(part))
    return Semantics(
        step=partial(_step, body, guard, protected),
        raises=partial(_raises, body, guard, protected),
        catches=partial(_catches, body),
        caught=lambda handler, state: (_caught(guard, handler, state),),
        suppresses=partial(_suppresses, guard),
        assume=partial(_assume, body, guard),
    )


def _current(guard: Guard, protected: frozenset[int], node: "CSTNode", state: State) -> State:
    """Behind a `suppress` the error has been swallowed without a handler having run."""
    return _HELD if state == _FLYING and guard.handler is None and id(node) not in protected else state


def _step(body: Body, guard: Guard, protected: frozenset[int], node: "CSTNode", state: State) -> tuple[State, ...]:
    if _current(guard, protected, node, state) != _HELD:
        return (state,)
    called = [part for part in walk(node, own_children) if isinstance(part, cst.Call)]
    if any(body.name_of(call.func) in _ENDING for call in called):
        return ()
    handled = any(above is guard.handler for above in body.ancestors(node))
    forwarded = handled and any(call_name(call) in _FORWARDING for call in called)
    if isinstance(node, cst.Raise) or forwarded or _hands_on(body, guard, node, called):
        return (_PASSED,)
    if isinstance(node, cst.Return) and _has_value(node):
        return (_ANSWERED,)
    return (_HELD,)


def _hands_on(body: Body, guard: Guard, node: "CSTNode", called: "list[Call]") -> bool:
    """Is the caught error stored, returned or given to somebody, other than to be printed or asked for its kind?"""
    printed = {id(part) for call in called if call_name(call) in _TALKING for part in walk(call)}
    if any(body.name_of(call.func) in _SAVING and id(call) not in printed for call in called):
        return True
    name = guard.name
    if not name or (isinstance(node, cst.BaseExpression) and is_of_kind(body, node, name) is not None):
        return False
    mentioned = (part for part in walk(node) if isinstance(part, cst.Name) and part.value == name)
    return any(id(part) not in printed for part in mentioned)


def _raises(body: Body, guard: Guard, protected: frozenset[int], node: "CSTNode", state: State) -> tuple[State, ...]:
    if state == _RUNNING:
        failing = (_FAILED,) if any(isinstance(part, cst.Call) for part in walk(node, own_children)) else ()
        return (*failing, _FLYING) if id(node) in protected and awaits(node) else failing
    if _current(guard, protected, node, state) != _HELD or not awaits(node):
        return ()
    return () if _is_cleanup(body, guard, node) else (node,)


def _is_cleanup(body: Body, guard: Guard, node: "CSTNode") -> bool:
    """Does it stand in the handler itself or in a `finally`, or only close things?"""
    above = list(body.ancestors(node))
    if guard.handler in above or any(isinstance(outer, cst.Finally) for outer in above):
        return True
    awaited = [part.expression for part in walk(node, own_children) if isinstance(part, cst.Await)]
    return bool(awaited) and all(isinstance(a, cst.Call) and call_name(a) in CLOSING for a in awaited)


def _catches(body: Body, handler: "Handler", state: State) -> Catch:
    if not isinstance(state, str):
        return Catch.NEVER
    if state != _FLYING:
        return Catch.MAYBE
    return Catch.ALWAYS if body.caught(handler.type) & CANCELLATION else Catch.NEVER


def _caught(guard: Guard, handler: "Handler", state: State) -> State:
    if state == _FAILED:
        return _RUNNING
    if state == _FLYING and handler is guard.handler:
        return _HELD
    return _PASSED if state in (_FLYING, _HELD) else state


def _suppresses(guard: Guard, item: "WithItem", state: State) -> Catch:
    return Catch.ALWAYS if state == _FLYING and item.item is guard.head else Catch.NEVER


def _assume(body: Body, guard: Guard, test: "BaseExpression", truth: bool, state: State) -> tuple[State, ...]:
    """A handler that asks whether it was meant: `task.cancelled()` is the other's cancellation, `cancelling()` ours."""
    if state != _HELD:
        return (state,)
    answer = is_of_kind(body, test, guard.name) if guard.name else None
    if answer is not None:
        return (state,) if answer is truth else ()
    negated = isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not)
    asked = code_of(test.expression) if isinstance(test, cst.UnaryOperation) else code_of(test)
    if asked.endswith((".cancelled()", ".done()")):
        return (_PASSED if truth != negated else state,)
    if "cancelling()" in body.text(test):
        return (_PASSED if truth == negated else state,)
    return (_PASSED if asks_whether_to_stop(body, test, guard.handler) else state,)


def _message(body: Body, guard: Guard, how: str) -> str:
    after = f"when `{body.name}` is cancelled, "
    if guard.handler is None:
        return f"{after}`{body.text(guard.head)}` swallows it and `{body.name}` {how}; let `CancelledError` through"
    if guard.handler.type is None:
        catch, remedy = "a bare `except`", "catch `Exception` instead, or end the handler with `raise`"
    elif names_cancellation(body, guard.handler.type):
        alone = names_only_cancellation(body, guard.handler.type)
        catch = f"`except {body.text(guard.handler.type)}`"
        remedy = "end the handler with `raise`" if alone else let_through(body)
    else:
        catch = f"`except {body.text(guard.handler.type)}`"
        remedy = "catch `Exception` instead, or end the handler with `raise`"
        if is_child_of_group(body):  # which `Exception` would not shield from a `sys.exit()`
            remedy = "put `except asyncio.CancelledError: raise` before it"
    return f"{after}{catch} swallows it and `{body.name}` {how}; {remedy}"


def _fixes(body: Body, guard: Guard) -> tuple[Fix, ...]:
    """What the message advises; of a handler that catches everything the fix that changes less comes first."""
    if guard.handler is None:
        return ()
    if not names_cancellation(body, guard.handler.type):
        others = () if is_child_of_group(body) else narrowed(body, guard)
        return (*never_caught(body, guard), *others)
    if names_only_cancellation(body, guard.handler.type):
        return raised_again(guard)
    return raised_for_this_task(body, guard)
