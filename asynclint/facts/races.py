"""Which coroutine functions may change something shared that they read before they waited, or keep others out."""

import ast
from collections import Counter
from collections.abc import Iterator

from asynclint.facts.trees import children

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def may_race(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Does it wait, and both read and write something under the same name that is no local variable?"""
    nodes = list(_own(function.body))
    if not any(map(_waits, nodes)):
        return False
    declared = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    written: set[str] = set()
    reads: Counter[str] = Counter()
    for node in nodes:
        match node:
            case ast.AugAssign(target=target):
                reads[_name(target)] += 1
            case ast.Subscript(ctx=ast.Store()):
                reads[_name(node)] -= 1  # its container is read only to be written to
        match node:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                written.add(_name(node))
            case ast.Name(ctx=ast.Store(), id=name) if name in declared:
                written.add(name)
            case ast.Attribute() | ast.Name():
                reads[_name(node)] += 1
    return any(reads[name] > 0 for name in written)


def claimed_from(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line from which on no other coroutine runs it, 0 for none: it left if a flag was set, and has now set it."""
    tested: set[str] = set()
    for statement in function.body:
        match statement:
            case ast.If(test=ast.Attribute() as flag, body=[*_, ast.Return() | ast.Raise()], orelse=[]):
                tested.add(ast.unparse(flag))
            case ast.Assign(targets=[ast.Attribute() as flag], value=ast.Constant(value=True)):
                if ast.unparse(flag) in tested:
                    return statement.lineno
        if any(map(_waits, _own([statement]))):
            break
    return 0


def is_plain_value(value: ast.expr | None) -> bool:
    """Is it a number or a text, which an operator never changes in place?"""
    match value:
        case ast.UnaryOp(operand=operand):
            return is_plain_value(operand)
        case ast.Constant(value=int() | float() | complex() | str() | bytes()):
            return True
    return isinstance(value, ast.JoinedStr)


def _waits(node: ast.AST) -> bool:
    is_loop = isinstance(node, ast.comprehension) and bool(node.is_async)
    return is_loop or isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Yield)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
    return ""


def _own(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Their nodes, without those of the functions inside."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            waiting += children(node)
