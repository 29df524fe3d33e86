from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, Problem, rule
from asynclint.rule import nodes as cst
from asynclint.rule.keeping import How, loss
from asynclint.rule.outcomes import forgetting, may_raise
from asynclint.rule.tasks import Kind, started, starting

if TYPE_CHECKING:
    from libcst import BaseExpression

_UNREAD = (How.UNREAD, How.COLLECTED)


@rule(
    code="ASL302",
    wants=starting(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#detect-never-retrieved-exceptions",
    default=Default.INFO,
)
def lost_task_exception(body: Body) -> Iterator[Problem]:
    """A task is kept but nobody reads its exception, so a failure in the background goes unnoticed.

    An exception ends a task and stays in it until somebody awaits the task or asks for its `exception()`. Where nobody
    does, the program goes on as if the work were still being done: a worker that died leaves its queue to fill up, and
    `join()` waits for ever. All that is left is a message in the log when the task is collected, "Task exception was
    never retrieved", which names neither the caller nor what is now missing.

    The recipe of Python's documentation, a set and `task.add_done_callback(tasks.discard)`, keeps a task from being
    garbage-collected. It does not look at how the task ended.

    ## Bad

    ```python
    import asyncio

    background_tasks = set()

    async def save(record):
        await asyncio.sleep(1)

    async def handle(record):
        task = asyncio.create_task(save(record))  # ASL302
        background_tasks.add(task)
        task.add_done_callback(background_tasks.discard)

    async def process(queue):
        workers = [asyncio.create_task(save(queue)) for _ in range(3)]  # ASL302
        await queue.join()
    ```

    ## Good

    ```python
    import asyncio
    import logging

    background_tasks = set()

    async def save(record):
        await asyncio.sleep(1)

    def finished(task):
        background_tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logging.error("saving failed: %s", task.exception())

    async def handle(record):
        task = asyncio.create_task(save(record))
        background_tasks.add(task)
        task.add_done_callback(finished)
    ```

    ## What to do

    Let the done callback ask for `task.exception()`, unless the task was cancelled, and log it or stop the program.
    Where the function goes on to wait for something else, wait for both, in an `asyncio.TaskGroup` or with
    `asyncio.gather`. Or catch and log exceptions in the coroutine itself.

    ## Not reported

    Coroutines that catch every exception somewhere, that have a decorator, or that are not of the project. Tasks that
    are awaited, returned, given to a function, or stored in any other way: somebody else may look at them. Tasks whose
    callback is not known, and sets that the file gives to `asyncio.wait`. A task that nothing keeps is ASL301.
    """
    for call in body.all_calls():
        start = started(body, call)
        if start is None or start.kind is not Kind.TASK or start.work is None or not may_raise(body, start.work):
            continue
        if container := forgetting(body, call):
            why = f"as `{container}` only forgets the task"
            yield Problem(call, _message(body, start.work, why, "ask for `exception()` in a done callback"))
        elif (lost := loss(body, call)) is not None and lost.lasts and lost.how in _UNREAD:
            why = f"as `{body.name}` never reads `{lost.name}`"
            yield Problem(call, _message(body, start.work, why, _remedy(body)))


def _message(body: Body, work: "BaseExpression", why: str, remedy: str) -> str:
    name = f"{body.text(work.func)}(...)" if isinstance(work, cst.Call) else body.text(work)
    return f"when `{name}` raises, nobody is told, {why}; {remedy}"


def _remedy(body: Body) -> str:
    if body.is_async and body.target.oldest >= (3, 11):
        return "wait for it as well, as an `asyncio.TaskGroup` does, or ask for `exception()` in a done callback"
    return "ask for `exception()` in a done callback"
