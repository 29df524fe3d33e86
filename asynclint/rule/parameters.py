"""What parameters, variables and attributes are declared to hold."""

from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Class, Either, Entity, Function, Instance, Named
from asynclint.facts.library import lacks
from asynclint.facts.names import Binding, Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import Arg, BaseExpression, Call

_ABSTRACT = ("Collection", "Iterable", "Mapping", "MutableMapping", "MutableSequence", "MutableSet", "Sequence")
# Functions that are asked what kind of thing something is.
KIND_TESTS = frozenset(
    {
        *("isawaitable", "iscoroutine", "isfuture", "iscoroutinefunction", "isasyncgen"),
        *("hasattr", "callable", "type"),
    }
)
VALUES = frozenset(
    {
        *(f"builtins.{name}" for name in ("str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "set")),
        *(f"typing.{name}" for name in ("List", "Dict", "Tuple", "Set")),
        *(f"{module}.{name}" for module in ("typing", "collections.abc") for name in _ABSTRACT),
    }
)


def is_value(body: Body, promised: Entity | None) -> bool:
    """Is it an object that certainly cannot be awaited?"""
    match promised:
        case Either(options=options):
            return all(is_value(body, option) for option in options)
        case Instance(of=Class() as klass):
            return body.project.member(promised, "__await__") is None and None not in body.project.lineage(klass)
        case Instance(of=Named(name=name)):
            return name in VALUES or lacks(name, "__await__")
    return False


class Parameter(NamedTuple):
    """What a function of the project does with one of its parameters.

    `declared` is what it is annotated to take, `asked` an attribute that is read of it whenever the function runs.
    """

    declared: Entity | None = None
    asked: str = ""


def parameter(body: Body, call: "Call", argument: "Arg") -> Parameter:
    """The parameter that an argument is given for, as far as it is known."""
    function = body.resolve(call.func)
    if not isinstance(function, Function) or not body.project.is_plain(function):
        return Parameter()
    name = argument.keyword.value if argument.keyword else _name(body, function, call, argument)
    scope, facts = body.project.scope(function), body.project.function(function)
    bindings = scope.names.get(name, ())
    taken = [binding for binding in bindings if binding.bound is Bound.PARAMETER]
    if not taken:
        return Parameter()
    declared = body.project.annotated(function.path, scope.parent, taken[0].value)
    is_kept = len(bindings) == 1 and not _is_asked_for_its_kind(body, function, name)
    return Parameter(declared, facts.asked.get(name, "") if is_kept else "")


def _is_asked_for_its_kind(body: Body, function: Function, name: str) -> bool:
    module = body.project.module(function.path)
    calls = (call for call in module.calls if module.executor(call.scope) == function.scope) if module else ()
    return any(name in call.arguments and call.last_name in (*KIND_TESTS, "isinstance") for call in calls)


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
    """The name of a positional parameter; that of a method called by its class is not looked for."""
    before = [other for other in call.args if not other.keyword]
    if any(other.star for other in before):
        return ""
    owner = body.project.owner(function)
    decorators = body.project.function(function).decorators
    shift = 0 if owner is None or "staticmethod" in decorators else 1
    place = next((n for n, other in enumerate(before) if other is argument), len(before)) + shift
    return next(iter(body.project.function(function).parameters[place : place + 1]), "")
