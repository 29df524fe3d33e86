"""The comments that ask for silence: what they say, and for which lines.

`# noqa` is understood exactly as flake8 understands it, in strings too; `# asynclint: ...` counts in comments only.
"""

import difflib
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from asynclint.source.respell import respelled
from asynclint.source.text import SourceText

_ANY = re.compile(r"# noqa|#\s*asynclint:", re.IGNORECASE)
_NOQA = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_OURS = re.compile(r"(?<![`'\"])#\s*asynclint:\s*(?P<kind>[\w-]+)(?P<list>\s*\[(?P<codes>[^]#]*)\])?(?P<reason>[^#]*)")
_ASKS = re.compile(r"\s*(?:$|[\[=:(])|.*\bASL\d")  # what follows a word that was meant to be one of ours
_CODE = re.compile(r"[^,\s]+")
_SKIP_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_NO_PLACE = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_LINE_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})


class Kind(StrEnum):
    """What a waiver silences: its line for the tools that know `noqa`, its line for us, the file in part or whole."""

    NOQA = "noqa"
    IGNORE = "ignore"
    FILE_IGNORE = "file-ignore"
    SKIP_FILE = "skip-file"


class Selector(Struct, frozen=True):
    """A code, a prefix or a name as it is written, and the columns it stands in, the end exclusive."""

    text: str
    start: int
    end: int


class Waiver(Struct, frozen=True):
    """A wish for silence: from column `start` of `line` up to `end`, with its reason if it is one of ours.

    No `selectors` mean all codes. `lines` are those for which flake8 would heed it where it stands, `statement` all
    lines of the statement (of a compound one, its head) it stands in. One that is no comment but stands in a string,
    where flake8 heeds it too, can neither be judged nor edited. One with a `flaw` silences nothing.
    """

    kind: Kind
    line: int
    start: int
    end: int
    lines: range
    statement: range
    selectors: tuple[Selector, ...] = ()
    reason: str = ""
    is_comment: bool = True
    flaw: str = ""


def skips_file(lines: Iterable[str]) -> bool:
    """Whether one of these lines holds nothing but `# flake8: noqa`, which silences the whole file."""
    return any(_SKIP_FILE.match(line) for line in lines)


def speaks_to_us(text: SourceText) -> bool:
    """Whether a comment may name this linter, one of its rules or flake8; else waivers matter to findings only."""
    return "asynclint:" in text.text or "ASL" in text.text or "flake8" in text.text.lower()


def read_waivers(text: SourceText) -> tuple[Waiver, ...]:
    """All waivers of a file, from its top down."""
    if not _ANY.search(text.text):
        return ()
    return tuple(waiver for row in rows(text) for waiver in _waivers(row, text))


class Row(Struct, frozen=True):
    """Physical lines that flake8 takes for one: those of a multi-line string or of a backslash continuation.

    `comment` is the column where the comment at its end begins, 0 without one; `statement` as for a waiver.
    """

    lines: range
    statement: range
    comment: int = 0

    @property
    def last(self) -> int:
        """The line on which a comment stands, or may be put."""
        return self.lines[-1]


def rows(text: SourceText) -> list[Row]:
    """The rows of a file; where it cannot be split into tokens, each line is one and has no comment."""
    plain = "".join(f"{line}\n" for line in text.lines)
    for spelling in (str, respelled):
        try:
            return list(_rows(spelling(plain)))
        except (tokenize.TokenError, SyntaxError):
            continue
    return [Row(range(number, number + 1), range(number, number + 1)) for number in range(1, len(text.lines) + 1)]


def _rows(spelling: str) -> Iterator[Row]:
    first, last, comment = 0, 0, 0
    begun = 0  # the line where a statement began, 0 between statements
    waiting: list[Row] = []
    for token in tokenize.generate_tokens(io.StringIO(spelling, "\n").readline):
        if token.type in _NO_PLACE:
            continue
        first, last = first or token.start[0], max(last, token.end[0])
        if token.type == tokenize.COMMENT:
            comment = token.start[1] + 1
        elif token.type not in _LINE_ENDS:
            begun = begun or token.start[0]
        else:
            waiting.append(Row(range(first, last + 1), range(first, last + 1), comment))
            if token.type == tokenize.NEWLINE or not begun:
                statement = range(begun or first, last + 1)
                yield from (replace(row, statement=statement) for row in waiting)
                waiting, begun = [], 0
            first, last, comment = 0, 0, 0


def _waivers(row: Row, text: SourceText) -> Iterator[Waiver]:
    if noqa := _noqa(row, text):
        yield noqa
    if row.comment:
        for found in _OURS.finditer(text.line(row.last), row.comment - 1):
            if ours := _ours(found, row):
                yield ours


def _noqa(row: Row, text: SourceText) -> Waiver | None:
    """The first one of a row: flake8 looks no further."""
    joined = "".join(f"{text.line(number)}\n" for number in row.lines)
    found = _NOQA.search(joined)
    if found is None:
        return None
    before = len(joined) - len(text.line(row.last)) - 2  # from an offset in all lines to a column in the last one
    is_comment = 0 < row.comment <= found.start() - before
    selectors = tuple(_selectors(found, before)) if found["codes"] else ()
    end = selectors[-1].end if selectors else found.end() - before
    start = found.start() - before
    return Waiver(Kind.NOQA, row.last, start, end, row.lines, row.statement, selectors, is_comment=is_comment)


def _ours(found: re.Match[str], row: Row) -> Waiver | None:
    word, reason = found["kind"], found["reason"].strip()
    start, end = found.start() + 1, found.start() + 1 + len(found[0].rstrip())
    place = (row.last, start, end, row.lines, row.statement)
    if word not in list(Kind)[1:]:
        flaw = _unknown_word(word, found[0][found.end("kind") - found.start() :])
        return Waiver(Kind.IGNORE, *place, flaw=flaw) if flaw else None
    kind, selectors = Kind(word), tuple(_selectors(found, -1)) if found["codes"] else ()
    if reason.startswith("["):
        return Waiver(kind, *place, flaw="its `[` is never closed")
    if kind is Kind.SKIP_FILE and found["list"]:
        return Waiver(kind, *place, flaw="it takes no codes; `file-ignore[...]` does")
    if found["list"] and not selectors:
        return Waiver(kind, *place, flaw="its brackets name no code; without brackets it means all")
    return Waiver(kind, *place, selectors, reason)


def _unknown_word(word: str, rest: str) -> str:
    """What is wrong with a word that is none of ours, "" where it is likely to be prose."""
    close = difflib.get_close_matches(word, list(Kind), n=1)
    if not close and not _ASKS.match(rest):
        return ""
    meant = close[0] if close and close[0] is not Kind.NOQA else Kind.IGNORE
    return f"unknown word `{word}`; did you mean `{meant}`?"


def _selectors(found: re.Match[str], before: int) -> Iterator[Selector]:
    for code in _CODE.finditer(found.string, *found.span("codes")):
        yield Selector(code[0], code.start() - before, code.end() - before)
