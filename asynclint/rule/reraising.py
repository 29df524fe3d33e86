"""Fixes that let a cancellation through a handler."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.cancellation import Guard
from asynclint.rule.fixes import Fix, after, instead, line_above, line_below
from asynclint.rule.spelling import spelled

if TYPE_CHECKING:
    from libcst import ExceptHandler, ExceptStarHandler

_COUNTS_CANCELLATIONS = (3, 11)  # the oldest Python with `Task.cancelling()`
_LEAVING = "Return", "Break", "Continue", "Raise"


def raised_again(guard: Guard) -> tuple[Fix, ...]:
    """The fix that ends a handler with `raise`; none where it ends by leaving in another way."""
    block = guard.handler.body if guard.handler is not None else None
    if block is None:
        return ()
    title = "end the handler with `raise`"
    match block.body[-1]:
        case cst.SimpleStatementLine(body=[cst.Pass() as idle]) | (cst.Pass() as idle):
            return (Fix(title, (instead(idle, "raise"),)),)
        case cst.SimpleStatementLine(body=[*_, last]) if type(last).__name__ in _LEAVING:
            return ()
        case cst.SimpleStatementLine() | cst.BaseCompoundStatement() as last:
            return (Fix(title, (line_below(last, "raise"),)),)
    return ()


def raised_for_this_task(body: Body, guard: Guard) -> tuple[Fix, ...]:
    """The fix that raises a cancellation again when it is meant for the task, and before Python 3.11 any."""
    if body.target.oldest < _COUNTS_CANCELLATIONS:
        return never_caught(body, guard)
    spelling = spelled(body, "asyncio", "current_task")
    first = guard.handler.body.body[0] if guard.handler is not None else None
    if spelling is None or not isinstance(first, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        return ()
    lines = f"if {spelling.code}().cancelling():", "\traise"
    changes = tuple(line_above(first, line) for line in lines)
    return (Fix("let it through when it is meant for this task", changes, imports=spelling.imports),)


def never_caught(body: Body, guard: Guard) -> tuple[Fix, ...]:
    """The fix that puts `except asyncio.CancelledError: raise` before the handler."""
    spelling = spelled(body, "asyncio", "CancelledError")
    if spelling is None or guard.handler is None:
        return ()
    keyword = "except*" if isinstance(guard.handler, cst.ExceptStarHandler) else "except"
    changes = tuple(line_above(guard.handler, line) for line in (f"{keyword} {spelling.code}:", "\traise"))
    return (Fix("let `CancelledError` through", changes, imports=spelling.imports),)


def narrowed(body: Body, guard: Guard) -> tuple[Fix, ...]:
    """The fix that catches `Exception` in the place of `BaseException`, or of anything."""
    handler = guard.handler
    if handler is None or body.evaluate(body.scope, "Exception") != Named("builtins.Exception"):
        return ()
    if not isinstance(handler.type, cst.Name | cst.Attribute | None) or _catches_exceptions_before(body, handler):
        return ()
    place = instead(handler.type, "Exception") if handler.type else after(handler.whitespace_after_except, " Exception")
    return (Fix("catch `Exception` instead", (place,)),)


def _catches_exceptions_before(body: Body, handler: "ExceptHandler | ExceptStarHandler") -> bool:
    above = body.parent(handler)
    others = above.handlers if isinstance(above, cst.Try | cst.TryStar) else ()
    return any("builtins.Exception" in body.caught(other.type) for other in others)
