from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Default, InTests, Place, Problem, idle_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.awaiters import only_awaited
from asynclint.rule.trees import children, own_children, statements, walk

if TYPE_CHECKING:
    from libcst import BaseSuite, CSTNode

_MOST_SHOWN = 3
_PREFIXES = ("", "a", "a_", "async_", "aio_")


@rule(
    code="ASL901",
    wants=idle_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#coroutines",
    default=Default.OFF,
    in_tests=InTests.SILENT,
    on_anyio=True,
)
def async_without_await(body: Body) -> Iterator[Problem]:
    """A function is `async` but never waits, and the project does nothing but await it.

    `async` promises that a function may wait, so that others run meanwhile. One without `await` never does: it makes a
    coroutine only to run it through at once. Its callers look as if they gave way to the event loop, and however often
    they call it they do not; and they have to be `async` themselves for nothing.

    ## Bad

    ```python
    import asyncio

    async def floor_area(width, height):  # ASL901
        return width * height

    async def report(rooms):
        for width, height in rooms:
            print(await floor_area(width, height))
        await asyncio.sleep(0)
    ```

    ## Good

    ```python
    import asyncio

    def floor_area(width, height):
        return width * height

    async def report(rooms):
        for width, height in rooms:
            print(floor_area(width, height))
        await asyncio.sleep(0)
    ```

    ## What to do

    Make it `def` and take the `await` from its calls. Where it is meant to give way to others during long work, let it
    `await asyncio.sleep(0)` now and then. Where it has to be `async` for another reason, say so by
    `# noqa: ASL901`.

    ## Not reported

    Methods, which may be overridden or have to match others; functions with a decorator, async generators, and those
    whose body is only `pass`, `...`, text, `return`, or ends by raising. Functions beside a plain twin, as `aread`
    beside `read`. A function that nothing in the project calls, or that is ever used in another way than by
    `await f(...)`: given to something, started as a task, imported to be offered on, exported by `__all__`, looked up
    or replaced by its name. A function that has namesakes in the files beside it, or in files of the same name: they
    may be used in the same way. Whatever says its name in its own file or in one that imports it counts as a use,
    comments too. Test files. All files below the root of the project are read for this.
    """
    node = body.node
    if not isinstance(node, cst.FunctionDef) or body.kind is not BodyKind.COROUTINE or not _is_of_module(body):
        return
    if node.decorators or _is_empty(node.body) or any(map(_waits, walk(node.body, _parts))) or _has_twin(body):
        return
    awaited = only_awaited(body.project, body.entity)
    if awaited:
        places = [Place(module.path, call.line, call.column) for module, call in awaited]
        trace = tuple((place, "it is awaited here") for place in places[:_MOST_SHOWN])
        yield Problem(node.name, _message(body, len(awaited)), trace=trace)


def _is_of_module(body: Body) -> bool:
    return body.here.parent == 0 and body.function is not None and not body.function.is_stub


def _has_twin(body: Body) -> bool:
    """Is it offered beside a plain function that does the same: `aread` and `read`?"""
    names = body.facts.scopes[0].names
    twins = (body.name.removeprefix(start).removesuffix(end) for start in _PREFIXES for end in ("", "_async"))
    return any(twin != body.name and twin in names for twin in twins)


def _is_empty(block: "BaseSuite") -> bool:
    """Is nothing done in it?"""
    return all(
        isinstance(node, cst.Pass)
        or (isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString | cst.Ellipsis))
        or (isinstance(node, cst.Return) and (node.value is None or getattr(node.value, "value", "") == "None"))
        for node in statements(block)
    )


def _parts(node: "CSTNode") -> "list[CSTNode]":
    """What belongs to a function, generator expressions included."""
    return children(node) if isinstance(node, cst.GeneratorExp) else own_children(node)


def _waits(node: "CSTNode") -> bool:
    return isinstance(node, cst.Await | cst.Asynchronous | cst.Yield)


def _message(body: Body, count: int) -> str:
    several = "both of its calls await it" if count == 2 else f"all of its {count} calls await it"
    calls = "its only call awaits it" if count == 1 else several
    never = f"`{body.name}` is `async` but never waits, and {calls}"
    return f"{never}, so it only makes a coroutine to run it through at once; make it `def` and call it without `await`"
