"""A body's own lines, read with libcst, and where its nodes stand in the file.

Only these lines are parsed: libcst reads 27,000 lines a second, seven times fewer than `ast`. An indented function
stands below an `if` of ours, so that its lines, columns and strings stay what they are.
"""

import ast
import warnings
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.finding import Span
from asynclint.rule.trees import walk
from asynclint.source.text import SourceText

DEEPEST = 400  # libcst overflows the C stack, and ends the process, from about 1,200 levels


class TooDeep(Exception):  # noqa: N818
    """The code nests so deeply that libcst could not read it."""


class Slice:
    """The tree of one body and the way back to the file."""

    def __init__(self, module: cst.Module, body: cst.CSTNode, first_line: int) -> None:
        self._module = module
        self.body = body
        self._first_line = first_line

    @cached_property
    def _positions(self) -> "dict[cst.CSTNode, CodeRange]":
        wrapper = MetadataWrapper(self._module, unsafe_skip_copy=True)
        return dict(wrapper.resolve(PositionProvider))

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node of this slice stands in the file."""
        place = self._positions[node]
        skipped = self._first_line - 1
        return Span(
            place.start.line + skipped, place.start.column + 1, place.end.line + skipped, place.end.column + 1
        )


def read_slice(text: SourceText, facts: ModuleFacts, scope: int) -> Slice:
    """The libcst tree of a function or module. Raises `TooDeep`."""
    here = facts.scopes[scope]
    if here.kind is ScopeKind.MODULE:
        module = _parse("\n".join(text.lines) + "\n")
        return Slice(module, module, 1)
    lines = text.lines[here.first_line - 1 : here.last_line]
    indented = lines[0][:1].isspace()
    source = "\n".join(["if True:", *lines] if indented else lines) + "\n"
    try:
        module = _parse(source)
        return Slice(module, _function(module, here.name), here.first_line - indented)
    except cst.ParserSyntaxError:  # a form feed in the indentation, for one
        module = _parse("\n".join(text.lines) + "\n")
        return _found(module, facts, scope)


def _parse(source: str) -> cst.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    if _depth(tree) > DEEPEST:
        raise TooDeep
    return cst.parse_module(source)


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _function(module: cst.Module, name: str) -> cst.FunctionDef:
    """The only function at the top of a slice."""
    return next(node for node in walk(module) if isinstance(node, cst.FunctionDef) and node.name.value == name)


def _found(module: cst.Module, facts: ModuleFacts, scope: int) -> Slice:
    whole = Slice(module, module, 1)
    line = facts.scopes[scope].line
    functions = (node for node in walk(module) if isinstance(node, cst.FunctionDef))
    body = next(node for node in functions if whole.span(node.name).line == line)
    return Slice(module, body, 1)
