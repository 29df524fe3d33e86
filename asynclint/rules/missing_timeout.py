from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asynclint.rule import (
    Body,
    Default,
    InTests,
    Place,
    Problem,
    async_loops,
    awaited_coroutines,
    calls,
    named_calls,
    rule,
)
from asynclint.rule import nodes as cst
from asynclint.rule.deadlines import is_limited, sets_timer
from asynclint.rule.entrances import Entrance, Kind, entrances
from asynclint.rule.remote import READS, WAITS, Wait, What, chosen_streams, waits

if TYPE_CHECKING:
    from libcst import CSTNode


@rule(
    code="ASL407",
    default=Default.OFF,
    in_tests=InTests.SILENT,
    on_anyio=True,
    wants=calls(*WAITS, in_coroutine=True) | named_calls(*READS) | async_loops() | awaited_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#timeouts",
)
def missing_timeout(body: Body) -> Iterator[Problem]:
    """A coroutine waits for another machine, and nothing on the way to it sets a timeout.

    A machine that is switched off, a lost connection, a client that says nothing: none of them is an error that
    asyncio would hear of. A connection is given up by the operating system after some minutes, and a `read` never ends.
    The coroutine waits, with all it holds, and so do its callers; one by one that takes all the connections there are.

    ## Bad

    ```python
    import asyncio

    async def handle(reader, writer):
        request = await reader.readline()  # ASL407
        writer.write(request)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def fetch(host):
        reader, writer = await asyncio.open_connection(host, 80)  # ASL407
        writer.close()
        await writer.wait_closed()

    async def main():
        await fetch("example.org")
        server = await asyncio.start_server(handle, "localhost", 8888)
        async with server:
            await server.serve_forever()

    if __name__ == "__main__":
        asyncio.run(main())
    ```

    ## Good

    ```python
    import asyncio

    PATIENCE = 30

    async def handle(reader, writer):
        try:
            async with asyncio.timeout(PATIENCE):
                request = await reader.readline()
                writer.write(request)
                await writer.drain()
        except TimeoutError:
            print("the client says nothing")
        finally:
            writer.close()

    async def fetch(host):
        reader, writer = await asyncio.open_connection(host, 80)
        writer.close()
        await writer.wait_closed()

    async def main():
        async with asyncio.timeout(PATIENCE):
            await fetch("example.org")
        server = await asyncio.start_server(handle, "localhost", 8888)
        async with server:
            await server.serve_forever()

    if __name__ == "__main__":
        asyncio.run(main())
    ```

    ## What to do

    Put the wait, or what calls it, into `async with asyncio.timeout(...)` and decide there what becomes of a
    `TimeoutError`. Before Python 3.11 use `asyncio.wait_for`, with anyio `with anyio.fail_after(...)`. Give clients
    that have one their own `timeout=...`.

    ## Not reported

    Functions of which it is not seen who runs them: whoever awaits them may have a timeout. It is seen in a file where
    `asyncio.run`, `create_task`, `start_server` or a route of FastAPI, Starlette or aiohttp starts a coroutine that
    leads to the wait, or to a function of another file that opens a connection. As soon as a function on the way has a
    timeout, a context manager that sounds like one, or a timer (`call_later`), or the call is in `wait_for`, that way
    does not count. `timeout(None)`, and streams that are read with a timeout elsewhere in the function, which looks
    like a choice. Clients that have a timeout by default, such as aiohttp and httpx. The output of processes. A task in
    the background that listens to a server, as long as it takes; a `queue.get()` anywhere but in the handler of a
    request, and there in a loop. The second read of a stream in the same function. Tests.
    """
    found = list(_unlimited(body)) if body.is_async and not sets_timer(body.project, body.entity) else []
    ways = list(entrances(body.project, body.entity)) if found else []
    heard: set[str] = set()
    for wait in found:
        way = next((way for way in ways if _matters(body, wait, way)), None)
        if way is not None and wait.stream not in heard:
            heard |= {wait.stream} - {""}  # one timeout is enough for all that is read there
            yield Problem(wait.node, _message(body, wait, way), trace=_trace(wait, way, found))


def _unlimited(body: Body) -> Iterator[Wait]:
    """The waits of a body that it does not limit itself; who limits some of the reads of a stream has chosen which."""
    found = list(waits(body))
    limited = [wait for wait in found if is_limited(body, wait.node)]
    chosen = chosen_streams(body) | {wait.stream for wait in limited if wait.stream}
    return (wait for wait in found if wait not in limited and wait.stream not in chosen)


def _matters(body: Body, wait: Wait, way: Entrance) -> bool:
    match wait.what:
        case What.DATA:
            return way.kind is not Kind.TASK
        case What.ITEM:
            return way.kind is Kind.REQUEST and not _in_loop(body, wait.node)
    return True


def _in_loop(body: Body, node: "CSTNode") -> bool:
    return any(isinstance(above, cst.While | cst.For) for above in body.ancestors(node))


def _message(body: Body, wait: Wait, way: Entrance) -> str:
    missing = f"and {_start(body, way)}; {_remedy(body, wait)}"
    if not isinstance(wait.node, cst.Call):
        return f"`async for` over `{body.text(wait.node)}` waits for ever when the other side says nothing, {missing}"
    text = f"`{body.text(wait.node.func)}(...)`"
    if wait.end is not None:
        return f"{text} comes to `{wait.end.callee}`, which may take minutes when nobody answers, {missing}"
    match wait.what:
        case What.CONNECTION:
            return f"{text} may take minutes when nobody answers, {missing}"
        case What.ITEM:
            return f"{text} keeps the request waiting until there is an item, if there ever is one, {missing}"
        case What.REQUEST:
            return f"{text} waits for ever for a client that says nothing, {missing}"
    return f"{text} waits for ever when the other side says nothing, {missing}"


def _start(body: Body, way: Entrance) -> str:
    what = f"`{way.starter}` runs `{way.function}`"
    if way.function == body.here.qualname:
        return f"{what} without a timeout"
    return f"{what} and from there no timeout is set on the way"


def _remedy(body: Body, wait: Wait) -> str:
    if wait.option:
        return f"give it `{wait.option}=...`"
    if body.library == "anyio":
        return "put it into `with anyio.fail_after(...)`"
    is_new = body.target.oldest >= (3, 11)
    return f"put it into {'`async with asyncio.timeout(...)`' if is_new else '`asyncio.wait_for(...)`'}"


def _trace(wait: Wait, way: Entrance, found: Sequence[Wait]) -> "tuple[tuple[CSTNode | Place, str], ...]":
    same = [other.node for other in found if wait.stream and other.stream == wait.stream and other is not wait]
    ends = [Place(wait.end.path, wait.end.line, wait.end.column)] if wait.end else []
    steps = ((Place(step.path, step.line, step.column), step.message) for step in way.steps)
    return (*((node, "so does this") for node in same), *((end, "this waits") for end in ends), *steps)
