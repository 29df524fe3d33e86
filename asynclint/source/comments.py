"""Waivers taken out of a text and put into it."""

from collections.abc import Collection, Sequence

from asynclint.finding import Edit, Span
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Row, Selector, Waiver, read_waivers, rows


def without(text: SourceText, waiver: Waiver, dropped: Collection[Selector]) -> Edit:
    """Takes these selectors out of a comment, and the whole waiver when none is left; what else it says stays."""
    kept = [selector for selector in waiver.selectors if selector not in dropped]
    if kept:
        start, end = waiver.selectors[0].start, waiver.selectors[-1].end
        return _on_line(waiver.line, start, end, _separator(text, waiver).join(selector.text for selector in kept))
    line = text.line(waiver.line)
    before, after = line[: waiver.start - 1].rstrip(), line[waiver.end - 1 :].strip()
    if not before and not after and _ends_with_newline(text, waiver.line):
        return Edit(Span(waiver.line, 1, waiver.line + 1, 1), "")
    if not after:
        return _on_line(waiver.line, len(before) + 1, len(line) + 1, "")
    start = waiver.start if line[: waiver.start - 1].strip() else len(line) - len(line.lstrip()) + 1
    return _on_line(waiver.line, start, len(line) + 1, after if after.startswith("#") else f"# {after}")


def with_noqa(text: SourceText, row: Row, noqa: Waiver | None, codes: Sequence[str], reason: str) -> Edit:
    """Adds codes to the `# noqa` of a row, which may be there already and name others."""
    if noqa is not None and noqa.selectors:
        end = noqa.selectors[-1].end
        return _on_line(row.last, end, end, "".join(f", {code}" for code in codes))
    line = text.line(row.last)
    words = " ".join(filter(None, (f"# noqa: {', '.join(codes)}", reason)))
    return _on_line(row.last, len(line.rstrip()) + 1, len(line) + 1, f"  {words}" if line.strip() else words)


def with_ignore(text: SourceText, line: int, code: str) -> Edit:
    """Adds a code to the `# asynclint: ignore` of a line, or a new one where it is heeded for that line."""
    row = next((row for row in rows(text) if line in row.lines), Row(range(line, line + 1), range(line, line + 1)))
    ours = [each for each in read_waivers(text) if each.kind is Kind.IGNORE and each.line == row.last]
    there = next((each for each in ours if each.selectors and not each.flaw), None)
    if there is not None:
        end = there.selectors[-1].end
        return _on_line(row.last, end, end, f", {code}")
    last = text.line(row.last)
    return _on_line(row.last, len(last.rstrip()) + 1, len(last) + 1, f"  # asynclint: ignore[{code}]")


def _on_line(line: int, start: int, end: int, text: str) -> Edit:
    return Edit(Span(line, start, line, end), text)


def _separator(text: SourceText, waiver: Waiver) -> str:
    first, second = waiver.selectors[:2]
    return text.line(waiver.line)[first.end - 1 : second.start - 1]


def _ends_with_newline(text: SourceText, line: int) -> bool:
    return line < len(text.lines) or text.text.endswith(("\n", "\r"))
