"""What number an expression is, where that can be read off the code."""

import ast
import math
from typing import TYPE_CHECKING

from asynclint.facts.module import ScopeKind
from asynclint.facts.numbers import number_of
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import Place, bindings, home_of, place_of

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_LARGEST = {"math.inf": math.inf, "sys.maxsize": float(2**63 - 1)}
_SECONDS = {
    "weeks": 604_800.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
    "microseconds": 0.000_001,
}
_IN_ORDER = "days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"
_TIMEDELTA = "datetime.timedelta"
_MATERIAL = ScopeKind.MODULE, ScopeKind.FUNCTION


def number(body: Body, expression: "BaseExpression") -> float | None:
    """The number that an expression is: by literals, arithmetic and constants; None when that is not known."""
    if isinstance(expression, cst.Call):
        return _of_call(body, expression)
    try:
        tree = ast.parse(body.text(expression), mode="eval").body
    except (SyntaxError, ValueError):  # a comment among several lines; an integer of thousands of digits
        return None
    return number_of(tree, lambda code: _constant(body, code))


def _constant(body: Body, code: str) -> float | None:
    """The number that a name is bound to, once and for all."""
    project, entity = body.project, body.evaluate(body.scope, code)
    name = getattr(entity, "name", "")
    if name in _LARGEST:
        return _LARGEST[name]
    place = place_of(project, body.facts.path, body.scope, code)
    return _bound_to(body, home_of(project, place)) if place else None


def _bound_to(body: Body, place: Place) -> float | None:
    module, ways = body.project.module(place.path), bindings(body.project, place)
    scope = module.scopes[place.scope] if module else None
    return scope.numbers.get(place.name) if scope and scope.kind in _MATERIAL and len(ways) == 1 else None


def _of_call(body: Body, call: "Call") -> float | None:
    match call:
        case cst.Call(func=cst.Name(), args=[cst.Arg(value=cst.SimpleString() as text)]):
            is_endless = body.name_of(call.func) == "builtins.float" and text.raw_value.lower() in ("inf", "infinity")
            return math.inf if is_endless else None
        case cst.Call(func=cst.Attribute(value=cst.Call() as made, attr=cst.Name(value="total_seconds")), args=[]):
            return _of_timedelta(body, made) if body.name_of(made.func) == _TIMEDELTA else None
    return None


def _of_timedelta(body: Body, call: "Call") -> float | None:
    total = 0.0
    for unit, argument in zip(_IN_ORDER, call.args, strict=False):
        seconds = _SECONDS.get(argument.keyword.value if argument.keyword else unit)
        amount = number(body, argument.value) if not argument.star else None
        if seconds is None or amount is None:
            return None
        total += amount * seconds
    return total
