"""What becomes of a value where it is made."""

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.calls import Use
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

__all__ = ["FILLING", "Destination", "Fate", "Use", "destination", "is_handled", "is_idle", "may_be_awaited"]


class Fate(StrEnum):
    """The first thing that happens to a value."""

    DROPPED = "dropped"  # a statement of its own
    AWAITED = "awaited"
    BOUND = "bound"  # to plain names
    RETURNED = "returned"  # or yielded, or the value of a lambda
    ARGUMENT = "argument"
    USED = "used"  # stored, tested, compared, formatted, iterated ...


class Destination(Struct, frozen=True):
    """Where a value goes: `names` when it is bound, `call` when it is an argument.

    `collected` says that it goes there inside a list, tuple, set, dict or comprehension.
    """

    fate: Fate
    names: tuple[str, ...] = ()
    call: "Call | None" = None
    collected: bool = False


def destination(body: Body, expression: "BaseExpression") -> Destination:
    """Where the value of an expression goes, through displays, comprehensions and the arms of `if else` and `and`."""
    node: CSTNode = expression
    collected = False
    while (above := body.parent(node)) is not None:
        match above:
            case cst.IfExp() if node is not above.test:
                pass
            case cst.BooleanOperation(right=right) if node is right:
                pass
            case cst.List() | cst.Tuple() | cst.Set() | cst.Dict() | cst.ListComp() | cst.SetComp() | cst.DictComp():
                collected = True
            case cst.Element() | cst.DictElement():
                pass
            case _:
                return _arrived(body, node, above, collected)
        node = above
    return Destination(Fate.USED)


def _arrived(body: Body, node: "CSTNode", above: "CSTNode", collected: bool) -> Destination:
    match above:
        case cst.Expr():
            return Destination(Fate.DROPPED, collected=collected)
        case cst.Await():
            return Destination(Fate.AWAITED, collected=collected)
        case cst.Return() | cst.Yield() | cst.Lambda():
            return Destination(Fate.RETURNED, collected=collected)
        case cst.Arg():
            call = body.parent(above)
            if isinstance(call, cst.Call):
                return Destination(Fate.ARGUMENT, call=call, collected=collected)
        case cst.Assign(targets=targets) if all(isinstance(t.target, cst.Name) for t in targets):
            names = tuple(t.target.value for t in targets if isinstance(t.target, cst.Name))
            return Destination(Fate.BOUND, names=names, collected=collected)
        case cst.AnnAssign(target=cst.Name(value=name)):
            return Destination(Fate.BOUND, names=(name,), collected=collected)
    return Destination(Fate.USED, collected=collected)


_TAKERS = frozenset({"create_task", "ensure_future", "gather", "wait", "wait_for", "shield", "as_completed", "run"})


def may_be_awaited(body: Body, read: "BaseExpression") -> bool:
    """Is it awaited here, given back, kept, or handed to something that is known to await?"""
    where = destination(body, read)
    if where.fate is Fate.ARGUMENT and where.call is not None:
        return code_of(where.call.func).rpartition(".")[2] in _TAKERS
    return where.fate is not Fate.USED


def is_handled(body: Body, container: str) -> bool:
    """Is a local container put to any use? Measuring, printing, testing and filling it are none."""
    return any(not is_idle(body, read) for read in body.reads(container))


_IDLE_CALLS = frozenset({"builtins.len", "builtins.print", "builtins.bool"})
FILLING = frozenset({"append", "add", "insert", "appendleft"})


def is_idle(body: Body, read: "CSTNode") -> bool:
    """Does a read of a container do no more than measure, print, test or fill it?"""
    above = body.parent(read)
    match above:
        case cst.Arg():
            call = body.parent(above)
            return isinstance(call, cst.Call) and body.name_of(call.func) in _IDLE_CALLS
        case cst.Attribute(attr=cst.Name(value=method)):
            return method in FILLING and isinstance(body.parent(above), cst.Call)
        case cst.If() | cst.While() | cst.Assert():
            return above.test is read
        case cst.UnaryOperation(operator=cst.Not()):
            return True
    return False
