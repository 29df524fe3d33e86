"""Places where an object stands for something it is not: a result, a truth value, a text, a sequence."""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.entities import Class, Coroutine, Function, Named
from asynclint.facts.knowledge.writers import WRITERS
from asynclint.facts.library import is_lazy
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.decorators import decorators
from asynclint.rule.parameters import KIND_TESTS, is_value, parameter
from asynclint.rule.trees import code_of
from asynclint.rule.wants import OF_THE_PROJECT

if TYPE_CHECKING:
    from libcst import Arg, Attribute, BaseExpression, Call, CSTNode

# What a coroutine object itself offers; see types.CoroutineType.
_OWN_METHODS = frozenset({"close", "send", "throw"})
_OWN_API = _OWN_METHODS | {"__await__", "__class__", "__name__", "__qualname__"}
_OF_REQUESTS = frozenset({"connection", "done", "pool", "timeout"})  # asyncpg.pool.PoolAcquireContext
_COROUTINE_MAKERS = frozenset({"types.coroutine", "asyncio.coroutine"})
_FORMATTERS = frozenset({"builtins.str", "builtins.repr", "builtins.print", "builtins.format", "builtins.ascii"})
_SERIALISERS = frozenset({"json.dumps", "json.dump", "pickle.dumps", "pickle.dump"})
_CONVERTERS = frozenset(f"builtins.{name}" for name in ("int", "float", "len", "abs", "round", "bool"))
_ITERATORS = frozenset(
    f"builtins.{name}"
    for name in ("list", "tuple", "set", "dict", "sorted", "sum", "max", "min", "enumerate", "zip", "iter", "next")
)
_TRUTH_TESTS = frozenset({"builtins.all", "builtins.any"})
_LOG_METHODS = ("debug", "info", "warning", "error", "exception", "critical", "log")
_LOGGER = re.compile(rf"(?:.*\.)?_?(?:log|logger|logging)\.(?:{'|'.join(_LOG_METHODS)})", re.IGNORECASE)
_PROTOCOL = Named("typing.Protocol")
_OF_AWAITABLES = re.compile(r"(?i)await|coro|gener|future|task|itera|callable|object|deferred|promise|hash")
_CLASS_TEST = "builtins.isinstance"
CONSUMERS = frozenset(
    {
        *_FORMATTERS,
        *_SERIALISERS,
        *_CONVERTERS,
        *WRITERS,
        *_ITERATORS,
        *_TRUTH_TESTS,
        *_LOG_METHODS,
        _CLASS_TEST,
        "format",
        OF_THE_PROJECT,
    }
)


class Misuse(Struct, frozen=True):
    """What a place takes a coroutine for, as the predicate of a sentence; `fails` when an exception is certain."""

    how: str
    fails: bool = True


_TRUTH = Misuse("is always true as a condition", fails=False)
_COMPARED = Misuse("is compared instead of its result", fails=False)
_FORMATTED = Misuse("is formatted instead of its result", fails=False)
_OPERAND = Misuse("is used as an operand")
_ITERATED = Misuse("is iterated over instead of its result")
_UNPACKED = Misuse("is unpacked instead of its result")
TAKEN_FOR_A_VALUE = Misuse("is given to a function that is declared to take a result", fails=False)
CLASS_TESTED = Misuse("is never an instance of that class", fails=False)


def misuse(body: Body, expression: "BaseExpression") -> Misuse | None:
    """What the place where an expression stands takes it for, None where a coroutine may well stand."""
    above = body.parent(expression)
    match above:
        case cst.If() | cst.While() | cst.IfExp() | cst.Assert() | cst.CompIf() if above.test is expression:
            return _TRUTH
        case cst.UnaryOperation():
            return _TRUTH if isinstance(above.operator, cst.Not) else _OPERAND
        case cst.BooleanOperation() if above.left is expression:
            return _TRUTH
        case cst.BooleanOperation():
            return _TRUTH if misuse(body, above) == _TRUTH else None
        case cst.NamedExpr(target=cst.Name(value=name)) if above.value is expression:
            return misuse(body, above) if all(_is_no_await(body, read) for read in body.reads(name)) else None
        case cst.Comparison() | cst.ComparisonTarget():
            return _COMPARED
        case cst.BinaryOperation(left=cst.SimpleString() | cst.FormattedString(), operator=cst.Modulo()):
            return _FORMATTED
        case cst.BinaryOperation() | cst.AugAssign():
            return _OPERAND
        case cst.Attribute() if above.value is expression:
            return _as_owner(body, above)
        case cst.Subscript() if above.value is expression:
            return Misuse("is indexed instead of its result")
        case cst.Call() if above.func is expression:
            return Misuse("is called instead of its result")
        case cst.FormattedStringExpression():
            return _FORMATTED
        case cst.For() | cst.CompFor() if above.iter is expression:
            return None if above.asynchronous is not None and _may_be_generator(body, expression) else _ITERATED
        case cst.From() if _is_generator_based(body):
            return None
        case cst.From() | cst.StarredElement() | cst.StarredDictElement():
            return _ITERATED
        case cst.Match():
            return Misuse("is matched instead of its result", fails=False)
        case cst.Assign(targets=targets) if any(isinstance(t.target, cst.Tuple | cst.List) for t in targets):
            return _UNPACKED
        case cst.Arg():
            return _as_argument(body, above)
    return None


