"""Findings for people: `full` with the source line, `concise` with one line each, `grouped` by file, and a summary."""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby

from asynclint.finding import Finding, Fix, RuleDescription, Severity, Span

_TAB = 4
_WIDEST = 160  # code points of a source line that are shown
_CONTEXT = 40  # of those, how many stand before the span
_CUT = "..."
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NOT_ANALYSED = "ASL000"

_BOLD, _RED, _YELLOW, _BLUE, _GREEN = "1", "1;31", "1;33", "1;34", "1;32"


def full(findings: Sequence[Finding], color: bool = False) -> str:
    """Each finding with its source line, carets under its span and the places that explain it; '' for none."""
    return "\n".join(_full(finding, color) for finding in findings)


def concise(findings: Sequence[Finding], color: bool = False) -> str:
    """Each finding on one line; '' for none."""
    return "".join(_head(finding, color) for finding in findings)


def grouped(findings: Sequence[Finding], color: bool = False) -> str:
    """The findings of each file below its name, with a blank line between files; '' for none."""
    files = (list(each) for _, each in groupby(findings, lambda finding: finding.path))
    return "\n".join(_group(each, color) for each in files)


def pylint(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """What pylint calls its parseable format: `path:line: [code(name), scope] message`, without columns."""
    return "".join(
        f"{printable(finding.path)}:{finding.span.line}: "
        f"[{finding.code}({finding.name}), {printable(finding.scope)}] {printable(finding.message)}\n"
        for finding in findings
    )


def summary(findings: Sequence[Finding], color: bool = False) -> str:
    """What was found in all, in a line or two."""
    if not findings:
        return _paint("All checks passed!", _GREEN, color) + "\n"
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    counts = [_count(errors, "error"), _count(len(findings) - errors, "note")]
    found = f"Found {' and '.join(filter(None, counts))}.\n"
    unread = len({finding.path for finding in findings if finding.code == _NOT_ANALYSED})
    return found + (f"{_count(unread, 'file')} could not be analysed.\n" if unread else "")


def printable(text: str) -> str:
    """The text with everything that could steer a terminal (controls, escapes, text direction) spelled out."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _group(findings: Sequence[Finding], color: bool) -> str:
    places = [f"{finding.span.line}:{finding.span.column}" for finding in findings]
    width = max(map(len, places))
    lines = (f"  {place:{width}}  {_told(finding, color)}" for place, finding in zip(places, findings, strict=True))
    return f"{_paint(printable(findings[0].path), _BOLD, color)}:\n" + "".join(lines)


def _full(finding: Finding, color: bool) -> str:
    gutter = len(str(finding.span.line))
    related = (
        f"{' ' * gutter} {_paint('=', _BLUE, color)} {printable(place.path)}:{place.span.line}:{place.span.column}: "
        f"{printable(place.message)}\n"
        for place in finding.related
    )
    fix = f"{' ' * gutter} {_paint('=', _BLUE, color)} {_offer(finding.fixes[0])}\n" if finding.fixes else ""
    return _head(finding, color) + _excerpt(finding, gutter, color) + "".join(related) + fix


def _offer(fix: Fix) -> str:
    return f"{'fix' if fix.is_safe else 'unsafe fix'}: {printable(fix.title)}"


def _head(finding: Finding, color: bool) -> str:
    return f"{_place(finding, color)} {_told(finding, color)}"


def _told(finding: Finding, color: bool) -> str:
    return f"{_code(finding, color)} [{finding.name}] {printable(finding.message)}\n"


def _place(finding: Finding, color: bool) -> str:
    return f"{_paint(printable(finding.path), _BOLD, color)}:{finding.span.line}:{finding.span.column}:"


def _code(finding: Finding, color: bool) -> str:
    return _paint(finding.code, _RED if finding.severity is Severity.ERROR else _YELLOW, color)


def _paint(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _excerpt(finding: Finding, gutter: int, color: bool) -> str:
    if not (line := finding.excerpt.rstrip()):
        return ""
    start, end = _within(finding.span, line)
    first = max(0, min(start - _CONTEXT, len(line) - _WIDEST))
    piece = line[first : first + _WIDEST]
    cells = _cells(piece)
    before = len(_CUT) * bool(first) + sum(width for _, width in cells[: start - first])
    under = sum(width for _, width in cells[start - first : end - first])
    shown = _CUT * bool(first) + "".join(text for text, _ in cells) + _CUT * (first + _WIDEST < len(line))
    bar, carets = _paint("|", _BLUE, color), _paint("^" * max(under, 1), _RED, color)
    number = _paint(str(finding.span.line), _BLUE, color)
    return f"{number} {bar} {shown}\n{' ' * gutter} {bar} {' ' * before}{carets}\n"


def _within(span: Span, line: str) -> tuple[int, int]:
    """The span's part in its first line as 0-based code points, never past the line's end."""
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    return min(span.column - 1, len(line)), min(end, len(line))


def _cells(text: str) -> list[tuple[str, int]]:
    """Each code point as it is shown, with the number of columns that takes on a screen."""
    cells: list[tuple[str, int]] = []
    position = 0
    for character in text:
        shown = " " * (_TAB - position % _TAB) if character == "\t" else _shown(character)
        width = len(shown) if len(shown) > 1 else _width(shown)
        cells.append((shown, width))
        position += width
    return cells


def _shown(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is not in the file system's encoding
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character in _BIDI or unicodedata.category(character) in _UNPRINTABLE:
        return character.encode("unicode_escape").decode("ascii")
    return character


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
