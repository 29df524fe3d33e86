from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, idle_loops, rule
from asynclint.rule import nodes as cst
from asynclint.rule.inert import reads_clock
from asynclint.rule.standstill import Turn, awaited_instead, idle_turns
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import CSTNode, While


@rule(
    code="ASL211",
    on_anyio=True,
    wants=idle_loops(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
)
def starved_loop(body: Body) -> Iterator[Problem]:
    """A `while` loop in a coroutine waits for something without awaiting, so nothing else ever runs.

    The event loop runs one coroutine at a time, until that awaits. A `while` that turns without an `await` and waits
    for another task to set a flag, fill a queue or finish, waits for ever: the other task never gets its turn. It is
    enough that one way through the loop has no `await`, such as a `continue` that comes before it.

    ## Bad

    ```python
    import asyncio
    import time

    async def wait_for_a_flag(event: asyncio.Event):
        while not event.is_set():  # ASL211
            pass

    async def consume(queue: asyncio.Queue):
        while True:
            if queue.empty():
                continue  # ASL211
            print(await queue.get())

    async def pause(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:  # ASL211
            pass
    ```

    ## Good

    ```python
    import asyncio

    async def wait_for_a_flag(event: asyncio.Event):
        await event.wait()

    async def consume(queue: asyncio.Queue):
        while True:
            print(await queue.get())

    async def pause(seconds):
        await asyncio.sleep(seconds)
    ```

    ## What to do

    Await what the loop waits for: `await event.wait()`, `await queue.get()`, `await task`. A plain flag can become an
    `asyncio.Event`. Where something can only be asked again and again, `await asyncio.sleep(...)` in every turn.

    ## Not reported

    Loops that compute: as soon as a turn assigns what a condition depends on, or calls anything that is not known to
    change nothing, the loop may end by itself. A loop that calls `time.sleep` is left to ASL201.
    """
    for loop in body.nodes if body.is_async else ():
        if isinstance(loop, cst.While):
            turns = sorted(idle_turns(body, loop), key=lambda turn: _place(body, turn))
            yield from (_problem(body, loop, turn) for turn in turns[:1])


def _place(body: Body, turn: Turn) -> int:
    """Where a turn comes to its end, those that name no place last."""
    return next((index for index, node in enumerate(body.nodes) if node is turn.by), len(body.nodes))


def _problem(body: Body, loop: "While", turn: Turn) -> Problem:
    head, meanwhile = f"`while {body.text(loop.test)}`", "and no other task runs meanwhile"
    if turn.by is None:
        how = "can turn" if any(map(_waits, walk(loop, own_children))) else "turns"
        return Problem(loop.test, f"{head} {how} without an `await`, {meanwhile}; {_remedy(body, loop, turn)}")
    place, what = (
        (turn.by.type or turn.by, "except") if isinstance(turn.by, cst.ExceptHandler) else (turn.by, "continue")
    )
    message = f"this `{what}` leads to the next turn of {head} without an `await`, {meanwhile}"
    return Problem(place, f"{message}; {_remedy(body, loop, turn)}", trace=((loop.test, "the loop"),))


def _waits(node: "CSTNode") -> bool:
    return isinstance(node, cst.Await | cst.Asynchronous | cst.Yield)


def _remedy(body: Body, loop: "While", turn: Turn) -> str:
    sleep = f"`await {body.library}.sleep(...)`"
    if reads_clock(body, loop.test):
        return f"use {sleep}"
    awaited = [found for key, holds in sorted(turn.seen) if (found := awaited_instead(body, key, holds=holds))]
    return f"use `{awaited[0]}`" if len(awaited) == 1 else f"await what it waits for, or {sleep} in every turn"
