"""One line of a file explained for people: its findings with every step, and how its calls were understood."""

from collections.abc import Iterator, Sequence

from asynclint.facts.explain import Explanation, Step
from asynclint.finding import Finding


def report(explanation: Explanation) -> list[str]:
    """The line, its findings, its calls, each as a paragraph of lines without their newlines."""
    lines = [f"{explanation.path}:{explanation.line}", _indented(explanation.source)]
    for finding in explanation.findings:
        lines += ["", *_finding(finding, explanation.sources)]
    if not explanation.findings:
        lines += ["", "Nothing is reported on this line."]
    for call in explanation.calls:
        lines += ["", call.call, *_steps(call.steps)]
    if not explanation.calls:
        lines += ["", "No call starts on this line."]
    return lines


def _finding(finding: Finding, sources: dict[tuple[str, int], str]) -> Iterator[str]:
    yield f"{finding.code} [{finding.name}] {finding.message}"
    for number, place in enumerate(finding.related, 1):
        yield f"  {number}. {place.path}:{place.span.line}: {place.message}"
        yield f"   {_indented(sources.get((place.path, place.span.line), ''))}"
    yield f"  `asynclint rule {finding.code}` explains the rule"


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    width = max((len(step.code) + 2 * step.depth for step in steps), default=0)
    for step in steps:
        name = f"{'  ' * step.depth}{step.code}"
        place = f" ({step.path}:{step.line})" if step.line else ""
        yield f"  {name:{width}}  {step.meaning}{place}"


def _indented(source: str) -> str:
    return f"    {' '.join(source.split())}"
