"""What `--fix` and `--diff` say of the fixes."""

import difflib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from asynclint.doors.cli.streams import counted

if TYPE_CHECKING:
    from asynclint.config import Settings
    from asynclint.finding import Finding
    from asynclint.fixing import Fixed


def fix(
    findings: "Sequence[Finding]", settings: "Settings", contents: "Mapping[str, bytes | str]"
) -> "Sequence[Fixed]":
    """What these findings' files say when they are fixed."""
    from asynclint.fixing import fix

    return fix(findings, settings, contents)


def save(fixed: "Sequence[Fixed]") -> dict[str, str]:
    """Puts fixed texts into their files, and gives a line for each path that has to stay as it was."""
    from asynclint.fixing import write

    return write(fixed)


def diff(fixed: "Sequence[Fixed]") -> str:
    """What would change, as `patch` reads it."""
    return "".join(line for each in fixed for line in _diff(each))


def _diff(fixed: "Fixed") -> list[str]:
    before, after = fixed.before.splitlines(keepends=True), fixed.after.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, fixed.path, fixed.path)
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def listed(fixed: "Sequence[Fixed]") -> str:
    """The fixes that were made, by file and rule."""
    from asynclint.report.text import printable

    lines = []
    for each in fixed:
        lines.append(f"{printable(each.path)}:")
        counts = Counter((finding.code, finding.name) for finding in each.made)
        lines += [f"    {count} x {code} [{name}]" for (code, name), count in sorted(counts.items())]
    return "".join(f"{line}\n" for line in lines)


def give_back(content: bytes, fixed: "Sequence[Fixed]") -> None:
    """Puts what came from stdin on stdout, with its fixes, and with its own encoding and newlines."""
    from asynclint.source.text import encoded

    data = encoded(fixed[0].after, like=content) if fixed else content
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def outcome(fixed: "Sequence[Fixed]", verb: str = "Fixed") -> str:
    """How many findings were fixed, in a sentence; "" when there were none."""
    number = sum(len(each.made) for each in fixed)
    return f"{verb} {counted(number, 'finding')}.\n" if number else ""


def offered(findings: "Sequence[Finding]", settings: "Settings") -> str:
    """How many of these findings could be fixed, and with which options; "" when none could."""
    from asynclint.linter import choose_fix

    safe, every = (
        sum(chosen(finding) is not None for finding in findings)
        for chosen in (choose_fix(settings, unsafe=unsafe) for unsafe in (False, True))
    )
    if not every:
        return ""
    if settings.common.unsafe_fixes or safe == every:
        return f"{every} fixable with `--fix`.\n"
    if not safe:
        return f"{every} fixable with `--fix --unsafe-fixes`.\n"
    return f"{safe} fixable with `--fix`, {every - safe} more with `--unsafe-fixes`.\n"
