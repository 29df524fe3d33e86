"""From what a rule would change to edits of the file's text."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from asynclint.finding import Edit, Fix, Span
from asynclint.rule import fixes
from asynclint.rule.fixes import Change, Where
from asynclint.source.respell import parse
from asynclint.source.text import SourceText

if TYPE_CHECKING:
    from libcst import CSTNode

Spans = Callable[["CSTNode"], Span]
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def edits_of(fix: fixes.Fix, span: Spans, text: SourceText) -> Fix | None:
    """The fix as edits of this text, None where it would lose a comment or a line has no room for it.

    `span` tells where a node of the fix stands in the text.
    """
    made = [_edits(change, span, text) for change in fix.changes]
    if not all(made):
        return None
    edits = [edit for each in made for edit in each]
    edits += _added_at_the_top(text, fix.imports, fix.definitions)
    return Fix(fix.title, tuple(sorted(edits, key=lambda edit: edit.span)), fix.is_safe)


def _edits(change: Change, span: Spans, text: SourceText) -> tuple[Edit, ...]:
    """What one change takes; nothing where it cannot be made."""
    place = _place(change, span)
    code = "".join(part if isinstance(part, str) else text.between(span(part)) for part in change.code)
    match change.where:
        case Where.INSTEAD | Where.BETWEEN:
            return (Edit(place, code),) if _comments(text.between(place)) <= _comments(code) else ()
        case Where.BEFORE:
            return (Edit(_point(place.line, place.column), code),)
        case Where.AFTER:
            return (Edit(_point(place.end_line, place.end_column), code),)
    return _line(change.where, place, code, text)


def _place(change: Change, span: Spans) -> Span:
    place = span(change.node)
    if change.until is None:
        return place
    until = span(change.until)
    if change.where is Where.BETWEEN:
        return Span(place.end_line, place.end_column, until.line, until.column)
    return Span(place.line, place.column, until.end_line, until.end_column)


def _line(where: Where, place: Span, code: str, text: SourceText) -> tuple[Edit, ...]:
    """Lines more or less, or deeper, where the statements have their lines to themselves."""
    indentation = text.line(place.line)[: place.column - 1]
    last = text.line(place.end_line)
    rest = last[place.end_column - 1 :].strip()
    if indentation.strip() or (rest and not rest.startswith("#")):
        return ()
    if where is Where.NOWHERE:
        whole = Span(place.line, 1, place.end_line + 1, 1)
        return (Edit(whole, ""),) if not rest and place.end_line < len(text.lines) else ()
    if where is Where.UNDER:
        return _under(place, f"{indentation}{code}", indentation, text)
    if where is Where.LINE_ABOVE:
        line = _step(text) + code[1:] if code.startswith("\t") else code
        return (Edit(_point(place.line, 1), f"{indentation}{line}\n"),)
    return (Edit(_point(place.end_line, len(last) + 1), f"\n{indentation}{code}"),)


def _under(place: Span, header: str, indentation: str, text: SourceText) -> tuple[Edit, ...]:
    """The header, and the lines indented further; a string that spans lines would change."""
    lines = range(place.line, place.end_line + 1)
    tokens = _tokens("\n".join(map(text.line, lines)))
    if tokens is None or any(token.start[0] < token.end[0] for token in tokens):
        return ()
    step, column = _step(text), len(indentation) + 1
    shifted = [
        Edit(_point(n, column), step) for n in lines if text.line(n).startswith(indentation) and text.line(n).strip()
    ]
    return Edit(_point(place.line, 1), f"{header}\n"), *shifted


def _step(text: SourceText) -> str:
    """What the file indents its blocks by."""
    for statement in _statements(text):
        inner = next(iter(getattr(statement, "body", ())), None)
        if inner is not None and inner.lineno > statement.lineno:
            line = text.line(inner.lineno)
            return line[: len(line) - len(line.lstrip())]
    return "    "


def _point(line: int, column: int) -> Span:
    return Span(line, column, line, column)


def _comments(code: str) -> set[str]:
    """The comments in a piece of code; all of it where it cannot be split into tokens."""
    if "#" not in code:
        return set()
    tokens = _tokens(code)
    return {code} if tokens is None else {token.string for token in tokens if token.type == tokenize.COMMENT}


def _tokens(code: str) -> list[tokenize.TokenInfo] | None:
    """The tokens of a piece of code, wherever it begins and ends; None where it cannot be split."""
    try:
        return list(tokenize.generate_tokens(io.StringIO(f"({code}\n)").readline))
    except (tokenize.TokenError, SyntaxError):
        return None


def _added_at_the_top(text: SourceText, imports: Iterable[str], definitions: Iterable[str]) -> Iterator[Edit]:
    wanted = list(imports), list(definitions)
    if not any(wanted):
        return
    statements = _statements(text)
    for module in wanted[0]:
        yield _import(text, statements, module)
    for definition in wanted[1]:
        yield _definition(text, statements, definition)


@lru_cache(maxsize=4)
def _statements(text: SourceText) -> tuple[ast.stmt, ...]:
    return tuple(parse(text.text).body)


def _import(text: SourceText, statements: tuple[ast.stmt, ...], module: str) -> Edit:
    """`import module` among the imports the file begins with, in the order of the alphabet as far as there is one."""
    code = f"import {module}"
    imports = [s for s in _imports_at_the_top(statements) if not _is_of_future(s)]
    plain = [s for s in imports if isinstance(s, ast.Import)]
    later = next((s for s in plain if s.names[0].name > module), None)
    if later is None and plain:
        return _below(text, plain[-1], f"\n{code}")
    if later is not None or imports:
        return _above(later or imports[0], f"{code}\n")
    return _below_the_opening(text, statements, code)


def _definition(text: SourceText, statements: tuple[ast.stmt, ...], code: str) -> Edit:
    """Statements below the imports the file begins with and below those they need, set off by blank lines."""
    needed = {node.id for node in ast.walk(parse(code)) if isinstance(node, ast.Name)}
    above = list(takewhile(lambda statement: not isinstance(statement, _DEFINITIONS), statements))
    imports = [s for s in above if _imported(s) and not _is_of_future(s)]
    imports += [s for s in statements[len(above) :] if _imported(s) & needed]
    if not imports:
        return _below_the_opening(text, statements, code)
    line = imports[-1].end_lineno or imports[-1].lineno
    blank = len(list(takewhile(lambda below: not below.strip(), text.lines[line:])))
    return _below(text, imports[-1], f"\n\n{code}" + "\n" * max(2 - blank, 0))


def _imported(statement: ast.stmt) -> set[str]:
    """The names that a statement of the module binds by importing, under a condition too."""
    if isinstance(statement, _DEFINITIONS):
        return set()
    imports = (node for node in ast.walk(statement) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}


def _imports_at_the_top(statements: tuple[ast.stmt, ...]) -> list[ast.stmt]:
    opening = _opening(statements)
    imports: list[ast.stmt] = []
    for statement in statements[len(opening) :]:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            break
        imports.append(statement)
    return imports


def _opening(statements: tuple[ast.stmt, ...]) -> list[ast.stmt]:
    """The docstring and the imports from `__future__`, which nothing may stand before."""
    opening: list[ast.stmt] = []
    for index, statement in enumerate(statements):
        is_docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_docstring and not _is_of_future(statement):
            break
        opening.append(statement)
    return opening


def _is_of_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _below_the_opening(text: SourceText, statements: tuple[ast.stmt, ...], code: str) -> Edit:
    opening = _opening(statements)
    if opening:
        return _below(text, opening[-1], f"\n\n{code}")
    return _above(statements[0], f"{code}\n\n\n")


def _below(text: SourceText, statement: ast.stmt, code: str) -> Edit:
    line = statement.end_lineno or statement.lineno
    return Edit(_point(line, len(text.line(line)) + 1), code)


def _above(statement: ast.stmt, code: str) -> Edit:
    decorators = getattr(statement, "decorator_list", ())
    return Edit(_point(min([statement.lineno, *(d.lineno for d in decorators)]), 1), code)
