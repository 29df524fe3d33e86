"""What parameters, variables and attributes are declared to hold."""

from typing import TYPE_CHECKING

from asynclint.facts import parameters
from asynclint.facts.entities import Entity, Function
from asynclint.facts.names import Binding, Bound
from asynclint.facts.parameters import KIND_TESTS, Parameter, is_value
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

__all__ = ["KIND_TESTS", "Parameter", "declared_target", "is_value", "parameter"]

if TYPE_CHECKING:
    from libcst import Arg, BaseExpression, Call


def parameter(body: Body, call: "Call", argument: "Arg") -> Parameter:
    """The parameter that an argument is given for, as far as it is known."""
    function = body.resolve(call.func)
    if not isinstance(function, Function):
        return Parameter()
    name = argument.keyword.value if argument.keyword else _name(body, function, call, argument)
    return parameters.parameter(body.project, function, name)


def declared_target(body: Body, target: "BaseExpression") -> Entity | None:
    """What a variable of this body, or an attribute of `self`, is annotated to hold; None when that is not known."""
    match target:
        case cst.Name(value=name):
            bindings = body.here.names.get(name, ())
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)) if _is_self(body, owner):
            bindings = _attribute_bindings(body, name)
        case _:
            return None
    annotations = [binding for binding in bindings if binding.bound in (Bound.ANNOTATION, Bound.PARAMETER)]
    promised = {body.project.annotated(body.facts.path, _read_in(body, b), b.value) for b in annotations if b.value}
    return promised.pop() if len(promised) == 1 else None


def _read_in(body: Body, binding: Binding) -> int:
    """The scope in which the annotation of a binding is read: that of a parameter outside of its function."""
    return body.facts.scopes[binding.scope].parent if binding.bound is Bound.PARAMETER else binding.scope


def _is_self(body: Body, name: str) -> bool:
    return body.owner is not None and body.function is not None and body.function.parameters[:1] == (name,)


def _attribute_bindings(body: Body, name: str) -> list[Binding]:
    if body.owner is None:
        return []
    scope = body.project.scope(body.owner)
    set_by_methods = scope.klass.attributes.get(name, []) if scope.klass else []
    return [*scope.names.get(name, ()), *set_by_methods]


def _name(body: Body, function: Function, call: "Call", argument: "Arg") -> str:
    before = [other for other in call.args if not other.keyword]
    place = next((n for n, other in enumerate(before) if other is argument), len(before))
    return "" if any(other.star for other in before) else parameters.positional(body.project, function, place)
