"""What a body awaits, and whether it can be awaited."""

from typing import TYPE_CHECKING

from asynclint.facts.awaitables import of_code
from asynclint.facts.knowledge.awaitables import RAISES_VALUE_ERROR, TAKES_ALL, TAKES_FIRST
from asynclint.facts.protocols import Answer
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import BaseExpression, Call


def cannot_be_awaited(body: Body, expression: "BaseExpression") -> bool:
    """Is it known that awaiting the expression fails?"""
    scope, code = body.code_at(expression)
    return of_code(body.project, body.facts.path, scope, code) is Answer.NO


def taken(call: "Call", name: str) -> "list[BaseExpression]":
    """The arguments that a call of what is documented under this name awaits or runs."""
    count = len(call.args) if name in TAKES_ALL else 1 if name in TAKES_FIRST else 0
    return [argument.value for argument in call.args[:count] if not argument.star and not argument.keyword]


def takes_all(name: str) -> bool:
    """Does a call of this await all its arguments?"""
    return name in TAKES_ALL


def refusal(name: str) -> str:
    """The exception with which this refuses what cannot be awaited."""
    return "ValueError" if name in RAISES_VALUE_ERROR else "TypeError"
