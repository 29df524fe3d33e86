from collections.abc import Iterator

from asynclint.rule import Body, Default, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL209",
    wants=blocking_calls("ASL209"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    default=Default.INFO,
)
def cpu_bound_call(body: Body) -> Iterator[Problem]:
    """A coroutine that hashes passwords, compresses, or works on images or tables computes in the event loop.

    Such calls are made of computation alone and may take a tenth of a second or more; no other task runs meanwhile.
    How long depends on the data, so this is information.

    ## Bad

    ```python
    import bcrypt

    async def login(user, password):
        if bcrypt.checkpw(password, user.hashed):  # ASL209
            await user.enter()
    ```

    ## Good

    ```python
    import asyncio
    import bcrypt

    async def login(user, password):
        if await asyncio.to_thread(bcrypt.checkpw, password, user.hashed):
            await user.enter()
    ```

    ## What to do

    Hand the function to a thread, `await asyncio.to_thread(...)`: most such libraries let other threads run while
    they compute. For computation in pure Python use a `concurrent.futures.ProcessPoolExecutor`.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    Functions handed on without being called, and calls whose meaning is not known.
    """
    yield from blocking_problems(body, "ASL209", "computes")
