from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Default, Fix, InTests, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.blocks import following
from asynclint.rule.fixes import instead, removed
from asynclint.rule.waiting import task_maker

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode


@rule(
    code="ASL704",
    wants=calls("asyncio.create_task", "asyncio.ensure_future", "asyncio.AbstractEventLoop.create_task"),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#coroutines",
    default=Default.INFO,
    in_tests=InTests.SILENT,
)
def pointless_task(body: Body) -> Iterator[Problem]:
    """A task is awaited as soon as it is made, so nothing runs beside it.

    A task is for running something while the function does something else. `await asyncio.create_task(fetch())` does
    nothing else: it waits right there, as `await fetch()` would, and costs a task and a turn of the event loop. Often
    it stands where several things were meant to run at once, and run one after the other.

    ## Bad

    ```python
    import asyncio

    async def fetch_both(fetch):
        first = await asyncio.create_task(fetch("a"))  # ASL704
        second = await asyncio.create_task(fetch("b"))  # ASL704
        return first, second

    async def fetch_one(fetch):
        task = asyncio.create_task(fetch("a"))  # ASL704
        return await task
    ```

    ## Good

    ```python
    import asyncio

    async def fetch_both(fetch):
        first = asyncio.create_task(fetch("a"))
        second = asyncio.create_task(fetch("b"))
        return await first, await second

    async def fetch_one(fetch):
        return await fetch("a")
    ```

    ## What to do

    Await the coroutine itself. Where things should run at once, make all the tasks before the first `await`, or use
    `asyncio.gather` or an `asyncio.TaskGroup`.

    ## Fix

    Awaits the coroutine itself, in the place of the task or of its variable. Unsafe: it then runs in the task of the
    caller, which is the one it gets when it asks for the current task.

    ## Not reported

    Tasks with a name or a context of their own; tasks of a `TaskGroup`; files that use `contextvars`, because a task
    keeps what it sets there to itself; `ensure_future` of what may be no coroutine; variables that are read again.
    Coroutines that were made elsewhere, and tests, which often want to see what another task sees.
    """
    if not body.is_async or "contextvars" in body.facts.imports:
        return
    for call in body.all_calls():
        made = task_maker(body, call)
        if made is None or len(made.args) != 1 or not _makes_coroutine(body, made.args[0].value):
            continue
        work = body.text(made.args[0].value)
        if isinstance(body.parent(made), cst.Await):
            message = f"`{body.text(made.func)}` makes a task that is awaited at once, so nothing runs beside it"
            fix = Fix("await the coroutine itself", (instead(made, made.args[0].value),))
            yield Problem(made, f"{message}; write `await {work}`", fixes=(fix,))
        elif name := _awaited_next(body, made):
            message = f"`{name}` is awaited as soon as it is made, so nothing runs beside it"
            advice = f"write `await {work}`, or do something else before `await {name}`"
            yield Problem(made, f"{message}; {advice}", fixes=_without_variable(body, made, name))


def _makes_coroutine(body: Body, work: "BaseExpression") -> bool:
    """Is it a coroutine that could be awaited itself? `create_task` takes generators too that cannot."""
    return isinstance(work, cst.Call) or isinstance(body.resolve(work), Coroutine)


def _awaited_next(body: Body, made: "Call") -> str:
    """The variable that the task is bound to, when the next statement awaits it and nothing else reads it."""
    match assignment := body.parent(made):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            pass
        case cst.AnnAssign(target=cst.Name(value=name)):
            pass
        case _:
            return ""
    assert assignment is not None
    reads = list(body.reads(name))
    is_local = name in body.here.names and body.function is not None
    if len(reads) != 1 or not is_local:
        return ""
    awaited = body.parent(reads[0])
    after = following(body, assignment)
    return name if isinstance(awaited, cst.Await) and _value(after) is awaited else ""


def _without_variable(body: Body, made: "Call", name: str) -> tuple[Fix, ...]:
    assignment = body.parent(made)
    line = body.parent(assignment) if assignment is not None else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
        return ()
    changes = removed(line), *(instead(read, made.args[0].value) for read in body.reads(name))
    return (Fix("await the coroutine itself", changes),)


def _value(statement: "CSTNode | None") -> "CSTNode | None":
    match statement:
        case cst.Expr(value=value) | cst.Assign(value=value) | cst.Return(value=value):
            return value
    return None
