from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL202",
    wants=blocking_calls("ASL202"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    in_tests=InTests.INFO,
)
def blocking_http(body: Body) -> Iterator[Problem]:
    """A coroutine that sends an HTTP request with a synchronous client stops the event loop until the answer comes.

    `requests`, `urllib`, `http.client`, `httpx.Client` and the synchronous clients of cloud services wait for the
    network in the thread of the event loop: nothing else is served, no timeout fires and no cancellation arrives,
    for as long as the other side takes.

    ## Bad

    ```python
    import requests

    async def load(url):
        response = requests.get(url, timeout=10)  # ASL202
        return response.json()

    async def load_all(urls):
        with requests.Session() as session:
            return [session.get(url) for url in urls]  # ASL202
    ```

    ## Good

    ```python
    import asyncio
    import httpx
    import requests

    async def load(client: httpx.AsyncClient, url):
        return (await client.get(url)).json()

    async def load_with_requests(url):
        return await asyncio.to_thread(requests.get, url, timeout=10)
    ```

    ## What to do

    Use an asynchronous client, `httpx.AsyncClient` or `aiohttp.ClientSession`, and keep one for the life of the
    program. Where the client cannot be exchanged, hand the function to a thread with `asyncio.to_thread`.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    A function handed on without being called, asynchronous clients, objects whose class is not known, and the
    bodies of nested functions and lambdas.
    """
    yield from blocking_problems(body, "ASL202", "waits for the answer")
