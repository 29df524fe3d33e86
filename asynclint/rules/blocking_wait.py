from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems
from asynclint.rule.locks import THREAD_LOCKS, held_while_waiting
from asynclint.rule.loops import deadlocks


@rule(
    code="ASL206",
    wants=blocking_calls("ASL206"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_wait(body: Body) -> Iterator[Problem]:
    """A coroutine that waits for a thread, its lock, event, queue or future stops the event loop meanwhile.

    The primitives of `threading`, `queue` and `concurrent.futures` put the whole thread to sleep, and this thread runs
    the event loop. If what they wait for needs the event loop itself, nothing runs ever again. Leaving `with
    ThreadPoolExecutor()` waits as well, for what was submitted and not waited for inside.

    ## Bad

    ```python
    import threading
    from concurrent.futures import ThreadPoolExecutor

    ready = threading.Event()

    async def start():
        ready.wait()  # ASL206

    async def compute(work):
        with ThreadPoolExecutor() as pool:  # ASL206
            pool.submit(work)
    ```

    ## Good

    ```python
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    ready = asyncio.Event()
    pool = ThreadPoolExecutor()

    async def start():
        await ready.wait()

    async def compute(work):
        return await asyncio.get_running_loop().run_in_executor(pool, work)
    ```

    ## What to do

    Between coroutines use asyncio's own `Lock`, `Event` and `Queue`. For what a thread does, await
    `asyncio.to_thread(...)` or `loop.run_in_executor(...)`; await a future of `concurrent.futures` through
    `asyncio.wrap_future`.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    `with lock:` of a `threading.Lock`, which is short where nothing is awaited inside; calls that do not wait
    (`blocking=False`, `block=False`, `timeout=0`, `wait=False`); `put` in a file that makes no bounded queue; the
    result of a future that the same function asks whether it is `done()`; asyncio's own primitives; what ASL212 says of
    the loop that waits for itself, and ASL503 of a lock that is held at an `await`.
    """
    stuck = {id(call) for call in deadlocks(body)}
    if body.is_async:
        stuck |= {id(hold.taken) for hold in held_while_waiting(body, THREAD_LOCKS)}
    found = blocking_problems(body, "ASL206", "waits for another thread")
    yield from (problem for problem in found if id(problem.node) not in stuck)
