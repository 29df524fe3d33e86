"""Findings for GitLab's Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/."""

import json
from collections.abc import Mapping, Sequence

from asynclint.finding import Finding, RuleDescription, Severity
from asynclint.fingerprint import unique_fingerprints

_SEVERITIES = {Severity.ERROR: "major", Severity.INFO: "info"}


def report(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """One JSON array in ASCII; columns count code points. Paths are to be relative to the repository."""
    issues = [_issue(finding, known) for finding, known in zip(findings, unique_fingerprints(findings), strict=True)]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, object]:
    span = finding.span
    positions = {
        "begin": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }
    return {
        "description": f"{finding.code} [{finding.name}] {finding.message}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.path, "positions": positions},
    }
