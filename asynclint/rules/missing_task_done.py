from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from asynclint.rule import Body, Fix, Function, Problem, bare_methods, rule
from asynclint.rule import nodes as cst
from asynclint.rule.marking import marked_after_loop, marked_before, marked_finally
from asynclint.rule.queues import Queue, holds_item, item_names, queues, taken
from asynclint.rule.trees import code_of
from asynclint.rule.unmarked import strays

if TYPE_CHECKING:
    from libcst import Assign, BaseExpression, Call, CSTNode


@rule(
    code="ASL501",
    wants=bare_methods("get", "get_nowait"),
    pitfall="https://docs.python.org/3/library/asyncio-queue.html#asyncio.Queue.join",
)
def missing_task_done(body: Body) -> Iterator[Problem]:
    """An item is taken from a queue and never marked done, so `queue.join()` waits for ever.

    A queue counts the items put into it. `queue.join()` waits until `queue.task_done()` has been called once for each
    of them: taking an item with `get()` is not enough. One item that is taken and not marked done, because the code
    that handles it raised, or left its loop early, keeps every `join()` waiting, and nothing says so.

    ## Bad

    ```python
    import asyncio

    async def never(queue):
        while True:
            print(await queue.get())  # ASL501

    async def skipped_by_an_exception(queue, handle):
        while True:
            item = await queue.get()  # ASL501
            await handle(item)
            queue.task_done()

    async def skipped_by_a_break(queue):
        while True:
            item = await queue.get()
            if item is None:
                break  # ASL501
            print(item)
            queue.task_done()

    async def main(handle):
        queue = asyncio.Queue()
        other = asyncio.Queue()
        first = asyncio.create_task(never(other))
        second = asyncio.create_task(skipped_by_an_exception(queue, handle))
        third = asyncio.create_task(skipped_by_a_break(queue))
        await other.join()
        await queue.join()
        print(first, second, third)
    ```

    ## Good

    ```python
    import asyncio

    async def worker(queue, handle):
        while True:
            item = await queue.get()
            try:
                if item is None:
                    break
                await handle(item)
            finally:
                queue.task_done()
    ```

    ## What to do

    Handle the item in a `try` that begins right after the `get()`, and call `queue.task_done()` in its `finally`.
    That covers exceptions, cancellation, `break`, `continue` and `return` alike.

    ## Fix

    Puts what is done between `get()` and `task_done()` into a `try`, and `task_done()` into its `finally`; where only
    a `break` or the like is in the way, calls `task_done()` before it, or after the loop that the item ends. Unsafe:
    the item counts as done though its handling failed. Withheld where the two calls are not statements of one block,
    where several items are taken or marked, and where a string spans lines that would have to be indented.

    ## Not reported

    Queues that nobody joins and whose items nobody marks; exceptions where a queue surely has no `join()`; functions
    that hand the marking on (to a helper, a callback, a context manager); items taken in batches; a sentinel that is
    only put after the `join()`. Printing, logging and sleeping between `get()` and `task_done()` are no danger as long
    as nobody cancels the worker.
    """
    if not body.is_async:
        return
    for queue in queues(body):
        if queue.is_something_else or queue.ends_with_the_body:
            continue
        if queue.marks:
            yield from _skipped(queue)
        else:
            yield from _never(queue)


def _never(queue: Queue) -> Iterator[Problem]:
    """The takes of a joined queue that nobody marks."""
    calls = list(queue.body.all_calls())
    if not (queue.joins and queue.is_known) or queue.may_be_marked_elsewhere or any(map(queue.marks_in, calls)):
        return
    for node in queue.body.nodes:
        take = taken(node)
        if take in queue.takes and isinstance(node, cst.Await) and not _is_passed_on(queue, node):
            what = f"nothing marks the item of `{queue.body.text(take)}` done"
            yield Problem(take, _message(queue, what, _remedy(queue)), trace=tuple(_joined(queue)))


def _is_passed_on(queue: Queue, take: "BaseExpression") -> bool:
    """Is the item put back, as into a pool, kept in an object, or given to whoever called?"""
    body, names = queue.body, item_names(queue.body, take)
    putting = f"{queue.code}.put", f"{queue.code}.put_nowait"
    puts = (call for call in body.all_calls() if code_of(call.func) in putting)
    if any(code_of(arg.value) in names for call in puts for arg in call.args):
        return True
    values = (node.value for node in body.nodes if isinstance(node, cst.Return | cst.Yield) or _stores(node))
    return any(isinstance(value, cst.BaseExpression) and holds_item(value, names) for value in values)


