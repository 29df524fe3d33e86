"""Fixes that go from `with`, `for` and what iterates to their asynchronous twins, and back."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Named
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import awaited, may_await
from asynclint.rule.body import Body
from asynclint.rule.fixes import Fix, after, before, instead
from asynclint.rule.protocols import cannot_be_entered

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CompFor, For, GeneratorExp, With

_ASYNC_WITHIN_COMPREHENSION = (3, 11)


def entered_otherwise(body: Body, item: "BaseExpression") -> tuple[Fix, ...]:
    """The fix for a `with` whose item has the other protocol; none where its other items have not."""
    node = next((above for above in body.ancestors(item) if isinstance(above, cst.With)), None)
    if node is None or not body.is_async:
        return ()
    is_async = node.asynchronous is not None
    if not all(cannot_be_entered(body, other.item, is_async=is_async) for other in node.items):
        return ()
    return _without_async(node) if is_async else _with_async(body, node)


def iterated_otherwise(body: Body, loop: "For | CompFor") -> tuple[Fix, ...]:
    """The fix for a loop over what has the other protocol."""
    if loop.asynchronous is not None:
        return _without_async(loop)
    return () if _is_inside_comprehension(body, loop) else _with_async(body, loop)


def listed(body: Body, argument: "BaseExpression") -> tuple[Fix, ...]:
    """The fix that first makes a list of what can only be iterated over asynchronously."""
    if not may_await(body, argument):
        return ()
    title = "make a list of it with `async for`"
    return (Fix(title, (instead(argument, "[item async for item in ", argument, "]"),)),)


def iterated_by(body: Body, call: "Call") -> tuple[Fix, ...]:
    """The fix for a builtin that iterates over its first argument, which can only be iterated over asynchronously."""
    argument = call.args[0]
    builtin = body.name_of(call.func)
    if builtin == "builtins.next" and may_await(body, call) and _means_builtin(body, "anext"):
        return (Fix("use `await anext`", (*awaited(body, call), instead(call.func, "anext"))),)
    if builtin == "builtins.list" and len(call.args) == 1 and may_await(body, call):
        made = instead(call, "[item async for item in ", argument.value, "]")
        return (Fix("write a comprehension with `async for`", (made,)),)
    return () if builtin == "builtins.next" else listed(body, argument.value)


def in_brackets(body: Body, generator: "GeneratorExp") -> tuple[Fix, ...]:
    """The fix that makes a list of a generator expression."""
    if not may_await(body, generator):
        return ()
    return (Fix("write a list", (before(generator, "["), after(generator, "]"))),)


def _means_builtin(body: Body, name: str) -> bool:
    return body.evaluate(body.scope, name) == Named(f"builtins.{name}")


def _with_async(body: Body, node: "With | For | CompFor") -> tuple[Fix, ...]:
    if not may_await(body, node):
        return ()
    place = after(node.whitespace_before, "async ") if isinstance(node, cst.CompFor) else before(node, "async ")
    return (Fix("add `async`", (place,), is_safe=True),)


def _without_async(node: "With | For | CompFor") -> tuple[Fix, ...]:
    assert node.asynchronous is not None
    return (Fix("remove `async`", (instead(node.asynchronous), instead(node.asynchronous.whitespace_after))),)


def _is_inside_comprehension(body: Body, loop: "For | CompFor") -> bool:
    """Is it of a comprehension within another one, where older Pythons allow no `async for`?"""
    around = [above for above in body.ancestors(loop) if isinstance(above, cst.BaseComp)]
    return len(around) > 1 and body.target.oldest < _ASYNC_WITHIN_COMPREHENSION
