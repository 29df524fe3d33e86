from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, InTests, Problem, awaited_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.blocks import effective
from asynclint.rule.reading import only_reads
from asynclint.rule.trees import walk

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, Call, CSTNode

_LONGEST_SHOWN = 60


@rule(
    code="ASL703",
    wants=awaited_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#coroutines",
    default=Default.OFF,
    preview=True,
    in_tests=InTests.SILENT,
)
def sequential_awaits(body: Body) -> Iterator[Problem]:
    """Answers are waited for one after the other, though none needs another.

    `await` waits. A loop that awaits one request per element, or two requests in a row, takes as long as all of them
    together; run at once, they take as long as the slowest. Only what surely does nothing but ask is reported: requests
    that read (`get`) of aiohttp and httpx, and coroutines of the project that wait for nothing else and change nothing.

    ## Bad

    ```python
    import asyncio

    async def ask(name):
        await asyncio.sleep(1)
        return f"{name} is fine"

    async def ask_all(names):
        answers = []
        for name in names:
            answers.append(await ask(name))  # ASL703
        return answers

    async def ask_both():
        first = await ask("Ada")
        second = await ask("Grace")  # ASL703
        return first, second
    ```

    ## Good

    ```python
    import asyncio

    async def ask(name):
        await asyncio.sleep(1)
        return f"{name} is fine"

    async def ask_all(names):
        few = asyncio.Semaphore(10)

        async def ask_soon(name):
            async with few:
                return await ask(name)

        return await asyncio.gather(*[ask_soon(name) for name in names])

    async def ask_both():
        return await asyncio.gather(ask("Ada"), ask("Grace"))
    ```

    ## What to do

    Use `asyncio.gather` or an `asyncio.TaskGroup`, with an `asyncio.Semaphore` where there may be many.

    ## Not reported

    Calls whose result is not used, because they are made for an effect, whose order may matter; requests that change
    something; database connections, streams and files, which do one thing at a time; loops that stop early, pause, or
    use what was found before; calls that cannot be followed; tests. Whether a slow, polite loop is meant cannot be
    seen: that is why this rule is off by default.
    """
    if not body.is_async:
        return
    for node in body.nodes:
        if isinstance(node, cst.For) and node.asynchronous is None and node.orelse is None:
            call = _collected_call(node)
            if call is not None and _is_apart(body, call, node.target):
                yield _in_turn(body, call, node.iter)
        elif isinstance(node, cst.ListComp | cst.SetComp | cst.DictComp):
            call = _made_call(node)
            if call is not None and _is_apart(body, call, node.for_in.target):
                yield _in_turn(body, call, node.for_in.iter)
        elif isinstance(node, cst.IndentedBlock):
            yield from _rows(body, node)


def _in_turn(body: Body, call: "Call", over: "BaseExpression") -> Problem:
    message = f"`{body.text(call.func)}(...)` is awaited for one element of `{body.text(over)}` after the other"
    return Problem(call, f"{message}, though none needs the one before; run several at once, by `asyncio.gather`")


def _awaited(node: "CSTNode | None") -> "Call | None":
    match node:
        case cst.Await(expression=cst.Call() as call):
            return call
    return None


def _collected_call(loop: "CSTNode") -> "Call | None":
    """`f(x)` of a loop that only does `results.append(await f(x))` or `results[x] = await f(x)`, in one step or two."""
    assert isinstance(loop, cst.For)
    steps = list(effective(loop.body))
    match steps:
        case [step]:
            collection, value = _put(step)
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=awaited), step]:
            collection, put = _put(step)
            value = awaited if isinstance(put, cst.Name) and put.value == name else None
        case _:
            return None
    call = _awaited(value)
    return call if call is not None and collection and not _names(call) & {collection} else None


def _put(step: "CSTNode") -> "tuple[str, CSTNode | None]":
    """The collection and the value of `results.append(value)` and `results[key] = value`."""
    match step:
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="append" | "add")),
                args=[cst.Arg(value=value)],
            )
        ):
            return name, value
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)))], value=value):
            return name, value
    return "", None


def _made_call(comprehension: "CSTNode") -> "Call | None":
    """`f(x)` of `[await f(x) for x in xs]`."""
    match comprehension:
        case cst.ListComp(elt=made, for_in=loop) | cst.SetComp(elt=made, for_in=loop):
            pass
        case cst.DictComp(value=made, for_in=loop):
            pass
        case _:
            return None
    if loop.asynchronous is not None or loop.inner_for_in is not None:
        return None
    awaits = [node for node in walk(comprehension) if isinstance(node, cst.Await)]
    return _awaited(made) if awaits == [made] else None


def _is_apart(body: Body, call: "Call", target: "CSTNode") -> bool:
    """Is it a call for each element, which only reads?"""
    return bool(_names(call) & _names(target)) and _only_reads(body, call)


def _only_reads(body: Body, call: "Call") -> bool:
    made_on_the_way = (part for arg in call.args for part in walk(arg) if isinstance(part, cst.Call | cst.Await))
    return next(made_on_the_way, None) is None and only_reads(body.project, body.resolve(call.func))


def _names(node: "CSTNode") -> set[str]:
    return {part.value for part in walk(node) if isinstance(part, cst.Name)}


def _rows(body: Body, block: "BaseSuite") -> Iterator[Problem]:
    """Two or more awaits on end, none of which uses what one of the others gives."""
    row: list[Call] = []
    bound: set[str] = set()
    for statement in (*effective(block), None):
        name, call = _bound_call(body, statement)
        if call is not None and not _names(call) & bound:
            row.append(call)
            bound.add(name)
            continue
        if len(row) > 1:
            yield _in_a_row(body, row)
        row, bound = ([call], {name}) if call is not None else ([], set())


def _bound_call(body: Body, statement: "CSTNode | None") -> "tuple[str, Call | None]":
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            call = _awaited(value)
            return (name, call) if call is not None and _only_reads(body, call) else ("", None)
    return "", None


def _in_a_row(body: Body, row: "list[Call]") -> Problem:
    first, second = _shown(body, row[0]), _shown(body, row[1])
    message = f"{second} begins only when {first} is done, though it uses nothing of it"
    others = tuple((call, "may run at the same time") for call in row if call is not row[1])
    return Problem(row[1], f"{message}; run both at once, by `asyncio.gather`", trace=others)


def _shown(body: Body, call: "Call") -> str:
    text = body.text(call)
    return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{body.text(call.func)}(...)`"
