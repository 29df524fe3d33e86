from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Problem, calls, rule
from asynclint.rule.coroutines import definition, is_certain
from asynclint.rule.elements import Element, elements
from asynclint.rule.expected import is_expected
from asynclint.rule.trees import walk

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
        yield Problem(awaited, f"{message}; await it, by `asyncio.wait_for` where it may take too long")
        return
    element = next((element for element in elements(body, awaited) if is_certain(element.entity)), None)
    if element is not None:
        yield _of_element(body, taker, awaited, element)


def _of_element(body: Body, taker: str, awaited: "BaseExpression", element: Element) -> Problem:
    since = "" if body.target.oldest >= _REFUSES_COROUTINES else " from Python 3.11 on"
    remedy = f"make it a task: `{'asyncio' if body.is_async else 'loop'}.create_task({element.text})`"
    message = f"`{taker}` raises TypeError{since}: it takes tasks, and `{element.text}` is a coroutine; {remedy}"
    inside = any(node is element.node for node in walk(awaited))
    put_in = () if inside else ((element.node, "the coroutine is put in here"),)
    made = definition(body, element.entity.of) if is_certain(element.entity) else ()
    return Problem(element.node if inside else awaited, message, trace=(*put_in, *made))
