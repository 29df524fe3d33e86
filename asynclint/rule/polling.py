"""Conditions that only another task of the same process can make true or false."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Function, Instance, Named
from asynclint.facts.names import Binding, Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.threads import threaded

if TYPE_CHECKING:
    from libcst import Attribute, BaseExpression, Name

_SIGNAL, _THREAD = Named("signal.signal"), Named("threading.Thread")
_MAKING = frozenset({"__init__", "__new__", "__post_init__"})
_CONSTANTS = frozenset({"None", "True", "False"})


def changers(body: Body, test: "BaseExpression") -> "list[tuple[BaseExpression, Function]]":
    """What a condition looks at and other functions change, each with one of them.

    Nothing when the condition looks at anything else, or a thread or the handler of a signal changes it.
    """
    handles_signals = any(body.project.call(body.facts.path, call) == _SIGNAL for call in body.facts.calls)
    if handles_signals or (body.owner is not None and _THREAD in body.project.lineage(body.owner)):
        return []
    found: list[tuple[BaseExpression, Function]] = []
    for part in _parts(test):
        changing = _changing(body, part) if part is not None else None
        if part is None or changing is None or any(_is_threaded(body, function) for function in changing):
            return []
        found.extend((part, function) for function in changing[:1])
    return found


def _parts(test: "BaseExpression") -> "Iterator[Name | Attribute | None]":
    """The names and attributes a condition is made of, None for anything else."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            yield from _parts(inner)
        case cst.BooleanOperation(left=left, right=right):
            yield from _parts(left)
            yield from _parts(right)
        case cst.Comparison(left=left, comparisons=comparisons):
            yield from _parts(left)
            for comparison in comparisons:
                yield from _parts(comparison.comparator)
        case cst.Name(value=name) if name in _CONSTANTS:
            pass
        case cst.Name() | cst.Attribute():
            yield test
        case cst.Integer() | cst.Float() | cst.SimpleString():
            pass
        case _:
            yield None


def _changing(body: Body, part: "Name | Attribute") -> list[Function] | None:
    """The other functions of the project that change it, None when it is not known what it is."""
    if isinstance(part, cst.Name):
        return _changing_variable(body, part.value)
    owner = body.resolve(part.value)
    if isinstance(owner, Class):
        return []  # a constant, or a member of an enumeration
    if not isinstance(owner, Instance) or not isinstance(owner.of, Class):
        return None
    name = part.attr.value
    classes = [klass for klass in body.project.lineage(owner.of) if isinstance(klass, Class)]
    scopes = [(klass.path, body.project.scope(klass)) for klass in classes]
    if any(name in scope.names and _is_code(scope.names[name]) for _, scope in scopes):
        return None
    found = [(path, scope.klass.attributes.get(name, ())) for path, scope in scopes if scope.klass is not None]
    if not any(bindings for _, bindings in found):
        return None
    functions = (_functions(body, path, bindings) for path, bindings in found)
    return [f for each in functions for f in each if body.project.scope(f).name not in _MAKING and f != body.entity]


def _is_code(bindings: Iterable[Binding]) -> bool:
    """Is it a property, or a method?"""
    return any(binding.bound not in (Bound.VALUE, Bound.ANNOTATION) for binding in bindings)


def _changing_variable(body: Body, name: str) -> list[Function] | None:
    scope = body.scope
    while scope >= 0:
        bindings = body.facts.scopes[scope].names.get(name)
        if bindings:
            functions = _functions(body, body.facts.path, bindings)
            return [function for function in functions if function.scope not in (scope, body.scope)]
        scope = body.facts.scopes[scope].parent
    return None


def _functions(body: Body, path: str, bindings: Iterable[Binding]) -> list[Function]:
    """The functions in which these bindings stand."""
    module = body.project.module(path)
    executors = [module.executor(binding.scope) for binding in bindings if binding.scope >= 0] if module else []
    known = [index for index in dict.fromkeys(executors) if module and module.scopes[index].function is not None]
    return [Function(path, index) for index in known]


def _is_threaded(body: Body, function: Function) -> bool:
    return function.scope in threaded(body.project, function.path)
