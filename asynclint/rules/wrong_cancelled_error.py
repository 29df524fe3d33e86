from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Fix, Problem, handlers, rule, suppressing
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import awaits
from asynclint.rule.fixes import instead
from asynclint.rule.spelling import spelled
from asynclint.rule.thread_futures import may_ask_threads
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, CSTNode

_OF_THREADS = "concurrent.futures.CancelledError"
_OF_TASKS = frozenset({"asyncio.CancelledError"})


@rule(
    code="ASL404",
    wants=handlers(_OF_THREADS, of_waits=True) | suppressing(_OF_THREADS),
    pitfall="https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.CancelledError",
)
def wrong_cancelled_error(body: Body) -> Iterator[Problem]:
    """`concurrent.futures.CancelledError` is caught around an `await`, which raises another one.

    Up to Python 3.7 the two were the same class. Since 3.8 `asyncio.CancelledError` is a class of its own, and what an
    `await` raises when the task is cancelled is never the one of `concurrent.futures`: the handler is dead, the
    clean-up in it is skipped, and the cancellation goes on up.

    ## Bad

    ```python
    import asyncio
    from concurrent.futures import CancelledError

    async def stop(task):
        task.cancel()
        try:
            await task
        except CancelledError:  # ASL404
            print("stopped")
    ```

    ## Good

    ```python
    import asyncio

    async def stop(task):
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print("stopped")
    ```

    ## What to do

    Catch `asyncio.CancelledError`, and mind that what never ran runs now: a handler that is meant for a cancelled
    coroutine ends with `raise`.

    ## Fix

    Writes `asyncio.CancelledError`. Unsafe: the handler sees cancellations from then on, and must pass them on.

    ## Not reported

    Handlers beside which `asyncio.CancelledError` is caught too; code that asks a future of a thread (`result()`,
    `exception()`), or calls plain code that may.
    """
    if not body.is_async:
        return
    for head, block in _guards(body):
        if awaits(block) and not may_ask_threads(body, block):
            yield Problem(head, _message(body, head), fixes=_of_tasks(body, head))


def _guards(body: Body) -> "Iterator[tuple[BaseExpression, BaseSuite]]":
    """What catches only the error of threads, with what it protects."""
    for node in body.nodes:
        match node:
            case cst.Try() | cst.TryStar():
                kinds = [handler.type for handler in node.handlers if handler.type is not None]
                if not any(_OF_TASKS & body.caught(kind) for kind in kinds):
                    yield from ((kind, node.body) for kind in kinds if _OF_THREADS in body.caught(kind))
            case cst.With():
                for item in node.items:
                    kinds = list(body.suppressed(item.item))
                    if not any(_OF_TASKS & body.caught(kind) for kind in kinds):
                        yield from ((kind, node.body) for kind in kinds if _OF_THREADS in body.caught(kind))


def _message(body: Body, head: "BaseExpression") -> str:
    error = body.text(_named(body, head))
    return (
        f"`{error}` is the error of threads (`{_OF_THREADS}`), which no `await` raises when `{body.name}` or "
        "what it waits for is cancelled; catch `asyncio.CancelledError`"
    )


def _named(body: Body, head: "BaseExpression") -> "CSTNode":
    return next((part for part in walk(head, own_children) if _is_it(body, part)), head)


def _of_tasks(body: Body, head: "BaseExpression") -> tuple[Fix, ...]:
    found, spelling = _named(body, head), spelled(body, "asyncio", "CancelledError")
    if spelling is None or not _is_it(body, found):
        return ()
    code, imports = spelling
    return (Fix(f"catch `{code}`", (instead(found, code),), imports=imports),)


def _is_it(body: Body, part: "CSTNode") -> bool:
    return isinstance(part, cst.Name | cst.Attribute) and bool(code_of(part)) and body.name_of(part) == _OF_THREADS
