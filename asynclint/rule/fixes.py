"""What would mend a problem, said with the nodes of its body; the engine turns it into edits of the text."""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from libcst import (
        Arg,
        BaseExpression,
        BaseStatement,
        Call,
        CSTNode,
        ExceptHandler,
        ExceptStarHandler,
        SimpleStatementLine,
    )

    Code = str | CSTNode  # a node stands for its own source, comments and all
    Statement = SimpleStatementLine | BaseStatement


class Where(StrEnum):
    """Where a change puts its code, seen from its node."""

    INSTEAD = "instead"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    LINE_ABOVE = "line above"
    LINE_BELOW = "line below"
    NOWHERE = "nowhere"
    UNDER = "under"


class Change(NamedTuple):
    """One place to change: the node, where the code goes, and the code, in pieces; `until` ends a longer stretch."""

    node: "CSTNode"
    where: Where
    code: "tuple[Code, ...]"
    until: "CSTNode | None" = None


class Fix(NamedTuple):
    """Changes that mend a problem together, best in the order in which they stand in the file.

    `title` is an order ("add `await`"). A safe fix changes nothing but the defect. `imports` are modules to import
    and `definitions` statements to add at the top of the file, where they are missing. A fix is withheld where a
    comment would be lost.
    """

    title: str
    changes: tuple[Change, ...]
    is_safe: bool = False
    imports: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


def instead(node: "CSTNode", *code: "Code") -> Change:
    """Puts this code in the place of an expression, inside its parentheses, or of a whole clause."""
    return Change(node, Where.INSTEAD, code)


def between(node: "CSTNode", until: "CSTNode", *code: "Code") -> Change:
    """Puts this code in the place of what stands between two nodes."""
    return Change(node, Where.BETWEEN, code, until)


def before(node: "BaseExpression | Statement", *code: "Code") -> Change:
    """Puts this code directly before a node, inside its parentheses."""
    return Change(node, Where.BEFORE, code)


def after(node: "CSTNode", *code: "Code") -> Change:
    """Puts this code directly after a node, inside its parentheses."""
    return Change(node, Where.AFTER, code)


def line_above(statement: "Statement | ExceptHandler | ExceptStarHandler", *code: "Code") -> Change:
    """Adds a line before a statement, indented as the statement is, and by a level more for a tab it begins with."""
    return Change(statement, Where.LINE_ABOVE, code)


def line_below(statement: "Statement", *code: "Code") -> Change:
    """Adds a line after a statement, indented as the statement is."""
    return Change(statement, Where.LINE_BELOW, code)


def removed(statement: "Statement") -> Change:
    """Takes away a statement with its lines."""
    return Change(statement, Where.NOWHERE, ())


def under(header: "str | tuple[Code, ...]", first: "Statement", last: "Statement") -> Change:
    """Makes statements of one block, first to last, a block of their own below this line."""
    return Change(first, Where.UNDER, (header,) if isinstance(header, str) else header, last)


def without_argument(call: "Call", argument: "Arg") -> tuple[Change, ...]:
    """Takes an argument out of a call, with the comma that becomes too many."""
    arguments = list(call.args)
    place = arguments.index(argument)
    if place:
        return between(arguments[place - 1], argument), instead(argument)
    if len(arguments) > 1:
        return instead(argument), between(argument, arguments[1])
    return (instead(argument),)
