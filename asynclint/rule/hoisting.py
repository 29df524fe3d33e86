"""Fixes that wait before a statement reads what it is about to change."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.fixes import Fix, instead, line_above
from asynclint.rule.races import Race
from asynclint.rule.spelling import unused
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import Assign, AugAssign, BaseExpression

_NAMES = "value", "result", "awaited"


def awaited_first(body: Body, race: Race) -> tuple[Fix, ...]:
    """The fix for a value that is read, waited for and written in one statement: what is awaited goes above it."""
    statement = next(
        (above for above in body.ancestors(race.target) if isinstance(above, cst.BaseSmallStatement)), None
    )
    line = body.parent(statement) if statement is not None else None
    name = unused(body, *_NAMES)
    moved = _moved(body, race, statement) if isinstance(statement, cst.AugAssign | cst.Assign) else None
    if moved is None or not name or race.copy or not isinstance(line, cst.SimpleStatementLine):
        return ()
    code = ("(", moved, ")") if moved.lpar else (moved,)
    changes = line_above(line, f"{name} = ", *code), instead(moved, name)
    return (Fix("await into a variable first", changes),)


def _moved(body: Body, race: Race, statement: "AugAssign | Assign") -> "BaseExpression | None":
    """What has to be computed before the value is read; None where something else comes before it."""
    if any(isinstance(node, cst.Call | cst.Await | cst.NamedExpr) for node in walk(race.target)):
        return None
    if isinstance(statement, cst.AugAssign):
        return statement.value
    waits = [node for node in walk(statement.value, own_children) if isinstance(node, cst.Await | cst.Asynchronous)]
    conditional = cst.IfExp | cst.BooleanOperation | cst.BaseComp | cst.Comparison
    is_always_done = not any(isinstance(above, conditional) for above in body.ancestors(race.waits))
    return race.waits if waits == [race.waits] and isinstance(race.waits, cst.Await) and is_always_done else None
