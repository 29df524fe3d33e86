from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import (
    Body,
    BodyKind,
    Coroutine,
    Fix,
    Function,
    Problem,
    bound_coroutines,
    cached_coroutines,
    decorated_coroutines,
    rule,
)
from asynclint.rule import nodes as cst
from asynclint.rule.coroutines import definition
from asynclint.rule.decorators import KEEPERS, decorators
from asynclint.rule.fixes import instead, removed
from asynclint.rule.spending import Reuse, reuses
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call


@rule(
    code="ASL106",
    on_anyio=True,
    wants=bound_coroutines() | decorated_coroutines(*KEEPERS) | cached_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#coroutines",
)
def reused_coroutine(body: Body) -> Iterator[Problem]:
    """One coroutine object is awaited a second time.

    A coroutine object runs once. Awaiting it again, or making a task of it again, raises `RuntimeError: cannot reuse
    already awaited coroutine`. It happens where a coroutine is made outside the loop that awaits it, where a retry
    awaits the same object again, and where `functools.lru_cache` or `functools.cached_property` decorates an
    `async def`: what is cached is the coroutine object, so the second caller gets one that has run already.

    ## Bad

    ```python
    import asyncio
    import functools

    async def fetch(url): ...

    async def retry(url):
        request = fetch(url)
        for _ in range(3):
            try:
                return await request  # ASL106
            except OSError:
                await asyncio.sleep(1)

    async def twice(url):
        request = fetch(url)
        task = asyncio.create_task(request)
        return await task, await request  # ASL106

    @functools.lru_cache
    async def settings():  # ASL106
        return await fetch("/settings")
    ```

    ## Good

    ```python
    import asyncio

    async def fetch(url): ...

    async def retry(url):
        for _ in range(3):
            try:
                return await fetch(url)
            except OSError:
                await asyncio.sleep(1)

    async def twice(url):
        task = asyncio.create_task(fetch(url))
        return await task, await task

    async def either(url, limit):
        request = fetch(url)
        if limit:
            return await asyncio.wait_for(request, limit)
        return await request
    ```

    ## What to do

    Call the function again where a second run is meant. Where the result is wanted twice, keep the result or make a
    task: a task can be awaited any number of times. Cache results with a cache made for coroutine functions, or cache
    the task.

    ## Fix

    Calls the function in the loop, in the place of a variable that nothing else reads. Unsafe: what the call is given
    may have changed by then. In all other cases it is for you to say whether a second run is meant.

    ## Not reported

    Branches that await it once each; conditions that may exclude each other; `asyncio.gather(c, c)`, which runs it
    once; coroutines that were given to functions asynclint does not know. Caches of other libraries.
    """
    if body.is_async and body.kind is BodyKind.COROUTINE:
        yield from _cached_definition(body)
    for call in body.calls(*KEEPERS):
        yield from _cached_call(body, call)
    if body.kind is not BodyKind.MODULE:
        for name in _held(body):
            yield from (_again(body, name, reuse) for reuse in reuses(body, name))


def _cached_definition(body: Body) -> Iterator[Problem]:
    assert isinstance(body.node, cst.FunctionDef)
    applied = list(decorators(body))
    caches = [(node, name) for node, name, _ in applied if name in KEEPERS and not _keeps_nothing(node)]
    if caches and all(each.name in KEEPERS or each.is_transparent for each in applied):
        node, name = caches[0]
        yield Problem(body.node.name, _cached(body.name, name), trace=((node, "the coroutine object is kept here"),))


def _cached_call(body: Body, call: "Call") -> Iterator[Problem]:
    """`functools.cache(f)` and `functools.lru_cache(maxsize=1)(f)`."""
    outer = body.parent(call)
    applied = outer if isinstance(outer, cst.Call) and outer.func is call else call
    function = body.resolve(applied.args[0].value) if len(applied.args) == 1 and not applied.args[0].keyword else None
    if isinstance(function, Function) and not _keeps_nothing(call):
        coroutine = body.project.result(function)
        if isinstance(coroutine, Coroutine) and body.project.function(function).is_async:
            message = _cached(body.project.qualname(function), body.name_of(call.func))
            yield Problem(applied, message, trace=definition(body, function))


def _keeps_nothing(cache: "BaseExpression") -> bool:
    """Is it `lru_cache(maxsize=0)`?"""
    sizes = (argument.value for argument in cache.args[:1]) if isinstance(cache, cst.Call) else ()
    return any(isinstance(size, cst.Integer) and size.evaluated_value == 0 for size in sizes)


def _cached(function: str, cache: str) -> str:
    short = cache.rpartition(".")[2]
    second = "the second read" if short == "cached_property" else "the second call with the same arguments"
    what = f"`{short}` keeps the coroutine object of `{function}`, not its result: {second} gives one already awaited"
    return f"{what}, and awaiting it raises RuntimeError; cache the result or a task"


def _held(body: Body) -> list[str]:
    """The local names that a coroutine is assigned to."""
    found = (destination(body, call) for call in body.all_calls() if body.coroutine_of(call))
    return sorted({where.names[0] for where in found if where.fate is Fate.BOUND and not where.collected})


def _again(body: Body, name: str, reuse: Reuse) -> Problem:
    if reuse.first is reuse.second:
        what, where = "in every pass of the loop, but made only once", "here it is used again and again"
    else:
        what, where = "a second time", "here it is used up"
    message = (
        f"coroutine `{name}` is awaited {what}, which raises RuntimeError: cannot reuse already awaited coroutine; "
        "make a new one by calling the function again, or await a task"
    )
    trace = () if reuse.first is reuse.second else ((reuse.first, where),)
    return Problem(reuse.second, message, trace=trace, fixes=_made_anew(body, name))


def _made_anew(body: Body, name: str) -> tuple[Fix, ...]:
    """The call in the place of the variable, where that is bound once and read once, in a loop."""
    reads = list(body.reads(name))
    made = [call for call in body.all_calls() if destination(body, call).names == (name,)]
    statement = body.parent(made[0]) if made else None
    line = body.parent(statement) if statement is not None else None
    if len(reads) != 1 or len(made) != 1 or len(body.here.names.get(name, ())) != 1:
        return ()
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
        return ()
    return (Fix("call the function each time", (removed(line), instead(reads[0], made[0]))),)
