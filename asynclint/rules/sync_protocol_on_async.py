from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import AsyncGenerator, Body, Coroutine, Fix, Problem, named_calls, rule, wrong_protocols
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import added_await
from asynclint.rule.coroutines import definition
from asynclint.rule.expected import is_expected, may_be_mocked
from asynclint.rule.protocols import cannot_be_entered, cannot_be_iterated, is_exact, iterates
from asynclint.rule.switching import entered_otherwise, in_brackets, iterated_by, iterated_otherwise, listed
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CompFor, CSTNode, For, GeneratorExp


@rule(
    code="ASL105",
    on_anyio=True,
    wants=wrong_protocols() | named_calls("throw"),
    pitfall="https://docs.python.org/3/reference/compound_stmts.html#the-async-with-statement",
)
def sync_protocol_on_async(body: Body) -> Iterator[Problem]:
    """`with` or `for` meets an object made for `async with` or `async for`, or the other way round.

    The two protocols have different methods: `with` calls `__enter__`, `async with` awaits `__aenter__`; `for` calls
    `__iter__`, `async for` calls `__aiter__`. An object that has only one of them raises `TypeError` when it is used
    through the other. The same holds for builtins that iterate, such as `list` and `sum`, and for a generator
    expression with `await` in it, which is an async generator. An async generator has no `throw` either, but `athrow`.

    ## Bad

    ```python
    import asyncio
    from contextlib import ExitStack

    lock = asyncio.Lock()

    async def rows():
        yield 1

    async def check(row): ...

    async def report():
        with lock:  # ASL105
            for row in rows():  # ASL105
                print(row)
        async for number in [1, 2, 3]:  # ASL105
            print(number)
        async with ExitStack() as stack:  # ASL105
            print(stack)
        print(list(rows()))  # ASL105
        return all(await check(row) for row in (1, 2))  # ASL105
    ```

    ## Good

    ```python
    import asyncio
    from contextlib import ExitStack

    lock = asyncio.Lock()

    async def rows():
        yield 1

    async def check(row): ...

    async def report():
        async with lock:
            async for row in rows():
                print(row)
        for number in [1, 2, 3]:
            print(number)
        with ExitStack() as stack:
            print(stack)
        print([row async for row in rows()])
        return all([await check(row) for row in (1, 2)])
    ```

    ## What to do

    Add or remove `async`. Only a coroutine can use `async with` and `async for`; in a plain function the caller has
    to be made one first. Write a list instead of a generator expression that awaits: `all([await f(x) for x in xs])`.

    ## Fix

    Adds `async` where a coroutine meets what is asynchronous; that is safe, as the code could only raise before. The
    other fixes are unsafe: one that removes `async` may let the event loop wait, a list is made whole before anything
    is done with it, and the result of an awaited call may be no context manager. Withheld from a `with` that
    has items of both kinds.

    ## Not reported

    Objects whose class is not known with all its bases, and those that have both protocols. A coroutine that is
    iterated over is reported by `coroutine-as-value`. Code that expects the `TypeError`.
    """
    if may_be_mocked(body):
        return
    for node in body.nodes:
        yield from _problems(body, node)


def _problems(body: Body, node: "CSTNode") -> Iterator[Problem]:
    match node:
        case cst.With():
            for item in node.items:
                yield from _entered(body, item.item, is_async=node.asynchronous is not None)
        case cst.For() | cst.CompFor():
            yield from _iterated(body, node)
        case cst.GeneratorExp():
            yield from _iterated(body, node.for_in)
            yield from _awaiting(body, node)
        case cst.Call(func=cst.Attribute(value=generator, attr=cst.Name(value="throw"))):
            yield from _thrown(body, node, generator)
        case cst.Call(args=[first, *_]) if not first.keyword:
            yield from _unrolled(body, node, first.value, is_starred=bool(first.star))
        case cst.Assign(targets=targets, value=cst.Call() as call):
            if any(isinstance(target.target, cst.Tuple | cst.List) for target in targets):
                yield from _unpacked(body, call)


def _entered(body: Body, item: "BaseExpression", *, is_async: bool) -> Iterator[Problem]:
    if not cannot_be_entered(body, item, is_async=is_async) or is_expected(body, item, item):
        return
    statement, entity, shown = "async with" if is_async else "with", body.resolve(item), body.text(item)
    refusal = f"`{statement} {shown}` raises TypeError"
    match entity:
        case Coroutine():
            message = f"{refusal}: this is a coroutine; await the call: `{statement} await {shown}`"
            fixes = added_await(body, item, is_safe=False)
            yield Problem(item, message, trace=definition(body, entity.of), fixes=fixes)
        case AsyncGenerator():
            advice = "decorate it with `contextlib.asynccontextmanager`"
            message = f"{refusal}: this is an async generator, not a context manager; {advice}"
            yield Problem(item, message, trace=definition(body, entity.of))
        case _ if is_async:
            message = f"{refusal}: this is no asynchronous context manager; use plain `with`"
            yield Problem(item, message, fixes=entered_otherwise(body, item))
        case _:
            message = f"{refusal}: this is an asynchronous context manager; {_with_async(body, 'async with')}"
            yield Problem(item, message, fixes=entered_otherwise(body, item))


