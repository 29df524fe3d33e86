from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, entering, methods, rule
from asynclint.rule.acquisitions import is_taken_by_plain_functions
from asynclint.rule.locks import REENTRANT_LOCKS, THREAD_LOCKS, Hold, held_while_waiting
from asynclint.rule.suspension import drives_coroutines, wait_text


@rule(
    code="ASL503",
    wants=entering(*THREAD_LOCKS) | methods(THREAD_LOCKS, "acquire"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def thread_lock_across_await(body: Body) -> Iterator[Problem]:
    """A coroutine holds a lock made for threads while it waits, so the next one that takes the lock stops the loop.

    The event loop runs all its coroutines in one thread. While one of them waits at an `await` and holds a
    `threading.Lock`, another one may want the same lock. It then puts the whole thread to sleep, and with it the one
    coroutine that could release the lock: nothing ever runs again. A `threading.RLock`, which lets its own thread in a
    second time, lets every coroutine in and protects nothing. In both cases other threads wait as long as the `await`
    takes.

    ## Bad

    ```python
    import asyncio
    import threading

    lock = threading.Lock()

    async def save(number):
        with lock:  # ASL503
            await asyncio.sleep(0.01)
            print("saved", number)

    async def main():
        await asyncio.gather(save(1), save(2))
    ```

    ## Good

    ```python
    import asyncio

    lock = asyncio.Lock()

    async def save(number):
        async with lock:
            await asyncio.sleep(0.01)
            print("saved", number)

    async def main():
        await asyncio.gather(save(1), save(2))
    ```

    ## What to do

    Where only coroutines of one loop take the lock, make it an `asyncio.Lock` and enter it by `async with`. Where
    threads take it too, hold it for the few lines that touch what is shared, and await before or after.

    ## Not reported

    A lock that is left, or released on every path, before the `await`; an `async with` on an asyncio lock or condition
    of the same object that is always free, because nobody waits while holding it; a lock that is taken with
    `blocking=False` or `timeout=0`; one that is made and taken in the same call (ASL506 says of it that it protects
    nothing); objects whose class is not known, whatever their name; locks of files (ASL206 says that entering them
    blocks); files that run coroutines by hand (`coroutine.send(None)`); test files.
    """
    if not body.is_async or drives_coroutines(body):
        return
    for hold in held_while_waiting(body, THREAD_LOCKS):
        yield Problem(hold.taken, _message(body, hold), trace=((hold.waits, "here it waits and holds the lock"),))


def _message(body: Body, hold: Hold) -> str:
    lock, kind = body.text(hold.lock), body.type_of(hold.lock)
    waiting = f"`{body.name}` holds `{lock}` while it waits at {wait_text(body, hold.waits)}"
    release = f"release `{lock}` before waiting"
    is_shared = is_taken_by_plain_functions(body, hold.lock)
    remedy = release if is_shared else f"use `{body.library}.Lock` with `async with`, or {release}"
    if kind in REENTRANT_LOCKS:
        return f"{waiting}, and a `{kind}` meanwhile lets in every other coroutine of the same thread; {remedy}"
    return f"{waiting}, and any other coroutine that takes it meanwhile stops the event loop for good; {remedy}"
