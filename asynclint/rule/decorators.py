"""The decorators of a body, as what they mean where the function is defined."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Function, Named
from asynclint.facts.knowledge.decorators import TRANSPARENT, TRANSPARENT_PREFIXES
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression


_PROPERTIES = frozenset({"builtins.property", "abc.abstractproperty"})


def decorators(body: Body) -> "Iterator[tuple[BaseExpression, str]]":
    """The decorators of a function, outermost first, each with its documented name, "" when that is not known."""
    for node in body.node.decorators if isinstance(body.node, cst.FunctionDef) else ():
        applied = node.decorator
        entity = body.evaluate(body.here.parent, code_of(applied.func if isinstance(applied, cst.Call) else applied))
        yield applied, entity.name if isinstance(entity, Named) else ""


def is_transparent(decorator: str) -> bool:
    """Is a function still what it was behind the decorator of this documented name?"""
    return decorator in TRANSPARENT or decorator.startswith(TRANSPARENT_PREFIXES)


def replaces_accessor(body: Body, decorator: "BaseExpression") -> str:
    """`setter` or `deleter` when the decorator is that of a `property` of the same class, else ""."""
    owner, _, kind = code_of(decorator).rpartition(".")
    getter = body.evaluate(body.here.parent, owner) if kind in ("setter", "deleter") else None
    return kind if isinstance(getter, Function) and _is_builtin_property(body, getter) else ""


def _is_builtin_property(body: Body, getter: Function) -> bool:
    """Is it no other descriptor, whose setter may be awaited or made a task?"""
    scope = body.project.scope(getter).parent
    applied = (body.project.evaluate(getter.path, scope, code) for code in body.project.function(getter).decorators)
    return any(isinstance(entity, Named) and entity.name in _PROPERTIES for entity in applied)
