"""Findings for programs, with the field names that ruff's users know."""

import json
from collections.abc import Sequence

from asynclint.finding import Finding, Fix, Related, Span


def report(findings: Sequence[Finding]) -> str:
    """One JSON array in ASCII; rows and columns are 1-based, columns count code points, the end is exclusive."""
    return json.dumps([_finding(finding) for finding in findings], indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "filename": finding.path,
        **_span(finding.span),
        "fix": _fix(finding.fixes[0]) if finding.fixes else None,
        "noqa_row": finding.span.line,
        "url": None,
        "severity": finding.severity.value,
        "related": [_related(place) for place in finding.related],
    }


def _fix(fix: Fix) -> dict[str, object]:
    edits = [{"content": edit.text, **_span(edit.span)} for edit in fix.edits]
    return {"applicability": "safe" if fix.is_safe else "unsafe", "message": fix.title, "edits": edits}


def _related(place: Related) -> dict[str, object]:
    return {"message": place.message, "filename": place.path, **_span(place.span)}


def _span(span: Span) -> dict[str, object]:
    return {
        "location": {"row": span.line, "column": span.column},
        "end_location": {"row": span.end_line, "column": span.end_column},
    }
