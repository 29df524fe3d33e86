"""Turns of a loop that change nothing: the next turn is the same, and so are all that follow."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.conditions import NOTHING, Facts, forget, learn
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.inert import asks_for_state, is_inert, last_name
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Assign, BaseExpression, Call, CSTNode, ExceptHandler, ExceptStarHandler, While

_MOST_TESTS = 12  # paths double with every condition
_EMPTY = "asyncio.QueueEmpty", "queue.Empty"
_FULL = "asyncio.QueueFull", "queue.Full"
_REFUSALS = {"get_nowait": _EMPTY, "put_nowait": _FULL}
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})


class Turn(NamedTuple):
    """A way through one turn of a loop on which nothing changes.

    `seen` is what was found out about conditions, `refusal` the call that raises, while that is on its way, `by` the
    `continue` or the `except` it comes by, `passed` counts the branches it merely does not take, and `pause` is what
    it does that the caller has called a pause.
    """

    seen: Facts = NOTHING
    refusal: "Call | None" = None
    by: "CSTNode | None" = None
    passed: int = 0
    pause: "CSTNode | None" = None


def idle_turns(
    body: Body, loop: "While", is_pause: "Callable[[BaseExpression], bool]" = lambda _: False
) -> Iterator[Turn]:
    """The turns of a loop that neither wait, but for a pause, nor change anything, and so may go on for ever."""
    seen = learn(loop.test, True, NOTHING)
    tests = sum(isinstance(node, cst.If | cst.BooleanOperation | cst.While) for node in walk(loop, own_children))
    if seen is None or tests > _MOST_TESTS or not is_inert(body, loop.test) or _is_falsy(loop.test):
        return
    ways = explore(loop.body, [Turn(seen)], _semantics(body, loop, is_pause))
    for turn in ways.continues | ways.falls:
        again = learn(loop.test, True, turn.seen) is not None
        if again and (turn in ways.continues or turn.passed < 2):  # of several branches one may always be taken
            yield turn


def _is_falsy(test: "BaseExpression") -> bool:
    match test:
        case cst.Integer():
            return test.evaluated_value == 0
        case cst.Name(value="None"):
            return True
    return False


def _semantics(body: Body, loop: "While", is_pause: "Callable[[BaseExpression], bool]") -> Semantics[Turn]:
    return Semantics(
        step=partial(_step, body, loop, is_pause),
        raises=partial(_raises, body),
        catches=partial(_catches, body),
        caught=lambda handler, turn: (turn._replace(refusal=None, by=handler),),
        assume=partial(_assume, body),
    )


def _step(
    body: Body, loop: "While", is_pause: "Callable[[BaseExpression], bool]", node: "CSTNode", turn: Turn
) -> tuple[Turn, ...]:
    """The turn goes on when the node changes nothing."""
    match node:
        case cst.Continue():
            return (turn._replace(by=node),)
        case cst.Pass() | cst.Break() | cst.Return() | cst.Raise():
            return (turn,)
        case cst.Assign() if _is_idle_assignment(body, loop, node):
            names = [target.target.value for target in node.targets if isinstance(target.target, cst.Name)]
            return (turn._replace(seen=forget(names, turn.seen)),)
        case cst.AugAssign(target=cst.Name(value=name)) if name not in _tested(loop) and is_inert(body, node.value):
            return (turn,)
        case cst.Expr(value=value) if is_pause(value):
            return (turn._replace(pause=value),)
        case cst.Expr(value=value) if is_inert(body, value):
            return (turn,)
        case cst.BaseExpression() if not isinstance(body.parent(node), cst.For) and is_inert(body, node):
            return (turn,)
    return ()


def _is_idle_assignment(body: Body, loop: "While", node: "Assign") -> bool:
    """Does it give variables what they will have in every turn, or what only others change?"""
    names = {target.target.value for target in node.targets if isinstance(target.target, cst.Name)}
    if len(names) < len(node.targets) or not is_inert(body, node.value):
        return False
    if names & _tested(loop):
        return asks_for_state(body, node.value) and not names & _names(node.value)
    return not names & _names(node.value)


def _tested(loop: "While") -> set[str]:
    """The variables that a condition in the loop reads."""
    return _names(*(node.test for node in walk(loop, own_children) if isinstance(node, cst.If | cst.While | cst.IfExp)))


def _names(*nodes: "CSTNode") -> set[str]:
    """The variables that stand in these, without the names of attributes."""
    return {inner.value for node in nodes for inner in walk(node, _variables) if isinstance(inner, cst.Name)}


def _variables(node: "CSTNode") -> "list[CSTNode]":
    return [node.value] if isinstance(node, cst.Attribute) else own_children(node)


def _raises(body: Body, node: "CSTNode", turn: Turn) -> Iterator[Turn]:
    """A queue that has nothing, or no room, says so by an exception."""
    for call in walk(node, own_children) if not isinstance(node, cst.FunctionDef | cst.ClassDef) else ():
        if isinstance(call, cst.Call) and last_name(call) in _REFUSALS:
            seen = _refused(call, turn.seen)
            if seen is not None:
                yield turn._replace(seen=seen, refusal=call)
            return


def _refused(call: "Call", seen: Facts) -> Facts | None:
    """What is known once a queue has refused: it is empty, or full, and not the other."""
    queue, empties = code_of(call.func).rpartition(".")[0], last_name(call) == "get_nowait"
    facts = {(f"{queue}.empty()", empties), (f"{queue}.full()", not empties)}
    contradicted = any((key, not holds) in seen for key, holds in facts) or ((f"{queue}.qsize()", empties) in seen)
    return None if not queue or contradicted else seen | facts


def _catches(body: Body, handler: "ExceptHandler | ExceptStarHandler", turn: Turn) -> Catch:
    call = turn.refusal
    if call is None:
        return Catch.NEVER
    caught, raised = body.caught(handler.type), _REFUSALS[last_name(call)]
    is_known = body.name_of(call.func).endswith(("Queue.get_nowait", "Queue.put_nowait"))
    return Catch.ALWAYS if caught & {*raised} or (is_known and caught & _BROAD) else Catch.NEVER


def _assume(body: Body, test: "BaseExpression", outcome: bool, turn: Turn) -> Iterator[Turn]:
    seen = learn(test, outcome, turn.seen)
    if seen is not None:
        yield turn._replace(seen=seen, passed=turn.passed + (0 if outcome else _weight(body, test)))


def _weight(body: Body, test: "BaseExpression") -> int:
    """How much speaks for a branch that is always taken: an `elif` without `else` may well be complete."""
    branch = body.parent(test)
    if not isinstance(branch, cst.If) or branch.orelse is not None or _leaves(branch):
        return 0
    return 2 if isinstance(body.parent(branch), cst.If) else 1


def _leaves(branch: "CSTNode") -> bool:
    return any(
        isinstance(node, cst.Break | cst.Return | cst.Raise | cst.Continue) for node in walk(branch, own_children)
    )


def awaited_instead(body: Body, condition: str, *, holds: bool) -> str:
    """What to await instead of asking until a condition changes, where that is known."""
    owner, _, _ = condition.rpartition(".")
    asked = body.evaluate(body.scope, condition.removesuffix("()")) if condition.endswith("()") else None
    match asked.name if isinstance(asked, Named) else "", holds:
        case "asyncio.Event.is_set", False:
            return f"await {owner}.wait()"
        case "asyncio.Future.done", False:
            return f"await {owner}"
        case "asyncio.Queue.empty", True:
            return f"await {owner}.get()"
        case "asyncio.Queue.full", True:
            return f"await {owner}.put(...)"
    return ""
