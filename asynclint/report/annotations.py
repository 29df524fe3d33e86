"""Findings as commands in the log of a CI service, which shows them beside the code."""

import re
from collections.abc import Mapping, Sequence

from asynclint.finding import Finding, RuleDescription, Severity

_STEERING = re.compile("[\0-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def github(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """Workflow commands of GitHub Actions, one on a line; columns, in code points, for what lies on one line only.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    return "".join(map(_github, findings))


def azure(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """Logging commands of Azure Pipelines, one on a line; columns count code points.

    https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
    """
    return "".join(map(_azure, findings))


def _github(finding: Finding) -> str:
    span = finding.span
    properties: dict[str, object] = {
        "title": f"{finding.code} [{finding.name}]",
        "file": finding.path,
        "line": span.line,
        "endLine": span.end_line,
    }
    if span.line == span.end_line:  # GitHub refuses columns on several lines
        properties |= {"col": span.column, "endColumn": span.end_column}
    shown = ",".join(f"{key}={_for_github(str(value), in_property=True)}" for key, value in properties.items())
    kind = "error" if finding.severity is Severity.ERROR else "notice"
    return f"::{kind} {shown}::{_for_github(f'{_place(finding)}: {finding.code} {finding.message}')}\n"


def _for_github(text: str, *, in_property: bool = False) -> str:
    escaped = _plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if in_property else escaped


def _azure(finding: Finding) -> str:
    properties: dict[str, object] = {
        "type": "error" if finding.severity is Severity.ERROR else "warning",
        "sourcepath": finding.path,
        "linenumber": finding.span.line,
        "columnnumber": finding.span.column,
        "code": finding.code,
    }
    shown = "".join(f"{key}={_for_azure(str(value), in_property=True)};" for key, value in properties.items())
    return f"##vso[task.logissue {shown}]{_for_azure(f'[{finding.name}] {finding.message}')}\n"


def _for_azure(text: str, *, in_property: bool = False) -> str:
    escaped = _plain(text).replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("]", "%5D").replace(";", "%3B") if in_property else escaped


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.span.line}:{finding.span.column}"


def _plain(text: str) -> str:
    """The text with what would steer a terminal, or cannot be encoded, spelled out."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
