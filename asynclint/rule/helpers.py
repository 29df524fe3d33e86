"""The plain functions of the project that the event loop comes to run, and where they lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use, WithFacts
from asynclint.facts.entities import Function
from asynclint.facts.reach import GRAVE, SLIGHT, Step, Way, reach_of
from asynclint.rule import Place
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import argument_codes, code_of
from asynclint.rule.twins import twin_passed_over

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

__all__ = ["GRAVE", "SLIGHT", "Entry", "How", "entered_text", "entries", "trace", "way_text"]


class How(Enum):
    """How the loop comes to run plain code."""

    CALLED = "called"
    MANAGED = "entered by `with`, or left"
    READ = "read as a property"
    HANDED = "handed to the loop, to be run later"


@dataclass(frozen=True)
class Entry:
    """Where the loop enters plain code: the expression, the user's word for what is entered, and the way from there."""

    node: "BaseExpression"
    entered: str
    function: Function
    way: Way
    how: How


def entries(body: Body, ends: frozenset[str]) -> Iterator[Entry]:
    """Every place where a body makes the loop run plain code that leads to one of these ends."""
    for node, entered, function, how in _entered(body):
        way = reach_of(body.project).way(function, ends)
        if way is not None:
            yield Entry(node, entered, function, way, how)


def _entered(body: Body) -> "Iterator[tuple[BaseExpression, str, Function, How]]":
    reach = reach_of(body.project)
    for call in body.all_calls():
        callee = reach.enters(body.resolve(call.func)) if body.is_async else None
        if callee is not None and not isinstance(body.parent(call), cst.Await) and not _has_better_advice(body, call):
            yield call, f"{body.text(call.func)}", callee, How.CALLED
        facts = CallFacts(body.scope, 0, 0, code_of(call.func), Use.OTHER, tuple(argument_codes(call)))
        handed = reach.handed(body.facts.path, facts)
        if handed is not None:
            yield call, body.project.qualname(handed), handed, How.HANDED
    yield from _read(body)
    for statement in body.nodes if body.is_async else ():
        if isinstance(statement, cst.With) and statement.asynchronous is None:
            for item in statement.items:
                facts_of_item = WithFacts(body.scope, 0, code_of(item.item), is_async=False)
                for method in reach.managed(body.facts.path, facts_of_item):
                    yield item.item, body.project.qualname(method), method, How.MANAGED


def _read(body: Body) -> "Iterator[tuple[BaseExpression, str, Function, How]]":
    """The properties that a coroutine reads."""
    for node in body.nodes if body.is_async else ():
        if isinstance(node, cst.Attribute):
            scope, code = body.code_at(node)
            read = reach_of(body.project).property(body.facts.path, scope, code)
            if read is not None and not _is_set(body, node):
                yield node, body.text(node), read, How.READ


def _is_set(body: Body, node: "CSTNode") -> bool:
    return isinstance(body.parent(node), cst.AssignTarget | cst.AnnAssign | cst.Del)


def _has_better_advice(body: Body, call: "Call") -> bool:
    """Does ASL213 report it, which names the asynchronous twin to call?"""
    return not body.is_test and twin_passed_over(body, call) is not None


def entered_text(entry: Entry) -> str:
    """`load(...)`, or `self.config` and `callback` without being called there."""
    return f"`{entry.entered}`" if entry.how in (How.READ, How.HANDED) else f"`{entry.entered}(...)`"


def way_text(body: Body, entry: Entry) -> str:
    """`handler` -> `load` -> `open`, as the calls are written."""
    start = "the event loop" if entry.how is How.HANDED else f"`{body.name}`"
    return " -> ".join([start, *(f"`{name}`" for name in (entry.entered, *(step.callee for step in entry.way.steps)))])


def trace(entry: Entry, last: str) -> tuple[tuple[Place, str], ...]:
    """The places of the steps; `last` says what the last one does."""
    *between, end = entry.way.steps
    places = [(Place(step.path, step.line, step.column), f"which {_step(step)}") for step in between]
    return (*places, (Place(end.path, end.line, end.column), f"which {last} `{end.callee}(...)`"))


def _step(step: Step) -> str:
    return f"reads `{step.callee}`" if step.is_read else f"calls `{step.callee}(...)`"
