from collections.abc import Iterator

from asynclint.rule import Body, Default, Problem, async_loops, calls, rule, while_loops
from asynclint.rule.countdowns import Countdown, countdowns
from asynclint.rule.inert import CLOCKS


@rule(
    code="ASL408",
    wants=while_loops() | async_loops() | calls(*CLOCKS, "asyncio.sleep", in_coroutine=True),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#timeouts",
    default=Default.OFF,
)
def timeout_parameter(body: Body) -> Iterator[Problem]:
    """A coroutine takes a timeout and watches the clock itself.

    Looking at the clock between two `await`s ends nothing that hangs in one: the coroutine waits as long as the slowest
    `await` in it, however short the timeout. Counting turns is further off still, because no turn takes as long as its
    `sleep` says. `asyncio.timeout` interrupts the `await` itself.

    ## Bad

    ```python
    import asyncio
    import time

    async def wait_ready(client, timeout):
        deadline = time.monotonic() + timeout  # ASL408
        while time.monotonic() < deadline:
            if await client.ready():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError
    ```

    ## Good

    ```python
    import asyncio

    async def wait_ready(client, timeout):
        async with asyncio.timeout(timeout):
            while not await client.ready():
                await asyncio.sleep(0.01)
    ```

    ## What to do

    Put the loop into `async with asyncio.timeout(timeout)` (Python 3.11), or give it as a coroutine to
    `asyncio.wait_for`. Or take no timeout at all, and leave it to the caller.

    ## Not reported

    Timeouts that are given to a call, whole or what is left of them, stored or returned; loops that await nothing.
    """
    for countdown in countdowns(body) if body.is_async else ():
        yield Problem(countdown.node, _message(body, countdown))


def _message(body: Body, countdown: Countdown) -> str:
    name = countdown.parameter
    has_timeout = body.target.oldest >= (3, 11)
    remedy = f"put it into `async with asyncio.timeout({name})`" if has_timeout else "give it to `asyncio.wait_for`"
    return f"`{body.name}` watches `{name}` by itself, so an `await` that hangs is never interrupted; {remedy}"
