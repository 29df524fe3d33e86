"""Cancellation and timeouts: ASL401 to ASL408."""

import ast
import re
from collections.abc import Iterator

from mutations.kind import Kind
from mutations.shapes import awaits, called, managed, opened, parameters
from mutations.source import Mutant, Source

_CANCELLATION = re.compile(r"\b(CancelledError|BaseException)\b|^$")
_FUTURES, _CLOCK = "_thread_futures", "_clock"


def swallowed(source: Source, new: str = "pass") -> Iterator[Mutant]:
    """Every bare `raise` that ends a handler of cancellation around an `await`, to become a `pass`."""
    for handler, caught in _handlers(source):
        last = handler.body[-1]
        if isinstance(last, ast.Raise) and last.exc is None and _CANCELLATION.search(caught):
            yield source.mutant(last, caught, source.instead(last, new), within=handler)


def converted(source: Source) -> Iterator[Mutant]:
    """The same `raise`, to raise another exception."""
    yield from swallowed(source, "raise RuntimeError('failed')")


def _handlers(source: Source) -> Iterator[tuple[ast.ExceptHandler, str]]:
    """The handlers of every `try` with something to await, and what they catch."""
    for node in source.each(ast.Try):
        if source.coroutine(node) and awaits(node.body):
            for handler in node.handlers:
                yield handler, ast.unparse(handler.type) if handler.type else ""


def returned(source: Source) -> Iterator[Mutant]:
    """Every `finally` behind something to await that ends in a simple statement, to end in a `return`."""
    for node in source.each(ast.Try):
        if node.finalbody and source.coroutine(node) and awaits(node.body):
            last = node.finalbody[-1]
            if isinstance(last, ast.Expr | ast.Assign) and source.indent(last) is not None:
                edit = source.end(last), source.end(last), "; return"
                yield source.mutant(last, "finally", edit)


def of_threads(source: Source) -> Iterator[Mutant]:
    """Every handler of `asyncio.CancelledError` alone around an `await`, to catch that of `concurrent.futures`."""
    for handler, caught in _handlers(source):
        imported = source.imported(f"import concurrent.futures as {_FUTURES}")
        if handler.type and caught == "asyncio.CancelledError" and imported:
            other = source.instead(handler.type, f"{_FUTURES}.CancelledError")
            yield source.mutant(handler, caught, other, *imported, within=handler.type)


def built_in(source: Source) -> Iterator[Mutant]:
    """Every handler of `asyncio.TimeoutError` alone around an `asyncio.wait_for`, to catch the built-in one."""
    for handler, caught in _handlers(source):
        node = source.above[handler]
        if handler.type and caught == "asyncio.TimeoutError" and isinstance(node, ast.Try):
            waits = [each for block in node.body for each in ast.walk(block) if called(each, "asyncio", "wait_for")]
            if waits and source.is_built_in("TimeoutError"):
                yield source.mutant(handler, caught, source.instead(handler.type, "TimeoutError"), within=handler.type)


def unentered(source: Source) -> Iterator[Mutant]:
    """Every `async with asyncio.timeout(x):`, to become a statement that only makes the timeout."""
    for node, item in managed(source):
        call = item.context_expr
        if called(call, "asyncio", "timeout", "timeout_at") and not item.optional_vars:
            statement = source.code(call)
            yield source.mutant(node, statement, opened(source, node, statement), within=node)


def by_hand(source: Source) -> Iterator[Mutant]:
    """Every `await asyncio.wait_for(f(), timeout)` of a parameter read there only, to watch the clock itself."""
    for node in source.each(ast.Expr):
        match node.value:
            case ast.Await(value=ast.Call(args=[ast.Call() as work, ast.Name(id=name)]) as call):
                function, indent = source.coroutine(node), source.indent(node)
                if not function or indent is None or name not in parameters(function):
                    continue
                reads = [each for each in ast.walk(function) if isinstance(each, ast.Name) and each.id == name]
                if called(call, "asyncio", "wait_for") and len(reads) == 1:
                    lines = (
                        f"_work = asyncio.ensure_future({source.code(work)})",
                        f"_deadline = {_CLOCK}.monotonic() + {name}",
                        f"while not _work.done() and {_CLOCK}.monotonic() < _deadline:",
                        "    await asyncio.sleep(0.1)",
                    )
                    edits = (
                        source.instead(node, f"\n{indent}".join(lines)),
                        *source.imported(f"import time as {_CLOCK}"),
                    )
                    yield source.mutant(node, name, *edits)


KINDS: tuple[Kind, ...] = (
    Kind("raise", "ASL401", swallowed),
    Kind("convert", "ASL402", converted),
    Kind("finally", "ASL403", returned),
    Kind("thread-error", "ASL404", of_threads),
    Kind("old-timeout", "ASL405", built_in, oldest=(3, 10)),
    Kind("timeout", "ASL406", unentered),
    Kind("clock", "ASL408", by_hand),
)
