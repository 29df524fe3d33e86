"""A text with edits made in it."""

import re
from collections.abc import Iterable, Sequence

from asynclint.finding import Edit, Span
from asynclint.source.text import SourceText

_NEWLINE = re.compile(r"\r\n|\r|\n")


def edited(text: SourceText, edits: Iterable[Edit]) -> str:
    """The text after these edits, which must not overlap; what two of them say alike is done once.

    New lines end as the first line of the text does.
    """
    starts = [0, *(found.end() for found in _NEWLINE.finditer(text.text))]
    newline = found[0] if (found := _NEWLINE.search(text.text)) else "\n"
    pieces, done = [], 0
    for edit in dict.fromkeys(sorted(edits, key=lambda edit: edit.span)):
        start, end = _offsets(edit.span, starts)
        pieces += [text.text[done:start], edit.text.replace("\n", newline)]
        done = end
    return "".join([*pieces, text.text[done:]])


def overlap(one: Sequence[Edit], other: Sequence[Edit]) -> bool:
    """Would these edits get into each other's way? Those that say the same do not."""
    return any(_touch(a.span, b.span) for a in one for b in other if a != b)


def _touch(one: Span, other: Span) -> bool:
    """Do two stretches share a place? Two insertions at one point do, an insertion at the edge of a change does."""
    first, second = sorted((one, other))
    return (second.line, second.column) <= (first.end_line, first.end_column)


def _offsets(span: Span, starts: Sequence[int]) -> tuple[int, int]:
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
