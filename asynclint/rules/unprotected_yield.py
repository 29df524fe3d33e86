import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Problem, decorated_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.decorators import decorators
from asynclint.rule.undoing import Skipped, skipped

if TYPE_CHECKING:
    from libcst import CSTNode

_CONTEXTS = frozenset({"contextlib.asynccontextmanager", "async_generator.asynccontextmanager"})
_LIFESPAN = re.compile(r"lifespan|startup", re.IGNORECASE)
_APPLICATIONS = re.compile(r"\b(?:FastAPI|Starlette|Litestar|Quart|Sanic|BlackSheep|FastMCP|Application)\b")


@rule(
    code="ASL806",
    on_anyio=True,
    wants=decorated_coroutines(*_CONTEXTS),
    pitfall="https://docs.python.org/3/library/contextlib.html#contextlib.contextmanager",
)
def unprotected_yield(body: Body) -> Iterator[Problem]:
    """An `@asynccontextmanager` cleans up after its `yield` without `finally`, so an exception skips the cleanup.

    When the block under `async with` raises or is cancelled, the exception is raised again inside the context manager,
    at its `yield`. Without a `try` around the `yield` the function ends there: the connection stays open, the lock
    taken, the task running. Tasks are cancelled all the time, by timeouts and at shutdown, so this is not rare.

    ## Bad

    ```python
    import contextlib

    @contextlib.asynccontextmanager
    async def borrowed(pool):
        connection = await pool.acquire()
        yield connection  # ASL806
        await pool.release(connection)

    class Server:
        active = 0

        @contextlib.asynccontextmanager
        async def counted(self):
            self.active += 1
            yield self  # ASL806
            self.active -= 1
    ```

    ## Good

    ```python
    import contextlib

    @contextlib.asynccontextmanager
    async def borrowed(pool):
        connection = await pool.acquire()
        try:
            yield connection
        finally:
            await pool.release(connection)
    ```

    ## What to do

    Begin a `try` right before the `yield` and clean up in its `finally`. Where the object is an async context manager
    itself, `async with` does both; an `AsyncExitStack` holds several.

    ## Not reported

    What is meant for success only, such as a commit: reported are calls whose names say that something is given up
    (`close`, `cancel`, `release`, `stop`, ...), and what takes back a change made before the `yield`. Handlers that
    catch every `Exception` and give something up; fixtures of pytest, which runs what follows in any case; lifespans
    of web applications, whose process ends then.
    """
    if body.kind is not BodyKind.ASYNC_GENERATOR or _is_lifespan(body):
        return
    if any(each.name in _CONTEXTS or each.makes_context for each in decorators(body)):
        for found in skipped(body):
            yield Problem(found.given, _message(body, found), trace=((found.undoing, "an exception skips this"),))


def _is_lifespan(body: Body) -> bool:
    """Is it entered once by a web framework, for as long as the process runs?"""
    function = body.function
    assert function is not None
    names = body.here.names
    annotated = any(_APPLICATIONS.search(way.value) for name in function.parameters for way in names.get(name, ()))
    given = any(f"lifespan={body.name}" in call.arguments for call in body.facts.calls)
    return given or annotated or bool(_LIFESPAN.search(body.name))


def _message(body: Body, found: Skipped) -> str:
    what = f"`{body.text(_shown(body, found.undoing))}`"
    return (
        f"an exception or a cancellation in the block of `async with {body.name}(...)` comes out of this `yield`, and "
        f"{what} is skipped; do it in the `finally` of a `try` around the `yield`"
    )


def _shown(body: Body, undoing: "CSTNode") -> "CSTNode":
    above = body.parent(undoing)
    return above if isinstance(above, cst.Await) else undoing
