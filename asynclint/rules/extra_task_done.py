from collections.abc import Iterator

from asynclint.rule import Body, Problem, named_calls, rule
from asynclint.rule.marking import marked_once
from asynclint.rule.overmarked import Extra, extras
from asynclint.rule.queues import queues


@rule(
    code="ASL502",
    wants=named_calls("task_done"),
    pitfall="https://docs.python.org/3/library/asyncio-queue.html#asyncio.Queue.task_done",
)
def extra_task_done(body: Body) -> Iterator[Problem]:
    """`queue.task_done()` is called without an item on some path, which raises `ValueError` or ends `join()` too early.

    A queue counts the items put into it, and `task_done()` counts them down. One call too many raises `ValueError:
    task_done() called too many times`, often in a `finally` where it hides the real exception. While other items are
    still waiting it raises nothing: `queue.join()` returns before the last of them is done.

    ## Bad

    ```python
    import asyncio

    async def worker(queue, handle):
        while True:
            try:
                item = await queue.get()
                await handle(item)
            finally:
                queue.task_done()  # ASL502

    async def twice(queue, handle):
        while True:
            item = await queue.get()
            try:
                await handle(item)
                queue.task_done()
            finally:
                queue.task_done()  # ASL502
    ```

    ## Good

    ```python
    import asyncio

    async def worker(queue, handle):
        while True:
            item = await queue.get()
            try:
                await handle(item)
            finally:
                queue.task_done()
    ```

    ## What to do

    Take the item before the `try`, and call `task_done()` once, in its `finally`. A worker that is cancelled while it
    waits in `get()` has taken nothing.

    ## Fix

    Takes away the second call for an item; where that stands in a `finally`, the one before. Unsafe: it may have been
    meant for another item. Withheld where there was no item at all.

    ## Not reported

    Marks that depend on a condition which may ask whether there is an item; items that are taken or marked by other
    functions, in batches or in loops of their own; marks whose `ValueError` is caught.
    """
    for queue in queues(body) if body.is_async else ():
        if not queue.is_something_else:
            yield from (_problem(body, queue.code, extra) for extra in extras(queue))


def _problem(body: Body, code: str, extra: Extra) -> Problem:
    mark, take = f"`{code}.task_done()`", f"`{body.text(extra.take)}`"
    effect = f"it raises `ValueError`, or lets `{code}.join()` return too early"
    if extra.first is None:
        assert extra.why is not None
        what = f"{mark} is also called when {take} {extra.why.value} and there is no item"
        advice = f"take the item before the `try` that calls {mark}"
        return Problem(extra.mark, f"{what}: {effect}; {advice}", trace=((extra.take, "nothing is taken here then"),))
    what = f"{mark} is called a second time for the item of {take}"
    first = extra.first, "it has been marked done here"
    fixes = marked_once(body, extra.first, extra.mark)
    return Problem(extra.mark, f"{what}: {effect}; call it once for each item", trace=(first,), fixes=fixes)
