from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Problem, entering_idly, given_coroutines, rule, used_calls
from asynclint.rule import nodes as cst
from asynclint.rule.suspension import may_suspend, never_suspends
from asynclint.rule.timeouts import CONTEXTS, has_no_limit
from asynclint.rule.trees import own_children, statements, walk
from asynclint.rule.values import Fate, Use, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, Call, CSTNode, With

_TIMEOUT = "asyncio.Timeout"
_ASKED = frozenset({"reschedule", "when", "expired"})


@rule(
    code="ASL406",
    wants=entering_idly(*CONTEXTS, _TIMEOUT)
    | used_calls(CONTEXTS, Use.STATEMENT, Use.ASSIGNED)
    | given_coroutines("asyncio.wait_for"),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout",
)
def timeout_without_await(body: Body) -> Iterator[Problem]:
    """A timeout is put around code that awaits nothing, or is never entered, so it can never run out.

    A timeout of asyncio ends the code inside by cancelling it, and a coroutine can be cancelled only where it waits in
    an `await`. Plain code runs to its end however long that takes, and blocks the event loop, the timeout's own clock
    included. A task that is only started inside is not covered either. And `asyncio.timeout(5)` alone does nothing: it
    works only in `async with`.

    ## Bad

    ```python
    import asyncio

    async def report(build, seconds):
        async with asyncio.timeout(seconds):  # ASL406
            return build()

    async def fetch(client):
        asyncio.timeout(5)  # ASL406
        return await client.get()
    ```

    ## Good

    ```python
    import asyncio

    async def report(build, seconds):
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(build)

    async def fetch(client):
        async with asyncio.timeout(5):
            return await client.get()
    ```

    ## What to do

    Put what takes long into the timeout and await it there; plain code that takes long goes to a thread with
    `asyncio.to_thread` (which goes on there after the timeout, but keeps nobody waiting). Otherwise drop the timeout.

    ## Not reported

    Blocks with any `await`, `async with`, `async for` or `yield` of their own, unless all they await is coroutine
    functions of the project that await nothing themselves; methods, which a subclass may override; `timeout(None)`; a
    timeout that is given on, stored or returned.
    """
    if not body.is_async:
        return
    for node in body.nodes:
        if isinstance(node, cst.With) and node.asynchronous is not None:
            yield from _around_plain_code(body, node)
        elif isinstance(node, cst.Call):
            yield from _of_a_call(body, node)


def _around_plain_code(body: Body, statement: "With") -> Iterator[Problem]:
    last = statement.items[-1].item
    if not _is_timeout(body, last) or _is_empty(statement.body) or may_suspend(body, statement.body):
        return
    if any(_leaves_a_coroutine(body, node) for node in walk(statement.body, own_children)):
        return
    yield Problem(last, f"nothing inside `{body.text(last)}` waits, so the timeout can never run out; {_REMEDY}")


_REMEDY = "await what takes long (plain code by `await asyncio.to_thread(...)`), or drop the timeout"


def _is_timeout(body: Body, item: "BaseExpression") -> bool:
    if isinstance(item, cst.Call) and body.name_of(item.func) in CONTEXTS:
        return not has_no_limit(item)
    return isinstance(item, cst.Name) and body.type_of(item) == _TIMEOUT


def _is_empty(block: "BaseSuite") -> bool:
    """Is it still to be written?"""
    return all(isinstance(s, cst.Pass) or _is_constant(s) for s in statements(block))


def _is_constant(statement: "CSTNode") -> bool:
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Ellipsis | cst.BaseString)


def _leaves_a_coroutine(body: Body, node: "CSTNode") -> bool:
    """Does it forget to await a coroutine, or give it back to be awaited later? Other rules report that."""
    if not isinstance(node, cst.Call) or not isinstance(body.resolve(node), Coroutine):
        return False
    return destination(body, node).fate in (Fate.DROPPED, Fate.BOUND, Fate.RETURNED)


def _of_a_call(body: Body, call: "Call") -> Iterator[Problem]:
    name = body.name_of(call.func)
    if name == "asyncio.wait_for" and call.args and not has_no_limit(call):
        awaited = call.args[0].value
        if never_suspends(body, awaited) and isinstance(awaited, cst.Call):
            waiting = f"`{body.text(awaited.func)}` never waits, so `wait_for` can never run out"
            yield Problem(call, f"{waiting}; {_REMEDY}")
    elif name in CONTEXTS and _is_never_entered(body, call):
        made = f"`{body.text(call)}` does nothing by itself"
        yield Problem(call, f"{made}; enter it: `async with {body.text(call)}:` around what may take long")


def _is_never_entered(body: Body, call: "Call") -> bool:
    where = destination(body, call)
    if where.fate is Fate.DROPPED:
        return not where.collected
    if where.fate is not Fate.BOUND or where.collected or not body.declared.isdisjoint(where.names):
        return False
    return all(_only_asks(body, read) for name in where.names for read in body.reads(name))


def _only_asks(body: Body, read: "CSTNode") -> bool:
    above = body.parent(read)
    return isinstance(above, cst.Attribute) and above.value is read and above.attr.value in _ASKED
