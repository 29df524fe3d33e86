"""The files that are broken, and how a mutant is described."""

import ast
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from asynclint.config import DEFAULT_TEST_FILES
from asynclint.source.files import files_like
from asynclint.source.respell import parse
from asynclint.source.text import SourceText, Unreadable
from mutations.deletions import Above, function_of, other_makers, parents

Node = TypeVar("Node", bound=ast.AST)
Edit = tuple[int, int, str]  # a byte span of the file, and what to put there
Placed = ast.stmt | ast.expr | ast.ExceptHandler


@dataclass(frozen=True)
class Mutant:
    """One defect to make: `edits`, in order, on `line`, at the byte `start`, where the text `expects` stands.

    `use` says more of the place. A finding in the lines that the byte span `within` of the clean file takes up
    afterwards has found it.
    """

    path: str
    line: int
    start: int
    within: tuple[int, int]
    use: str
    edits: tuple[Edit, ...]
    expects: str = ""


@dataclass(frozen=True)
class Broken:
    """A file with its defect, which is to be found between the lines `first` and `last`."""

    text: str
    first: int
    last: int


@dataclass(frozen=True)
class Package:
    """A directory of files."""

    root: Path

    def sources(self) -> Iterator["Source"]:
        """The files that can be parsed."""
        is_test = files_like(DEFAULT_TEST_FILES)
        for path in sorted(self.root.rglob("*.py")):
            try:
                text = SourceText.decode(path.read_bytes()).text
                yield Source(str(path), text, parse(text, str(path)), is_test(str(path)), self)
            except (Unreadable, SyntaxError, ValueError, RecursionError):
                continue

    @cached_property
    def other_makers(self) -> frozenset[str]:
        """The names of functions whose calls give no coroutine, or may give another awaitable."""
        return other_makers(source.tree for source in self.sources() if not source.is_test)


