from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import AsyncGenerator, Body, Coroutine, Entity, Function, Problem, rule, wrong_awaits
from asynclint.rule import nodes as cst
from asynclint.rule.awaitables import cannot_be_awaited, refusal, taken, takes_all
from asynclint.rule.coroutines import definition
from asynclint.rule.displays import display_of, noun
from asynclint.rule.expected import is_expected, may_be_mocked

if TYPE_CHECKING:
    from libcst import BaseExpression, Call


@rule(
    code="ASL104",
    on_anyio=True,
    wants=wrong_awaits(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#awaitables",
)
def await_non_awaitable(body: Body) -> Iterator[Problem]:
    """Something is awaited that cannot be awaited.

    Coroutines, tasks, futures and objects with `__await__` can be awaited. A coroutine *function* cannot, before it
    is called; nor can a list of coroutines, an async generator, or what a plain function gives. `await` then
    raises `TypeError`, after the plain function has run. `asyncio.create_task`, `gather`, `wait_for`, `shield`,
    `run` and their like refuse the same things.

    ## Bad

    ```python
    import asyncio

    async def load(key): ...

    def save(key):
        print(key)

    async def refresh(key, queue: asyncio.Queue):
        await load  # ASL104
        await save(key)  # ASL104
        await queue.put_nowait(key)  # ASL104
        await [load(key), load(key)]  # ASL104
        await asyncio.gather([load(key), load(key)])  # ASL104
        return asyncio.create_task(load)  # ASL104
    ```

    ## Good

    ```python
    import asyncio

    async def load(key): ...

    def save(key):
        print(key)

    async def refresh(key, queue: asyncio.Queue):
        await load(key)
        save(key)
        queue.put_nowait(key)
        await asyncio.gather(load(key), load(key))
        await asyncio.gather(*[load(part) for part in (key, key)])
        return asyncio.create_task(load(key))
    ```

    ## What to do

    Call the coroutine function, put a star before the list, or remove `await` before a plain call. Where a plain
    function was meant to wait without blocking, look for its asynchronous twin: `await asyncio.sleep(1)` instead of
    `time.sleep(1)`.

    ## Not reported

    Whatever might be awaitable: what asynclint cannot see, functions with decorators it does not know, functions
    that return what another object gives. Methods found through `self` or through a declared type, because
    a subclass may override them with a coroutine function, unless they are of the standard library. A value that is
    asked what it is (`inspect.isawaitable(x)`), and code that expects the `TypeError`.
    """
    for node in body.nodes:
        if isinstance(node, cst.Await):
            yield from _judged(body, node, node.expression, "")
        elif isinstance(node, cst.Call) and (name := body.name_of(node.func)):
            for argument in taken(node, name):
                yield from _judged(body, node, argument, name)


def _judged(body: Body, node: "BaseExpression", expression: "BaseExpression", taker: str) -> Iterator[Problem]:
    display = display_of(body, expression)
    if (display is None and not _is_refused(body, expression)) or is_expected(body, node, expression):
        return
    place = (
        f"`{body.text(node.func)}` raises {refusal(taker)}"
        if isinstance(node, cst.Call) and taker
        else "`await` raises TypeError"
    )
    if display is not None:
        yield Problem(expression, _of_display(body, expression, noun(display), place, taker))
    else:
        message, meant = _of_value(body, expression, place)
        yield Problem(expression, message, trace=definition(body, meant) if isinstance(meant, Function) else ())


def _is_refused(body: Body, expression: "BaseExpression") -> bool:
    return cannot_be_awaited(body, expression) and not (may_be_mocked(body) and _is_of_project(body, expression))


def _is_of_project(body: Body, expression: "BaseExpression") -> bool:
    callee = expression.func if isinstance(expression, cst.Call) else expression
    return not body.name_of(callee)


def _of_display(body: Body, expression: "BaseExpression", kind: str, place: str, taker: str) -> str:
    place = (
        place.removesuffix("raises TypeError") + "fails" if kind == "a generator" else place
    )  # 3.11 takes it for a task
    shown = f"`{expression.value}` is {kind}" if isinstance(expression, cst.Name) else f"this is {kind}"
    if kind in ("a constant", "a text"):
        return f"{place}: {shown}, which cannot be awaited"
    advice = "put a star before it" if takes_all(taker) else "gather what is in it: `asyncio.gather(*...)`"
    return f"{place}: {shown}, which cannot be awaited itself; {advice}"


def _of_value(body: Body, expression: "BaseExpression", place: str) -> tuple[str, Entity | None]:
    """What to say of an expression that resolves to something, and the function it is about."""
    meant = body.resolve(expression)
    if isinstance(meant, AsyncGenerator):
        advice = "iterate over it with `async for`"
        return f"{place}: `{_shown(body, expression)}` is an async generator, not an awaitable; {advice}", meant.of
    if isinstance(expression, cst.Call):
        callee = body.resolve(expression.func)
        return f"{place}: {_of_call(body, expression, callee)}", callee
    if _is_coroutine_function(body, expression, meant):
        text = body.text(expression)
        return f"{place}: `{text}` is a coroutine function, not a coroutine; call it: `{text}(...)`", meant
    return f"{place}: `{body.text(expression)}` is {_kind(body, expression, meant)}", meant


def _of_call(body: Body, call: "Call", callee: Entity | None) -> str:
    shown, name = _shown(body, call), body.name_of(call.func)
    if name == "time.sleep":
        return f"`{shown}` blocks and then gives None; use `asyncio.sleep(...)`"
    if isinstance(callee, Function) and body.project.function(callee).is_generator:
        return f"`{shown}` is a generator, not an awaitable; iterate over it"
    advice = "remove `await`" if isinstance(body.parent(call), cst.Await) else "give it a coroutine"
    return f"`{shown}` is a plain call and gives nothing that can be awaited; {advice}"


def _kind(body: Body, expression: "BaseExpression", meant: Entity | None) -> str:
    if isinstance(meant, Function) and body.project.function(meant).is_generator:
        kind = "an async generator" if body.project.function(meant).is_async else "a generator"
        return f"{kind} function, and no awaitable"
    if isinstance(meant, Function) or body.name_of(expression):
        return "a function that is not called, and no awaitable"
    kind = body.type_of(expression)
    return f"an object of `{kind.removeprefix('builtins.')}`, which cannot be awaited" if kind else "no awaitable"


def _is_coroutine_function(body: Body, expression: "BaseExpression", meant: Entity | None) -> bool:
    if isinstance(meant, Function):
        facts = body.project.function(meant)
        return facts.is_async and not facts.is_generator
    return meant is not None and isinstance(body.project.result(meant), Coroutine)


def _shown(body: Body, expression: "BaseExpression") -> str:
    return f"{body.text(expression.func)}(...)" if isinstance(expression, cst.Call) else body.text(expression)
