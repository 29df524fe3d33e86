"""What uses a coroutine object up, and the paths on which that happens twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.expected import has_to_fail
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode, Name

# What runs the coroutine it is given; a coroutine that was given to one of these cannot be awaited again.
_RUNNERS = frozenset(
    {
        "asyncio.AbstractEventLoop.create_task",
        "asyncio.AbstractEventLoop.run_until_complete",
        "asyncio.Runner.run",
        "asyncio.TaskGroup.create_task",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.gather",
        "asyncio.run",
        "asyncio.run_coroutine_threadsafe",
        "asyncio.shield",
        "asyncio.wait_for",
    }
)
_LOOKS = frozenset({"builtins.print", "builtins.repr", "builtins.str", "builtins.isinstance", "builtins.type"})
_BRANCHES = ("If", "IfExp", "BooleanOperation", "Match", "ExceptHandler", "ExceptStarHandler", "CompIf", "Else")


@dataclass(frozen=True)
class Reuse:
    """Where a coroutine is used up and where it is used again; the same node in a loop."""

    first: "CSTNode"
    second: "CSTNode"


_UNKNOWN, _FRESH = "unknown", "fresh"
State: TypeAlias = "str | CSTNode | Reuse"  # a node: where it was used up


def reuses(body: Body, name: str) -> list[Reuse]:
    """The second uses of the coroutines that a local name holds, each of them once."""
    if not isinstance(body.node, cst.FunctionDef) or _is_captured(body, name):
        return []
    semantics = Semantics[State](
        step=partial(_step, body, name),
        raises=partial(_raises, body, name),
        catches=lambda handler, state: Catch.NEVER if isinstance(state, Reuse) else _catch(handler.type),
    )
    outcomes = explore(body.node.body, [_UNKNOWN], semantics)
    found = {id(state.second): state for states in outcomes for state in states if isinstance(state, Reuse)}
    return [found[id(node)] for node in body.nodes if id(node) in found]


def _catch(kind: "BaseExpression | None") -> Catch:
    return Catch.MAYBE if kind else Catch.ALWAYS


def _is_captured(body: Body, name: str) -> bool:
    """May other code reach it: a function inside, or one outside that shares the name?"""
    own = {id(node) for node in body.nodes}
    return name not in body.here.names or any(id(read) not in own for read in body.reads(name))


def _step(body: Body, name: str, node: "CSTNode", state: State) -> tuple[State, ...]:
    after = _through(body, name, node, state)
    if isinstance(after, Reuse):
        return ()
    return (_bound(body, name, node, after),)


def _raises(body: Body, name: str, node: "CSTNode", state: State) -> tuple[State, ...]:
    after = _through(body, name, node, state)
    if isinstance(after, Reuse) or not _can_raise(node):
        return (after,) if isinstance(after, Reuse) else ()
    # `create_task` and `run` refuse the coroutine where there is no loop, or one too many: it stays what it was
    return (after if not isinstance(after, str) and _is_awaited(body, after) else state,)


def _can_raise(node: "CSTNode") -> bool:
    return any(isinstance(part, cst.Call | cst.Await | cst.Asynchronous) for part in walk(node, own_children))


def _is_awaited(body: Body, spend: "CSTNode") -> bool:
    return isinstance(spend, cst.Await) or isinstance(body.parent(spend), cst.Await)


def _through(body: Body, name: str, node: "CSTNode", state: State) -> State:
    """The state after all reads of the name in a node, in their order."""
    for spend, reports in _uses(body, name, node):
        if state == _UNKNOWN or spend is None:
            state = _UNKNOWN
        elif isinstance(state, str) and reports and _is_repeated_inside(body, spend, node):
            return Reuse(spend, spend)
        elif isinstance(state, str):
            state = spend
        elif reports and not isinstance(state, Reuse) and not _exclude_each_other(body, state, spend):
            return Reuse(state, spend)
    return state


def _uses(body: Body, name: str, node: "CSTNode") -> "Iterator[tuple[CSTNode | None, bool]]":
    """Where the reads of a name use a coroutine up, and whether a spent one is refused there; None: it escapes."""
    seen: set[int] = set()
    for part in walk(node, own_children):
        if isinstance(part, cst.Name) and part.value == name and not _is_harmless(body, part):
            if _is_target(body, part):
                continue
            spend, reports = _use(body, part)
            if has_to_fail(body, part):  # what should run it refuses it, or it is asked whether it runs twice
                spend, reports = spend if isinstance(spend, cst.Await) else None, False
            if spend is None or id(spend) not in seen:
                seen.add(id(spend))
                yield spend, reports


def _use(body: Body, read: "Name") -> "tuple[CSTNode | None, bool]":
    above = body.parent(read)
    match above:
        case cst.Await():
            return above, True
        case cst.Arg(star=""):
            call = body.parent(above)
            if isinstance(call, cst.Call) and body.name_of(call.func) in _RUNNERS:
                return call, True
        case cst.Attribute(attr=cst.Name(value="close")):
            return above, False
    return None, False


def _is_harmless(body: Body, read: "Name") -> bool:
    """Is it only looked at: printed, compared with None, asked for its name?"""
    above = body.parent(read)
    match above:
        case cst.Attribute(value=value, attr=attr):
            return value is not read or attr.value in ("__name__", "__qualname__")
        case cst.Arg(value=value):
            call = body.parent(above)
            return value is not read or (isinstance(call, cst.Call) and body.name_of(call.func) in _LOOKS)
        case (
            cst.Comparison()
            | cst.ComparisonTarget()
            | cst.FormattedStringExpression()
            | cst.If()
            | cst.UnaryOperation()
        ):
            return True
    return False


def _is_target(body: Body, node: "Name") -> bool:
    """Does it stand where a name is bound?"""
    above = body.parent(node)
    while isinstance(above, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
        node, above = above, body.parent(above)  # type: ignore[assignment]
    return any(getattr(above, field, None) is node for field in ("target", "name")) and not isinstance(above, cst.Arg)


def _bound(body: Body, name: str, node: "CSTNode", state: State) -> State:
    """The state after what a node binds."""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if target == name:
            return _FRESH if body.coroutine_of(value) else _UNKNOWN
        case cst.AnnAssign(target=cst.Name(value=target), value=value) if target == name and value is not None:
            return _FRESH if body.coroutine_of(value) else _UNKNOWN
    parts = (part for part in walk(node, own_children) if isinstance(part, cst.Name) and part.value == name)
    return _UNKNOWN if any(_is_target(body, part) or _is_deleted(body, part) for part in parts) else state


def _is_deleted(body: Body, node: "Name") -> bool:
    return isinstance(body.parent(node), cst.Del)


def _is_repeated_inside(body: Body, spend: "CSTNode", statement: "CSTNode") -> bool:
    """Is it the element of a comprehension, which runs it again and again?"""
    below = spend
    for above in [spend, *body.ancestors(spend)]:
        if above is statement:
            return False
        if isinstance(above, cst.ListComp | cst.SetComp) and below is above.elt:
            return not above.for_in.ifs
        below = above
    return False


def _exclude_each_other(body: Body, first: "CSTNode", second: "CSTNode") -> bool:
    """Do both depend on conditions of their own, which may be opposite ones?"""
    if first is second:
        loop = next((a for a in body.ancestors(first) if isinstance(a, cst.For | cst.While)), None)
        return _ends_by_itself(loop) or _is_conditional(body, first, loop)
    above = {id(node) for node in body.ancestors(first)}
    common = next((node for node in body.ancestors(second) if id(node) in above), None)
    either = _is_conditional(body, first, common) and _is_conditional(body, second, common)
    return either or isinstance(common, cst.IfExp)


def _ends_by_itself(loop: "CSTNode | None") -> bool:
    """Is it a `while` whose test may well be false after the first pass?"""
    endless = isinstance(loop, cst.While) and code_of(loop.test) == "True"
    return isinstance(loop, cst.While) and not endless


def _is_conditional(body: Body, node: "CSTNode", below: "CSTNode | None") -> bool:
    """Does it stand in a branch that begins below the node `below`?"""
    for inner, above in pairwise((node, *body.ancestors(node))):
        if above is below:
            return False
        if type(above).__name__ in _BRANCHES and inner is not _decisive(above):
            return True
    return False


def _decisive(branch: "CSTNode") -> "CSTNode | None":
    """The part of a branch that runs in any case."""
    match branch:
        case cst.If(test=part) | cst.IfExp(test=part) | cst.BooleanOperation(left=part) | cst.Match(subject=part):
            return part
    return None
