"""The plain functions of the project that a coroutine calls, and how they come to block."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Function
from asynclint.facts.reach import Way, reach_of
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.twins import twin_passed_over

if TYPE_CHECKING:
    from libcst import Call


@dataclass(frozen=True)
class Entry:
    """A call at which a coroutine enters plain code that blocks."""

    call: "Call"
    way: Way


def entries(body: Body) -> Iterator[Entry]:
    """Every such call of a coroutine, without the awaited ones and those that ASL213 reports with better advice."""
    reach = reach_of(body.project)
    for call in body.all_calls() if body.is_async else ():
        callee = body.resolve(call.func)
        entered = reach.enters(callee) if isinstance(callee, Function | Class) else None
        way = reach.way(entered) if entered is not None and not isinstance(body.parent(call), cst.Await) else None
        if way is not None and (body.is_test or twin_passed_over(body, call) is None):
            yield Entry(call, way)
