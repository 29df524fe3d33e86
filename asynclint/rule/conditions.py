"""What is known of the conditions on a path, as long as nothing on it changes them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import nodes as cst

if TYPE_CHECKING:
    from libcst import BaseCompOp, BaseExpression

Facts: TypeAlias = frozenset[tuple[str, bool]]  # the source of a condition, and whether it holds

NOTHING: Facts = frozenset()


def holds(test: "BaseExpression", facts: Facts) -> bool | None:
    """Whether a condition is known to hold, or not to."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=opposite):
            inner = holds(opposite, facts)
            return None if inner is None else not inner
        case cst.BooleanOperation(left=left, operator=operator, right=right):
            decides = isinstance(operator, cst.Or)
            sides = holds(left, facts), holds(right, facts)
            return decides if decides in sides else (None if None in sides else not decides)
        case cst.Name(value="True" | "False"):
            return test.value == "True"
    key, expected = _atom(test)
    return expected if (key, True) in facts else not expected if (key, False) in facts else None


def learn(test: "BaseExpression", outcome: bool, facts: Facts) -> Facts | None:
    """The facts when a condition turned out so, None when they contradict it."""
    if holds(test, facts) is (not outcome):
        return None
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=opposite):
            return learn(opposite, not outcome, facts)
        case cst.BooleanOperation(left=left, operator=operator, right=right):
            return _learn_both(left, right, outcome, isinstance(operator, cst.Or), facts)
        case cst.Name(value="True" | "False"):
            return facts
    key, expected = _atom(test)
    return facts | {(key, outcome is expected)}


def _learn_both(
    left: "BaseExpression", right: "BaseExpression", outcome: bool, decides: bool, facts: Facts
) -> Facts | None:
    """`decides` is what one side alone decides: true for `or`, false for `and`."""
    if outcome is not decides:
        after = learn(left, outcome, facts)
        return None if after is None else learn(right, outcome, after)
    if holds(left, facts) is (not decides):
        return learn(right, outcome, facts)
    return learn(left, outcome, facts) if holds(right, facts) is (not decides) else facts


def forget(names: Iterable[str], facts: Facts) -> Facts:
    """Without what was known of variables that have been assigned."""
    words = frozenset(names)
    return frozenset(fact for fact in facts if words.isdisjoint(re.findall(r"\w+", fact[0])))


def _atom(test: "BaseExpression") -> tuple[str, bool]:
    """The source of the condition without its negation, and whether the condition holds when that does."""
    positive = True
    match test:
        case cst.Comparison(
            left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right) as target]
        ):
            opposite = _positive(operator)
            same = target.with_changes(operator=opposite or operator)
            positive, test = opposite is None, test.with_changes(comparisons=[same])
            if (
                isinstance(right, cst.Name)
                and right.value in ("True", "False")
                and isinstance(same.operator, cst.Is | cst.Equal)
            ):
                positive, test = positive is (right.value == "True"), left
    bare = test.with_changes(lpar=[], rpar=[])
    return " ".join(cst.Module([]).code_for_node(bare).split()), positive


def _positive(operator: "BaseCompOp") -> "BaseCompOp | None":
    """What a negative comparison negates, None for the others."""
    match operator:
        case cst.IsNot():
            return cst.Is()
        case cst.NotEqual():
            return cst.Equal()
        case cst.NotIn():
            return cst.In()
    return None
