"""The decorators of a body, as what they mean where the function is defined."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Function, Named
from asynclint.facts.knowledge.declared import Role
from asynclint.facts.knowledge.decorators import KEEPERS, TRANSPARENT, TRANSPARENT_PREFIXES
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression

__all__ = ["KEEPERS", "Applied", "decorators", "replaces_accessor"]

_PROPERTIES = frozenset({"builtins.property", "abc.abstractproperty"})


class Applied(NamedTuple):
    """A decorator as it is written, and its documented name, "" when that is not known."""

    node: "BaseExpression"
    name: str
    role: Role | None  # what the user says of it

    @property
    def is_transparent(self) -> bool:
        """Is the function still what it was?"""
        if self.role is not None:
            return self.role is Role.TRANSPARENT
        return self.name in TRANSPARENT or self.name.startswith(TRANSPARENT_PREFIXES)

    @property
    def makes_context(self) -> bool:
        """Does the user say that it makes a context manager?"""
        return self.role is Role.CONTEXT_MANAGER


def decorators(body: Body) -> Iterator[Applied]:
    """The decorators of a function, outermost first."""
    for node in body.node.decorators if isinstance(body.node, cst.FunctionDef) else ():
        applied = node.decorator
        code = code_of(applied.func if isinstance(applied, cst.Call) else applied)
        entity = body.evaluate(body.here.parent, code)
        name = entity.name if isinstance(entity, Named) else ""
        yield Applied(applied, name, body.project.role(body.facts.path, body.here.parent, code))


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
