from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from asynclint.rule import AsyncGenerator, Body, Problem, rule, wrong_callbacks
from asynclint.rule import nodes as cst
from asynclint.rule.callbacks import Caller, Handed, Made, handed, made_by
from asynclint.rule.coroutines import definition
from asynclint.rule.expected import is_expected
from asynclint.rule.values import Fate, destination, may_be_awaited

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_NOTHING = "nothing of it ever runs"
_WHAT_HAPPENS = MappingProxyType(
    {
        Caller.POOL: "the thread only makes the coroutine and gives it back, and nobody runs it",
        Caller.ORDER: "comparing coroutines raises TypeError",
        Caller.CHOICE: "every coroutine is true",
    }
)
_AS_TASK = "give it a plain function that makes a task and keeps it: `asyncio.create_task({call})`"
_AS_RUN = "give it a plain function that calls `{run}`"
_REMEDIES = MappingProxyType(
    {
        Caller.LOOP: _AS_TASK,
        Caller.OTHER_THREADS_LOOP: "use `asyncio.run_coroutine_threadsafe({call}, loop)`",
        Caller.SIGNAL_OF_LOOP: _AS_TASK,
        Caller.THREAD: _AS_RUN,
        Caller.POOL: _AS_RUN,
        Caller.SIGNAL: "use `loop.add_signal_handler` and a plain function that makes a task",
        Caller.EXIT: _AS_RUN,
        Caller.STACK: "use `push_async_callback` of an `AsyncExitStack`",
        Caller.ORDER: "await the keys first",
        Caller.CHOICE: "await the answers in a loop or a comprehension: `[x for x in xs if await ...]`",
    }
)


@rule(
    code="ASL103",
    on_anyio=True,
    wants=wrong_callbacks(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
)
def coroutine_as_callback(body: Body) -> Iterator[Problem]:
    """A coroutine function is given to something that calls it and does not await it.

    Calling a coroutine function only makes a coroutine. Event loops, futures, threads, executors, signals, exit
    handlers, `sorted` and `filter` call what they are given as a plain function: the coroutine is dropped, and not one
    line of it runs. A loop in debug mode raises `TypeError`; otherwise there is at most a warning that it was never
    awaited.

    ## Bad

    ```python
    import asyncio
    import threading

    async def refresh(): ...
    async def is_alive(host): ...

    async def main(hosts):
        loop = asyncio.get_running_loop()
        loop.call_later(60, refresh)  # ASL103
        loop.call_soon(refresh())  # ASL103
        threading.Thread(target=refresh).start()  # ASL103
        await asyncio.to_thread(refresh)  # ASL103
        return filter(is_alive, hosts)  # ASL103
    ```

    ## Good

    ```python
    import asyncio
    import threading

    async def refresh(): ...
    async def is_alive(host): ...

    async def main(hosts):
        loop = asyncio.get_running_loop()
        tasks = set()
        loop.call_later(60, lambda: tasks.add(asyncio.create_task(refresh())))
        threading.Thread(target=asyncio.run, args=(refresh(),)).start()
        await refresh()
        return [host for host in hosts if await is_alive(host)]
    ```

    ## What to do

    Let the plain function that is called make a task, and keep the task. In a thread of its own, `asyncio.run` runs a
    coroutine; `asyncio.run_coroutine_threadsafe` hands it to a loop that runs in another thread. What a coroutine only
    wanted to put off it can await: `await asyncio.sleep(60)`.

    ## Not reported

    Functions that asynclint cannot see or whose decorators it does not know, functions that are asked what they are
    (`inspect.iscoroutinefunction(f)`), and coroutines that a thread gives back and that are awaited then. Libraries
    that take both kinds of functions, such as schedulers and web frameworks. Callables declared to return an
    `Awaitable`, which may be a task that runs already.
    """
    for call in body.all_calls():
        given = handed(body, call)
        made = made_by(body, given.function) if given is not None else None
        if given is not None and made is not None and not _is_meant(body, call, given):
            yield Problem(given.function, _message(body, call, given, made), trace=definition(body, made.coroutine.of))


def _is_meant(body: Body, call: "Call", given: Handed) -> bool:
    if is_expected(body, call, given.function):
        return True
    return given.caller is Caller.POOL and _is_run_later(body, call)


def _is_run_later(body: Body, call: "Call") -> bool:
    """Is what the thread gives back awaited in its turn?"""
    result = _result_of(body, call)
    where = destination(body, result) if result is not None else None
    if result is None or where is None:
        return False
    if where.fate is Fate.BOUND:
        return any(may_be_awaited(body, read) for name in where.names for read in body.reads(name))
    return where.fate is Fate.AWAITED or (where.fate is Fate.ARGUMENT and may_be_awaited(body, result))


def _result_of(body: Body, call: "Call") -> "BaseExpression | None":
    """`await call`, or `call.result()`."""
    match above := body.parent(call):
        case cst.Await():
            return above
        case cst.Attribute(attr=cst.Name(value="result")) if isinstance(outer := body.parent(above), cst.Call):
            return outer
    return None


def _message(body: Body, call: "Call", given: Handed, made: Made) -> str:
    taker, shown = body.text(call.func), body.text(made.by)
    noun = "an async generator" if isinstance(made.coroutine, AsyncGenerator) else "a coroutine"
    remedy = _remedy(body, given.caller, made)
    happens = _WHAT_HAPPENS.get(given.caller, _NOTHING)
    if not made.is_function:
        return f"`{taker}` takes a function to call, and `{shown}` is {noun}, which cannot be called; {remedy}"
    if isinstance(given.function, cst.Lambda):
        return f"`{taker}` does not await `{shown}`, {noun} that this lambda gives: {happens}; {remedy}"
    if given.caller is Caller.SIGNAL_OF_LOOP:
        return f"`{taker}` raises TypeError, because `{shown}` is {noun} function; {remedy}"
    return f"`{taker}` calls `{shown}`, {noun} function, without awaiting it: {happens}; {remedy}"


def _remedy(body: Body, caller: Caller, made: Made) -> str:
    call = f"{body.text(made.by.func if isinstance(made.by, cst.Call) else made.by)}(...)"
    if caller is Caller.POOL and body.is_async:
        return f"`await {call}` here, or give the thread a plain function"
    run = f"asyncio.run({call})" if body.library == "asyncio" else f"{body.library}.run(...)"
    return _REMEDIES[caller].format(call=call, run=run)
