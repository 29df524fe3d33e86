"""What the parameters of the project's functions are declared to take."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Entity, Function, Instance
from asynclint.facts.names import Bound
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import Arg, Call

VALUES = frozenset(
    {
        *(f"builtins.{name}" for name in ("str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "set")),
        *(f"typing.{name}" for name in ("List", "Dict", "Tuple", "Set")),
    }
)


def is_value(body: Body, promised: Entity | None) -> bool:
    """Is it an object that certainly cannot be awaited?"""
    if not isinstance(promised, Instance):
        return False
    if isinstance(promised.of, Class):
        return body.project.member(promised, "__await__") is None and None not in body.project.lineage(promised.of)
    return promised.of.name in VALUES


def declared(body: Body, call: "Call", argument: "Arg") -> Entity | None:
    """What the parameter of a function of the project is annotated to take, None when that is not known."""
    function = body.resolve(call.func)
    if not isinstance(function, Function) or not body.project.is_plain(function):
        return None
    name = argument.keyword.value if argument.keyword else _name(body, function, call, argument)
    scope = body.project.scope(function)
    bindings = [binding for binding in scope.names.get(name, ()) if binding.bound is Bound.PARAMETER]
    return body.project.annotated(function.path, scope.parent, bindings[0].value) if bindings else None


def _name(body: Body, function: Function, call: "Call", argument: "Arg") -> str:
    """The name of a positional parameter; that of a method called by its class is not looked for."""
    before = [other for other in call.args if not other.keyword]
    if any(other.star for other in before):
        return ""
    owner = body.project.owner(function)
    decorators = body.project.function(function).decorators
    shift = 0 if owner is None or "staticmethod" in decorators else 1
    place = next((n for n, other in enumerate(before) if other is argument), len(before)) + shift
    return next(iter(body.project.function(function).parameters[place : place + 1]), "")
