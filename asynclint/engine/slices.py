"""A body's own lines, read with libcst, and where its nodes stand in the file.

Only these lines are parsed: libcst reads 27,000 lines a second, seven times fewer than `ast`. An indented function
stands below an `if` of ours, so that its lines, columns and strings stay what they are.
"""

import ast
import re
from collections.abc import Mapping, Sequence

import libcst as cst
from libcst.metadata import CodePosition

from asynclint.engine.depth import DEEPEST
from asynclint.engine.trees import Tree, Trees
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.trees import children
from asynclint.finding import Span
from asynclint.rule.trees import walk
from asynclint.source.respell import parse, respelled
from asynclint.source.text import SourceText

_PAGE_BREAK = re.compile(r"[ \t\f]*\f(?=[ \t]*[^\s])")  # Python counts the indentation anew after one


_FLAT = {ast.BoolOp, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.alias, ast.ImportFrom}


class TooDeep(Exception):  # noqa: N818
    """The code nests so deeply that libcst could not read it."""


class NotRead(Exception):  # noqa: N818
    """The code is valid for this Python and not for libcst."""


class Slice:
    """The tree of one body and the way back to the file."""

    def __init__(self, tree: Tree, body: cst.CSTNode, first_line: int, cut: Mapping[int, int] | None = None) -> None:
        """`first_line` is where the slice begins in the file, `cut` how much is cut off the front of its lines."""
        self._tree = tree
        self.body = body
        self._first_line = first_line
        self._cut = cut or {}

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node of this slice stands in the file."""
        place = self._tree.positions[node]
        return Span(*self._place(place.start), *self._place(place.end))

    def _place(self, at: CodePosition) -> tuple[int, int]:
        return at.line + self._first_line - 1, at.column + self._cut.get(at.line, 0) + 1


def read_slice(text: SourceText, facts: ModuleFacts, scope: int, trees: Trees | None = None) -> Slice:
    """The libcst tree of a function or module, which may be known. Raises `TooDeep` and `NotRead`."""
    try:
        return _slice(text, facts, scope, trees or Trees())
    except RecursionError:
        raise TooDeep from None
    except cst.ParserSyntaxError:
        raise NotRead from None


def _slice(text: SourceText, facts: ModuleFacts, scope: int, trees: Trees) -> Slice:
    here = facts.scopes[scope]
    if here.kind is ScopeKind.MODULE:
        lines, cut = _without_page_breaks(text.lines)
        tree = _tree(lines, trees)
        return Slice(tree, tree.module, 1, cut)
    lines, cut = _without_page_breaks(text.lines[here.first_line - 1 : here.last_line])
    if not lines:  # the facts are of another text
        raise NotRead
    if not lines[0][:1].isspace():
        tree = _tree(lines, trees)
        return Slice(tree, _function(tree.module), here.first_line, cut)
    tree = _tree(["if True:", *lines], trees)
    return Slice(tree, _function(tree.module), here.first_line - 1, {n + 1: cut[n] for n in cut})


def _tree(lines: Sequence[str], trees: Trees) -> Tree:
    return trees.of("\n".join(lines) + "\n", _parse)


def _without_page_breaks(lines: Sequence[str]) -> tuple[list[str], dict[int, int]]:
    """Lines without the form feeds that libcst stumbles over, and by 1-based number what was cut off their front."""
    cut = {n: found.end() for n, line in enumerate(lines, 1) if "\f" in line and (found := _PAGE_BREAK.match(line))}
    return [line[cut.get(n, 0) :] for n, line in enumerate(lines, 1)], cut


def _parse(source: str) -> cst.Module:
    if _depth(parse(source)) > DEEPEST:
        raise TooDeep
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError:  # `tr""`, for one
        return cst.parse_module(respelled(source))


def _depth(tree: ast.AST) -> int:
    """How deeply libcst will nest what `ast` keeps."""
    deepest, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        depth += _hidden_depth(node)
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in children(node)]
    return deepest


def _hidden_depth(node: ast.AST) -> int:
    """What is flat for `ast` and nested for libcst."""
    if type(node) not in _FLAT:
        return 0
    match node:
        case ast.BoolOp(values=parts):
            return len(parts)
        case ast.ListComp(generators=parts) | ast.SetComp(generators=parts) | ast.GeneratorExp(generators=parts):
            return len(parts)
        case ast.DictComp(generators=parts):
            return len(parts)
        case ast.alias(name=name) | ast.ImportFrom(module=str(name)):
            return name.count(".")
    return 0


def _function(module: cst.Module) -> cst.FunctionDef:
    """The function that a slice consists of; not by its name, which `ast` writes in normal form (NFKC)."""
    return next(node for node in walk(module) if isinstance(node, cst.FunctionDef))
