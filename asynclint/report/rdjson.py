"""Findings for reviewdog: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf."""

import json
from collections.abc import Mapping, Sequence

from asynclint.finding import Finding, Fix, Related, RuleDescription, Severity, Span

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.INFO: "INFO"}


def report(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """One JSON object in ASCII; columns are 1-based and count UTF-8 bytes, as the format wants it.

    They are counted in the one line that a finding carries, so a span of several lines ends with its first. A fix is
    suggested when it is a single edit, because reviewdog offers edits one by one.
    """
    diagnostics = [_diagnostic(finding, rules.get(finding.code)) for finding in findings]
    return json.dumps({"source": {"name": "asynclint"}, "diagnostics": diagnostics}, indent=2) + "\n"


def _diagnostic(finding: Finding, rule: RuleDescription | None) -> dict[str, object]:
    code = {"value": finding.code, **({"url": rule.address} if rule and rule.address else {})}
    return {
        "message": finding.message,
        "location": {"path": finding.path, "range": _first_line(finding)},
        "severity": _SEVERITIES[finding.severity],
        "code": code,
        "suggestions": [_suggestion for fix in finding.fixes[:1] for _suggestion in _suggestions(finding, fix)],
        "related_locations": [_related(place) for place in finding.related],
    }


def _first_line(finding: Finding) -> dict[str, object]:
    span = finding.span
    end = span.end_column if span.end_line == span.line else max(len(finding.excerpt) + 1, span.column)
    return _range(finding.excerpt, Span(span.line, span.column, span.line, end))


def _suggestions(finding: Finding, fix: Fix) -> list[dict[str, object]]:
    if len(fix.edits) != 1:
        return []
    edit = fix.edits[0]
    if not _is_counted(edit.span, finding.span.line):
        return []
    return [{"range": _range(finding.excerpt, edit.span), "text": edit.text}]


def _is_counted(span: Span, line: int) -> bool:
    """Are the bytes before both ends known, because they are in the line of the finding or there are none?"""
    return (span.line == line or span.column == 1) and (span.end_line == line or span.end_column == 1)


def _related(place: Related) -> dict[str, object]:
    position = {"line": place.span.line}
    return {"message": place.message, "location": {"path": place.path, "range": {"start": position, "end": position}}}


def _range(line: str, span: Span) -> dict[str, object]:
    return {
        "start": {"line": span.line, "column": _byte_column(line, span.column)},
        "end": {"line": span.end_line, "column": _byte_column(line, span.end_column)},
    }


def _byte_column(line: str, column: int) -> int:
    before = line[: column - 1]
    return len(before.encode(errors="surrogatepass")) + column - len(before)
