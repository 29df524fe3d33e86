from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, Problem, rule, yields_in_blocks
from asynclint.rule import nodes as cst
from asynclint.rule.abandoned import has_nothing_to_leave
from asynclint.rule.cancel_scopes import is_cancel_scope, scope_of
from asynclint.rule.context_variables import resets_variable
from asynclint.rule.generators import entered_around, gives_items, is_always_closed, yields

if TYPE_CHECKING:
    from libcst import With, WithItem, Yield

_SHORT = 40  # characters of a call that are still shown with its arguments


@rule(
    code="ASL805",
    default=Default.INFO,
    on_anyio=True,
    wants=yields_in_blocks(),
    pitfall="https://peps.python.org/pep-0533/",
)
def yield_in_context_manager(body: Body) -> Iterator[Problem]:
    """An async generator yields inside a `with`, which stays open when its caller does not iterate to the end.

    A `break`, a `return` or an exception in the caller's loop leaves an async generator where it is. Its `with` blocks
    are left when the event loop closes it, some time later and in another task: connections return to their pool too
    late, locks stay taken, and context variables are reset in a context where they were never set, which raises
    `ValueError`.

    This is information: it is right as long as every caller iterates to the end or closes the generator.

    ## Bad

    ```python
    async def rows(pool):
        async with pool.acquire() as connection:
            async for row in connection.cursor("select * from t"):
                yield row  # ASL805
    ```

    ## Good

    ```python
    import contextlib

    async def pages(client):
        for number in range(10):
            async with client.get(number) as response:
                page = await response.json()
            yield page

    async def rows(pool):
        async with pool.acquire() as connection:
            async for row in connection.cursor("select * from t"):
                yield row

    async def first_row(pool):
        async with contextlib.aclosing(rows(pool)) as found:
            async for row in found:
                return row
    ```

    ## What to do

    Let the callers enter the generator with `contextlib.aclosing`. Or take what is opened as a parameter, or make the
    generator an `@asynccontextmanager` that yields an iterator. ASL803 reports the callers that leave such a generator
    open.

    ## Not reported

    Context managers, fixtures, and generators under a decorator that is not known; generators with a single `yield`
    outside of any loop, which frameworks enter like context managers, unless their file iterates over them;
    `suppress`, `nullcontext`, `aclosing`, `io.BytesIO`, `io.StringIO` and context managers of the project that do
    nothing when they are left; generators that their whole file enters with `aclosing`; timeouts and task groups, of
    which ASL804 speaks. Of several `yield`s in one block the first is reported.
    """
    if not gives_items(body) or is_always_closed(body):
        return
    seen: set[int] = set()
    for node in yields(body):
        found = _innermost(body, node)
        if found is not None and id(found[0]) not in seen:
            seen.update(id(block) for block, _ in entered_around(body, node))
            resetting = next((item for _, item in entered_around(body, node) if _resets(body, item)), None)
            item = resetting or found[1]
            message = _message(body, item, resets=resetting is not None)
            yield Problem(node, message, trace=((item.item, "it is entered here"),))


def _innermost(body: Body, node: "Yield") -> "tuple[With, WithItem] | None":
    """The innermost that holds something, unless the `yield` stands in a timeout or a task group."""
    around = list(entered_around(body, node))
    if any(scope_of(body, block, item, node) is not None for block, item in around):
        return None
    return next((each for each in around if not _is_trivial(body, each[1])), None)


def _is_trivial(body: Body, item: "WithItem") -> bool:
    """Is there nothing to leave? The variable of a loop, as in `with attempt:`, is one try of many."""
    match item.item:
        case _ if is_cancel_scope(body, item):
            return True
        case cst.Call(func=func):
            return has_nothing_to_leave(body.project, body.resolve(func), body.resolve(item.item))
        case cst.Name(value=name):
            loops = (node for node in body.nodes if isinstance(node, cst.For))
            return any(isinstance(loop.target, cst.Name) and loop.target.value == name for loop in loops)
    return False


def _resets(body: Body, item: "WithItem") -> bool:
    return resets_variable(body.project, body.resolve(item.item))


def _message(body: Body, item: "WithItem", *, resets: bool) -> str:
    yields = f"`{body.name}` yields inside `{_entered(body, item)}`"
    remedy = "let callers enter it with `contextlib.aclosing`"
    if resets:
        return (
            f"{yields}, which resets a context variable: when a caller leaves its loop early, the event loop closes "
            f"the generator in another context, and the reset raises `ValueError`; {remedy}"
        )
    return (
        f"{yields}: a caller that leaves its loop early leaves it open "
        f"until the event loop closes the generator, in another task; {remedy}"
    )


def _entered(body: Body, item: "WithItem") -> str:
    text = body.text(item.item)
    return f"{body.text(item.item.func)}(...)" if isinstance(item.item, cst.Call) and len(text) > _SHORT else text
