"""Syntax newer than the running Python, spelled in older syntax, so that `ast` can read it.

The spelling has the same lines, each of the same length, and every name at its place. What it says otherwise is not
kept: an f-string that only a newer Python can read is a tuple of what its fields hold, and type parameters are blanked,
but those of a class are found again in its `type_params`, as the `ast.arg` of a signature.
"""

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from asynclint.source.shadow import Shadow, shadow_of

_Edit: TypeAlias = tuple[int, str]  # where, and what stands there instead of as many characters

_DEEPEST_BRACKET = 200  # as in Python's own tokenizer
_NEWLINE = re.compile(r"\r\n|\r|\n")
_MAY_CHANGE = re.compile("[\"'*]")
_MARK = re.compile(r"[][(){},:\n]|\b(?:for|as)\b")
_RUN, _RUN_OF_LINE = re.compile(r"""["'](?:\s*["'])*"""), re.compile(r"""["'](?:[ \t\f]*["'])*""")
# By what they begin with, because a pattern that begins with a word is found ten times as fast as any other.
_GENERIC = {word: re.compile(rf"{word}(?<!\w{word})[ \t\f]+\w+[ \t\f]*\[(?!\s*\])") for word in ("def", "class")}
_ALIAS = re.compile(r"type[ \t\f]+[^\W\d]\w*[ \t\f]*([=\[])(?![\]=])")
_CALLED = re.compile(r"[ \t\f]*\(")
_ALIASED = re.compile(r"[ \t\f]*=(?!=)")
_EXCEPT = re.compile(r"except\b[ \t\f]*\*?")
_UNPACKED = re.compile(r"[\[({]\s*(\*\*?)")
_LAZY = re.compile(r"lazy[ \t\f]+(?:import|from)\b")


def parse(text: str, path: str = "<unknown>") -> ast.Module:
    """The tree of a file that this Python or a newer one can read, with lines and columns of this very text.

    It is not to be changed: who asks again may get the very same. Raises what `ast.parse` raises; its SyntaxError
    speaks of the text as it stands.
    """
    try:
        return _parsed(text)
    except SyntaxError as error:
        error.filename = path
        raise


def forget() -> None:
    """Trees that nobody asks for again are freed the quicker the sooner."""
    _parsed.cache_clear()


@lru_cache(maxsize=2)
def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError as error:
            spelled = respelled(text)
            try:
                return _generic(_restored(ast.parse(spelled), text, spelled), text)
            except SyntaxError:
                raise error from None


def respelled(text: str) -> str:
    """The same text in the syntax of Python 3.11: the same lines, as long as they were. What is unclear stays."""
    strings = shadow_of(text, lambda code: _MAY_CHANGE.search(code) is not None and respelled(code) != code)
    shadow = strings.text
    edits = [*_tuples(text, strings), *_type_parameters(text, shadow), *_type_aliases(text, shadow)]
    edits += [*_templates(strings), *_handlers(shadow), *_unpackings(shadow), *_lazy_imports(shadow)]
    return _edited(text, edits)


def _edited(text: str, edits: Iterable[_Edit]) -> str:
    """An edit inside another one is dropped."""
    pieces: list[str] = []
    done = 0
    for start, piece in sorted(edits):
        if start >= done:
            pieces += text[done:start], piece
            done = start + len(piece)
    return "".join([*pieces, text[done:]])


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


# back from the spelling


def _restored(tree: ast.Module, text: str, spelled: str) -> ast.Module:
    """Handlers with their several types, and the columns of the original text, which `ast` counts in bytes."""
    moved: dict[int, tuple[str, str]] = {}
    if not text.isascii():
        lines = zip(_NEWLINE.split(text), _NEWLINE.split(spelled), strict=True)
        moved = {n: (old, new) for n, (old, new) in enumerate(lines, 1) if old != new and not old.isascii()}
    if not moved and text.count("|") == spelled.count("|"):
        return tree
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.BinOp):
            node.type = ast.copy_location(ast.Tuple(_alternatives(node.type), ast.Load()), node.type)
        for line, column in (("lineno", "col_offset"), ("end_lineno", "end_col_offset")) if moved else ():
            if (pair := moved.get(getattr(node, line, 0))) is not None:
                setattr(node, column, _moved(*pair, getattr(node, column)))
    return tree


