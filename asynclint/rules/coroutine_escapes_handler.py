from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Problem, returned_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.coroutines import definition
from asynclint.rule.scopes import Ended, ended
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import Call, Return


@rule(
    code="ASL109",
    on_anyio=True,
    wants=returned_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#coroutines",
)
def coroutine_escapes_handler(body: Body) -> Iterator[Problem]:
    """A coroutine is returned out of a `try` or `with` that was meant for its run.

    `return load()` without `await` returns a coroutine object of which nothing has run yet. The `try`, the lock, the
    timeout or the session around the `return` ends right there; the coroutine runs later, in the caller's `await`. So
    its errors pass by the `except`, and it works with what has been closed or released already.

    ## Bad

    ```python
    import asyncio

    async def load(session, key): ...

    def forgiving(session, key):
        try:
            return load(session, key)  # ASL109
        except OSError:
            return None

    async def limited(session, key):
        async with asyncio.timeout(5):
            return load(session, key)  # ASL109

    async def with_session(connect, key):
        async with connect() as session:
            return load(session, key)  # ASL109

    async def closing(session, key):
        try:
            return load(session, key)  # ASL109
        finally:
            await session.close()
    ```

    ## Good

    ```python
    import asyncio

    async def load(session, key): ...

    async def forgiving(session, key):
        try:
            return await load(session, key)
        except OSError:
            return None

    async def limited(session, key):
        async with asyncio.timeout(5):
            return await load(session, key)

    def looked_up(session, keys):
        try:
            key = keys["main"]
        except KeyError:
            key = "main"
        return load(session, key)
    ```

    ## What to do

    Write `return await`, which makes the coroutine run inside. A plain `def` has to become an `async def` for that.
    Where only the lookups before the call are meant, move the `return` behind the `try` or `with`.

    ## Not reported

    Handlers of what the call itself may raise (`AttributeError`, `ImportError`, `TypeError`) and, as long as the block
    does more than make the coroutine, handlers of certain errors; a `finally` or a context manager that has nothing to
    do with the coroutine as far as can be seen; tasks and futures, which run by themselves.
    """
    for call in body.all_calls():
        leave = _return_of(body, call)
        coroutine = body.coroutine_of(call) if leave is not None else None
        if leave is None or coroutine is None:
            continue
        left = next(ended(body, leave, call), None)
        if left is not None:
            over = left.node, "this is over when the coroutine runs"
            yield Problem(call, _message(body, call, left), trace=(over, *definition(body, coroutine.of)))


def _return_of(body: Body, call: "Call") -> "Return | None":
    """The `return` whose value a call is."""
    where = destination(body, call)
    if where.fate is not Fate.RETURNED or where.collected:
        return None
    leave = next((above for above in body.ancestors(call) if isinstance(above, cst.Return | cst.Yield)), None)
    return leave if isinstance(leave, cst.Return) else None


def _message(body: Body, call: "Call", left: Ended) -> str:
    what = f"coroutine `{body.text(call.func)}(...)` is returned before it has run, so {left.name} {left.means}"
    if body.kind is BodyKind.COROUTINE:
        return f"{what}; write `return await`"
    return f"{what}; make `{body.name}` an `async def` and write `return await`"
