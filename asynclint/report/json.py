"""Findings for programs, with the field names that ruff's users know."""

import json
from collections.abc import Mapping, Sequence

from asynclint.finding import Finding, Fix, Related, RuleDescription, Span


def report(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """One JSON array in ASCII; rows and columns are 1-based, columns count code points, the end is exclusive."""
    return json.dumps([_finding(finding, rules) for finding in findings], indent=2) + "\n"


def lines(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """One JSON object on a line for each finding; see `report`."""
    return "".join(f"{json.dumps(_finding(finding, rules))}\n" for finding in findings)


def _finding(finding: Finding, rules: Mapping[str, RuleDescription]) -> dict[str, object]:
    rule = rules.get(finding.code)
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "filename": finding.path,
        **_span(finding.span),
        "fix": _fix(finding.fixes[0]) if finding.fixes else None,
        "noqa_row": finding.span.line,
        "url": (rule and rule.address) or None,
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