def _generic(tree: ast.Module, text: str) -> ast.Module:
    """Classes with the type parameters that the spelling has blanked; those of functions are not missed."""
    lines = text.splitlines(keepends=True) if _GENERIC["class"].search(text) else []
    for node in _classes(tree) if lines else ():
        if head := _GENERIC["class"].search(lines[node.lineno - 1]):
            rest = "".join(lines[node.lineno - 1 :])
            setattr(node, "type_params", _signature(rest[head.end() : _closing(rest, head.end())]))  # noqa: B010
    return tree


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """All of them, without looking into expressions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            waiting += inner if isinstance(inner, list) else ()


def _signature(parameters: str) -> list[ast.arg]:
    """Type parameters look like those of a function: `T: Bound = Default, *Ts, **P`."""
    try:
        (function,) = ast.parse(f"def f({parameters}): ...").body
    except (SyntaxError, ValueError):
        return []
    return function.args.args if isinstance(function, ast.FunctionDef) else []


def _moved(old: str, new: str, offset: int) -> int:
    return len(old[: len(new.encode()[:offset].decode(errors="ignore"))].encode())


def _alternatives(node: ast.expr) -> list[ast.expr]:
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


# strings


def _templates(strings: Shadow) -> Iterator[_Edit]:
    """PEP 750: `t"{x}"` to `f"{x}"`."""
    return ((place, "f") for place in strings.templates)


def _tuples(text: str, strings: Shadow) -> Iterator[_Edit]:
    """PEP 701: adjacent strings of which one is new become one tuple of what stands in their fields."""
    for start, end in _runs(strings.text) if "'" in strings.text else ():
        inside = strings.codes[bisect_left(strings.codes, (start,)) : bisect_left(strings.codes, (end,))]
        fields = [(begin - start, respelled(text[begin:stop]) + ",") for begin, stop, _ in inside]
        yield start, _edited(_blank(text[start:end]), [(0, "("), *fields, (end - start - 1, ")")])


def _runs(shadow: str) -> Iterator[tuple[int, int]]:
    """Where adjacent strings stand of which one is new; outside of brackets, they stand on one line."""
    for run in _RUN.finditer(shadow):
        if "'" in run[0]:
            inside = "\n" not in run[0] or _depth(shadow, run.start()) > 0
            parts = [run] if inside else _RUN_OF_LINE.finditer(shadow, *run.span())
            yield from (part.span() for part in parts if "'" in part[0])


def _depth(shadow: str, at: int) -> int:
    return sum(shadow.count(opening, 0, at) - shadow.count(closing, 0, at) for opening, closing in ("()", "[]", "{}"))


# statements and brackets, found in the shadow


def _level(shadow: str, at: int) -> Iterator[_Edit]:
    """The marks that stand on one level of brackets, up to the bracket that closes it."""
    depth = 0
    for mark in _MARK.finditer(shadow, at):
        if mark[0] in "([{":
            depth += 1
        elif not depth:
            yield mark.start(), mark[0]
        depth -= mark[0] in ")]}"
        if not 0 <= depth <= _DEEPEST_BRACKET:
            return


def _closing(shadow: str, at: int) -> int:
    """Where the bracket is closed that was opened before, -1 when it is not."""
    return next((place for place, mark in _level(shadow, at) if mark in ")]}"), -1)


def _opens_statement(shadow: str, at: int) -> bool:
    before = shadow[shadow.rfind("\n", 0, at) + 1 : at].strip(" \t\f")
    return not before or before[-1] in ";:"


def _type_parameters(text: str, shadow: str) -> Iterator[_Edit]:
    """PEP 695 and 696: `def f[T](x)` to `def f(   x)`, as a bracket may span lines; `class C[T]:` to `class C( ):`."""
    for word, heads in _GENERIC.items():
        for head in heads.finditer(shadow):
            opening, closing = head.end() - 1, _closing(shadow, head.end())
            called = _CALLED.match(shadow, closing + 1) if closing > 0 else None
            if called:
                yield opening, "(" + _blank(text[opening + 1 : called.end()])
            elif closing > 0 and word == "class":
                yield opening, "(" + _blank(text[opening + 1 : closing]) + ")"


def _type_aliases(text: str, shadow: str) -> Iterator[_Edit]:
    """PEP 695: `type X = v` to `0;   X = v`, `type X[T] = v` to `0; ( X  ) = v`."""
    for head in _ALIAS.finditer(shadow):
        if not _opens_statement(shadow, head.start()):
            continue
        if head[1] == "=":
            yield head.start(), "0;  "
        elif (closing := _closing(shadow, head.end())) > 0 and _ALIASED.match(shadow, closing + 1):
            yield head.start(), "0; ("
            yield head.end() - 1, _blank(text[head.end() - 1 : closing]) + ")"


def _handlers(shadow: str) -> Iterator[_Edit]:
    """PEP 758: `except A, B:` to `except A| B:`, which `parse` makes a tuple again."""
    for head in _EXCEPT.finditer(shadow):
        marks = list(_until_colon(shadow, head.end())) if _opens_statement(shadow, head.start()) else []
        if marks and marks[-1][1] == ":" and all(mark == "," for _, mark in marks[:-1]):
            for (at, _), (after, _) in pairwise(marks):
                yield at, "|" if shadow[at + 1 : after].strip() else " "


def _until_colon(shadow: str, at: int) -> Iterator[_Edit]:
    for place in _level(shadow, at):
        yield place
        if place[1] in ":\n":
            return


def _unpackings(shadow: str) -> Iterator[_Edit]:
    """PEP 798: `[*x for x in y]` to `[ x for x in y]`."""
    for head in _UNPACKED.finditer(shadow):
        marks = (mark for _, mark in _level(shadow, head.end()) if mark not in ":\n")
        if next(marks, "") == "for":
            yield head.start(1), " " * len(head[1])


def _lazy_imports(shadow: str) -> Iterator[_Edit]:
    """PEP 810: `lazy import x` to `0;   import x`."""
    return ((m.start(), "0;  ") for m in _LAZY.finditer(shadow) if _opens_statement(shadow, m.start()))
