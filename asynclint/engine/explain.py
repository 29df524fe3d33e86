"""One line of one file: its findings, and how each of its calls was understood."""

import os
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from asynclint.engine.run import Runner
from asynclint.engine.workspace import Workspace
from asynclint.facts.explain import CallExplanation, Explanation, Step, explained
from asynclint.facts.module import ModuleFacts
from asynclint.facts.wording import spelled
from asynclint.finding import Finding
from asynclint.source.files import read


class NothingToExplain(Exception):  # noqa: N818
    """There is no such line, or nobody can read it; `str` is the one line to print."""


def explain_line(runner: Runner, path: str, line: int) -> Explanation:
    """What is known of a line. Raises `NothingToExplain`, and OSError when the file cannot be read."""
    workspace = runner.workspace
    facts = workspace.open(path)
    if facts is None:
        raise _unreadable(path, workspace.failure(path))
    text = workspace.kept_text(facts.path)
    if not 1 <= line <= len(text.lines):
        raise NothingToExplain(f"{path} has no line {line}: it has {len(text.lines)} of them")
    findings = tuple(finding for finding in runner.check(path).findings if finding.span.line == line)
    calls = tuple(_calls(workspace, facts, line))
    return Explanation(path, line, text.line(line), findings, calls, _sources(workspace, findings))


def _unreadable(path: str, failure: Finding | None) -> NothingToExplain:
    if failure is None:
        read(path)  # says why it cannot be read
        return NothingToExplain(f"{path}: cannot be read")
    return NothingToExplain(f"{path}:{failure.span.line}: {failure.message}")


def _calls(workspace: Workspace, facts: ModuleFacts, line: int) -> Iterator[CallExplanation]:
    """The calls that start on the line, from left to right and the inner one of `f()()` first."""
    calls = [call for call in facts.calls if call.line == line]
    for call in sorted(calls, key=lambda call: (call.column, len(call.callee))):
        steps = tuple(_shown(workspace, step) for step in explained(workspace.project, facts.path, call))
        yield CallExplanation(f"{spelled(call.callee) or '...'}(...)", steps)


def _shown(workspace: Workspace, step: Step) -> Step:
    return replace(step, path=workspace.shown(step.path)) if step.path else step


def _sources(workspace: Workspace, findings: Iterable[Finding]) -> dict[tuple[str, int], str]:
    places = {(place.path, place.span.line) for finding in findings for place in finding.related}
    return {(path, line): workspace.kept_text(os.path.abspath(path)).line(line) for path, line in places}
