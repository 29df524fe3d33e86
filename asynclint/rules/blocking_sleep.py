from collections.abc import Iterator

from asynclint.rule import Body, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocked_calls, instead
from asynclint.rule.unblocking import unblocked


@rule(
    code="ASL201",
    wants=blocking_calls("ASL201"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
)
def blocking_sleep(body: Body) -> Iterator[Problem]:
    """`time.sleep` in a coroutine stops the event loop, and every other task with it.

    An event loop runs all its tasks in one thread. `time.sleep` puts that thread to sleep: for so long no other
    task runs, no connection is answered, no timeout fires and no cancellation arrives. `asyncio.sleep` suspends
    only the coroutine that awaits it.

    ## Bad

    ```python
    import time

    async def poll(client):
        while not await client.ready():
            time.sleep(0.5)  # ASL201
    ```

    ## Good

    ```python
    import asyncio
    import time

    async def poll(client):
        while not await client.ready():
            await asyncio.sleep(0.5)

    async def settle():
        await asyncio.to_thread(time.sleep, 0.5)
    ```

    ## What to do

    Write `await asyncio.sleep(...)`. Other tasks run meanwhile, so state that they share may have changed afterwards.

    ## Fix

    Writes `await asyncio.sleep(...)`, and imports asyncio where the file does not. Safe: it sleeps as long.

    ## Not reported

    A function handed on without being called (`asyncio.to_thread(time.sleep, 1)`), the bodies of nested functions and
    lambdas, and `time.sleep(0)`, which blocks nobody. `await time.sleep(1)` is reported by `await-non-awaitable`.
    """
    if not body.is_async:
        return
    for call, blocked in blocked_calls(body, "ASL201"):
        message = f"`{body.text(call.func)}` stops the event loop, and every other task, while `{body.name}` sleeps"
        better = instead(body, blocked)
        yield Problem(call, f"{message}; use {better}", fixes=unblocked(body, call, better))
