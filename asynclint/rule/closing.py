"""What a piece of code does to something that has to be closed: closes it, hands it on, or only uses it."""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.openings import Opening
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Attribute, BaseExpression, CSTNode, Name

_LOOKS = frozenset(
    f"builtins.{name}" for name in ("bool", "hasattr", "id", "isinstance", "len", "print", "repr", "str", "type")
)
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "trace"})
# What closes something by another name than the table knows.
_SOUNDS_CLOSING = re.compile(
    r"close|stop|shutdown|disconnect|terminate|kill|detach|abort|release|exit|quit|dispose|drain_and|teardown|cleanup",
    re.IGNORECASE,
)
_LIMITS = frozenset({"asyncio.timeout", "asyncio.timeout_at", "async_timeout.timeout"})
_BOUND = "targets", "target", "name"


class Effect(IntEnum):
    """What one read of the variable means; the greatest of a node counts."""

    USED = 0
    CLOSED_IF_IN_TIME = 1  # not when a time limit cuts it short
    CLOSED = 2  # or handed over to something that may close it


def reads_in(body: Body, opening: Opening, node: "CSTNode") -> "Iterator[Name]":
    """The places in a node that read the variable."""
    for part in walk(node, own_children):
        if isinstance(part, cst.Name) and part.value == opening.name and _is_read(body, part):
            yield part


def _is_read(body: Body, name: "Name") -> bool:
    above = body.parent(name)
    match above:
        case cst.Attribute(value=value) | cst.Arg(value=value):
            return value is name
    return not is_bound(body, name)


def is_bound(body: Body, name: "Name") -> bool:
    """Does it stand where a variable is bound or deleted?"""
    node: CSTNode = name
    above = body.parent(node)
    while isinstance(above, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
        node, above = above, body.parent(above)
    if isinstance(above, cst.Del):
        return True
    binding = cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr | cst.AsName
    return isinstance(above, binding) and any(getattr(above, field, None) is node for field in _BOUND)


def rebinds(body: Body, opening: Opening, node: "CSTNode") -> bool:
    """Does a node give the variable another value?"""
    names = (part for part in walk(node, own_children) if isinstance(part, cst.Name) and part.value == opening.name)
    return any(is_bound(body, name) for name in names)


def effect(body: Body, opening: Opening, node: "CSTNode") -> Effect:
    """What a node, taken alone, does to what the variable holds."""
    return max((_effect(body, opening, read) for read in reads_in(body, opening, node)), default=Effect.USED)


def _effect(body: Body, opening: Opening, read: "Name") -> Effect:
    above = body.parent(read)
    match above:
        case cst.Attribute():
            return _of_attribute(body, opening, above)
        case cst.Arg():
            return Effect.USED if only_looks(body, above) else Effect.CLOSED
        case cst.Await():
            return Effect.USED if isinstance(body.parent(above), cst.Expr) else Effect.CLOSED
        case cst.Expr() | cst.FormattedStringExpression():
            return Effect.USED
    return Effect.USED if is_tested(body, read) else Effect.CLOSED


def only_looks(body: Body, argument: "CSTNode") -> bool:
    call = body.parent(argument)
    if not isinstance(call, cst.Call):
        return False
    name = code_of(call.func).rpartition(".")[2]
    return body.name_of(call.func) in _LOOKS or (isinstance(call.func, cst.Attribute) and name in _LOGGING)


def is_tested(body: Body, node: "CSTNode") -> bool:
    """Is it part of a condition, or of a comparison, and no more?"""
    above = body.parent(node)
    match above:
        case cst.Comparison() | cst.ComparisonTarget():
            return True
        case cst.If(test=test) | cst.While(test=test) | cst.Assert(test=test) | cst.IfExp(test=test):
            return test is node
        case cst.UnaryOperation(operator=cst.Not()):
            return True
        case cst.BooleanOperation():
            return is_tested(body, above)
    return False


def _of_attribute(body: Body, opening: Opening, attribute: "Attribute") -> Effect:
    name, above = attribute.attr.value, body.parent(attribute)
    if name in opening.resource.methods:
        return Effect.CLOSED_IF_IN_TIME if is_cut_short(body, opening, attribute) else Effect.CLOSED
    if _SOUNDS_CLOSING.search(name) and name not in opening.resource.data and not _is_tested_of(body, attribute):
        return Effect.CLOSED
    if isinstance(above, cst.Call) and above.func is attribute:
        return Effect.CLOSED if name in opening.resource.gives and _is_kept(body, above) else Effect.USED
    if isinstance(above, cst.Attribute):
        return Effect.CLOSED if _SOUNDS_CLOSING.search(above.attr.value) else Effect.USED
    if name in opening.resource.data or isinstance(above, cst.Subscript | cst.AssignTarget | cst.Expr):
        return Effect.USED
    is_shown = isinstance(above, cst.FormattedStringExpression) or (
        isinstance(above, cst.Arg) and only_looks(body, above)
    )
    return Effect.USED if is_shown or is_tested(body, attribute) else Effect.CLOSED


def _is_tested_of(body: Body, attribute: "Attribute") -> bool:
    """Is it a question like `writer.is_closing()` or `session.closed`?"""
    return attribute.attr.value in STATES or is_tested(body, attribute)


def _is_kept(body: Body, call: "CSTNode") -> bool:
    """Is the result of a call more than entered, looped over or dropped?"""
    above = body.parent(call)
    if isinstance(above, cst.Await):
        above = body.parent(above)
    return not isinstance(above, cst.Expr | cst.WithItem | cst.For)


# Attributes and methods that say that something is closed already.
STATES = frozenset({"closed", "is_closed", "is_closing", "is_serving"})


def is_cut_short(body: Body, opening: Opening, method: "CSTNode") -> bool:
    """Does a time limit around `process.wait()` leave the process as it is?"""
    if not opening.resource.is_lasting or opening.resource.enters:
        return False
    for above in body.ancestors(method):
        if isinstance(above, cst.Call) and body.name_of(above.func) == "asyncio.wait_for":
            return True
        if isinstance(above, cst.With) and any(_is_limit(body, item.item) for item in above.items):
            return True
    return False


def _is_limit(body: Body, entered: "BaseExpression") -> bool:
    return isinstance(entered, cst.Call) and body.name_of(entered.func) in _LIMITS


def never_goes_on(body: Body, node: "CSTNode") -> bool:
    """Does the program end here, or wait for ever?"""
    for part in walk(node, own_children):
        if isinstance(part, cst.Call) and body.name_of(part.func) in _ENDS:
            return True
        if isinstance(part, cst.Await) and _is_endless(body, part.expression):
            return True
    return False


_ENDS = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})


def _is_endless(body: Body, awaited: "BaseExpression") -> bool:
    """Is it `asyncio.Future()` or `asyncio.Event().wait()`, which nobody else knows?"""
    if not isinstance(awaited, cst.Call):
        return False
    if body.name_of(awaited.func) == "asyncio.Future":
        return True
    waits = awaited.func
    if not isinstance(waits, cst.Attribute) or waits.attr.value != "wait" or not isinstance(waits.value, cst.Call):
        return body.name_of(waits).endswith(".create_future")
    return body.name_of(waits.value.func) == "asyncio.Event"
