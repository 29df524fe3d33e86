"""Twins of a source text: the same code in another spelling, so that its findings stay, move or vanish.

A twin keeps the comments of its original, so markers stand where they belong. Whatever cannot be respelled for
certain is left as it is.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple, TypeAlias

import libcst as cst

Move: TypeAlias = Callable[[int, int], tuple[int, int]]  # from line and column (1-based) of the original to the twin's


# without async


def without_async(text: str) -> str:
    """The same code as plain functions: no `async`, no `await`."""
    return cst.parse_module(text).visit(_Plain()).code


class _Plain(cst.CSTTransformer):
    def leave_Await(self, original_node: cst.Await, updated_node: cst.Await) -> cst.BaseExpression:  # noqa: N802
        inner = updated_node.expression
        left, right = [*updated_node.lpar, *inner.lpar], [*inner.rpar, *updated_node.rpar]
        return inner.with_changes(lpar=left, rpar=right)

    def leave_Asynchronous(  # noqa: N802
        self, original_node: cst.Asynchronous, updated_node: cst.Asynchronous
    ) -> cst.RemovalSentinel:
        return cst.RemoveFromParent()


# edits


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


class _Source:
    """A text, its tree, and the way from ast's places to offsets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.nodes = tuple(ast.walk(self.tree))
        self.lines = text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def offset(self, line: int, byte: int) -> int:
        return self._starts[line - 1] + len(self.lines[line - 1].encode()[:byte].decode())

    def replace(self, node: ast.stmt | ast.expr, text: str) -> _Edit:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.offset(node.lineno, node.col_offset)
        return _Edit(start, self.offset(node.end_lineno, node.end_col_offset), text)

    def edited(self, edits: Iterable[_Edit]) -> str:
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def begins_line(self, node: ast.stmt) -> bool:
        return not self.lines[node.lineno - 1].encode()[: node.col_offset].strip()

    def string_lines(self) -> frozenset[int]:
        """The lines that begin inside a string."""
        strings = (n for n in self.nodes if isinstance(n, ast.JoinedStr | ast.Constant))
        return frozenset(line for n in strings for line in range(n.lineno + 1, (n.end_lineno or n.lineno) + 1))

    def last_future(self) -> int:
        """The last line of `from __future__ import ...`, 0 without one."""
        futures = (n for n in self.tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__")
        return max((n.end_lineno or n.lineno for n in futures), default=0)


# imports


class _Import(NamedTuple):
    """One name of an import at the top of a module; `attribute` is None for `import module`."""

    module: str
    attribute: str | None
    alias: str | None

    @property
    def bound(self) -> str:
        return self.alias or self.attribute or self.module.partition(".")[0]

    def __str__(self) -> str:
        alias = f" as {self.alias}" if self.alias else ""
        return (
            f"from {self.module} import {self.attribute}{alias}" if self.attribute else f"import {self.module}{alias}"
        )


_Use: TypeAlias = ast.Name | ast.Attribute
_Spelling: TypeAlias = tuple[str, Mapping[_Use, str]]  # the statement, and what to write where the name is used
_Speller: TypeAlias = Callable[["_Names", _Import], _Spelling | None]


class _Names:
    """Who binds and who uses the names of one module, by name alone: a name bound twice is never respelled."""

    def __init__(self, source: _Source, exported: Collection[str]) -> None:
        self.source = source
        self._fixed = {*exported, *_spoken_of(source.nodes)}
        self._bound = Counter(name for node in source.nodes for name in _bindings(node))
        self._loads = [n for n in source.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        self._attributes = [n for n in source.nodes if isinstance(n, ast.Attribute)]

    def is_free(self, name: str) -> bool:
        """May the name be bound to something without hiding anything?"""
        return name not in self._bound and all(node.id != name for node in self._loads)

    def bind(self, names: Iterable[str]) -> None:
        """They are free no more."""
        self._bound.update(names)

    def uses(self, wanted: _Import) -> list[_Use] | None:
        """Every place that means the import, None when it cannot be told or respelled."""
        if self._bound[wanted.bound] != 1 or wanted.bound in self._fixed:
            return None
        loads: list[_Use] = [node for node in self._loads if node.id == wanted.bound]
        found = loads if wanted.alias or wanted.attribute or "." not in wanted.module else self._chains(wanted.module)
        readable = all(ast.get_source_segment(self.source.text, node) == ast.unparse(node) for node in found)
        return found if found and len(found) == len(loads) and readable else None

    def attributes(self, uses: Collection[_Use]) -> Mapping[_Use, ast.Attribute]:
        """Where `use.attribute` is read."""
        return {n.value: n for n in self._attributes if n.value in uses and isinstance(n.ctx, ast.Load)}

    def _chains(self, dotted: str) -> list[_Use]:
        return [node for node in self._attributes if ast.unparse(node) == dotted]


def _bindings(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=alias):
            yield alias or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def _spoken_of(nodes: Iterable[ast.AST]) -> set[str]:
    """Words of strings that stand for code: annotations and `__all__`."""
    annotations = [getattr(node, field, None) for node in nodes for field in ("annotation", "returns")]
    exports = [
        node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    spoken = (inner for root in (*annotations, *exports) if root is not None for inner in ast.walk(root))
    return {word for node in spoken if isinstance(node, ast.Constant) for word in re.findall(r"\w+", str(node.value))}


def _top_imports(source: _Source) -> Iterator[tuple[ast.stmt, list[_Import]]]:
    for statement in source.tree.body:
        match statement:
            case ast.Import(names=names):
                yield statement, [_Import(n.name, None, n.asname) for n in names]
            case ast.ImportFrom(names=names, module=module, level=level) if module != "__future__":
                if names[0].name != "*":
                    yield statement, [_Import("." * level + (module or ""), n.name, n.asname) for n in names]


def _aliased(names: _Names, wanted: _Import) -> _Spelling | None:
    """`import x as my_x`, `from x import y as my_y`."""
    uses = names.uses(wanted)
    alias = f"my_{wanted.bound}"
    return (str(wanted._replace(alias=alias)), dict.fromkeys(uses, alias)) if uses else None


def _from_module(names: _Names, wanted: _Import) -> _Spelling | None:
    """`from x import y` for `import x`."""
    uses = names.uses(wanted)
    attributes = names.attributes(uses) if uses and wanted.attribute is None else {}
    if not uses or len(attributes) != len(uses):
        return None
    spelled = {n.attr: n.attr if names.is_free(n.attr) else f"{wanted.bound}_{n.attr}" for n in attributes.values()}
    names.bind(spelled.values())
    statements = [str(_Import(wanted.module, a, None if n == a else n)) for a, n in sorted(spelled.items())]
    return "; ".join(statements), {node: spelled[node.attr] for node in attributes.values()}


def _whole_module(names: _Names, wanted: _Import) -> _Spelling | None:
    """`import x as my_x` for `from x import y`."""
    uses = names.uses(wanted)
    package, _, last = wanted.module.rpartition(".")
    if not uses or wanted.attribute is None or not last:
        return None
    alias = f"my_{wanted.module.strip('.').replace('.', '_')}"
    parent = wanted.module.removesuffix(last) if not package.strip(".") else package
    relative = wanted.module.startswith(".")
    statement = _Import(parent, last, alias) if relative else _Import(wanted.module, None, alias)
    return str(statement), dict.fromkeys(uses, f"{alias}.{wanted.attribute}")


def _respelled(speller: _Speller) -> Callable[[str, Collection[str]], str]:
    def twin(text: str, exported: Collection[str] = ()) -> str:
        source = _Source(text)
        names = _Names(source, exported)
        edits: list[_Edit] = []
        for statement, imports in _top_imports(source):
            spellings = [speller(names, wanted) or (str(wanted), {}) for wanted in imports]
            edits.append(source.replace(statement, "; ".join(dict.fromkeys(spelled for spelled, _ in spellings))))
            edits += [source.replace(node, new) for _, uses in spellings for node, new in uses.items()]
        return source.edited(edits)

    return twin


def _in_functions(text: str, exported: Collection[str] = ()) -> str:
    """Imports moved into the functions that use them."""
    source = _Source(text)
    names = _Names(source, exported)
    owners = {id(n): f for f in _outermost(source.tree.body) for part in f.body for n in ast.walk(part)}
    edits: list[_Edit] = []
    for statement, imports in _top_imports(source):
        uses = [node for wanted in imports for node in names.uses(wanted) or [None]]
        users = [owners.get(id(node)) for node in uses]
        if all(users):
            edits.append(source.replace(statement, "pass"))
            edits += [_first(source, user, ast.unparse(statement)) for user in dict.fromkeys(users) if user]
    return source.edited(edits)


_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def _outermost(body: Iterable[ast.AST]) -> Iterator[_Function]:
    for node in body:
        if isinstance(node, _Function):
            yield node
        else:
            yield from _outermost(ast.iter_child_nodes(node))


def _first(source: _Source, function: _Function, statement: str) -> _Edit:
    """The edit that makes this statement the first one of a function, after its docstring."""
    after = function.body[1 if ast.get_docstring(function) is not None else 0]
    line = min([after.lineno, *(d.lineno for d in getattr(after, "decorator_list", []))])
    begins = source.begins_line(after)
    start = source.offset(line, 0 if begins else after.col_offset)
    return _Edit(start, start, f"{' ' * after.col_offset}{statement}\n" if begins else f"{statement}; ")


IMPORT_TWINS: Mapping[str, Callable[[str, Collection[str]], str]] = {
    "aliases": _respelled(_aliased),
    "names-of-modules": _respelled(_from_module),
    "whole-modules": _respelled(_whole_module),
    "inside-functions": _in_functions,
}


def exported(module: str, others: Iterable[str]) -> frozenset[str]:
    """The names that other files may read from this one, which its twins must leave where they are.

    `module` is the last name of its dotted name; for a package it may also be meant by a relative import of nothing.
    """
    nodes = [node for text in others for node in ast.walk(ast.parse(text))]
    froms = [n for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or module).rpartition(".")[2] == module]
    return frozenset({a.name for n in froms for a in n.names} | {n.attr for n in nodes if isinstance(n, ast.Attribute)})


# places


class Shifted(NamedTuple):
    """A twin and where the places of its original went."""

    text: str
    move: Move


def _stay(line: int, column: int) -> tuple[int, int]:
    return line, column


def _below_if(text: str) -> Shifted | None:
    source = _Source(text)
    if source.last_future() or not source.tree.body:
        return None
    within = source.string_lines()
    kept = [line if n in within or not line else f"    {line}" for n, line in enumerate(source.lines, 1)]
    return Shifted("\n".join(["if True:", *kept]), lambda line, column: (line + 1, column + 4 * (line not in within)))


def _below_comments(text: str) -> Shifted:
    return Shifted(f"# one\n\n# two \U0001f388\n{text}", lambda line, column: (line + 3, column))


def _with_newlines(newline: str) -> Callable[[str], Shifted]:
    return lambda text: Shifted(text.replace("\n", newline), _stay)


def _with_mark(text: str) -> Shifted:
    return Shifted(f"\ufeff{text}", _stay)


def _with_tabs(text: str) -> Shifted:
    source = _Source(text)
    within = source.string_lines()
    tabs = [0 if n in within else (len(x) - len(x.lstrip(" "))) // 4 for n, x in enumerate(source.lines, 1)]
    lines = ["\t" * count + line[4 * count :] for count, line in zip(tabs, source.lines, strict=True)]
    return Shifted("\n".join(lines), lambda line, column: (line, column - 3 * tabs[line - 1]))


_BALLOON = '"\U0001f388"'


def _with_balloons(text: str) -> Shifted:
    """A string outside ASCII before every statement: on its line where the statement is simple, else above it."""
    source = _Source(text)
    begun = [n for n in source.nodes if isinstance(n, ast.stmt) and _may_follow(source, n)]
    beside = {n.lineno for n in begun if not hasattr(n, "body") and not isinstance(n, ast.Match)}
    above = {_first_line(n): n.col_offset for n in begun if n.lineno not in beside}
    lines: list[str] = []
    for number, line in enumerate(source.lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        lines += [f"{indent}{_BALLOON}"] if number in above else []
        lines.append(f"{indent}{_BALLOON}; {line.lstrip()}" if number in beside else line)

    def move(line: int, column: int) -> tuple[int, int]:
        added = len(_BALLOON) + 2 if line in beside else 0
        return line + sum(inserted <= line for inserted in above), column + added

    return Shifted("\n".join(lines), move)


def _may_follow(source: _Source, statement: ast.stmt) -> bool:
    """May another statement stand before it on its line, or above?"""
    is_elif = source.lines[statement.lineno - 1].lstrip().startswith("elif")
    return source.begins_line(statement) and not is_elif and statement.lineno > source.last_future()


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])


SHIFT_TWINS: Mapping[str, Callable[[str], Shifted | None]] = {
    "below-if": _below_if,
    "below-comments": _below_comments,
    "carriage-return-newline": _with_newlines("\r\n"),
    "carriage-return": _with_newlines("\r"),
    "byte-order-mark": _with_mark,
    "tabs": _with_tabs,
    "balloons": _with_balloons,
}
