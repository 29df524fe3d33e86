from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, InTests, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import is_entry_point
from asynclint.rule.sessions import (
    SESSIONS,
    Session,
    is_called_again,
    is_for_one_request,
    is_seldom_called,
    is_tried_again,
    loop_around,
    sessions,
)
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import For, While


@rule(
    code="ASL802",
    wants=calls(*SESSIONS),
    pitfall="https://docs.aiohttp.org/en/stable/client_quickstart.html#make-a-request",
    default=Default.INFO,
    in_tests=InTests.SILENT,
    on_anyio=True,
)
def session_per_request(body: Body) -> Iterator[Problem]:
    """A client session is made for a single request, so no connection is ever used twice.

    A session keeps its connections open for the next request to the same host. One that is made for each request
    looks up the name, connects and agrees on the encryption every time, which often takes longer than the request.
    How much that matters depends on how often the code runs, so this is information.

    ## Bad

    ```python
    import aiohttp
    import httpx

    async def fetch(url):
        async with aiohttp.ClientSession() as session:  # ASL802
            async with session.get(url) as response:
                return await response.text()

    async def send(messages):
        for message in messages:
            async with httpx.AsyncClient() as client:  # ASL802
                await client.post("https://example.com/inbox", json=message)
    ```

    ## Good

    ```python
    import aiohttp
    import httpx

    async def fetch(session, url):
        async with session.get(url) as response:
            return await response.text()

    async def send(messages):
        async with httpx.AsyncClient() as client:
            for message in messages:
                await client.post("https://example.com/inbox", json=message)
    ```

    ## What to do

    Make one session where the application starts, close it where it ends, and hand it to what sends requests.

    ## Not reported

    Tests; sessions that are passed on, returned or stored; those of a function that sends several requests, opens a
    web socket, or sends a request that depends on none of its parameters; loops that sleep;
    sessions with a connector or a transport of their own; the coroutine that `asyncio.run` is given; functions that
    keep the answer in a cache, belong to a dialogue with one user (a config flow), or to a login by their name.
    """
    if not body.is_async or is_entry_point(body) or body.name == "main":
        return
    for session in sessions(body):
        loop = loop_around(body, session)
        if loop is not None and _sleeps(body, loop):
            continue
        if loop is not None and not is_tried_again(loop):
            yield _in_loop(body, session)
        elif not isinstance(loop, cst.While) and _is_made_for_each(body, session):
            yield _in_call(body, session)


def _is_made_for_each(body: Body, session: Session) -> bool:
    return is_for_one_request(body, session) and is_called_again(body, session) and not is_seldom_called(body)


def _sleeps(body: Body, loop: "For | While") -> bool:
    called = (node.func for node in walk(loop.body, own_children) if isinstance(node, cst.Call))
    return any(body.name_of(func) in ("asyncio.sleep", "anyio.sleep") for func in called)


def _in_loop(body: Body, session: Session) -> Problem:
    made = f"each pass of this loop makes a new `{body.text(session.call.func)}(...)`"
    return Problem(session.call, f"{made}, so no connection is used again; make one before the loop")


def _in_call(body: Body, session: Session) -> Problem:
    made = f"each call of `{body.name}` makes a new `{body.text(session.call.func)}(...)` for a single request"
    return Problem(session.call, f"{made}, so no connection is used again; make one session and share it")
