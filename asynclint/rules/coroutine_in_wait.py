from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Fix, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.coroutines import definition, is_certain
from asynclint.rule.elements import Element, elements
from asynclint.rule.expected import is_expected
from asynclint.rule.fixes import after, before, instead
from asynclint.rule.spelling import spelled
from asynclint.rule.trees import walk
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_WAIT = "asyncio.wait"
_TASKS = frozenset({"asyncio.Task", "asyncio.Future"})
_REFUSES_COROUTINES = (3, 11)


@rule(
    code="ASL108",
    wants=calls(_WAIT),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.wait",
)
def coroutine_in_wait(body: Body) -> Iterator[Problem]:
    """`asyncio.wait` is given coroutines, and takes only tasks and futures.

    From Python 3.11 on, `asyncio.wait` raises `TypeError: Passing coroutines is forbidden, use tasks explicitly`.
    Before, it wrapped them in tasks of its own, so that `done` and `pending` never held what was passed in. It also
    refuses a coroutine, or a task, that is not in a collection.

    ## Bad

    ```python
    import asyncio

    async def fetch(url): ...

    async def main(urls):
        done, pending = await asyncio.wait([fetch(url) for url in urls])  # ASL108
        await asyncio.wait({fetch(urls[0]), asyncio.sleep(1)})  # ASL108
        await asyncio.wait(asyncio.create_task(fetch(urls[0])))  # ASL108
    ```

    ## Good

    ```python
    import asyncio

    async def fetch(url): ...

    async def main(urls):
        done, pending = await asyncio.wait([asyncio.create_task(fetch(url)) for url in urls])
        for task in done:
            print(task.result())
        return await asyncio.gather(*[fetch(url) for url in urls])
    ```

    ## What to do

    Make tasks: `asyncio.create_task(fetch(url))`. Where only the results are wanted, `asyncio.gather` takes
    coroutines, and raises what they raise.

    ## Fix

    Makes a task of each coroutine in the collection. That is safe where the collection is written in the call itself,
    and unsafe where it was filled before, as tasks start earlier than coroutines. Where nothing is done with the result
    and nothing else is asked for, it is `asyncio.gather(*...)` instead, and `await` for what is in no collection: both
    raise what the coroutines raise, so they are unsafe.

    ## Not reported

    Collections that asynclint cannot follow: parameters, attributes, those that are changed after they were made in
    other ways than `append` and `add`. Code that is meant for Python 3.10 and older only (`target-version`).
    """
    for call in body.calls(_WAIT) if body.target.newest >= _REFUSES_COROUTINES else ():
        awaited = _collection(call)
        if awaited is not None and not is_expected(body, call, awaited):
            yield from _judged(body, call, awaited)


def _collection(call: "Call") -> "BaseExpression | None":
    """What it waits for: the first argument, also called `fs`."""
    given = [argument for argument in call.args[:1] if not argument.star and not argument.keyword]
    named = [argument for argument in call.args if argument.keyword and argument.keyword.value == "fs"]
    return next((argument.value for argument in (*given, *named)), None)


def _judged(body: Body, call: "Call", awaited: "BaseExpression") -> Iterator[Problem]:
    taker = body.text(call.func)
    alone = body.resolve(awaited)
    if is_certain(alone) or body.type_of(awaited) in _TASKS:
        kind = "coroutine" if isinstance(alone, Coroutine) else "task"
        message = f"`{taker}` raises TypeError: it takes a collection of tasks, and `{body.text(awaited)}` is a {kind}"
        advice = "await it, by `asyncio.wait_for` where it may take too long"
        yield Problem(awaited, f"{message}; {advice}", fixes=_awaited_itself(body, call, awaited))
        return
    if found := [element for element in elements(body, awaited) if is_certain(element.entity)]:
        yield _of_elements(body, call, awaited, found)


def _of_elements(body: Body, call: "Call", awaited: "BaseExpression", found: list[Element]) -> Problem:
    element, taker = found[0], body.text(call.func)
    since = "" if body.target.oldest >= _REFUSES_COROUTINES else " from Python 3.11 on"
    remedy = f"make it a task: `{'asyncio' if body.is_async else 'loop'}.create_task({element.text})`"
    message = f"`{taker}` raises TypeError{since}: it takes tasks, and `{element.text}` is a coroutine; {remedy}"
    inside = any(node is element.node for node in walk(awaited))
    put_in = () if inside else ((element.node, "the coroutine is put in here"),)
    made = definition(body, element.entity.of) if is_certain(element.entity) else ()
    fixes = _gathered(body, call, awaited) or _as_tasks(body, awaited, found)
    return Problem(element.node if inside else awaited, message, trace=(*put_in, *made), fixes=fixes)


def _is_alone(body: Body, call: "Call") -> bool:
    """Is it `await wait(x)`, and nobody asks what it gives?"""
    above = body.parent(call)
    return isinstance(above, cst.Await) and destination(body, above).fate is Fate.DROPPED and len(call.args) == 1


def _awaited_itself(body: Body, call: "Call", awaited: "BaseExpression") -> tuple[Fix, ...]:
    return (Fix("await it", (instead(call, awaited),)),) if _is_alone(body, call) else ()


def _gathered(body: Body, call: "Call", awaited: "BaseExpression") -> tuple[Fix, ...]:
    spelling = spelled(body, "asyncio", "gather")
    if spelling is None or not _is_alone(body, call) or call.args[0].keyword:
        return ()
    changes = instead(call.func, spelling.code), before(awaited, "*")
    return (Fix(f"use `{spelling.code}`", changes, imports=spelling.imports),)


def _as_tasks(body: Body, awaited: "BaseExpression", found: list[Element]) -> tuple[Fix, ...]:
    """Each coroutine of the collection as a task, which only code that runs in a loop can make."""
    spelling = spelled(body, "asyncio", "create_task")
    given = [e.node for e in found if isinstance(e.node, cst.BaseExpression) and is_certain(body.resolve(e.node))]
    if spelling is None or not body.is_async or len(given) < len(found):
        return ()
    changes = [change for node in given for change in (before(node, f"{spelling.code}("), after(node, ")"))]
    written_here = {id(node) for node in walk(awaited)}
    is_safe = all(id(node) in written_here for node in given)
    title = "make it a task" if len(given) == 1 else "make them tasks"
    return (Fix(title, tuple(changes), is_safe, spelling.imports),)