def _with_async(body: Body, statement: str) -> str:
    if body.is_async:
        return f"use `{statement}`"
    return f"use `{statement}`, which only a coroutine can" + (f": make `{body.name}` `async def`" if body.name else "")


def _iterated(body: Body, loop: "For | CompFor") -> Iterator[Problem]:
    is_async, iterable = loop.asynchronous is not None, loop.iter
    if not _is_wrong_iterable(body, iterable, is_async=is_async):
        return
    shown = _shown(body, iterable)
    if is_async:
        what = (
            "a generator" if isinstance(iterable, cst.Call) and is_exact(body, iterable) else "no asynchronous iterable"
        )
        message = f"`async for ... in {shown}` raises TypeError: this is {what}; use plain `for`"
        yield Problem(iterable, message, fixes=iterated_otherwise(body, loop))
    else:
        refusal = f"`for ... in {shown}` raises TypeError: {_not_iterable(body, iterable)}"
        message = f"{refusal}; {_with_async(body, 'async for')}"
        yield _of_async(body, iterable, message, iterated_otherwise(body, loop))


def _is_wrong_iterable(body: Body, iterable: "BaseExpression", *, is_async: bool) -> bool:
    return cannot_be_iterated(body, iterable, is_async=is_async) and not is_expected(body, iterable, iterable)


def _not_iterable(body: Body, iterable: "BaseExpression") -> str:
    is_generator = isinstance(body.resolve(iterable), AsyncGenerator)
    return "an async generator is not iterable" if is_generator else "this can only be iterated over asynchronously"


def _of_async(body: Body, node: "BaseExpression", message: str, fixes: tuple[Fix, ...] = ()) -> Problem:
    entity = body.resolve(node)
    trace = definition(body, entity.of) if isinstance(entity, AsyncGenerator) else ()
    return Problem(node, message, trace=trace, fixes=fixes)


def _unrolled(body: Body, call: "Call", argument: "BaseExpression", *, is_starred: bool) -> Iterator[Problem]:
    """A builtin that iterates over its first argument, or any call with a star before it."""
    if not is_starred and not iterates(body.name_of(call.func)):
        return
    if not _is_wrong_iterable(body, argument, is_async=False):
        return
    shown, given = body.text(call.func), _shown(body, argument)
    message = f"`{shown}({'*' if is_starred else ''}{given})` raises TypeError: {_not_iterable(body, argument)}"
    advice = _unrolled_advice(shown) if body.is_async else _with_async(body, "async for")
    fixes = listed(body, argument) if is_starred else iterated_by(body, call)
    yield _of_async(body, argument, f"{message}; {advice}", fixes)


def _unrolled_advice(builtin: str) -> str:
    return "use `await anext(...)`" if builtin == "next" else "use `[item async for item in ...]`"


def _unpacked(body: Body, call: "Call") -> Iterator[Problem]:
    if isinstance(body.resolve(call), AsyncGenerator) and not is_expected(body, call, call):
        message = f"unpacking `{_shown(body, call)}` raises TypeError: {_not_iterable(body, call)}"
        yield _of_async(body, call, f"{message}; {_with_async(body, 'async for')}", listed(body, call))


def _thrown(body: Body, call: "Call", generator: "BaseExpression") -> Iterator[Problem]:
    """`throw` of an async generator, or of a local that the body itself advances by `__anext__`."""
    is_generator = isinstance(body.resolve(generator), AsyncGenerator) or _is_advanced(body, generator)
    if is_generator and not is_expected(body, call, call):
        shown = body.text(generator)
        message = f"`{shown}.throw(...)` raises AttributeError: an async generator has no `throw`"
        yield _of_async(body, generator, f"{message}; use `await {shown}.athrow(...)`")


def _is_advanced(body: Body, generator: "BaseExpression") -> bool:
    if not isinstance(generator, cst.Name) or body.resolve(generator) is not None:
        return False
    advancing = f"{generator.value}.__anext__"
    awaited = (node.expression for node in body.nodes if isinstance(node, cst.Await))
    return any(isinstance(each, cst.Call) and code_of(each.func) == advancing for each in awaited)


def _awaiting(body: Body, generator: "GeneratorExp") -> Iterator[Problem]:
    """A generator expression that awaits, given to a builtin that iterates over it."""
    argument = body.parent(generator)
    call = body.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call) or not _awaits(generator) or is_expected(body, generator, generator):
        return
    if argument is call.args[0] and (call.args[0].star or iterates(body.name_of(call.func))):
        shown = body.text(call.func)
        message = f"`{shown}(... for ...)` raises TypeError: a generator expression that awaits is an async generator"
        yield Problem(generator, f"{message}; write a list: `{shown}([...])`", fixes=in_brackets(body, generator))


def _awaits(generator: "GeneratorExp") -> bool:
    """Does it await once it runs? Its first iterable is evaluated before."""
    first = generator.for_in
    parts = [generator.elt, *first.ifs, *([first.inner_for_in] if first.inner_for_in else [])]
    inner = (node for part in parts for node in walk(part, own_children))
    return first.asynchronous is not None or any(
        isinstance(node, cst.Await)
        or (isinstance(node, cst.CompFor) and node is first.inner_for_in and node.asynchronous)
        for node in inner
    )


def _shown(body: Body, expression: "BaseExpression") -> str:
    return f"{body.text(expression.func)}(...)" if isinstance(expression, cst.Call) else body.text(expression)
