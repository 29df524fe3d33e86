from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Default, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import Call, Name

_NEW = "asyncio.new_event_loop"
_RUNS = "run_until_complete"
# These take the loop and do not close it.
_BORROWING = frozenset({"asyncio.set_event_loop", "asyncio.run_coroutine_threadsafe", "asyncio.ensure_future"})
_CURRENT = frozenset({"asyncio.get_event_loop", "asyncio.get_running_loop"})


@rule(
    code="ASL605",
    default=Default.INFO,
    wants=calls(_NEW),
    pitfall="https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.close",
)
def unclosed_loop(body: Body) -> Iterator[Problem]:
    """An event loop is made for one run and never closed.

    A loop holds a selector and a pair of sockets, and often a pool of threads. They stay open until the garbage
    collector comes, which then warns of an unclosed event loop; a function that is called again and again, or in many
    threads, runs out of file descriptors.

    ## Bad

    ```python
    import asyncio

    async def job():
        return 1

    def main():
        loop = asyncio.new_event_loop()  # ASL605
        return loop.run_until_complete(job())
    ```

    ## Good

    ```python
    import asyncio

    async def job():
        return 1

    def main():
        return asyncio.run(job())
    ```

    ## What to do

    Write `asyncio.run(main())`: it makes a loop, runs the coroutine, cancels what is left and closes the loop, in any
    thread. Use `asyncio.Runner` for several runs. Where the loop has to be made by hand, close it in a `finally`.

    ## Not reported

    Loops that are given back, handed on, stored or set only; loops that `run_forever`; loops of the program itself,
    made outside any function; names that may stand for another loop too. A loop that is closed where all goes well, but
    not after an exception, is not reported either.
    """
    if body.kind is BodyKind.MODULE:
        return
    for call in body.calls(_NEW):
        where = destination(body, call)
        if where.fate is Fate.BOUND and not where.collected and len(where.names) == 1:
            name = where.names[0]
            if len(body.here.names.get(name, ())) == 1 and _stays_open(body, name):
                yield Problem(call, f"the event loop `{name}` is never closed; {_REMEDY}")
        elif _is_run_at_once(body, call):
            yield Problem(call, f"nothing can close the event loop of `{body.text(call)}`; {_REMEDY}")


_REMEDY = "use `asyncio.run(...)` in its place, or close it in a `finally`"


def _is_run_at_once(body: Body, call: "Call") -> bool:
    above = body.parent(call)
    return isinstance(above, cst.Attribute) and above.attr.value == _RUNS


def _stays_open(body: Body, name: str) -> bool:
    """Is the loop run here, and neither closed nor seen by anything that may close it?"""
    used = [_use(body, read) for read in body.reads(name)]
    is_closed_as_current = any(
        isinstance(method := call.func, cst.Attribute)
        and method.attr.value == "close"
        and isinstance(method.value, cst.Call)
        and body.name_of(method.value.func) in _CURRENT
        for call in body.all_calls()
    )
    return _RUNS in used and not {"close", ""} & set(used) and not is_closed_as_current


def _use(body: Body, read: "Name") -> str:
    """The method a read of the loop is for, "" when the loop goes where it may be closed."""
    match body.parent(read):
        case cst.Attribute(value=value, attr=attr) if value is read:
            return attr.value
        case cst.Arg() as argument:
            call = body.parent(argument)
            borrowed = isinstance(call, cst.Call) and body.name_of(call.func) in _BORROWING
            return "borrowed" if borrowed else ""
    return ""
