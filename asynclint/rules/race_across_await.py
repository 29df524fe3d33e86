from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, InTests, Problem, rule, shared_changes
from asynclint.rule import nodes as cst
from asynclint.rule.exclusion import excludes_others, has_one_user, never_meets_itself, runs_as_one
from asynclint.rule.hoisting import awaited_first
from asynclint.rule.races import Race, late_writes, races
from asynclint.rule.suspension import drives_coroutines, wait_text

if TYPE_CHECKING:
    from libcst import CSTNode


@rule(
    code="ASL504",
    wants=shared_changes(),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def race_across_await(body: Body) -> Iterator[Problem]:
    """Something shared is read, then awaited for, then written back: what others changed meanwhile is lost.

    Between two `await`s a coroutine has everything to itself, and at an `await` every other one may run. A value that
    is read before and written back after is out of date by then. `self.total += await f()` looks like one step but
    reads `self.total` first, then waits, and then writes the sum: of ten at once only one counts.

    A test before an `await` is as old: two coroutines find that there is no connection yet, and both open one; two find
    that there is enough left to pay, and both pay. That is reported as information.

    ## Bad

    ```python
    import asyncio

    class Counter:
        def __init__(self):
            self.total = 0
            self.seen = 0

        async def size(self):
            await asyncio.sleep(0.01)
            return 1

        async def count(self):
            self.total += await self.size()  # ASL504

        async def note(self):
            seen = self.seen
            await asyncio.sleep(0.01)
            self.seen = seen + 1  # ASL504

    async def main():
        counter = Counter()
        await asyncio.gather(*(counter.count() for _ in range(10)))
        print(counter.total, "counted")
    ```

    ## Good

    ```python
    import asyncio

    class Counter:
        def __init__(self):
            self.total = 0
            self.seen = 0
            self.lock = asyncio.Lock()

        async def size(self):
            await asyncio.sleep(0.01)
            return 1

        async def count(self):
            size = await self.size()
            self.total += size

        async def note(self):
            async with self.lock:
                seen = self.seen
                await asyncio.sleep(0.01)
                self.seen = seen + 1

    async def main():
        counter = Counter()
        await asyncio.gather(*(counter.count() for _ in range(10)))
        print(counter.total, "counted")
    ```

    ## What to do

    Await first and read afterwards: `value = await f()`, then `self.total += value`. Where the work in between needs
    the old value, hold one `asyncio.Lock` from the read to the write, wherever that state is changed.

    ## Fix

    Awaits into a variable above the statement, so that what is read is not older than the await. Unsafe: what stood
    before the await in the statement is now computed after it. Withheld where more than one statement is concerned,
    and for an await that may not be reached.

    ## Not reported

    Local variables and objects that the function has made or was given; values that do not depend on what was read;
    caches that are filled twice with the same; lists and sets, which `+=` and `|=` change in place, and what may be
    one; what happens under a lock, or in a function that is called under one; what is read or tested again after the
    `await`; a flag that is set before it; methods that run once for each object, by their name, or in the loop of one
    task; private methods, and hooks that a base class calls, where every call is made in such a method, under a lock
    or behind a flag; attributes of an object that a framework makes for one request or one dialogue; a `yield`, which
    hands over to the caller and not to the event loop; test files. What went through a variable is information only:
    the object may have a single user.
    """
    if not body.is_async or drives_coroutines(body) or runs_as_one(body) or never_meets_itself(body):
        return
    reported = set()
    for race in races(body):
        if not isinstance(race.waits, cst.Yield) and not _has_nobody_else(body, race):
            reported.add(id(race.target))
            trace, fixes = _trace(race, "read"), awaited_first(body, race)
            yield Problem(race.target, _lost(body, race), trace=trace, is_information=bool(race.copy), fixes=fixes)
    for race in late_writes(body):
        if id(race.target) not in reported and not _has_nobody_else(body, race):
            reported.add(id(race.target))
            yield Problem(race.target, _late(body, race), trace=_trace(race, "tested"), is_information=True)


def _has_nobody_else(body: Body, race: Race) -> bool:
    return excludes_others(body, race.target) or has_one_user(body, race.target)


def _lost(body: Body, race: Race) -> str:
    target, wait, lock = body.text(race.target), wait_text(body, race.waits), f"an `{body.library}.Lock`"
    lost = "so what other coroutines change in it meanwhile is lost"
    if race.copy:
        kept = f"`{target}` is written with what `{race.copy}` kept of it before {wait}"
        return f"{kept}, {lost}; read it again after waiting, or hold {lock} over both"
    kept = f"`{target}` is read before {wait} and written after it"
    return f"{kept}, {lost}; await into a variable first, or hold {lock}"


def _late(body: Body, race: Race) -> str:
    tested = f"`{body.text(race.read)}` was tested before {wait_text(body, race.waits)}"
    others = f"another coroutine may find the same before `{body.text(race.target)}` is written here"
    return f"{tested}, and {others}; hold an `{body.library}.Lock` over both, or test again"


def _trace(race: Race, what: str) -> "tuple[tuple[CSTNode, str], ...]":
    read = () if race.read is race.target else ((race.read, f"it is {what} here"),)
    return (*read, (race.waits, "here others may run"))