@dataclass(frozen=True)
class Source:
    """One file of a package, read and parsed."""

    path: str
    text: str
    tree: ast.Module
    is_test: bool
    package: Package

    # what stands where

    def each(self, kind: type[Node]) -> Iterator[Node]:
        """The nodes of a kind, but those in f-strings, which older Pythons misplace."""
        for known, nodes in self._nodes.items():
            if issubclass(known, kind):
                yield from nodes

    @cached_property
    def above(self) -> Above:
        """The node directly above each node."""
        return parents(self.tree)

    def coroutine(self, node: ast.AST) -> ast.AsyncFunctionDef | None:
        """The coroutine function, or async generator, whose execution runs a node."""
        function = function_of(node, self.above)
        return function if isinstance(function, ast.AsyncFunctionDef) else None

    def function_name(self, node: ast.AST) -> str:
        """The name of the function whose execution runs a node, "" for none."""
        function = function_of(node, self.above)
        return function.name if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else ""

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, up to the function whose execution runs it."""
        function, outer = function_of(node, self.above), self.above.get(node)
        while outer is not None and outer is not function:
            yield outer
            outer = self.above.get(outer)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.above[node]
        return node

    def owner(self, function: ast.AST) -> ast.ClassDef | None:
        """The class of a method."""
        outer = self.above.get(function)
        return outer if isinstance(outer, ast.ClassDef) else None

    def callee(self, call: ast.Call) -> ast.AsyncFunctionDef | None:
        """The undecorated `async def` that a call runs: of the module, or through `self` of the class around it."""
        match call.func:
            case ast.Name(id=name) if self.is_bound_once(name):
                block = self.tree.body
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                owner = self.owner(function_of(call, self.above) or call)
                block = owner.body if owner else []
            case _:
                return None
        found = [
            node for node in block if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name == name
        ]
        return next((node for node in found if len(found) == 1 and isinstance(node, ast.AsyncFunctionDef)), None)

    def generator(self, node: ast.expr) -> ast.AsyncFunctionDef | None:
        """The undecorated async generator function that a node calls."""
        called = self.callee(node) if isinstance(node, ast.Call) else None
        return called if called and not called.decorator_list and not _makes_coroutine(called) else None

    def is_tried(self, node: ast.AST) -> bool:
        """Is something done about what a node may raise?"""
        return any(isinstance(outer, ast.Try | ast.TryStar | ast.With) for outer in self.around(node))

    def is_bound_once(self, name: str) -> bool:
        """Is a name bound nowhere else, in no function either?"""
        return self._bound[name] == 1

    def is_built_in(self, name: str) -> bool:
        """Is a name bound nowhere?"""
        return self._bound[name] == 0

    def makes_coroutine(self, call: ast.Call) -> bool:
        """Does a call certainly give a coroutine?"""
        return (called := self.callee(call)) is not None and _makes_coroutine(called)

    @cached_property
    def imports_asyncio(self) -> bool:
        """Does the whole file know asyncio by its own name?"""
        aliases = [alias for node in self.tree.body if isinstance(node, ast.Import) for alias in node.names]
        return any(alias.name == "asyncio" and not alias.asname for alias in aliases)

    # text and places

    def code(self, node: Placed) -> str:
        """The text of a node."""
        return self.between(self.start(node), self.end(node))

    def between(self, start: int, end: int) -> str:
        """The text of a byte span."""
        return self.data[start:end].decode()

    def offset(self, line: int, column: int) -> int:
        """The byte at a line and a column as `ast` counts them."""
        return self._starts[line - 1] + column

    def start(self, node: Placed) -> int:
        """The byte at which a node begins."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Placed) -> int:
        """The byte behind a node."""
        return self.offset(node.end_lineno or 0, node.end_col_offset or 0)

    def indent(self, statement: ast.stmt) -> str | None:
        """The white space before a statement, None where something else stands before it."""
        before = self.between(self.offset(statement.lineno, 0), self.start(statement))
        return None if before.strip() else before

    @cached_property
    def data(self) -> bytes:
        """The file as UTF-8."""
        return self.text.encode()

    # edits

    def instead(self, node: Placed, new: str) -> Edit:
        """Puts something in the place of a node."""
        return self.start(node), self.end(node), new

    def before(self, statement: ast.stmt, new: str) -> Edit:
        """Puts a simple statement before a simple one, on its line."""
        return self.start(statement), self.start(statement), f"{new}; "

    def imported(self, name: str) -> list[Edit]:
        """Puts a statement behind the first import of the file, on its line: nothing where there is none."""
        for node in self.tree.body:
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
                return [(self.end(node), self.end(node), f"; {name}")]
        return []

    def appended(self, code: str) -> Edit:
        """Puts something at the end of the file."""
        return len(self.data), len(self.data), f"\n\n{code}\n"

    def mutant(self, node: Placed, use: str, *edits: Edit, within: Placed | None = None) -> Mutant:
        """A mutant made at a node, to be found in its statement unless `within` says where: at the head of a `with`."""
        place = within or (node if isinstance(node, ast.ExceptHandler) else self.statement(node))
        head = place.items[-1].context_expr if within and isinstance(place, ast.With | ast.AsyncWith) else place
        span = self.start(place), self.end(head)
        return Mutant(self.path, node.lineno, self.start(node), span, use, tuple(sorted(edits)))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self.data.splitlines(keepends=True)))]

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[Any]]:
        nodes: dict[type[ast.AST], list[Any]] = {}
        for node in _walked(self.tree):
            nodes.setdefault(type(node), []).append(node)
        return nodes

    @cached_property
    def _bound(self) -> Counter[str]:
        """How often each name is bound in the file."""
        return Counter(name for node in self.each(ast.AST) if (name := _bound(node)))


def broken(clean: str, mutant: Mutant) -> Broken | None:
    """The text with the defect, None when it is not where the tree says (older Pythons misplace parts of f-strings)."""
    data = clean.encode()
    if not data[mutant.start :].startswith(mutant.expects.encode()):
        return None
    text = data
    for start, end, new in reversed(mutant.edits):
        rest = text[end:] if new else text[end:].lstrip(b" \t")
        text = text[:start] + new.encode() + rest
    try:
        parse(text.decode())
    except SyntaxError:
        return None
    first, last = (data.count(b"\n", 0, at) + 1 for at in mutant.within)
    starts_after = sum(added for start, added in _added(data, mutant) if start < mutant.within[0])
    ends_after = sum(added for start, added in _added(data, mutant) if start <= mutant.within[1])
    return Broken(text.decode(), first + starts_after, last + ends_after)


def shifted(clean: str, mutant: Mutant, line: int) -> int:
    """Where a line of the clean text is afterwards."""
    data = clean.encode()
    return line + sum(added for start, added in _added(data, mutant) if data.count(b"\n", 0, start) + 1 < line)


def _added(data: bytes, mutant: Mutant) -> Iterator[tuple[int, int]]:
    """Where lines are added, and how many."""
    for start, end, new in mutant.edits:
        yield start, new.count("\n") - data.count(b"\n", start, end)


def _walked(tree: ast.AST) -> Iterator[ast.AST]:
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, ast.JoinedStr):
            waiting.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> str | None:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=name):
            return name
        case ast.alias(name=name, asname=asname):
            return asname or name.partition(".")[0]
    return None


def _makes_coroutine(function: ast.AsyncFunctionDef) -> bool:
    inner = [node for node in ast.walk(function) if isinstance(node, ast.Yield)]
    return not function.decorator_list and not inner
