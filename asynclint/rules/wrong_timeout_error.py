from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asynclint.rule import Body, Fix, Problem, handlers, rule, suppressing
from asynclint.rule import nodes as cst
from asynclint.rule.fixes import after, instead
from asynclint.rule.spelling import spelled
from asynclint.rule.timeouts import Expiry, expiries

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, CSTNode

_BUILT_IN = "builtins.TimeoutError"
_OF_THREADS = "concurrent.futures.TimeoutError"
_CATCHING = frozenset({"asyncio.TimeoutError", "builtins.Exception", "builtins.BaseException"})


@rule(
    code="ASL405",
    wants=handlers(_BUILT_IN, _OF_THREADS) | suppressing(_BUILT_IN, _OF_THREADS),
    pitfall="https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.TimeoutError",
    until=(3, 11),
)
def wrong_timeout_error(body: Body) -> Iterator[Problem]:
    """The built-in `TimeoutError` is caught where Python before 3.11 raises `asyncio.TimeoutError`.

    Since Python 3.11 `asyncio.TimeoutError` is another name of the built-in `TimeoutError`. On 3.10 and older it is a
    class of its own: `except TimeoutError` around `asyncio.wait_for` is then a dead handler, and the timeout goes on
    up. Reported only where the code has to run on such a version (`target-version`, or `requires-python`).

    ## Bad

    ```python
    import asyncio

    async def fetch(client):
        try:
            return await asyncio.wait_for(client.get(), 5)
        except TimeoutError:  # ASL405
            return None
    ```

    ## Good

    ```python
    import asyncio

    async def fetch(client):
        try:
            return await asyncio.wait_for(client.get(), 5)
        except asyncio.TimeoutError:
            return None
    ```

    ## What to do

    Catch `asyncio.TimeoutError`: it is right on every version.

    ## Fix

    Catches `asyncio.TimeoutError` too. Safe: from Python 3.11 on the two are one.

    ## Not reported

    Code for Python 3.11 and newer, or under a test of `sys.version_info`; handlers beside which `asyncio.TimeoutError`
    is caught too; timeouts that are caught further inside; timeouts of the system and of other libraries, which raise
    what they like.
    """
    if not body.is_async:
        return
    for kinds, block in _guards(body):
        for kind in kinds:
            expiry = next(_arriving(body, kind, block), None)
            if expiry is not None and not _asks_for_the_version(body, block):
                here = f"here, by `{expiry.text}`"
                trace = ((expiry.node, f"it is raised {here}"),)
                yield Problem(kind, _message(body, kind, expiry), trace=trace, fixes=_caught_too(body, kind))


def _guards(body: Body) -> "Iterator[tuple[Sequence[BaseExpression], BaseSuite]]":
    """What the handlers of one `try`, or one `suppress`, catch, unless asyncio's error is among it."""
    for node in body.nodes:
        kinds, block = _caught_around(body, node)
        if block is not None and not any("asyncio.TimeoutError" in body.caught(kind) for kind in kinds):
            yield [kind for kind in kinds if body.caught(kind) & {_BUILT_IN, _OF_THREADS}], block


def _caught_around(body: Body, node: "CSTNode") -> "tuple[list[BaseExpression], BaseSuite | None]":
    match node:
        case cst.Try() | cst.TryStar():
            return [handler.type for handler in node.handlers if handler.type is not None], node.body
        case cst.With():
            return [kind for item in node.items for kind in body.suppressed(item.item)], node.body
    return [], None


def _arriving(body: Body, kind: "BaseExpression", block: "BaseSuite") -> Iterator[Expiry]:
    """The timeouts in a block that nothing inside it catches."""
    for expiry in expiries(body, block):
        inside: list[CSTNode] = [expiry.node]
        for above in body.ancestors(expiry.node):
            if above is block:
                yield expiry
                break
            kinds, protected = _caught_around(body, above)
            if protected in inside and any(_may_catch(body, other) for other in kinds):
                break
            if isinstance(above, cst.Try | cst.TryStar) and any(h.type is None for h in above.handlers):
                break
            inside.append(above)


def _may_catch(body: Body, kind: "BaseExpression") -> bool:
    caught = body.caught(kind)
    return not caught or bool(caught & _CATCHING)


def _asks_for_the_version(body: Body, block: "BaseSuite") -> bool:
    branches = (above for above in body.ancestors(block) if isinstance(above, cst.If))
    return any("version_info" in body.text(branch.test) for branch in branches)


def _caught_too(body: Body, kind: "BaseExpression") -> tuple[Fix, ...]:
    spelling = spelled(body, "asyncio", "TimeoutError", like=kind)
    if spelling is None:
        return ()
    code, imports = spelling
    match kind, body.parent(kind):
        case _, cst.Arg():
            changes = (after(kind, f", {code}"),)
        case cst.Tuple(elements=[*_, last]), _:
            changes = (after(last.value, f", {code}"),)
        case _:
            changes = (instead(kind, "(", kind, f", {code})"),)
    return (Fix(f"catch `{code}` too", changes, is_safe=True, imports=imports),)


def _message(body: Body, kind: "BaseExpression", expiry: Expiry) -> str:
    return (
        f"before Python 3.11 `{expiry.raiser}` raises `asyncio.TimeoutError`, which `{body.text(kind)}` does not "
        "catch; catch `asyncio.TimeoutError`"
    )
