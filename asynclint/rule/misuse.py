"""Places where an object stands for something it is not: a result, a truth value, a text, a sequence."""

import re
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import Arg, Attribute, BaseExpression, Call, CSTNode

# What a coroutine object itself offers; see types.CoroutineType.
_OWN_API = frozenset({"close", "send", "throw", "__await__", "__name__", "__qualname__"})
_FORMATTERS = frozenset({"builtins.str", "builtins.repr", "builtins.print", "builtins.format", "builtins.ascii"})
_SERIALISERS = frozenset({"json.dumps", "json.dump", "pickle.dumps", "pickle.dump"})
_CONVERTERS = frozenset(f"builtins.{name}" for name in ("int", "float", "len", "abs", "round", "bool"))
_ITERATORS = frozenset(
    f"builtins.{name}"
    for name in ("list", "tuple", "set", "dict", "sorted", "sum", "max", "min", "enumerate", "zip", "iter", "next")
)
_ALWAYS_TRUE = "is always true as a condition"
_TRUTH_TESTS = frozenset({"builtins.all", "builtins.any"})
_LOG_METHODS = ("debug", "info", "warning", "error", "exception", "critical", "log")
_LOGGER = re.compile(rf"(?:.*\.)?_?(?:log|logger|logging)\.(?:{'|'.join(_LOG_METHODS)})", re.IGNORECASE)
CONSUMERS = frozenset({*_FORMATTERS, *_SERIALISERS, *_CONVERTERS, *_ITERATORS, *_TRUTH_TESTS, *_LOG_METHODS})


def misuse(body: Body, expression: "BaseExpression") -> str:
    """What the place where an expression stands takes it for, "" where a coroutine may well stand."""
    above = body.parent(expression)
    match above:
        case cst.If() | cst.While() | cst.IfExp() | cst.Assert() | cst.CompIf() if above.test is expression:
            return _ALWAYS_TRUE
        case cst.UnaryOperation():
            negated = isinstance(above.operator, cst.Not)
            return _ALWAYS_TRUE if negated else "is used as an operand"
        case cst.BooleanOperation() if above.left is expression:
            return _ALWAYS_TRUE
        case cst.BooleanOperation():
            outer = misuse(body, above)
            return outer if outer == _ALWAYS_TRUE else ""
        case cst.NamedExpr(target=cst.Name(value=name)) if above.value is expression:
            return misuse(body, above) if all(misuse(body, read) for read in body.reads(name)) else ""
        case cst.Comparison() | cst.ComparisonTarget():
            return "is compared instead of its result"
        case cst.BinaryOperation() | cst.AugAssign():
            return "is used as an operand"
        case cst.Attribute() if above.value is expression:
            return _as_owner(above)
        case cst.Subscript() if above.value is expression:
            return "is indexed instead of its result"
        case cst.Call() if above.func is expression:
            return "is called instead of its result"
        case cst.FormattedStringExpression():
            return "is formatted instead of its result"
        case cst.For() | cst.CompFor() if above.iter is expression:
            return "is iterated over instead of its result"
        case cst.From() | cst.StarredElement() | cst.StarredDictElement():
            return "is iterated over instead of its result"
        case cst.Assign(targets=targets) if any(isinstance(t.target, cst.Tuple | cst.List) for t in targets):
            return "is unpacked instead of its result"
        case cst.Arg():
            return _as_argument(body, above)
    return ""


def _as_owner(attribute: "Attribute") -> str:
    name = attribute.attr.value
    own = name in _OWN_API or name.startswith("cr_")
    return "" if own else f"has no attribute `{name}`"


def _as_argument(body: Body, argument: "Arg") -> str:
    call = body.parent(argument)
    if not isinstance(call, cst.Call):
        return ""
    if argument.star:
        return "is unpacked instead of its result"
    callee = body.name_of(call.func)
    if callee in _FORMATTERS or callee in _SERIALISERS or _LOGGER.fullmatch(code_of(call.func)):
        return f"is given to `{body.text(call.func)}` instead of its result"
    alone = sum(1 for other in call.args if not other.keyword) == 1  # max(a, b) compares, next(a, b) falls back on b
    if callee in _CONVERTERS or (callee in _ITERATORS and alone):
        return f"is given to `{body.text(call.func)}` instead of its result"
    return ""


def is_serialised(body: Body, call: "Call | None") -> bool:
    """Does the call write its argument out with all that is in it?"""
    return call is not None and body.name_of(call.func) in _SERIALISERS


def is_tested_by_each(body: Body, element: "CSTNode") -> bool:
    """Is it the element of `all(f(x) for x in xs)` or `any([...])`, where every coroutine counts as true?"""
    comprehension = body.parent(element)
    if not isinstance(comprehension, cst.GeneratorExp | cst.ListComp | cst.SetComp) or comprehension.elt is not element:
        return False
    argument = body.parent(comprehension)
    call = body.parent(argument) if isinstance(argument, cst.Arg) else None
    return isinstance(call, cst.Call) and body.name_of(call.func) in _TRUTH_TESTS
