"""Habits, tests and comments: ASL901 to ASL904, ASL001 and ASL002."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from mutations.blocking import sleeps
from mutations.kind import Kind
from mutations.shapes import awaited_statements, yields
from mutations.source import Mutant, Source

_SCOPES = ast.Lambda | ast.GeneratorExp | ast.FunctionDef


def needlessly_async(source: Source) -> Iterator[Mutant]:
    """Every private plain function of a module that only coroutines of its file call, to be `async` and awaited."""
    for function in source.tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("_") and not function.decorator_list:
            name = function.name
            calls = [each for each in source.each(ast.Call) if isinstance(each.func, ast.Name) and each.func.id == name]
            outside = all(source.coroutine(call) and not _hidden(source, call) for call in calls)
            mentions = len(re.findall(rf"\b{name}\b", source.text))
            if calls and outside and mentions == len(calls) + 1 and not yields(function.body):
                opening = [(source.start(call), source.start(call), "(await ") for call in calls]
                closing = [(source.end(call), source.end(call), ")") for call in calls]
                edits = (source.start(function), source.start(function), "async "), *opening, *closing
                yield source.mutant(function, name, *edits)


def _hidden(source: Source, call: ast.Call) -> bool:
    return any(isinstance(outer, _SCOPES) for outer in source.around(call))


def busy(source: Source) -> Iterator[Mutant]:
    """Every `await f()` of a method whose result nobody asks for, to wait for a flag that another method sets first."""
    if source.imports_asyncio:
        for statement, _ in awaited_statements(source):
            function = source.coroutine(statement)
            if function and (owner := source.owner(function)) and (flag := _flag(owner, function)):
                indent = source.indent(statement)
                loop = f"while not self.{flag}:\n{indent}    await asyncio.sleep(0.1)\n{indent}"
                start = source.start(statement)
                yield source.mutant(statement, flag, (start, start, loop))


def _flag(owner: ast.ClassDef, function: ast.AsyncFunctionDef) -> str:
    """What `__init__` sets to False, and another method than this one to True."""
    methods = [each for each in owner.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    first = [each for each in methods if each.name == "__init__"]
    lowered = {name for each in first for name in _set(each, to=False)}
    raised = {name for each in methods if each not in (*first, function) for name in _set(each, to=True)}
    own = {name for value in (True, False) for name in _set(function, to=value)}
    return min((lowered & raised) - own, default="")


def _set(method: ast.AST, *, to: bool) -> Iterator[str]:
    for node in ast.walk(method):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=ast.Constant(value=bool() as value)
            ) if value is to:
                yield name


def unrun(source: Source) -> Iterator[Mutant]:
    """Every `IsolatedAsyncioTestCase` with a coroutine as a test, to become a plain `TestCase`."""
    for owner in source.each(ast.ClassDef):
        tests = [each for each in owner.body if isinstance(each, ast.AsyncFunctionDef) and each.name.startswith("test")]
        for base in owner.bases:
            if tests and ast.unparse(base) == "unittest.IsolatedAsyncioTestCase":
                yield source.mutant(owner, owner.name, source.instead(base, "unittest.TestCase"))


def endless(source: Source) -> Iterator[Mutant]:
    """Every `await asyncio.sleep(x)`, to sleep for three days."""
    for mutant in sleeps(source, "asyncio.sleep"):
        (start, *_), *_ = (edit for edit in mutant.edits if edit[2] == "asyncio.sleep")
        call = next(each for each in source.each(ast.Await) if source.start(each) == start).value
        yield replace(mutant, edits=((start, source.end(call), "await asyncio.sleep(300_000)"),))


def waived(source: Source) -> Iterator[Mutant]:
    """Every `await f()` whose result nobody asks for, with a waiver for what cannot be there."""
    for statement, _ in awaited_statements(source):
        if edits := _commented(source, statement, "  # asynclint: ignore[ASL903] not a test"):
            yield source.mutant(statement, "waiver", *edits)


def unexplained(source: Source) -> Iterator[Mutant]:
    """Every `await asyncio.sleep(x)`, to become a `time.sleep(x)` with a waiver that gives no reason."""
    for mutant in sleeps(source):
        node = next(each for each in source.each(ast.Await) if source.start(each) == mutant.start)
        if edits := _commented(source, source.statement(node), "  # asynclint: ignore[ASL201]"):
            yield replace(mutant, edits=tuple(sorted((*mutant.edits, *edits))))


def _commented(source: Source, statement: ast.stmt, comment: str) -> list[tuple[int, int, str]]:
    """A comment behind a simple statement that ends its line."""
    end = source.end(statement)
    ends_line = source.data[end : end + 1] in (b"\n", b"") and not hasattr(statement, "body")
    return [(end, end, comment)] if ends_line else []


KINDS: tuple[Kind, ...] = (
    Kind("waiver", "ASL001", waived),
    Kind("no-reason", "ASL002", unexplained),
    Kind("no-await", "ASL901", needlessly_async),
    Kind("flag", "ASL902", busy),
    Kind("test-case", "ASL903", unrun, in_tests=True),
    Kind("three-days", "ASL904", endless),
)
