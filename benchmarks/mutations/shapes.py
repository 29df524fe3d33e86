"""Shapes of code that several mutations look for, and the ways to rewrite them."""

import ast
import re
from collections.abc import Iterator, Sequence

from mutations.deletions import last_name
from mutations.source import Edit, Source

_FINALLY = re.compile(rb"^[ \t]*(finally)\b", re.MULTILINE)
_TRY = "if True"  # keeps the block without what it was for


def awaits(block: Sequence[ast.AST]) -> bool:
    """Is there an `await` in a block?"""
    return any(isinstance(node, ast.Await) for statement in block for node in ast.walk(statement))


def yields(block: Sequence[ast.AST]) -> bool:
    """Is there a `yield` in a block?"""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for statement in block for node in ast.walk(statement))


def names(node: ast.AST) -> set[str]:
    """The names that are read or bound in a node."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names of all parameters but `self`."""
    given = function.args
    return {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self", "cls"}


def called(node: ast.AST, module: str, *functions: str) -> bool:
    """Is a node a call of one of the module's functions, by its full name?"""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
            return name == module and attr in functions
    return False


def awaited_statements(source: Source) -> Iterator[tuple[ast.Expr, ast.Call]]:
    """Every `await f(...)` of a coroutine whose result nobody asks for, alone on its lines."""
    for statement in source.each(ast.Expr):
        match statement.value:
            case ast.Await(value=ast.Call() as call) if source.indent(statement) is not None:
                if source.coroutine(statement):
                    yield statement, call


def awaited_coroutines(source: Source) -> Iterator[tuple[ast.Await, ast.Call, ast.AsyncFunctionDef]]:
    """Every `await f(...)` of a coroutine where a coroutine function of the file is called."""
    for node in source.each(ast.Await):
        if isinstance(node.value, ast.Call) and source.coroutine(node) and source.makes_coroutine(node.value):
            function = source.callee(node.value)
            assert function is not None
            yield node, node.value, function


def managed(source: Source) -> Iterator[tuple[ast.AsyncWith, ast.withitem]]:
    """The `async with` statements with one item."""
    for node in source.each(ast.AsyncWith):
        if len(node.items) == 1:
            yield node, node.items[0]


def opened(source: Source, node: ast.With | ast.AsyncWith, statement: str) -> Edit:
    """Puts a statement in the place of a `with`, and its block after that."""
    return source.start(node), colon(source, node), f"{statement}\n{source.indent(node) or ''}{_TRY}:"


def colon(source: Source, node: ast.With | ast.AsyncWith | ast.For | ast.AsyncFor | ast.While) -> int:
    """The byte behind the colon at the end of a head."""
    head = source.data[source.start(node) : source.start(first(node.body))]
    return source.start(node) + head.rindex(b":") + 1


def first(block: Sequence[ast.stmt]) -> ast.stmt | ast.expr:
    """Where a block begins."""
    statement = block[0]
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and statement.decorator_list:
        return statement.decorator_list[0]
    return statement


def straightened(source: Source, node: ast.Try) -> list[Edit]:
    """Lets what stands in the `finally` of a `try` without handlers run only when nothing is raised."""
    if node.handlers or node.orelse or not node.finalbody:
        return []
    begin, end = source.end(node.body[-1]), source.start(first(node.finalbody))
    if not (found := list(_FINALLY.finditer(source.data[begin:end]))):
        return []
    at, start = begin + found[-1].start(1), source.start(node)
    return [(start, start + len("try"), _TRY), (at, at + len("finally"), _TRY)]


def catches(handler: ast.ExceptHandler) -> set[str]:
    """The last names of what a handler catches."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    return {last_name(each) for each in types}
