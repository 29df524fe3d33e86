"""How often each rule speaks, the most frequent first."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence

from msgspec import Struct

from asynclint.finding import Finding, Severity

_RED, _YELLOW, _GREEN = "1;31", "1;33", "1;32"


class _Count(Struct, frozen=True):
    """The findings of one rule."""

    code: str
    name: str
    is_error: bool
    count: int
    fixable: int

    @property
    def mark(self) -> str:
        """Can all of them be fixed, some or none?"""
        return "[*]" if self.fixable == self.count else "[-]" if self.fixable else "[ ]"


def report(findings: Sequence[Finding], fixable: Collection[Finding], color: bool = False) -> str:
    """A line for each rule: how many findings, whether all `[*]` or some `[-]` can be fixed; '' for none."""
    counts = _counts(findings, fixable)
    width = max((len(str(each.count)) for each in counts), default=0)
    lines = [
        f"{each.count:{width}}  {_paint(each.code, _RED if each.is_error else _YELLOW, color)}  "
        f"{_paint(each.mark, _GREEN, color) if each.fixable else each.mark} {each.name}"
        for each in counts
    ]
    legend = {"[*]": "[*] fixable with `--fix`", "[-]": "[-] some of them fixable with `--fix`"}
    marks = {each.mark for each in counts}
    return "".join(f"{line}\n" for line in [*lines, *(text for mark, text in legend.items() if mark in marks)])


def json_report(findings: Sequence[Finding], fixable: Collection[Finding]) -> str:
    """One JSON array of codes, names and counts."""
    fields = ("code", "name", "count", "fixable")
    counts = [{field: getattr(each, field) for field in fields} for each in _counts(findings, fixable)]
    return json.dumps(counts, indent=2) + "\n"


def _counts(findings: Sequence[Finding], fixable: Collection[Finding]) -> list[_Count]:
    by_rule: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.code, finding.name].append(finding)
    counts = [
        _Count(
            code,
            name,
            any(f.severity is Severity.ERROR for f in found),
            len(found),
            sum(each in fixable for each in found),
        )
        for (code, name), found in by_rule.items()
    ]
    return sorted(counts, key=lambda each: (-each.count, each.code))


def _paint(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color else text
