from collections.abc import Iterator

from asynclint.rule import Body, Default, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL208",
    wants=blocking_calls("ASL208"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    default=Default.INFO,
    in_tests=InTests.SILENT,
)
def blocking_file_io(body: Body) -> Iterator[Problem]:
    """A coroutine that opens, reads, writes, lists or looks for files waits for the disk in the event loop.

    On a fast local disk that is short, and a choice one can make; on a network drive, a full disk or a sleeping one,
    it stops every other task for as long. So this is information, and silent in tests.

    ## Bad

    ```python
    from pathlib import Path

    async def settings():
        return Path("settings.toml").read_text()  # ASL208

    async def log(line):
        with open("log.txt", "a") as file:  # ASL208
            file.write(line)
    ```

    ## Good

    ```python
    import asyncio
    from pathlib import Path

    async def settings():
        return await asyncio.to_thread(Path("settings.toml").read_text)

    def append(line):
        with open("log.txt", "a") as file:
            file.write(line)

    async def log(line):
        await asyncio.to_thread(append, line)
    ```

    ## What to do

    Put all that concerns the file into one plain function and await `asyncio.to_thread(...)` of it, or use `aiofiles`
    or `anyio.Path`. Read what never changes once, before the event loop starts.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    Paths that are only computed (`os.path.join`, `path / "x"`, `path.with_suffix`); the methods of a file where
    the same coroutine opens one, which is reported already; what only asks for a file, makes or removes it, in a
    coroutine that also reads or writes one, itself or in a thread; asynchronous files; functions handed on without
    being called.
    """
    yield from blocking_problems(body, "ASL208", "waits for the disk", heavy_only=True)
