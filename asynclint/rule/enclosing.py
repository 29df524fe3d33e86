"""Fixes that put a loop into a block which cleans up after it."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.fixes import Fix, instead, under
from asynclint.rule.spelling import spelled, unused

if TYPE_CHECKING:
    from libcst import BaseExpression

_NAMES = "items", "stream", "generator"
_ACLOSING_SINCE = (3, 10)


def closed_after(body: Body, generator: "BaseExpression") -> tuple[Fix, ...]:
    """The fix that goes over an async generator inside of `contextlib.aclosing`; none where that came later."""
    loop = body.parent(generator)
    spelling, name = spelled(body, "contextlib", "aclosing"), unused(body, *_NAMES)
    if not isinstance(loop, cst.For) or spelling is None or not name or body.target.oldest < _ACLOSING_SINCE:
        return ()
    header = (f"async with {spelling.code}(", generator, f") as {name}:")
    changes = under(header, loop, loop), instead(generator, name)
    return (Fix(f"close it by `{spelling.code}`", changes, imports=spelling.imports),)