def _is_no_await(body: Body, read: "CSTNode") -> bool:
    """Is it misused, or given back by a coroutine, whose callers expect what is awaited to?"""
    is_returned = body.is_async and isinstance(body.parent(read), cst.Return)
    return is_returned or (isinstance(read, cst.BaseExpression) and misuse(body, read) is not None)


def _may_be_generator(body: Body, expression: "BaseExpression") -> bool:
    """Is it what a method without a body gives, which a subclass may make an async generator?"""
    entity = body.resolve(expression)
    function = entity.of if isinstance(entity, Coroutine) else None
    if not isinstance(function, Function):
        return False
    return body.project.function(function).is_stub and body.project.owner(function) is not None


def _is_generator_based(body: Body) -> bool:
    """Is it a generator that a decorator makes a coroutine, as all were before `async def`?"""
    return any(each.name in _COROUTINE_MAKERS for each in decorators(body))


def _as_owner(body: Body, attribute: "Attribute") -> Misuse | None:
    name = attribute.attr.value
    if name in _OWN_METHODS and isinstance(call := body.parent(attribute), cst.Call):
        awaited = isinstance(body.parent(call), cst.Await)
        return Misuse(f"has no `{name}` that can be awaited") if awaited else None
    if _is_own(name):
        return None
    of_request = (name in _OF_REQUESTS or name.startswith("__")) and is_lazy(body.resolve(attribute.value))
    return None if of_request else Misuse(f"has no attribute `{name}`")


def _is_own(name: str) -> bool:
    """Is it an attribute of coroutine objects?"""
    return name in _OWN_API or name.startswith("cr_")


def _as_argument(body: Body, argument: "Arg") -> Misuse | None:
    call = body.parent(argument)
    if not isinstance(call, cst.Call):
        return None
    if argument.star:
        return _UNPACKED
    given = f"is given to `{body.text(call.func)}` instead of its result"
    callee = body.name_of(call.func)
    if callee in _FORMATTERS or callee in _SERIALISERS or _is_formatting(call) or _LOGGER.fullmatch(code_of(call.func)):
        return Misuse(given, fails=False)
    if callee == _CLASS_TEST:
        return CLASS_TESTED if _asks_for_a_result(body, call) else None
    alone = sum(1 for other in call.args if not other.keyword) == 1  # max(a, b) compares, next(a, b) falls back on b
    if callee in _CONVERTERS or callee in WRITERS or (callee in _ITERATORS and alone):
        return Misuse(given, fails=callee != "builtins.bool")
    taken = parameter(body, call, argument)
    if is_value(body.project, taken.declared):
        return TAKEN_FOR_A_VALUE
    if not taken.asked or _is_own(taken.asked):
        return None
    return Misuse(f"is given to `{body.text(call.func)}`, which asks it for `{taken.asked}`")


def _is_formatting(call: "Call") -> bool:
    """Is it `"...".format(...)`?"""
    match call.func:
        case cst.Attribute(value=cst.SimpleString() | cst.ConcatenatedString(), attr=cst.Name(value="format")):
            return True
    return False


def _asks_for_a_result(body: Body, call: "Call") -> bool:
    """Is it `isinstance(x, C)` with a class that no coroutine is made from?"""
    if len(call.args) != 2 or _OF_AWAITABLES.search(body.text(call.args[1].value)):
        return False
    asked = body.resolve(call.args[1].value)
    return not isinstance(asked, Class) or _PROTOCOL not in body.project.lineage(asked)


def is_asked_for_its_kind(body: Body, read: "CSTNode") -> bool:
    """Is it the argument of `iscoroutine(x)`, `hasattr(x, "__await__")`, `isinstance(x, Awaitable)` and the like?"""
    argument = body.parent(read)
    call = body.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return False
    last = code_of(call.func).rpartition(".")[2]
    return last in KIND_TESTS or (last == "isinstance" and not _asks_for_a_result(body, call))


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
