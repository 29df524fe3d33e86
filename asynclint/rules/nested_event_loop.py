from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, calls, reaching, rule
from asynclint.rule import nodes as cst
from asynclint.rule.expected import is_replaced
from asynclint.rule.helpers import Entry, entered_text, entries, trace, way_text
from asynclint.rule.loops import NESTED, STARTERS, THREADSAFE, asks_for_a_loop, deadlocks, expects_failure, is_patched

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL212",
    on_anyio=True,
    wants=calls(*STARTERS, THREADSAFE, in_coroutine=True) | reaching(NESTED),
    pitfall="https://docs.python.org/3/library/asyncio-runner.html#asyncio.run",
)
def nested_event_loop(body: Body) -> Iterator[Problem]:
    """Code that the event loop runs starts an event loop, or waits for the loop that it holds up.

    `asyncio.run` and a loop's `run_until_complete` and `run_forever` raise `RuntimeError` while an event loop runs
    in the same thread: in a coroutine, and in all plain code that a coroutine calls. So do the servers and bots that
    call them: `uvicorn.run`, `aiohttp.web.run_app`, `discord.Client.run` and their like. `run_coroutine_threadsafe` is
    made for other threads: waiting for its result on the loop itself never ends, because the loop cannot run the
    coroutine meanwhile.

    ## Bad

    ```python
    import asyncio

    async def fetch(): ...

    def load():
        return asyncio.run(fetch())

    async def handle():
        asyncio.run(fetch())  # ASL212
        return load()  # ASL212
    ```

    ## Good

    ```python
    import asyncio

    async def fetch(): ...

    def load():
        return asyncio.run(fetch())

    async def handle():
        await asyncio.to_thread(load)
        return await fetch()
    ```

    ## What to do

    Await the coroutine. Plain code that is called by coroutines and by others needs two functions: a coroutine, and a
    plain one that runs it. Where that cannot be, hand the plain one to a thread: `await asyncio.to_thread(load)`.

    ## Not reported

    Functions that are handed to a thread or an executor, code that finds out first whether a loop runs
    (`get_running_loop`, `is_running`), that expects the `RuntimeError`, or that stands in a file which imports
    `nest_asyncio` or `chainlit`; starters and helpers that a test has replaced; helpers that start a loop under some
    condition only; `run_coroutine_threadsafe` with a loop that is not known to be the running one.
    """
    if is_patched(body.facts):
        return
    if body.is_async and not asks_for_a_loop(body):
        yield from (Problem(call, _direct(body, call)) for call in _started(body))
    for call in deadlocks(body):
        yield Problem(call, _deadlock(body, call))
    for entry in entries(body, NESTED):
        if not expects_failure(body, entry.node) and not _is_replaced(body, entry):
            yield Problem(entry.node, _message(body, entry), trace=trace(entry, "starts a loop in"))


def _started(body: Body) -> "Iterator[Call]":
    for call in body.calls(*STARTERS):
        is_meant = expects_failure(body, call) or is_replaced(body, body.name_of(call.func))
        if not is_meant and not isinstance(body.parent(call), cst.Await):
            yield call


def _is_replaced(body: Body, entry: Entry) -> bool:
    return is_replaced(body, entry.entered, *(step.callee for step in entry.way.steps))


def _direct(body: Body, call: "Call") -> str:
    start = f"`{body.text(call.func)}` raises RuntimeError in `{body.name}`, because its event loop is running"
    return f"{start}; {STARTERS[body.name_of(call.func)]}"


def _deadlock(body: Body, call: "Call") -> str:
    effect = f"waits for ever in `{body.name}`: the loop that should run the coroutine is held up"
    return f"`{body.text(call.func)[-40:]}` {effect}; await the coroutine instead"


def _message(body: Body, entry: Entry) -> str:
    effect = "raises RuntimeError, because an event loop is running"
    return f"{entered_text(entry)} {effect}: {way_text(body, entry)}; await a coroutine instead, or use a thread"
