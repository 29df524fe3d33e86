"""What a body enters and iterates over, and whether that has the protocol for it."""

from typing import TYPE_CHECKING

from asynclint.facts.knowledge.protocols import ITERATES
from asynclint.facts.protocols import called, is_wrong_item, is_wrong_iterable
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import BaseExpression, Call


def cannot_be_entered(body: Body, item: "BaseExpression", *, is_async: bool) -> bool:
    """Is it known that `with` (or `async with`) refuses it, and that it was meant for the other?"""
    scope, code = body.code_at(item)
    return is_wrong_item(body.project, body.facts.path, scope, code, is_async=is_async)


def cannot_be_iterated(body: Body, iterable: "BaseExpression", *, is_async: bool) -> bool:
    """Is it known that `for` (or `async for`) refuses it, and that it was meant for the other?"""
    scope, code = body.code_at(iterable)
    code = code or ("0" if isinstance(iterable, cst.List | cst.Set | cst.Dict | cst.ListComp) else "")
    return is_wrong_iterable(body.project, body.facts.path, scope, code, is_async=is_async)


def is_exact(body: Body, call: "Call") -> bool:
    """Does the call run the very function of the project that it resolves to?"""
    scope, code = body.code_at(call)
    return called(body.project, body.facts.path, scope, code) is not None


def iterates(name: str) -> bool:
    """Is it a builtin that iterates over its first argument?"""
    return name in ITERATES
