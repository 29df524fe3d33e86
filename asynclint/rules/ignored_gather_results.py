from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Default, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.gathered import started_here
from asynclint.rule.outcomes import catches_all, is_ending
from asynclint.rule.trees import code_of, walk
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_GATHER = "asyncio.gather"
_PASSING_ON = frozenset({"wait_for", "shield", "run_until_complete"})


@rule(
    code="ASL303",
    wants=calls(_GATHER),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.gather",
    default=Default.OFF,
)
def ignored_gather_results(body: Body) -> Iterator[Problem]:
    """`gather(..., return_exceptions=True)` returns exceptions that nobody looks at, so failures pass in silence.

    With `return_exceptions=True` nothing is raised: an exception becomes one of the results. When these are dropped
    every failure is gone. Not even "Task exception was never retrieved" is logged, because `gather` has retrieved it.

    ## Bad

    ```python
    import asyncio

    async def save(record): ...

    async def save_both(first, second):
        await asyncio.gather(save(first), save(second), return_exceptions=True)  # ASL303
    ```

    ## Good

    ```python
    import asyncio

    async def save(record): ...

    async def save_both(first, second):
        results = await asyncio.gather(save(first), save(second), return_exceptions=True)
        failures = [result for result in results if isinstance(result, Exception)]
        if failures:
            raise ExceptionGroup("saving failed", failures)
    ```

    ## What to do

    Look at the results and log or raise the exceptions among them. Or leave `return_exceptions=True` out: then the
    first exception is raised; an `asyncio.TaskGroup` raises all of them.

    ## Not reported

    A function that cancels something: gathering what was cancelled is the way to wait for it. Tasks whose own results
    are asked for afterwards. Tasks and futures that the function has not started itself: others may have given them a
    callback, or catch what they raise. Coroutines that catch all their exceptions themselves, and the closing of
    things: `close()`, `stop()`, `disconnect()` and the like. A `return_exceptions` that is not the constant `True`.
    """
    for call in body.calls(_GATHER):
        if _returns_exceptions(call) and _is_dropped(body, call) and not _is_meant(body, call):
            yield Problem(call, _MESSAGE)


_MESSAGE = (
    "nobody looks at what this `gather(..., return_exceptions=True)` returns, so exceptions pass in silence; "
    "look for exceptions in the results, or leave out `return_exceptions=True`"
)


def _returns_exceptions(call: "Call") -> bool:
    settings = [arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value == "return_exceptions"]
    return any(isinstance(value, cst.Name) and value.value == "True" for value in settings)


def _is_dropped(body: Body, call: "Call") -> bool:
    """Is the list of results, once waited for, never looked at?"""
    results = _waited_for(body, call)
    if results is None:
        return False
    where = destination(body, results)
    if where.fate is Fate.BOUND and body.kind is not BodyKind.MODULE:
        return not any(True for name in where.names for _ in body.reads(name))
    return where.fate is Fate.DROPPED


def _waited_for(body: Body, value: "BaseExpression") -> "BaseExpression | None":
    """`await gather(...)`, `await wait_for(gather(...))` or `loop.run_until_complete(gather(...))`."""
    match body.parent(value):
        case cst.Await() as waiting:
            return waiting
        case cst.Arg() as argument:
            outer = body.parent(argument)
            name = code_of(outer.func).rpartition(".")[2] if isinstance(outer, cst.Call) else ""
            if isinstance(outer, cst.Call) and name in _PASSING_ON:
                return outer if name == "run_until_complete" else _waited_for(body, outer)
    return None


def _is_meant(body: Body, call: "Call") -> bool:
    started = started_here(body, call)
    failing = (each for each in started if not (is_ending(body, each) or catches_all(body, each)))
    return not any(failing) or _cancels(body) or _is_asked_afterwards(body, call)


def _cancels(body: Body) -> bool:
    """Does the function cancel anything, by any name?"""
    names = (node.value for node in walk(body.node) if isinstance(node, cst.Name))
    return any("cancel" in name.lower() for name in names if name != "CancelledError")


def _is_asked_afterwards(body: Body, call: "Call") -> bool:
    """Is any of what is gathered used once more further on?"""
    values = [arg.value for arg in call.args if arg.keyword is None and not isinstance(arg.value, cst.Call)]
    codes = {code_of(value) for value in values} - {""}
    own = {id(node) for node in walk(call)}
    nodes = [node for node in walk(body.node) if id(node) not in own or node is call]
    after = nodes[next(place for place, node in enumerate(nodes) if node is call) :]
    return any(isinstance(node, cst.Name | cst.Attribute) and code_of(node) in codes for node in after)
