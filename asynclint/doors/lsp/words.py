"""Our values in the words of the protocol: places, findings, edits."""

from collections.abc import Callable, Iterable
from functools import cache

from lsprotocol import types as lsp
from msgspec import Struct

from asynclint.catalog import descriptions
from asynclint.finding import Edit, Finding, Severity, Span
from asynclint.source.text import SourceText

SOURCE = "asynclint"
_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.INFO: lsp.DiagnosticSeverity.Information,
}
_TAGS = {"ASL001": [lsp.DiagnosticTag.Unnecessary], "ASL603": [lsp.DiagnosticTag.Deprecated]}
_WIDTHS = {
    lsp.PositionEncodingKind.Utf8: ("utf-8", 1),
    lsp.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    lsp.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Units(Struct, frozen=True):
    """How the client counts columns."""

    encoding: lsp.PositionEncodingKind | str = lsp.PositionEncodingKind.Utf16

    def range(self, text: SourceText | None, span: Span) -> lsp.Range:
        """A span of a text; of one that is not at hand, as if it were ASCII."""
        return lsp.Range(
            self._position(text, span.line, span.column), self._position(text, span.end_line, span.end_column)
        )

    def _position(self, text: SourceText | None, line: int, column: int) -> lsp.Position:
        if text is None:
            return lsp.Position(line - 1, column - 1)
        return lsp.Position(line - 1, self._units(text.line(line)[: column - 1]))

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        codec, width = _WIDTHS[lsp.PositionEncodingKind(self.encoding)]
        return len(text.encode(codec, errors="surrogatepass")) // width


def diagnostic(
    finding: Finding, units: Units, text: SourceText, elsewhere: Callable[[str], tuple[str, SourceText | None]]
) -> lsp.Diagnostic:
    """A finding of this text; `elsewhere` gives the URI and the text of another file."""
    address = _addresses()[finding.code]
    return lsp.Diagnostic(
        range=units.range(text, _visible(finding.span, text)),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=lsp.CodeDescription(address) if address else None,
        tags=_TAGS.get(finding.code),
        source=SOURCE,
        message=finding.message,
        related_information=[
            lsp.DiagnosticRelatedInformation(lsp.Location(uri, units.range(other, related.span)), related.message)
            for related in finding.related
            for uri, other in (elsewhere(related.path),)
        ]
        or None,
    )


@cache
def _addresses() -> dict[str, str]:
    """Where the pages of the rules lie, by code; "" as long as they lie nowhere."""
    return {code: description.address for code, description in descriptions().items()}


def _visible(span: Span, text: SourceText) -> Span:
    """An empty place grows to the end of its line, so that there is something to underline."""
    if (span.line, span.column) != (span.end_line, span.end_column):
        return span
    return Span(span.line, span.column, span.line, max(span.column, len(text.line(span.line)) + 1))


def text_edits(edits: Iterable[Edit], units: Units, text: SourceText) -> list[lsp.TextEdit]:
    """Edits of a text, insertions first as the protocol has it; their new lines end as those of the text do."""
    newline = "\r\n" if "\r\n" in text.text else "\n"
    return [
        lsp.TextEdit(units.range(text, edit.span), edit.text.replace("\n", newline))
        for edit in sorted(dict.fromkeys(edits))
    ]


def touches(finding: Finding, place: lsp.Range, units: Units, text: SourceText) -> bool:
    """Does a finding share a place with this range?"""
    own = units.range(text, _visible(finding.span, text))
    return _at(own.start) <= _at(place.end) and _at(place.start) <= _at(own.end)


def _at(position: lsp.Position) -> tuple[int, int]:
    return position.line, position.character
