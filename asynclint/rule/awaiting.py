"""Fixes that put an `await` where one may stand."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.fixes import Change, Fix, after, before

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

__all__ = ["added_await", "awaited", "may_await"]


def added_await(body: Body, call: "BaseExpression", *, is_safe: bool) -> tuple[Fix, ...]:
    """The fix that awaits an expression, none where Python forbids it."""
    return (Fix("add `await`", awaited(body, call), is_safe),) if may_await(body, call) else ()


def awaited(body: Body, expression: "BaseExpression") -> tuple[Change, ...]:
    """An `await` before the expression, in parentheses where what follows would bind more tightly."""
    above = body.parent(expression)
    if isinstance(above, cst.Attribute | cst.Subscript | cst.Call) and not expression.lpar:
        return before(expression, "(await "), after(expression, ")")
    return (before(expression, "await "),)


def may_await(body: Body, node: "CSTNode") -> bool:
    """May an `await` stand here: in a coroutine, and not in a generator expression, a lambda or a class in it?"""
    if not body.is_async:
        return False
    barriers = cst.GeneratorExp | cst.Lambda | cst.ClassDef | cst.FunctionDef | cst.Annotation
    return not any(isinstance(above, barriers) for above in body.ancestors(node) if above is not body.node)
