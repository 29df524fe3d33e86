from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, Problem, rule, several_loops
from asynclint.rule.loop_bound import Rerun, reruns

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL507",
    wants=several_loops(),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html",
    default=Default.INFO,
)
def loop_bound_primitive(body: Body) -> Iterator[Problem]:
    """A lock, event or queue of a module or class is waited for in a second event loop, which it refuses.

    Since Python 3.10 a primitive of asyncio belongs to the event loop in which it first had to wait. `asyncio.run`
    starts a new loop each time. A lock that is made with the module, and so lives longer than the first loop, raises
    `RuntimeError: ... is bound to a different event loop` in the second one: not always, but as soon as two coroutines
    want it at once in both.

    ## Bad

    ```python
    import asyncio

    lock = asyncio.Lock()

    async def save(number):
        async with lock:
            await asyncio.sleep(0.01)

    async def save_two():
        await asyncio.gather(save(1), save(2))

    def main():
        asyncio.run(save_two())
        asyncio.run(save_two())  # ASL507
        print("all were saved")
    ```

    ## Good

    ```python
    import asyncio

    lock = asyncio.Lock()

    async def save(number):
        async with lock:
            await asyncio.sleep(0.01)

    async def save_two():
        await asyncio.gather(save(1), save(2))

    async def save_four():
        await save_two()
        await save_two()

    def main():
        asyncio.run(save_four())
        print("all were saved")
    ```

    ## What to do

    Start one event loop: `asyncio.run` for a `main()` that awaits everything, or one `asyncio.Runner` for several
    calls. Or make the primitive inside of what runs, and hand it on.

    ## Not reported

    Loops that are started in different functions, because a program may well call only one of them; calls of which only
    one is made; primitives of objects; what does not wait for the primitive (`event.set()`).
    """
    yield from (Problem(again.call, _message(again), trace=_trace(again)) for again in reruns(body))


def _message(again: Rerun) -> str:
    name = again.primitive.name
    bound = (
        f"this starts another event loop, and `{name}` belongs to the first one in which somebody had to wait for it"
    )
    return f"{bound}: waiting for it here can raise `RuntimeError`; run all in one loop, or make `{name}` inside of it"


def _trace(again: Rerun) -> "tuple[tuple[Call, str], ...]":
    return () if again.first is again.call else ((again.first, "here somebody may have waited"),)
