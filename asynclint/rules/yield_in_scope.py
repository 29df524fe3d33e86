from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, rule, yields_in_blocks
from asynclint.rule.cancel_scopes import CancelScope, scope_of
from asynclint.rule.generators import entered_around, gives_items, yields

if TYPE_CHECKING:
    from libcst import CSTNode, Yield


@rule(
    code="ASL804",
    on_anyio=True,
    wants=yields_in_blocks(),
    pitfall="https://peps.python.org/pep-0789/",
)
def yield_in_scope(body: Body) -> Iterator[Problem]:
    """An async generator yields inside a timeout or a task group, which then cancels whoever iterates over it.

    A timeout and a task group cancel the task that entered them, and trust that this task is inside their block. At a
    `yield` it is not: it runs the caller's code. A timeout that ends there, or a task of the group that fails there,
    cancels the caller in the middle of something else, and the `CancelledError` is never turned into the `TimeoutError`
    or the `ExceptionGroup` that was meant. After a `break` the block may even be left in another task.

    ## Bad

    ```python
    import asyncio

    async def readings(sensor):
        async with asyncio.timeout(0.2):
            while True:
                yield await sensor.read()  # ASL804

    async def merged(sources):
        queue = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(source.pump(queue))
            while True:
                yield await queue.get()  # ASL804
    ```

    ## Good

    ```python
    import asyncio
    import contextlib

    async def readings(sensor):
        while True:
            async with asyncio.timeout(0.2):
                reading = await sensor.read()
            yield reading

    @contextlib.asynccontextmanager
    async def merged(sources):
        queue = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(source.pump(queue))
            yield queue
    ```

    ## What to do

    Put a timeout around the `await`s between the `yield`s. Turn a generator that needs a task group into an
    `@asynccontextmanager` that yields a queue, a stream or an iterator once: its block is left by the task that entered
    it.

    ## Not reported

    Context managers, fixtures, and generators under a decorator that is not known; generators with a single `yield`
    outside of any loop, which frameworks enter like context managers, unless their file iterates over them;
    `asyncio.timeout(None)` that is never rescheduled. Of several `yield`s in one block the first is reported.
    """
    if not gives_items(body):
        return
    seen: set[int] = set()
    for node in yields(body):
        found = _innermost(body, node)
        if found is not None and id(found.node) not in seen:
            seen.add(id(found.node))
            yield Problem(node, _message(body, found), trace=tuple(_trace(body, found)))


def _innermost(body: Body, node: "Yield") -> CancelScope | None:
    scopes = (scope_of(body, block, item, node) for block, item in entered_around(body, node))
    return next((scope for scope in scopes if scope is not None), None)


def _message(body: Body, scope: CancelScope) -> str:
    held = f", which holds `{scope.name}`" if scope.through else ""
    happens, advice = _when(body, scope)
    return (
        f"`{body.name}` yields inside `{body.text(scope.node)}`{held}: {happens} while the caller has the item, "
        f"it is the caller that is cancelled; {advice}"
    )


def _when(body: Body, scope: CancelScope) -> tuple[str, str]:
    if scope.is_group:
        return "when a task of the group fails", f"make `{body.name}` an `@asynccontextmanager` that yields an iterator"
    happens = "when it is cancelled" if scope.name == "anyio.CancelScope" else "when the time is up"
    return happens, "enter it around the `await`s between the `yield`s"


def _trace(body: Body, scope: CancelScope) -> "Iterator[tuple[CSTNode, str]]":
    if scope.through is None:
        yield scope.node, "it is open here"
        return
    yield scope.node, f"`{body.project.qualname(scope.through)}` keeps it open"
