from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, InTests, Problem, rule
from asynclint.rule import nodes as cst
from asynclint.rule.anchors import is_held_by_timers
from asynclint.rule.background import kept
from asynclint.rule.keeping import How, Loss, loss, may_wait_for
from asynclint.rule.outcomes import catches_all
from asynclint.rule.raising import may_fail
from asynclint.rule.suspension import never_suspends
from asynclint.rule.tasks import Kind, Started, started, starting

if TYPE_CHECKING:
    from libcst import Call

_SLIGHT = (Kind.THREADSAFE, Kind.EXECUTOR)  # dropped on purpose more often than not

_COLLECTED = "it may be garbage-collected before it is done"


@rule(
    code="ASL301",
    wants=starting(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task",
    in_tests=InTests.INFO,
)
def dangling_task(body: Body) -> Iterator[Problem]:
    """A task is started and nothing keeps it, so its exception is lost, and so may be the task.

    The event loop holds its tasks by weak references only. A task that waits for a timer or a socket is kept alive by
    that; one that waits for something which nobody else holds, such as a future, an event or a queue of its own, is
    garbage-collected in the middle of its work: "Task was destroyed but it is pending!". And whatever becomes of it,
    nobody reads its exception: the log has it ("Task exception was never retrieved") when the task is collected, and
    nobody can wait for the task, or cancel it when the program ends.

    All spellings count: `asyncio.create_task`, `ensure_future`, `asyncio.Task`, `create_task` of what is known to be a
    loop of asyncio, and `gather` and `shield` without `await`. Shown as information are dropped futures of
    `run_coroutine_threadsafe`, whose exception is not even logged, of `loop.run_in_executor`, which runs to its end in
    any case, and tasks whose coroutine catches every exception itself, or waits for nothing but the clock: where each
    of its waits is an `asyncio.sleep` or has a time limit, the timer holds the task.

    A task is lost when the call is a statement, when its variable is never read, when the variable is bound to the next
    task before anything has read it, and when it goes into a list, set or dict of the function that nothing reads.
    `add_done_callback` keeps nothing: the task holds the callback, not the other way round.

    ## Bad

    ```python
    import asyncio

    async def save(record): ...

    async def handle(record):
        asyncio.create_task(save(record))  # ASL301
        unread = asyncio.create_task(save(record))  # ASL301
        asyncio.get_running_loop().create_task(save(record))  # ASL301
        asyncio.gather(save(record), save(record))  # ASL301

    async def handle_all(records):
        tasks = set()
        for record in records:
            task = asyncio.create_task(save(record))  # ASL301
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    ```

    ## Good

    ```python
    import asyncio

    background_tasks = set()

    async def save(record): ...

    def finished(task):
        background_tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            print("saving failed:", task.exception())

    async def handle(record):
        task = asyncio.create_task(save(record))
        background_tasks.add(task)
        task.add_done_callback(finished)

    async def handle_all(records):
        async with asyncio.TaskGroup() as group:
            for record in records:
                group.create_task(save(record))
    ```

    ## What to do

    Where the caller can wait, start the task in an `asyncio.TaskGroup` or await it. Where it should go on in the
    background, keep it in a set of the module or of an object that lives long enough, and let a done callback take it
    out again; that callback is also the place to look at `task.exception()`.

    ## Fix

    Keeps the task in a set of the module, with a done callback that takes it out and lets the event loop log its
    exception; a set and a callback that the file has for any task serve for it. That is safe: the task only lives
    until it is done. Inside an `asyncio.TaskGroup` the unsafe fix starts it there, so that the group waits for it
    and fails with it; `gather`, `shield` and `run_in_executor` are awaited, which is unsafe too. Withheld where the
    call is part of something larger than a statement.

    ## Not reported

    A task that is returned, awaited, stored in an attribute or global, or given to any function: somebody else may
    keep it. `create_task` of a `TaskGroup`, of a nursery, and of anything that is not known to be a loop of asyncio. A
    local that nothing reads but that lives on while the function waits: across a `yield`, a loop with an await in it,
    `serve_forever()`, `join()` and the like, and in the function given to `asyncio.run`. `lambda: create_task(...)`
    given as a callback, and coroutines that ask for their own task. `run_coroutine_threadsafe` of what never fails.

    In test files it is information.
    """
    for call in body.all_calls():
        start = started(body, call)
        lost = loss(body, call) if start is not None else None
        if start is None or lost is None or lost.lasts:
            continue
        dangers = _dangers(body, start)
        is_slight = start.kind in _SLIGHT or len(dangers) < 2
        if dangers and not _is_harmless(body, start, lost, dangers):
            message = f"{_what(body, call, start, lost)}; {_remedy(body, call, start)}"
            yield Problem(call, message, is_information=is_slight, fixes=kept(body, call, start))


def _is_harmless(body: Body, start: Started, lost: Loss, dangers: list[str]) -> bool:
    """Is a callback given the exception, which is all that could be lost, or is there none?"""
    is_kept = start.kind in _SLIGHT or _COLLECTED not in dangers
    is_sure = start.kind is Kind.THREADSAFE and start.work is not None and not may_fail(body, start.work)
    return is_sure or (is_kept and lost.how is How.CALLBACK)


def _what(body: Body, call: "Call", start: Started, lost: Loss) -> str:
    where, work = _where(body, lost), _work(body, start)
    if start.kind is Kind.THREADSAFE:
        return f"nothing keeps the future of {work}{where}, so an exception in it vanishes without even being logged"
    if start.kind is Kind.EXECUTOR:
        return f"nothing keeps the future of {work} in its executor{where}, so an exception in it is only logged"
    if start.kind is not Kind.TASK:
        what = f"nothing awaits `{body.text(call.func)}(...)`{where}"
        return f"{what}, so exceptions in it are lost, and its tasks may be garbage-collected before they are done"
    if lost.how is How.CALLBACK:
        what = f"nothing keeps the task of {work}, as its callback does not"
        return f"{what}, so it may be garbage-collected before it is done, and then the callback never runs"
    return f"nothing keeps the task of {work}{where}, so {', and '.join(_dangers(body, start))}"


def _dangers(body: Body, start: Started) -> list[str]:
    """What may become of a task: not all of it where its coroutine catches every exception, or never waits."""
    work = start.work
    lost = "" if work is not None and catches_all(body, work) else "an exception in it is lost"
    is_held = work is not None and (never_suspends(body, work) or is_held_by_timers(body, work))
    collected = "" if is_held else _COLLECTED
    return [danger for danger in (lost, collected) if danger]


def _where(body: Body, lost: Loss) -> str:
    match lost.how:
        case How.UNREAD if not lost.name.startswith("_"):
            return f" (`{lost.name}` is never read)"
        case How.OVERWRITTEN:
            return f" once `{lost.name}` is bound to the next one"
        case How.COLLECTED if not lost.name.startswith("_"):
            return f" once `{body.name}` has returned (nothing reads `{lost.name}`)"
    return ""


def _work(body: Body, start: Started) -> str:
    work = start.work
    return f"`{body.text(work.func)}(...)`" if isinstance(work, cst.Call) else f"`{body.text(work)}`" if work else ""


def _remedy(body: Body, call: "Call", start: Started) -> str:
    match start.kind:
        case Kind.THREADSAFE if body.is_async:
            return "await `asyncio.wrap_future(...)` of it"
        case Kind.THREADSAFE if any(body.calls("asyncio.get_running_loop")):
            return "start it with `create_task` where it is for the running loop, and keep the task"
        case Kind.THREADSAFE:
            return "keep the future and ask for its `result()`, or give it a done callback that does"
        case Kind.EXECUTOR:
            return "await it" if body.is_async else "give it a done callback that asks for its `exception()`"
        case Kind.GROUPED | Kind.SHIELDED:
            return "add `await`" if body.is_async else "keep what it gives until it is done"
    if body.target.oldest >= (3, 11) and may_wait_for(body, call, start):
        return "keep it in a set until it is done, or start it in an `asyncio.TaskGroup`"
    return "keep it in a set or an attribute until it is done"