def _stores(node: "CSTNode") -> "TypeGuard[Assign]":
    """Is it `x.y = ...` or `x[y] = ...`?"""
    targets = node.targets if isinstance(node, cst.Assign) else ()
    return any(isinstance(target.target, cst.Attribute | cst.Subscript) for target in targets)


def _skipped(queue: Queue) -> Iterator[Problem]:
    """The exceptions and early exits that miss the `task_done` of this very body."""
    items = strays(queue)
    left = {item.leave: item.take for item in items if item.leave}
    may_fail = any(item.fault for item in items) and not queue.is_surely_unjoined
    fixes = marked_finally(queue)
    for leave, take in left.items():
        if not _is_after_join(queue, leave):
            yield _left(queue, leave, take, fixes if may_fail else ())
    if not may_fail:
        return
    place = {id(node): index for index, node in enumerate(queue.body.nodes)}
    faults = sorted((item for item in items if not item.leave), key=lambda item: place.get(id(item.fault), 0))
    first = {item.take: item.fault for item in reversed(faults) if item.fault}
    yield from (_faulty(queue, take, fault, fixes) for take, fault in first.items())


def _is_after_join(queue: Queue, leave: "CSTNode") -> bool:
    """Is it left at a sentinel that is only put once the queue has been joined?"""
    codes = _sentinels(queue, leave)
    puts = [(module, put) for module, put in queue.calls("put", "put_nowait") if codes & {*put.arguments[:1]}]
    return bool(puts) and all(queue.is_joined_before(module, put) for module, put in puts)


def _sentinels(queue: Queue, leave: "CSTNode") -> frozenset[str]:
    """What the item is compared with where it is left, "" standing for constants."""
    tests = (above.test for above in queue.body.ancestors(leave) if isinstance(above, cst.If | cst.While))
    match next(tests, None):
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(comparator=right)]):
            return frozenset({code_of(left), code_of(right)})
        case cst.UnaryOperation(operator=cst.Not()) | cst.NamedExpr() | cst.Name():
            return frozenset({"None"})
    return frozenset()


def _left(queue: Queue, leave: "CSTNode", take: "Call", fixes: tuple[Fix, ...]) -> Problem:
    if leave is take:
        message = _message(queue, "the item that ends the loop is never marked done", _remedy(queue, "after the loop"))
        return Problem(take, message, trace=tuple(_joined(queue)), fixes=marked_after_loop(queue, take))
    what = f"this `{type(leave).__name__.lower()}` leaves the item of `{queue.body.text(take)}` not marked done"
    taking = take, "the item is taken here"
    fixes = fixes or marked_before(queue, leave)
    return Problem(leave, _message(queue, what, _remedy(queue)), trace=(taking, *_joined(queue)), fixes=fixes)


def _faulty(queue: Queue, take: "Call", fault: "CSTNode", fixes: tuple[Fix, ...]) -> Problem:
    body = queue.body
    awaited = isinstance(fault, cst.Await | cst.Asynchronous) or isinstance(body.parent(fault), cst.Await)
    how = "raises or is cancelled" if awaited else "raises"
    what = f"when {_cause(body, fault)} {how}, the item of `{body.text(take)}` is never marked done"
    skips = f"an exception here skips `{queue.code}.task_done()`"
    message = _message(queue, what, _remedy(queue))
    return Problem(take, message, trace=((fault, skips), *_joined(queue)), fixes=fixes)


def _cause(body: Body, fault: "CSTNode") -> str:
    match fault:
        case cst.Call(func=func):
            return f"`{body.text(func)}(...)`"
        case cst.Asynchronous():
            return "the `async for`"
    return f"`{body.text(fault)}`"


def _message(queue: Queue, what: str, remedy: str) -> str:
    returns = "never returns" if queue.joins else "would never return"
    return f"{what}, and `{queue.code}.join()` {returns}; {remedy}"


def _remedy(queue: Queue, where: str = "in a `finally`") -> str:
    return f"call `{queue.code}.task_done()` {where}"


def _joined(queue: Queue) -> Iterator[tuple[Function, str]]:
    """The function that waits for the queue."""
    if queue.joiner:
        name = queue.body.project.qualname(queue.joiner)
        yield queue.joiner, f"`{name}` waits in `{queue.joins[0][1].callee}()`"
