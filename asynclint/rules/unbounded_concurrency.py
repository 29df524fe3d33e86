import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Class, Function, Instance, InTests, Problem, fanning_out, rule
from asynclint.rule import nodes as cst
from asynclint.rule.fanouts import FanOut, fan_outs
from asynclint.rule.iterables import is_numerous
from asynclint.rule.limits import Workload, is_limiter, limits_a_client, limits_in, sounds_limited, workload
from asynclint.rule.trees import walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_ENDING = re.compile(
    r"close|stop|cancel|disconnect|shut_?down|__aexit__|clean_?up|tear_?down|terminate|kill|unload|unsubscribe|release"
)
_LONGEST_SHOWN = 60


@rule(
    code="ASL701",
    wants=fanning_out(),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html#asyncio.Semaphore",
    in_tests=InTests.SILENT,
)
def unbounded_concurrency(body: Body) -> Iterator[Problem]:
    """Work is started for every element of something that may be of any size, all at once.

    `asyncio.gather(*[fetch(url) for url in urls])` starts as many coroutines as there are urls. With five it is fast.
    With fifty thousand it opens as many connections as it can get: the process runs out of file descriptors
    (`OSError: Too many open files`), the server answers 429 or falls over, requests time out while they wait for a
    connection, and the memory holds every task and every answer at the same time.

    Reported are `gather`, `wait` and `as_completed` over coroutines or tasks made in a comprehension, in a loop or by
    `map`, and tasks made by `create_task` in a comprehension or loop, with or without a `TaskGroup`. What is gone over
    must be of unknown size, or of a hundred elements and more: a parameter, what a call gives, a local built from
    those. And what is called must be known, and be known to wait for something outside the program (a client, a
    connection, a file, a query, a sleep) with no limit of its own. It is information only where nothing speaks of many
    elements: a name (rows, urls, files, pages, ids), a query, a number, members that come and go.

    ## Bad

    ```python
    import asyncio

    async def fetch(client, url):
        async with client.get(url) as response:
            return await response.text()

    async def fetch_all(client, urls):
        tasks = [fetch(client, url) for url in urls]
        return await asyncio.gather(*tasks)  # ASL701

    async def fetch_group(client, urls):
        async with asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(fetch(client, url))  # ASL701
    ```

    ## Good

    ```python
    import asyncio
    from itertools import islice

    async def fetch(client, url):
        async with client.get(url) as response:
            return await response.text()

    async def fetch_all(client, urls):
        semaphore = asyncio.Semaphore(10)

        async def bounded(url):
            async with semaphore:
                return await fetch(client, url)

        return await asyncio.gather(*[bounded(url) for url in urls])

    async def fetch_in_batches(client, urls):
        remaining = iter(urls)
        while batch := list(islice(remaining, 10)):
            await asyncio.gather(*[fetch(client, url) for url in batch])
    ```

    ## What to do

    Hold an `asyncio.Semaphore` around the waiting, as `bounded` does. A semaphore still makes one task per element;
    where that is too many, go in batches, or start a fixed number of workers that take from an `asyncio.Queue`.

    ## Not reported

    * Literals, constants in capitals, `range` of fewer than a hundred or of a number that somebody passes, slices,
      `islice`, batches and chunks, enumerations, and what is named like a part of the program or its configuration
      (`handlers`, `plugins`, `nodes`, `config`).
    * Attributes, as `x.start() for x in self.plugins`: an object telling its own parts is no fan-out over data. The
      exception is a collection that the object adds to and removes from while it runs, such as the clients of a
      server, when each member is sent something.
    * Work under a semaphore, a lock, a capacity limiter or a pool, in the caller or up to three calls deep, found by
      type, by name, or because the configuration's `limiters` name it; a client whose number of connections was chosen
      (`aiohttp.TCPConnector(limit=...)`, `httpx.Limits`). A client's default limit is no choice: a hundred
      connections, and the waiting tasks besides.
    * A size that the function compares with something else than nothing or one.
    * Work in threads and executors, which have a limit; workers that take from a queue; loops that wait on the way;
      calls that close, stop, cancel or clean up; functions outside the project; tests.
    """
    reported: set[int] = set()
    for fan_out in fan_outs(body):
        if id(fan_out.start) not in reported and not _is_limited(body, fan_out):
            reported.add(id(fan_out.start))
            few = not is_numerous(body, fan_out.over)
            yield Problem(
                fan_out.start, _message(body, fan_out), trace=tuple(_trace(body, fan_out)), is_information=few
            )


