from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL203",
    wants=blocking_calls("ASL203"),
    pitfall="https://docs.python.org/3/library/asyncio-subprocess.html",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_subprocess(body: Body) -> Iterator[Problem]:
    """A coroutine that runs a command and waits for it stops the event loop until the command has ended.

    `subprocess.run` and its like, `os.system`, and `wait` and `communicate` of a `subprocess.Popen` wait in the
    thread of the event loop. asyncio starts processes of its own, whose end and output are awaited.

    ## Bad

    ```python
    import subprocess

    async def commit():
        subprocess.run(["git", "commit", "-a"], check=True)  # ASL203

    async def convert(path):
        process = subprocess.Popen(["convert", path])
        return process.wait()  # ASL203
    ```

    ## Good

    ```python
    import asyncio

    async def commit():
        process = await asyncio.create_subprocess_exec("git", "commit", "-a")
        if await process.wait() != 0:
            raise OSError("git failed")
    ```

    ## What to do

    Use `asyncio.create_subprocess_exec`, or `asyncio.create_subprocess_shell` for a command line, and await
    `process.wait()` or `process.communicate()`.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    Starting a process with `subprocess.Popen`, which does not wait for it; `poll`; `wait(timeout=0)`, `os.waitpid`
    with `WNOHANG`; functions handed on without being called.
    """
    yield from blocking_problems(body, "ASL203", "waits for the command")
