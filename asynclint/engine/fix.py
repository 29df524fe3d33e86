"""Fixes made in texts, again and again until nothing is left to fix."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.run import Choose, FileReport, Runner
from asynclint.finding import Finding, Fix
from asynclint.source.edits import edited, overlap

_MOST_ROUNDS = 10  # a fix that makes room for another one, and so on

Wanted = Callable[[Finding], Fix | None]  # the fix to make for a finding, if any


class Fixed(Struct, frozen=True):
    """A file after its fixes: `before` and `after` are decoded texts, `made` the findings that are gone by rule."""

    path: str
    before: str
    after: str
    made: tuple[Finding, ...]


def fix(
    reports: Mapping[str, FileReport],
    config: Config,
    choose: Choose,
    wanted: Wanted,
    overlays: Mapping[str, bytes | str] | None = None,
) -> list[Fixed]:
    """Makes the wanted fixes in the files of these reports, in memory, until no more of them can be made.

    A fix is left out where another is in its way (it has its turn later), and where the text would not be valid Python
    afterwards or would give a rule more to find than before.
    """
    texts: dict[str, bytes | str] = dict(overlays or {})
    pending = {path: report for path, report in reports.items() if any(map(wanted, report.findings))}
    before: dict[str, str] = {}
    made: dict[str, list[Finding]] = {path: [] for path in pending}
    for _ in range(_MOST_ROUNDS):
        for path, report in list(pending.items()):
            step = _Step(config, choose, texts, path, report)
            before.setdefault(path, step.text)
            done = step.made(list(_compatible(report.findings, wanted)))
            if done is None:
                del pending[path]
                continue
            made[path] += done.findings
            texts[path], pending[path] = done.text, done.report
        if not pending:
            break
    return [Fixed(path, before[path], str(texts[path]), tuple(findings)) for path, findings in made.items() if findings]


class _Done(Struct, frozen=True):
    text: str
    report: FileReport
    findings: tuple[Finding, ...]


class _Step:
    """One file's text in one round."""

    def __init__(
        self, config: Config, choose: Choose, texts: Mapping[str, bytes | str], path: str, report: FileReport
    ) -> None:
        self._config = config
        self._choose = choose
        self._texts = texts
        self._path = path
        self._counts = Counter(finding.code for finding in report.findings)
        self._source = Runner(config, choose, texts).workspace.text(path)
        self.text = self._source.text

    def made(self, fixes: Sequence[tuple[Finding, Fix]]) -> _Done | None:
        """All of these fixes together, else as many as go well one after the other; None when there are none."""
        if not fixes:
            return None
        if done := self._attempt(fixes):
            return done
        kept: list[tuple[Finding, Fix]] = []
        for each in fixes:
            if len(fixes) > 1 and self._attempt([*kept, each]):
                kept.append(each)
        return self._attempt(kept) if kept else None

    def _attempt(self, fixes: Sequence[tuple[Finding, Fix]]) -> _Done | None:
        text = edited(self._source, [edit for _, fix in fixes for edit in fix.edits])
        report = Runner(self._config, self._choose, {**self._texts, self._path: text}).check(self._path)
        counts = Counter(finding.code for finding in report.findings)
        is_better = not report.errors and counts <= self._counts and counts != self._counts
        return _Done(text, report, tuple(finding for finding, _ in fixes)) if is_better else None


def _compatible(findings: Sequence[Finding], wanted: Wanted) -> Iterator[tuple[Finding, Fix]]:
    """The fixes that do not get into each other's way, from the top of the file down."""
    taken: list[Fix] = []
    for finding in findings:
        fix = wanted(finding)
        if fix is not None and not any(overlap(fix.edits, other.edits) for other in taken):
            taken.append(fix)
            yield finding, fix
