"""Parameters with a number of seconds that a coroutine watches by the clock itself."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.cancellation import awaits
from asynclint.rule.inert import reads_clock
from asynclint.rule.trees import call_name, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

_NAME = re.compile(r"timeout(?:_\w+)?|\w+_timeout")
_COUNTING = frozenset({f"builtins.{name}" for name in ("range", "int", "float", "min", "max", "round", "abs")})
_HARMLESS = _COUNTING | {"builtins.str", "builtins.print", "builtins.isinstance", "asyncio.sleep", "math.ceil"}
_TALKING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})


class Countdown(NamedTuple):
    """The parameter, and where its seconds are counted."""

    parameter: str
    node: "CSTNode"


def countdowns(body: Body) -> Iterator[Countdown]:
    """At most one for each parameter; none for those whose seconds are given to anybody."""
    function = body.function
    for name in (*function.parameters, *function.keywords) if function else ():
        if _NAME.fullmatch(name):
            names = {name, *_derived(body, name)}
            if not any(_is_given_away(body, read) for each in names for read in body.reads(each)):
                counted = next((node for node in body.nodes if _counts(body, node, names)), None)
                if counted is not None:
                    yield Countdown(name, _start(body, name) or _narrow(counted))


def _narrow(counted: "CSTNode") -> "CSTNode":
    return counted.iter if isinstance(counted, cst.For) else counted


def _reads(node: "CSTNode", names: set[str]) -> bool:
    return any(isinstance(part, cst.Name) and part.value in names for part in walk(node, own_children))


def _derived(body: Body, name: str) -> set[str]:
    """The variables that are computed from the parameter: `deadline`, `remaining`."""
    found: set[str] = set()
    while True:
        known = {name, *found}
        more = {target for target, value in _assignments(body) if target not in known and _reads(value, known)}
        if not more:
            return found
        found |= more


def _assignments(body: Body) -> "Iterator[tuple[str, BaseExpression]]":
    for node in body.nodes:
        match node:
            case cst.Assign(targets=targets):
                yield from ((t.target.value, node.value) for t in targets if isinstance(t.target, cst.Name))
            case cst.NamedExpr(target=cst.Name(value=target)):
                yield target, node.value
            case cst.AnnAssign(target=cst.Name(value=target)) if node.value is not None:
                yield target, node.value


def _is_given_away(body: Body, read: "CSTNode") -> bool:
    """Does somebody else get to see the value, other than in a message?"""
    below = read
    for above in body.ancestors(read):
        if above is body.node:
            return False
        match above:
            case cst.FunctionDef() | cst.Lambda() | cst.Return() | cst.Yield() | cst.BaseDict() | cst.Element():
                return True
            case cst.Raise() | cst.FormattedStringExpression():
                return False
            case cst.Arg():
                call = body.parent(above)
                if isinstance(call, cst.Call) and not _is_harmless(body, call):
                    return True
            case cst.Assign(targets=targets) if below is above.value:
                return not all(isinstance(target.target, cst.Name) for target in targets)
        below = above
    return False


def _is_harmless(body: Body, call: "Call") -> bool:
    if body.name_of(call.func) in _HARMLESS or call_name(call) in _TALKING:
        return True
    return isinstance(body.parent(call), cst.Raise)


def _counts(body: Body, node: "CSTNode", names: set[str]) -> bool:
    """Does it look at the clock, or count turns, in a loop that awaits?"""
    match node:
        case cst.For(iter=cst.Call() as call) if body.name_of(call.func) == "builtins.range":
            return _reads(call, names) and _sleeps(body, node)
        case cst.Comparison() if _reads(node, names):
            return _in_awaiting_loop(body, node) and (reads_clock(body, node) or _reads(node, _counters(body)))
    return False


def _counters(body: Body) -> set[str]:
    """The variables that each turn of a loop makes greater or smaller, and those that hold the time."""
    changed = (node.target for node in body.nodes if isinstance(node, cst.AugAssign) and _in_loop(body, node))
    clocks = {target for target, value in _assignments(body) if reads_clock(body, value)}
    return {target.value for target in changed if isinstance(target, cst.Name)} | clocks


def _loops(body: Body, node: "CSTNode") -> "list[CSTNode]":
    return [above for above in body.ancestors(node) if isinstance(above, cst.While | cst.For)]


def _in_loop(body: Body, node: "CSTNode") -> bool:
    return bool(_loops(body, node))


def _in_awaiting_loop(body: Body, node: "CSTNode") -> bool:
    return any(map(awaits, _loops(body, node)))


def _sleeps(body: Body, loop: "CSTNode") -> bool:
    calls = (part for part in walk(loop, own_children) if isinstance(part, cst.Call))
    return any(body.name_of(call.func) == "asyncio.sleep" for call in calls)


def _start(body: Body, name: str) -> "CSTNode | None":
    """Where the end is computed from the clock."""
    sums = (node for node in body.nodes if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add))
    return next((node for node in sums if _reads(node, {name}) and reads_clock(body, node)), None)
