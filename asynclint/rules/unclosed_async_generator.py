from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, calls, generator_loops, named_calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.abandoned import Abandoned, abandoned, shown
from asynclint.rule.enclosing import closed_after

if TYPE_CHECKING:
    from libcst import BaseExpression

_ACLOSING_SINCE = (3, 10)


@rule(
    code="ASL803",
    on_anyio=True,
    wants=generator_loops() | calls("builtins.anext") | named_calls("__anext__"),
    pitfall="https://docs.python.org/3/library/contextlib.html#contextlib.aclosing",
)
def unclosed_async_generator(body: Body) -> Iterator[Problem]:
    """An async generator is left in the middle and never closed, so its cleanup runs some time later, in another task.

    `break` and `return` leave an `async for`, but they do not close the generator: closing it takes an `await`, and
    nobody does that. When the generator is collected, the event loop starts a task that closes it. Until then its
    connection stays open and its lock taken, while the code after the loop runs already. Exceptions of the cleanup go
    to a log, context variables have other values, and timeouts and task groups fail, as they are left in another task.

    ## Bad

    ```python
    async def numbers(lock):
        await lock.acquire()
        try:
            for number in range(10):
                yield number
        finally:
            lock.release()

    async def first_even(lock):
        async for number in numbers(lock):  # ASL803
            if number % 2 == 0:
                return number

    async def first(lock):
        return await anext(numbers(lock))  # ASL803
    ```

    ## Good

    ```python
    from contextlib import aclosing

    async def numbers(lock):
        await lock.acquire()
        try:
            for number in range(10):
                yield number
        finally:
            lock.release()

    async def first_even(lock):
        async with aclosing(numbers(lock)) as found:
            async for number in found:
                if number % 2 == 0:
                    return number
    ```

    ## What to do

    Enter the generator with `contextlib.aclosing` (Python 3.10) and iterate over what that gives. Where a generator is
    always asked for one item only, make it a coroutine that returns it.

    ## Fix

    Puts the loop into `async with contextlib.aclosing(...)`. Unsafe: the generator is closed, and waited for, where the
    loop is left.

    ## Not reported

    Generators that hold nothing at some `yield`, neither a `with` nor a `finally` that does something; generators and
    other async iterators whose code is not known; loops that only an exception leaves; generators that somebody else
    has a reference to, and may close.
    """
    if body.is_async:
        for found in abandoned(body):
            holds = f"`{body.project.qualname(found.generator)}` holds it at its `yield`"
            trace = (found.left, "it is left here"), (found.generator, holds)
            yield Problem(found.made, _message(body, found), trace=trace, fixes=closed_after(body, found.made))


def _message(body: Body, found: Abandoned) -> str:
    name = _name(body, found.made)
    how = "one `anext` leaves" if isinstance(found.left, cst.Await) else f"`{_keyword(found)}` leaves"
    when = "only when the event loop closes it, later and in another task"
    what = shown(found.held)
    effect = f"its `finally` runs {when}" if what == "finally" else f"its `{what}` is left {when}"
    return f"{how} `{name}` in the middle and {effect}; {_advice(body, name)}"


def _keyword(found: Abandoned) -> str:
    return "break" if isinstance(found.left, cst.Break) else "return"


def _name(body: Body, made: "BaseExpression") -> str:
    return f"{body.text(made.func)}(...)" if isinstance(made, cst.Call) else body.text(made)


def _advice(body: Body, name: str) -> str:
    if body.target.oldest < _ACLOSING_SINCE:
        return "await its `aclose()` in a `finally`"
    return f"enter it with `async with contextlib.aclosing({name})`"
