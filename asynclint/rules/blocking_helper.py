from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, reaching, rule
from asynclint.rule import nodes as cst
from asynclint.rule.handing import packing, proviso, runner
from asynclint.rule.helpers import GRAVE, SLIGHT, Entry, How, entered_text, entries, trace, way_text


@rule(
    code="ASL210",
    wants=reaching(GRAVE) | reaching(SLIGHT),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_helper(body: Body) -> Iterator[Problem]:
    """A coroutine calls plain code of the project that blocks, perhaps many calls further down.

    Nothing in the coroutine looks blocking: it calls a function, a method or a class of the project. That code calls
    other code, and somewhere down there stands `time.sleep`, an HTTP request or a database query. The event loop runs
    all of it, so every other task waits until it is done. The same holds for properties that are read, for the
    `__enter__` and `__exit__` of a `with` or the generator function behind it, and for a function that is handed to the
    loop as a callback. The message shows the shortest way, and the places of its steps follow.

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

    Hand the function to a thread, `await asyncio.to_thread(meter.read)`, if what it uses may be used there. Where
    coroutines change the same object meanwhile it needs a lock, and a copy of what they change; and so does what writes
    to a file. Or make the way to the blocking call asynchronous, step by step.

    ## Not reported

    Functions that are handed on without being called, code that asks whether an event loop runs, and calls through
    names that are not known for certain. Only what happens whenever the helper runs is followed: not what stands under
    `if` or `except`, or after an `if` that may have left the function, because the caller may know better. Waiting for
    thread primitives is not followed, nor what is cached, nor what asks the file system without reading or writing
    contents, like `Path.exists`. A helper that only reads or writes files, computes or prompts the user is
    information, however the rule is set. Test files, where nobody else waits.
    """
    grave = list(entries(body, GRAVE))
    seen = {id(entry.node) for entry in grave}
    slight = [entry for entry in entries(body, SLIGHT) if id(entry.node) not in seen]
    for entry in (*grave, *slight):
        steps = trace(entry, "blocks in")
        yield Problem(entry.node, _message(body, entry), trace=steps, is_information=entry.way.end in SLIGHT)


def _message(body: Body, entry: Entry) -> str:
    effect = f"{entered_text(entry)} blocks the event loop: {way_text(body, entry)}"
    if entry.how is How.READ:
        return f"{effect}; read it in a thread: `await {runner(body)}(lambda: {entry.entered})`"
    given = entry.node.args if entry.how is How.CALLED and isinstance(entry.node, cst.Call) else ()
    remedy = [f"hand it to `{runner(body)}`", packing(body, given), proviso(body, entry.function, entry.way)]
    return f"{effect}; {', '.join(part for part in remedy if part)}"
