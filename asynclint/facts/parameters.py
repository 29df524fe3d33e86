"""What a function of the project does with one of its parameters."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from asynclint.facts.entities import Class, Either, Entity, Function, Instance, Named
from asynclint.facts.library import lacks
from asynclint.facts.names import Bound
from asynclint.facts.project import Project

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


class Parameter(NamedTuple):
    """What it is annotated to take, and an attribute that is read of it whenever the function runs."""

    declared: Entity | None = None
    asked: str = ""


def is_value(project: Project, promised: Entity | None) -> bool:
    """Is it an object that certainly cannot be awaited?"""
    match promised:
        case Either(options=options):
            return all(is_value(project, option) for option in options)
        case Instance(of=Class() as klass):
            return project.member(promised, "__await__") is None and None not in project.lineage(klass)
        case Instance(of=Named(name=name)):
            return name in VALUES or lacks(name, "__await__")
    return False


def parameter(project: Project, function: Function, name: str) -> Parameter:
    """The parameter of this name, as far as it is known; nothing is where decorators may change what is given."""
    scope, facts = project.scope(function), project.function(function)
    bindings = scope.names.get(name, ())
    taken = [binding for binding in bindings if binding.bound is Bound.PARAMETER]
    if not taken or not project.is_plain(function):
        return Parameter()
    declared = project.annotated(function.path, scope.parent, taken[0].value)
    asked = facts.asked.get(name, "") if len(bindings) == 1 else ""
    is_kept = asked and not _is_asked_for_its_kind(project, function, name)
    return Parameter(declared, asked if is_kept else "")


def positional(project: Project, function: Function, place: int) -> str:
    """The name of the parameter that an argument without keyword is given for, `self` not counted; "" for none.

    A method that is called by its class is not looked for.
    """
    facts = project.function(function)
    shift = int(project.owner(function) is not None and "staticmethod" not in facts.decorators)
    return next(iter(facts.parameters[place + shift : place + shift + 1]), "")


def takes_result_of(project: Project, function: Function, arguments: Sequence[str], callee: str) -> bool:
    """Is the call of `callee` among the arguments given for what takes no awaitable, as far as can be told?"""
    given = list(_given_for(project, function, arguments, f"{callee}()"))
    taken = (parameter(project, function, name) for name in given)
    return not given or any(each.asked or is_value(project, each.declared) for each in taken)


def _given_for(project: Project, function: Function, arguments: Sequence[str], code: str) -> Iterator[str]:
    """The parameters for which a call gives what a code begins with."""
    for place, argument in enumerate(arguments):
        keyword, is_named, value = argument.partition("=")
        if is_named and keyword.isidentifier():
            if value.startswith(code):
                yield keyword
        elif argument.startswith(code):
            yield positional(project, function, place)


def _is_asked_for_its_kind(project: Project, function: Function, name: str) -> bool:
    module = project.module(function.path)
    calls = (call for call in module.calls if module.executor(call.scope) == function.scope) if module else ()
    return any(name in call.arguments and call.last_name in (*KIND_TESTS, "isinstance") for call in calls)
