"""What stands next to a statement in its block."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import statements

if TYPE_CHECKING:
    from libcst import BaseSuite, CSTNode


def following(body: Body, statement: "CSTNode") -> "CSTNode | None":
    """The statement after one of the same block, strings left out; None for the last."""
    block = next((above for above in body.ancestors(statement) if isinstance(above, cst.BaseSuite | cst.Module)), None)
    after = iter(effective(block)) if isinstance(block, cst.BaseSuite) else iter(())
    for each in after:
        if each is statement:
            return next(after, None)
    return None


def effective(block: "BaseSuite") -> "Iterator[CSTNode]":
    """The statements of a block, without those that are only a string or `...`, and without `pass`."""
    return (statement for statement in statements(block) if not _is_idle(statement))


def _is_idle(statement: "CSTNode") -> bool:
    match statement:
        case cst.Expr(value=cst.BaseString() | cst.Ellipsis()) | cst.Pass():
            return True
    return False


def ends_block(body: Body, statement: "CSTNode", block: "BaseSuite") -> bool:
    """Is nothing left to do in a block after this statement, whatever branches it stands in?"""
    below = statement
    for above in body.ancestors(statement):
        if isinstance(above, cst.For | cst.While):
            return False
        if isinstance(above, cst.BaseSuite):
            *_, last = effective(above)
            if last is not below:
                return False
            if above is block:
                return True
        elif isinstance(above, cst.BaseStatement) and not isinstance(above, cst.SimpleStatementLine):
            below = above if not _is_elif(body, above) else below
    return False


def _is_elif(body: Body, node: "CSTNode") -> bool:
    return isinstance(node, cst.If) and isinstance(body.parent(node), cst.If)
