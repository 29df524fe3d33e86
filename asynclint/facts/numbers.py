"""Numbers that stand in the code: literals, and arithmetic with them."""

import ast
from collections.abc import Callable, Mapping

from asynclint.facts.names import code_of

Known = Callable[[str], float | None]  # the number that a code stands for, None when it is not known

_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
    ast.Pow: lambda left, right: left**right,
}


def number_of(node: ast.expr | None, known: Known) -> float | None:
    """The value of an expression made of numbers, names of numbers and operators, None for any other."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return _certain(lambda: float(value))
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = number_of(operand, known)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
            first, second = number_of(left, known), number_of(right, known)
            if first is None or second is None:
                return None
            return _certain(lambda: _OPERATIONS[type(operator)](first, second))
        case ast.Name() | ast.Attribute():
            return known(code_of(node))
    return None


def _certain(compute: Callable[[], float]) -> float | None:
    """The result of a computation, which may also fail, or leave the real numbers."""
    try:
        result = compute()
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, float) and result == result else None
