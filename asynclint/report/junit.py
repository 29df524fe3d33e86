"""Findings as failed tests: JUnit's XML, which most CI services can show."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from asynclint.finding import Finding, RuleDescription, Severity

_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_ALL_WELL = '  <testsuite name="asynclint" tests="1" failures="0" errors="0"><testcase name="asynclint"/></testsuite>\n'


def report(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """A suite for each file and a test case for each finding, which has failed if it is an error.

    One passed test when there are no findings, because some readers take an empty report for a broken one. Lines and
    columns are 1-based, columns count code points; control characters, which XML forbids, are spelled out.
    """
    suites = "".join(_suite(path, list(each)) for path, each in groupby(findings, lambda finding: finding.path))
    counts = _attributes(name="asynclint", tests=len(findings) or 1, failures=_failures(findings), errors=0)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{counts}>\n'
    return f"{head}{suites or _ALL_WELL}</testsuites>\n"


def _suite(path: str, findings: Sequence[Finding]) -> str:
    counts = _attributes(name=path, tests=len(findings), failures=_failures(findings), errors=0)
    return f"  <testsuite{counts}>\n{''.join(map(_case, findings))}  </testsuite>\n"


def _case(finding: Finding) -> str:
    line, column = finding.span.line, finding.span.column
    name = f"{finding.code} [{finding.name}]"
    case = _attributes(name=name, classname=finding.path, file=finding.path, line=line, column=column)
    told = f"{finding.path}:{line}:{column}: {finding.code} {finding.message}\n{finding.excerpt}"
    if finding.severity is Severity.ERROR:
        body = f"<failure{_attributes(type='error', message=finding.message)}>{_escaped(told)}</failure>"
    else:
        body = f"<system-out>{_escaped(told)}</system-out>"
    return f"    <testcase{case}>{body}</testcase>\n"


def _failures(findings: Sequence[Finding]) -> int:
    return sum(finding.severity is Severity.ERROR for finding in findings)


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{_escaped(str(value))}"' for name, value in values.items())


def _escaped(text: str) -> str:
    return _ILLEGAL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text).translate(_ESCAPES)
