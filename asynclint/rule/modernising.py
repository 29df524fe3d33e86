"""Fixes for uses of what asyncio once had."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule import spelling, versions
from asynclint.rule.body import Body
from asynclint.rule.fixes import Fix, instead, without_argument
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import Arg

__all__ = ["modernised"]

_KNOWS_MARKED_FUNCTIONS = (3, 12)  # `inspect.markcoroutinefunction`, which asyncio's question came to respect
_INSPECT = "inspect."


def modernised(body: Body, use: versions.Aged) -> tuple[Fix, ...]:
    """Another name in its place, or a call without the argument; none where there is more to do."""
    if use.keyword:
        return _without(body, use)
    if not use.life.name or not isinstance(use.node, cst.Name | cst.Attribute):
        return ()
    module, _, attribute = use.life.name.rpartition(".")
    found = spelling.spelled(body, module, attribute, like=use.node)
    if found is None:
        return ()
    is_safe = not use.life.name.startswith(_INSPECT) or body.target.oldest >= _KNOWS_MARKED_FUNCTIONS
    return (Fix(f"use `{found.code}`", (instead(use.node, found.code),), is_safe, found.imports),)


def _without(body: Body, use: versions.Aged) -> tuple[Fix, ...]:
    """Without an argument that does nothing but be named; safe where no targeted Python takes it any more."""
    argument = body.parent(use.node)
    call = body.parent(argument) if argument is not None else None
    if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call) or not _does_nothing(argument):
        return ()
    is_safe = use.life.removed is not None and body.target.oldest >= use.life.removed
    return (Fix(f"leave out `{use.keyword}`", without_argument(call, argument), is_safe),)


def _does_nothing(argument: "Arg") -> bool:
    value = argument.value
    asks_for_a_loop = isinstance(value, cst.Call) and not value.args and code_of(value.func).endswith("_loop")
    return asks_for_a_loop or isinstance(value, cst.Name | cst.Attribute)