def _is_limited(body: Body, fan_out: FanOut) -> bool:
    callee = body.text(fan_out.callee).rpartition(".")[2]
    return (
        _ENDING.search(callee) is not None
        or sounds_limited(body.text(fan_out.call))
        or is_limiter(body.project, body.resolve(fan_out.call.func))
        or any(is_limiter(body.project, body.resolve(argument.value)) for argument in fan_out.call.args)
        or _is_measured(body, fan_out.over)
        or _speaks_of_a_limit(body)
        or limits_in(body.project, body.facts, body.scope)
        or limits_a_client(body.project, body.facts, _scopes_in_sight(body))
        or workload(body.project, fan_out.work.of, _receiver(body, fan_out.callee)) is not Workload.BUSY
    )


def _receiver(body: Body, callee: "BaseExpression") -> Class | None:
    """The class of the object whose method is called."""
    owner = body.resolve(callee.value) if isinstance(callee, cst.Attribute) else None
    return owner.of if isinstance(owner, Instance) and isinstance(owner.of, Class) else None


def _is_measured(body: Body, over: "BaseExpression") -> bool:
    """Is the size compared with anything but nothing and one?"""
    comparisons = (node for node in body.nodes if isinstance(node, cst.Comparison))
    return any(
        body.text(comparison.left) == f"len({body.text(over)})"
        and body.text(comparison.comparisons[0].comparator) not in ("0", "1")
        for comparison in comparisons
    )


def _speaks_of_a_limit(body: Body) -> bool:
    """Does any name in the function, its own included, sound like a limit?"""
    names = (node.value for node in walk(body.node) if isinstance(node, cst.Name))
    return body.function is not None and any(map(sounds_limited, names))


def _scopes_in_sight(body: Body) -> Iterator[int]:
    """The function, those around it, and the methods of its class."""
    scopes, scope = body.facts.scopes, body.scope
    while scope > 0:
        yield scope
        scope = scopes[scope].parent
    if body.owner is not None:
        yield from (index for index, each in enumerate(scopes) if each.parent == body.owner.scope)


def _message(body: Body, fan_out: FanOut) -> str:
    start, callee = body.text(fan_out.start.func), _shown_callee(body, fan_out.callee)
    return (
        f"`{start}` starts `{callee}(...)` {_how_many(body, fan_out.over)}, and nothing limits how many run at once; "
        "hold an `asyncio.Semaphore` around each, or go in batches"
    )


def _how_many(body: Body, over: "BaseExpression") -> str:
    if isinstance(over, cst.Integer):
        return f"{over.value} times"
    text = body.text(over)
    if isinstance(over, cst.Call) and len(text) > _LONGEST_SHOWN:
        text = f"{body.text(over.func)}(...)"
    return f"for each element of `{text}`" if len(text) <= _LONGEST_SHOWN else "for each of many elements"


def _shown_callee(body: Body, callee: "BaseExpression") -> str:
    text = body.text(callee)
    return text.rpartition(".")[2] if len(text) > _LONGEST_SHOWN else text


def _trace(body: Body, fan_out: FanOut) -> "Iterator[tuple[CSTNode | Function, str]]":
    if not any(above is fan_out.start for above in (fan_out.call, *body.ancestors(fan_out.call))):
        yield fan_out.call, "made here for each element"
    if isinstance(fan_out.work.of, Function):
        yield fan_out.work.of, f"`{body.project.qualname(fan_out.work.of)}` waits, and has no limit of its own"
