"""Which functions of a project change a variable or an attribute."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Class, Function, Instance
from asynclint.facts.names import Binding, Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import Attribute, Name


class Change(NamedTuple):
    """A place where something is bound: the function in which that is done, and the code of the new value."""

    function: Function
    value: str


def changes(body: Body, watched: "Name | Attribute") -> list[Change] | None:
    """Every binding of a variable or an attribute in a function of the project, None when it is not known what it is.

    Those of a variable in the function or module it belongs to are among them, and so are those of base classes.
    """
    if isinstance(watched, cst.Name):
        return _of_variable(body, watched.value)
    owner = body.resolve(watched.value)
    if isinstance(owner, Class):
        return []  # a constant, or a member of an enumeration
    if not isinstance(owner, Instance) or not isinstance(owner.of, Class):
        return None
    return _of_attribute(body, owner.of, watched.attr.value)


def home_scope(body: Body, name: str) -> int:
    """The scope that a variable of a body belongs to, -1 for none of its file."""
    scope = body.scope
    while scope >= 0 and name not in body.facts.scopes[scope].names:
        scope = body.facts.scopes[scope].parent
    return scope


def _of_variable(body: Body, name: str) -> list[Change] | None:
    home = home_scope(body, name)
    return _in_functions(body, body.facts.path, body.facts.scopes[home].names[name]) if home >= 0 else None


def _of_attribute(body: Body, klass: Class, name: str) -> list[Change] | None:
    classes = [base for base in body.project.lineage(klass) if isinstance(base, Class)]
    scopes = [(base.path, body.project.scope(base)) for base in classes]
    if any(name in scope.names and _is_code(scope.names[name]) for _, scope in scopes):
        return None
    found = [(path, scope.klass.attributes.get(name, ())) for path, scope in scopes if scope.klass is not None]
    if not any(bindings for _, bindings in found):
        return None
    return [change for path, bindings in found for change in _in_functions(body, path, bindings)]


def _is_code(bindings: Iterable[Binding]) -> bool:
    """Is it a property, or a method?"""
    return any(binding.bound not in (Bound.VALUE, Bound.ANNOTATION) for binding in bindings)


def _in_functions(body: Body, path: str, bindings: Iterable[Binding]) -> list[Change]:
    module = body.project.module(path)
    if module is None:
        return []
    executed = [(module.executor(binding.scope), binding.value) for binding in bindings if binding.scope >= 0]
    return [Change(Function(path, index), value) for index, value in executed if module.scopes[index].function]
