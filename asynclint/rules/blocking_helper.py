from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Place, Problem, blocking_helpers, rule
from asynclint.rule.helpers import Entry, entries

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL210",
    wants=blocking_helpers(),
    preview=True,
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
)
def blocking_helper(body: Body) -> Iterator[Problem]:
    """A coroutine calls plain code of the project that blocks, perhaps many calls further down.

    Nothing in the coroutine looks blocking: it calls a function, a method or a class of the project. That code calls
    other code, and somewhere down there stands `time.sleep`, an HTTP request or a database query. The event loop runs
    all of it, so every other task waits until it is done. The message shows the way, and each step its place.

    ## Bad

    ```python
    import time

    class Meter:
        def read(self):
            return self._retry()

        def _retry(self):
            time.sleep(1)

    async def handle(meter: Meter):
        return meter.read()  # ASL210
    ```

    ## Good

    ```python
    import asyncio
    import time

    class Meter:
        def read(self):
            return self._retry()

        def _retry(self):
            time.sleep(1)

    async def handle(meter: Meter):
        return await asyncio.to_thread(meter.read)
    ```

    ## What to do

    Hand the function to a thread, `await asyncio.to_thread(meter.read)`, if what it uses may be used there; or make
    the way to the blocking call asynchronous, step by step.

    ## Not reported

    Functions that are handed on without being called, code that asks whether an event loop runs, and calls through
    names that are not known for certain. Sleeping, HTTP requests, subprocesses, databases and input are followed;
    files, sockets and thread primitives are not, because what stands behind a helper there is mostly quick.
    """
    for entry in entries(body):
        yield Problem(entry.call, _message(body, entry), trace=tuple(_trace(body, entry)))


def _message(body: Body, entry: Entry) -> str:
    way = " -> ".join(f"`{name}`" for name in (body.name, _callee(body, entry.call), *_names(entry)))
    return f"`{_callee(body, entry.call)}(...)` blocks the event loop: {way}; hand it to `{_thread(body)}`"


def _callee(body: Body, call: "Call") -> str:
    return body.text(call.func)


def _names(entry: Entry) -> list[str]:
    return [step.callee for step in entry.way.steps]


def _thread(body: Body) -> str:
    return "anyio.to_thread.run_sync" if body.library == "anyio" else "asyncio.to_thread"


def _trace(body: Body, entry: Entry) -> Iterator[tuple[Place, str]]:
    *between, last = entry.way.steps
    for step in between:
        yield Place(step.path, step.line, step.column), f"which calls `{step.callee}(...)`"
    yield Place(last.path, last.line, last.column), f"which blocks in `{last.callee}(...)`"
