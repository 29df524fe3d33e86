from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, InTests, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import CANCELLATION
from asynclint.rule.durations import in_words
from asynclint.rule.standstill import Turn, awaited_instead, idle_turns
from asynclint.rule.suspension import wait_text
from asynclint.rule.trees import walk
from asynclint.rule.yielding import SLEEPS, is_yield, seconds_of, waits_beside

if TYPE_CHECKING:
    from libcst import Await, Call, CSTNode, Try, While

_DAY = 86_400
_FOR_EVER = 10 * 365 * _DAY  # no program runs that long


@rule(
    code="ASL904",
    default=Default.OFF,
    in_tests=InTests.SILENT,
    on_anyio=True,
    wants=calls(*SLEEPS, in_coroutine=True),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.sleep",
)
def odd_sleep(body: Body) -> Iterator[Problem]:
    """A sleep of more than a day, or a `sleep(0)` that spins or adds nothing.

    `sleep` counts in seconds, so `sleep(300_000)` lasts three days and not five minutes. A sleep of years stands for
    waiting for ever, and nothing but a cancellation ends it. `sleep(0)` does not wait at all: it lets the other tasks
    run once. A loop that does nothing else asks its question thousands of times a second and keeps a whole core busy;
    beside something that waits anyway, it only costs a turn more.

    ## Bad

    ```python
    import asyncio

    async def report(task: asyncio.Task):
        while not task.done():
            await asyncio.sleep(0)  # ASL904
        print(task.result())

    async def retry(fetch):
        await asyncio.sleep(300_000)  # ASL904
        return await fetch()

    async def main(server):
        await server.start()
        await asyncio.sleep(1e9)  # ASL904

    async def beat(service):
        while True:
            service.beat()
            await asyncio.sleep(0)  # ASL904
            await asyncio.sleep(0.5)
    ```

    ## Good

    ```python
    import asyncio

    async def report(task: asyncio.Task):
        print(await task)

    async def retry(fetch):
        await asyncio.sleep(300)
        return await fetch()

    async def main(server, stopped: asyncio.Event):
        await server.start()
        await stopped.wait()

    async def beat(service):
        while True:
            service.beat()
            await asyncio.sleep(0.5)

    async def index(rows):
        for row in rows:
            row.index()
            await asyncio.sleep(0)
    ```

    ## What to do

    Divide milliseconds by 1000. Where nothing is left to do but to stay alive, await what ends the program: an
    `asyncio.Event` that the handler of a signal sets, a task, a server; on anyio there is `sleep_forever()`. For a job
    that is due in some days keep the time when it is due, because a restart begins the sleep anew.

    Instead of asking in a loop, await the answer: the task, `event.wait()`, `queue.get()`. What can only be asked
    deserves a pause, `sleep(0.05)`. A `sleep(0)` next to what waits anyway can go.

    ## Not reported

    `sleep(0)` as the documentation means it: in a loop that works, so that other tasks get their turns. That is also so
    where the loop awaits a queue, a stream, a lock or anything else that may have its answer already and then goes on
    without waiting. Only what waits in any case makes a `sleep(0)` pointless: another sleep, a thread, a process, a
    request, right before or after it in every turn. Loops that count, that call what may do the work, or that run a
    certain number of times; a `sleep(0)` outside loops, or where something has been cancelled, which is delivered
    there. Sleeps of a day or less, and those whose length is not known from the code: parameters, attributes, settings;
    `sleep(math.inf)` that is all a function does, or that stands in a `try` which cleans up after the cancellation.
    Tests.
    """
    if not body.is_async:
        return
    for node in body.nodes:
        if isinstance(node, cst.Call):
            seconds = seconds_of(body, node)
            if seconds is not None and seconds > _DAY and not _is_meant(body, node, seconds):
                yield Problem(node, _too_long(body, node, seconds))
    spinning = {id(pause): (pause, loop, turn) for pause, loop, turn in _spinning(body)}
    yield from (_spins(body, *found) for found in spinning.values())
    for node in body.nodes:
        match node:
            case cst.Expr(value=cst.Await() as pause) if is_yield(body, pause) and id(pause) not in spinning:
                waiting = waits_beside(body, node)
                if waiting is not None:
                    yield _pointless(body, pause, waiting)


