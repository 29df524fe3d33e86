"""Conditions that only another task of the same process can make true or false."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Function, Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.changing import changes, home_scope
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
    found = changes(body, part)
    if found is None:
        return None
    home = Function(body.facts.path, home_scope(body, part.value)) if isinstance(part, cst.Name) else None
    functions = dict.fromkeys(change.function for change in found)
    return [f for f in functions if f not in (home, body.entity) and body.project.scope(f).name not in _MAKING]


def _is_threaded(body: Body, function: Function) -> bool:
    return function.scope in threaded(body.project, function.path)
