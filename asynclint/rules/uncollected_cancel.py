from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Default, Fix, InTests, Problem, cancelling, rule
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import may_await
from asynclint.rule.collecting import loop_over, uncollected
from asynclint.rule.fixes import line_below
from asynclint.rule.keeping import ends_the_program
from asynclint.rule.spelling import spelled

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL305",
    wants=cancelling(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.cancel",
    default=Default.INFO,
    in_tests=InTests.SILENT,
)
def uncollected_cancel(body: Body) -> Iterator[Problem]:
    """A task is cancelled and nobody waits until it has ended, so its cleanup may not have run.

    `task.cancel()` only asks: it arranges for a `CancelledError` in the task at its next turn. When the function that
    cancels goes on, the task has not yet stopped. Its `finally` blocks and context managers are still to run, and may
    take their time; connections it uses may be closed under it, and an exception in its cleanup is lost.

    ## Bad

    ```python
    import asyncio

    async def run_for(seconds, work):
        task = asyncio.create_task(work())
        await asyncio.sleep(seconds)
        task.cancel()  # ASL305
    ```

    ```python
    import asyncio

    class Service:
        def __init__(self, work):
            self.task = asyncio.create_task(work())

        async def stop(self):
            self.task.cancel()  # ASL305
    ```

    ## Good

    ```python
    import asyncio

    async def run_for(seconds, work):
        task = asyncio.create_task(work())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    ```

    ## What to do

    Wait for the task after cancelling it: `await asyncio.gather(task, return_exceptions=True)`, or `await
    asyncio.wait([task])`. Awaiting the task itself raises its `CancelledError`. A `TaskGroup` does all of this.

    ## Fix

    Adds `await asyncio.gather(task, return_exceptions=True)` below the `cancel()`, or below the loop that cancels each
    of several. Unsafe: the function goes on later, and a task that catches its cancellation keeps it waiting.

    ## Not reported

    Tasks that the function or another method of the class awaits, returns, passes on or keeps under another name; tasks
    with a done callback; tasks that the function was given. Plain functions, which cannot wait, and the function given
    to `asyncio.run`, which waits for all tasks at its end. Tasks whose coroutine has no `finally`, no `with` and no
    `except` for the cancellation, nor what it calls, and those that run the cancelling method themselves, since no task
    can wait for its own end. What is not known to be a task. Test files.
    """
    if not body.is_async or ends_the_program(body):
        return
    for call in body.all_calls():
        if task := uncollected(body, call):
            yield Problem(call, _message(body, task), fixes=_waited_for(body, call))


def _message(body: Body, task: str) -> str:
    ends = "ends" if body.kind is BodyKind.ASYNC_GENERATOR else "returns"
    danger = f"its cleanup may still be going on when `{body.name}` {ends}, and an exception in it is lost"
    remedy = "await it with `asyncio.gather(..., return_exceptions=True)`"
    return f"nothing waits for `{task}` after this `cancel()`, so {danger}; {remedy}"


def _waited_for(body: Body, call: "Call") -> tuple[Fix, ...]:
    spelling = spelled(body, "asyncio", "gather")
    statement = body.parent(call)
    line = body.parent(statement) if isinstance(statement, cst.Expr) else None
    if spelling is None or not isinstance(call.func, cst.Attribute) or not may_await(body, call):
        return ()
    if loop := loop_over(body, call.func.value):
        added = line_below(loop, f"await {spelling.code}(*", loop.iter, ", return_exceptions=True)")
    elif isinstance(line, cst.SimpleStatementLine):
        added = line_below(line, f"await {spelling.code}(", call.func.value, ", return_exceptions=True)")
    else:
        return ()
    return (Fix(f"await it with `{spelling.code}`", (added,), imports=spelling.imports),)
