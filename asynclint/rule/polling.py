"""Conditions that only another task of the same process can make true or false."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Function, Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.changing import changes, home_scope
from asynclint.rule.threads import threaded
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import Attribute, BaseExpression, Name

_SIGNAL, _THREAD = Named("signal.signal"), Named("threading.Thread")
_MAKING = frozenset({"__init__", "__new__", "__post_init__"})
_CONSTANTS = frozenset({"None", "True", "False"})


class Watched(NamedTuple):
    """What a condition looks at, and all functions that may end it by changing that, its own among them."""

    part: "Name | Attribute"
    changers: list[Function]


def watched(body: Body, test: "BaseExpression") -> list[Watched]:
    """What a condition looks at and other functions change.

    Nothing when the condition looks at anything else, or a thread or the handler of a signal changes it.
    """
    handles_signals = any(body.project.call(body.facts.path, call) == _SIGNAL for call in body.facts.calls)
    if handles_signals or (body.owner is not None and _THREAD in body.project.lineage(body.owner)):
        return []
    found: list[Watched] = []
    for part in _parts(test):
        changing = _changing(body, part, _lasting_value(test)) if part is not None else None
        if part is None or changing is None or any(_is_threaded(body, function) for function in changing):
            return []
        if any(function != body.entity for function in changing):
            found.append(Watched(part, changing))
    return found


def _lasting_value(test: "BaseExpression") -> str:
    """The code of the value with which the condition goes on holding, "" when that is not plain."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.Name() | cst.Attribute()):
            return "False"
        case cst.Name() | cst.Attribute():
            return "True"
        case cst.Comparison(comparisons=[cst.ComparisonTarget(cst.Equal() | cst.Is(), value)]):
            return code_of(value)
    return ""


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


def _changing(body: Body, part: "Name | Attribute", lasting: str) -> list[Function] | None:
    """The functions of the project that change it to anything but that value, None when it is not known what it is."""
    found = changes(body, part)
    if found is None:
        return None
    home = Function(body.facts.path, home_scope(body, part.value)) if isinstance(part, cst.Name) else None
    functions = dict.fromkeys(change.function for change in found if not lasting or change.value != lasting)
    return [f for f in functions if f != home and body.project.scope(f).name not in _MAKING]


def _is_threaded(body: Body, function: Function) -> bool:
    return function.scope in threaded(body.project, function.path)
