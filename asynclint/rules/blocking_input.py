from collections.abc import Iterator
from functools import partial

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems
from asynclint.rule.prompting import holds_up_nobody


@rule(
    code="ASL207",
    wants=blocking_calls("ASL207"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_input(body: Body) -> Iterator[Problem]:
    """A coroutine that asks the user, or reads standard input, stops the event loop until they have typed.

    `input`, `getpass.getpass` and `sys.stdin.readline` wait in the thread of the event loop, and nobody waits longer
    than a program does for its user. Asking once, in a file that starts no tasks and no server, is information: often
    nothing else runs then.

    ## Bad

    ```python
    async def chat(writer):
        while line := input("> "):  # ASL207
            writer.write(line.encode())
            await writer.drain()
    ```

    ## Good

    ```python
    import asyncio

    async def chat(writer):
        while line := await asyncio.to_thread(input, "> "):
            writer.write(line.encode())
            await writer.drain()
    ```

    ## What to do

    Hand the function to a thread, `await asyncio.to_thread(input, ...)`, or connect standard input to a
    `StreamReader` with `loop.connect_read_pipe`. Ask before the event loop starts what can be asked then.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    A function handed on without being called, and functions of the project that bear such a name.
    """
    yield from blocking_problems(body, "ASL207", "waits for the user", is_slight=partial(holds_up_nobody, body))
