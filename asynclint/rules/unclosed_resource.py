from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import is_entry_point
from asynclint.rule.leaks import Leak, Way, is_ever_let_go, leak
from asynclint.rule.openings import OPENERS, Opening, openings

if TYPE_CHECKING:
    from libcst import CSTNode


@rule(
    code="ASL801",
    wants=calls(*OPENERS),
    pitfall="https://docs.aiohttp.org/en/stable/client_quickstart.html#make-a-request",
    on_anyio=True,
)
def unclosed_resource(body: Body) -> Iterator[Problem]:
    """A connection, client session, pool, process or server is opened and not closed on every path.

    Nothing closes it when the function ends: its sockets stay open until the garbage collector finds it, if it ever
    does, and in a program that does this for every request the file descriptors run out. In debug mode Python says so:
    `ResourceWarning: unclosed ...`.

    ## Bad

    ```python
    import asyncio

    async def first_line(host, port):
        reader, writer = await asyncio.open_connection(host, port)  # ASL801
        line = await reader.readline()
        if not line.startswith(b"HELLO"):
            return None
        writer.close()
        await writer.wait_closed()
        return line
    ```

    ```python
    import asyncio
    import aiohttp

    async def output(*command):
        process = await asyncio.create_subprocess_exec(*command)  # ASL801
        try:
            return await asyncio.wait_for(process.communicate(), timeout=10)
        except TimeoutError:
            return None

    async def news():
        session = aiohttp.ClientSession()  # ASL801
        async with session.get("https://example.com") as response:
            return await response.text()
    ```

    ## Good

    ```python
    import asyncio

    async def first_line(host, port):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            line = await reader.readline()
            return line if line.startswith(b"HELLO") else None
        finally:
            writer.close()
            await writer.wait_closed()
    ```

    ```python
    import asyncio
    import aiohttp

    async def output(*command):
        process = await asyncio.create_subprocess_exec(*command)
        try:
            return await asyncio.wait_for(process.communicate(), timeout=10)
        except TimeoutError:
            process.kill()
            await process.wait()
            return None

    async def news():
        async with aiohttp.ClientSession() as session, session.get("https://example.com") as response:
            return await response.text()
    ```

    ## What to do

    Enter it with `async with`, or begin a `try` right after opening it and close it in `finally`. A process that was
    given too little time has to be killed: the time limit ends the waiting, not the process.

    It is information where only an exception that the function does not catch skips the closing (in tests it is
    nothing), where a server or a process is never closed (it may be meant to live as long as the program), and in the
    coroutine that `asyncio.run` is given.

    ## Not reported

    What is returned, yielded, stored in an attribute or a container, passed to any call, or reached by a function
    inside: someone else may close it then. The same holds for sessions with a connector, a transport or a connection
    pool of their own. What is kept on `self` is never reported.
    """
    if not body.is_async:
        return
    for opening in openings(body):
        yield from _lost(body, opening) if opening.name else _never_held(opening, body)


def _never_held(opening: Opening, body: Body) -> Iterator[Problem]:
    used = f"used for `{opening.used}`" if opening.used else "dropped"
    what = f"the {opening.resource.what} made by `{_called(body, opening)}` is {used} and never closed"
    message = f"{what}, so {opening.resource.stays}; {_remedy(opening, 'it')}"
    yield Problem(opening.call, message, is_information=is_entry_point(body))


def _lost(body: Body, opening: Opening) -> Iterator[Problem]:
    found = leak(body, opening)
    if found is None:
        return
    is_never = not is_ever_let_go(body, opening)
    is_excused = is_entry_point(body) or found.way is Way.UNHANDLED or (is_never and opening.resource.is_lasting)
    if found.way is Way.UNHANDLED and (body.is_test or opening.resource.is_lasting):
        return  # an exception passes by most processes and servers without any harm
    what = f"the {opening.resource.what} `{opening.name}` is never {_closed(opening)}"
    if not is_never or found.way is Way.UNHANDLED:
        what = _missed(body, opening, found)
    remedy = _remedy(opening, f"`{opening.name}`", is_known=found.way is not Way.LEFT)
    message = f"{what}, so {opening.resource.stays}; {remedy}"
    trace = tuple(_steps(found)) if not is_never else ()
    yield Problem(opening.call, message, trace=trace, is_information=is_excused)


def _missed(body: Body, opening: Opening, found: Leak) -> str:
    thing, closed = f"the {opening.resource.what} `{opening.name}`", _closed(opening)
    match found.way:
        case Way.REPLACED:
            return f"{thing} is not {closed} before `{opening.name}` gets another value"
        case Way.LEFT:
            return f"{thing} is not {closed} when {_exit(body, found.last)}"
    if isinstance(found.fault, cst.Raise):
        return f"when what `{_shortened(body.text(found.fault))}` raises is caught, {thing} is never {closed}"
    raises = "raises or runs out of time" if _is_process(opening) else "raises"
    return f"when {_cause(body, found.fault)} {raises}, {thing} is never {closed}"


def _exit(body: Body, last: "CSTNode | None") -> str:
    match last:
        case None:
            return "the function ends"
        case cst.Return() | cst.Raise():
            return f"`{_shortened(body.text(last))}` leaves the function"
    return "the function ends"


def _cause(body: Body, fault: "CSTNode | None") -> str:
    match fault:
        case cst.Await(expression=cst.Call(func=func)) | cst.Call(func=func):
            return f"`{body.text(func)}(...)`"
        case cst.Asynchronous() | None:
            return "what is awaited"
    return f"`{_shortened(body.text(fault))}`"


def _shortened(text: str) -> str:
    return text if len(text) < 40 else f"{text[:36]}..."


def _steps(found: Leak) -> "Iterator[tuple[CSTNode, str]]":
    if found.fault is not None and not isinstance(found.fault, cst.Asynchronous):
        yield found.fault, "an exception here skips the closing"
    if found.last is not None and found.last is not found.fault:
        yield found.last, "it is lost here"


def _closed(opening: Opening) -> str:
    return "waited for or killed" if _is_process(opening) else "closed"


def _is_process(opening: Opening) -> bool:
    return opening.resource.what == "process"


def _called(body: Body, opening: Opening) -> str:
    return f"{body.text(opening.call.func)}(...)"


def _remedy(opening: Opening, name: str, *, is_known: bool = False) -> str:
    """`is_known` says that it is plain where the closing is missed."""
    thing = name.strip("`")
    if _is_process(opening):
        return f"call `{thing}.kill()` and `await {thing}.wait()` there" if is_known else f"`await {thing}.wait()`"
    if opening.resource.enters:
        return f"enter {name} with `async with`"
    method = opening.resource.closing[0]
    awaited, plain = ("await ", method.removeprefix("await ")) if method.startswith("await ") else ("", method)
    return f"call `{awaited}{thing}.{plain}()` in a `finally`"
