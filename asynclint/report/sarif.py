"""Findings as SARIF 2.1.0, for GitHub's code scanning and other viewers: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from asynclint import __version__
from asynclint.finding import Finding, Fix, Related, RuleDescription, Severity, Span
from asynclint.fingerprint import unique_fingerprints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.INFO: "note"}

Json = dict[str, object]


def report(findings: Sequence[Finding], rules: Mapping[str, RuleDescription]) -> str:
    """One run in ASCII, with the rules that spoke; columns are 1-based and count code points, the end is exclusive.

    Paths are to have slashes; relative ones are meant from `SRCROOT`. The places that explain a finding are a code flow
    too, which begins at the finding.
    """
    places = {code: place for place, code in enumerate(rules)}
    known = unique_fingerprints(findings)
    run = {
        "tool": {
            "driver": {"name": "asynclint", "semanticVersion": __version__, "rules": list(map(_rule, rules.values()))}
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the directory in which asynclint was started"}}},
        "results": [_result(finding, places, each) for finding, each in zip(findings, known, strict=True)],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: RuleDescription) -> Json:
    address = {"helpUri": rule.address} if rule.address else {}
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"enabled": rule.is_on, "level": _LEVELS[rule.severity]},
        **address,
    }


def _result(finding: Finding, places: Mapping[str, int], fingerprint: str) -> Json:
    return {
        "ruleId": finding.code,
        **({"ruleIndex": places[finding.code]} if finding.code in places else {}),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [_location(finding.path, finding.span)],
        "partialFingerprints": {"asynclint/v1": fingerprint},
        **(_steps(finding) if finding.related else {}),
        **({"fixes": [_fix(finding.path, fix) for fix in finding.fixes]} if finding.fixes else {}),
    }


def _steps(finding: Finding) -> Json:
    related = [_told(place) for place in finding.related]
    start = _told(Related(finding.path, finding.span, finding.message))
    flow = [{"location": place} for place in (start, *related)]
    return {"relatedLocations": related, "codeFlows": [{"threadFlows": [{"locations": flow}]}]}


def _told(place: Related) -> Json:
    return {**_location(place.path, place.span), "message": {"text": place.message}}


def _fix(path: str, fix: Fix) -> Json:
    replacements = [{"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in fix.edits]
    safety = "safe" if fix.is_safe else "unsafe"
    return {
        "description": {"text": f"{fix.title} ({safety})"},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
    }


def _location(path: str, span: Span) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(span)}}


def _artifact(path: str) -> Json:
    uri = quote(path.encode(errors="surrogateescape"))
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    if path[1:2] == ":":
        return {"uri": f"file:///{uri}"}
    return {"uri": uri, "uriBaseId": _ROOT}


def _region(span: Span) -> Json:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