def _spinning(body: Body) -> "Iterator[tuple[Await, While, Turn]]":
    """The pauses that are all there is to a turn of their loop, each with one such turn."""
    for loop in body.nodes:
        if isinstance(loop, cst.While):
            turns = idle_turns(body, loop, lambda node: is_yield(body, node))
            for turn in sorted(turns, key=lambda turn: (len(turn.seen), sorted(turn.seen))):
                if isinstance(turn.pause, cst.Await) and not any("cancel" in key for key, _ in turn.seen):
                    yield turn.pause, loop, turn


def _spins(body: Body, pause: "Await", loop: "While", turn: Turn) -> Problem:
    awaited = [found for key, holds in sorted(turn.seen) if (found := awaited_instead(body, key, holds=holds))]
    remedy = f"use `{awaited[0]}`" if len(awaited) == 1 else "await what it waits for, or sleep for more than 0 seconds"
    what = f"`while {body.text(loop.test)}` turns as fast as it can until something changes and keeps a whole core busy"
    message = f"`{body.text(pause.expression)}` does not wait, so {what}; {remedy}"
    return Problem(pause.expression, message, trace=((loop.test, "the loop"),))


def _pointless(body: Body, pause: "Await", waiting: "CSTNode") -> Problem:
    what = f"`{body.text(pause.expression)}` lets other tasks run, and so does {wait_text(body, waiting)} beside it"
    trace = ((waiting, "this waits in every turn of the loop"),)
    return Problem(pause.expression, f"{what}, which waits in any case; drop the sleep", trace=trace)


def _too_long(body: Body, call: "Call", seconds: float) -> str:
    text = f"`{body.text(call)}`"
    if seconds >= _FOR_EVER:
        how_long = (
            f"sleeps for {in_words(seconds)}, that is for ever" if seconds < inf else "ends only by a cancellation"
        )
        instead = "await what is to end it, such as an `asyncio.Event` that is set then"
        return f"{text} {how_long}; {'use `anyio.sleep_forever()`' if body.library == 'anyio' else instead}"
    sleeping = f"{text} sleeps for {in_words(seconds)}"
    if _sounds_like_milliseconds(call, seconds):
        fixed = f"`{body.text(call.func)}({seconds / 1000:g})`"
        return f"{sleeping}, because it counts in seconds; write {fixed} if milliseconds are meant"
    return f"{sleeping}, and begins anew whenever the program does; keep the time when it is due and sleep until then"


def _sounds_like_milliseconds(call: "Call", seconds: float) -> bool:
    """Is it a round number that is no number of days, or has it a factor of a thousand?"""
    numbers = [node for node in walk(call) if isinstance(node, cst.Integer | cst.Float)]
    return (seconds % _DAY != 0 and seconds % 100 == 0) or any(node.evaluated_value == 1000 for node in numbers)


def _is_meant(body: Body, call: "Call", seconds: float) -> bool:
    """Is it clear that only a cancellation is to end it: by the function's name, or by what it does then?"""
    if seconds < inf:
        return False
    own = [node for node in body.nodes if isinstance(node, cst.BaseSmallStatement) and not _does_nothing(node)]
    if len(own) == 1 and any(above is own[0] for above in body.ancestors(call)):
        return True
    below: CSTNode = call
    for above in body.ancestors(call):
        if isinstance(above, cst.Try) and below is above.body and _cleans_up(body, above):
            return True
        below = above
    return False


def _cleans_up(body: Body, statement: "Try") -> bool:
    caught = (body.caught(handler.type) for handler in statement.handlers)
    return statement.finalbody is not None or any(names & CANCELLATION for names in caught)


def _does_nothing(statement: "CSTNode") -> bool:
    is_text = isinstance(statement, cst.Expr) and isinstance(statement.value, cst.BaseString)
    return is_text or isinstance(statement, cst.Import | cst.ImportFrom)
