"""Fixes made in texts, again and again until nothing is left to fix."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from asynclint.engine.file_report import FileReport
from asynclint.engine.run import Runner
from asynclint.engine.waiving import UNUSED_WAIVER
from asynclint.finding import Finding, Fix
from asynclint.source.edits import edited, overlap
from asynclint.source.text import SourceText

_MOST_ROUNDS = 10  # a fix that makes room for another one, and so on

MakeRunner: TypeAlias = Callable[[Mapping[str, bytes | str]], Runner]
Wanted: TypeAlias = Callable[[Finding], Fix | None]  # the fix to make for a finding, if any
Plan: TypeAlias = Sequence[tuple[Finding, Fix]]  # fixes of one file that do not get into each other's way


class Fixed(Struct, frozen=True):
    """A file after its fixes: `before` and `after` are decoded texts, `made` the findings that were mended."""

    path: str
    before: str
    after: str
    made: tuple[Finding, ...]


def fix(
    reports: Mapping[str, FileReport],
    make_runner: MakeRunner,
    wanted: Wanted,
    contents: Mapping[str, bytes | str] | None = None,
) -> list[Fixed]:
    """Makes the wanted fixes in the files of these reports, in memory, until no more of them can be made.

    A fix is left out where another is in its way (it has its turn later), and where the text would not be valid Python
    afterwards or would give a rule more to find than before. `make_runner` gives what checks such texts.
    """
    state = _State(make_runner, wanted, contents or {})
    pending = {path: report for path, report in reports.items() if any(map(wanted, report.findings))}
    for path in pending:
        state.open(path)
    for _ in range(_MOST_ROUNDS):
        pending = state.round(pending)
        if not pending:
            break
    return state.fixed()


class _State:
    """The texts as they are by now, and what has been made of them."""

    def __init__(self, make_runner: MakeRunner, wanted: Wanted, contents: Mapping[str, bytes | str]) -> None:
        self._make_runner = make_runner
        self._wanted = wanted
        self._contents = dict(contents)
        self._before: dict[str, SourceText] = {}
        self._now: dict[str, SourceText] = {}
        self._made: dict[str, list[Finding]] = {}

    def open(self, path: str) -> None:
        """Reads a file that has something to fix."""
        self._before[path] = self._now[path] = self._make_runner(self._contents).workspace.text(path)
        self._made[path] = []

    def fixed(self) -> list[Fixed]:
        """The files that are not what they were."""
        return [
            Fixed(path, text.text, self._now[path].text, tuple(self._made[path]))
            for path, text in self._before.items()
            if self._made[path]
        ]

    def round(self, reports: Mapping[str, FileReport]) -> dict[str, FileReport]:
        """Makes what can be made at once, and gives the new reports of the files that changed."""
        plans = {path: list(_compatible(report.findings, self._wanted)) for path, report in reports.items()}
        plans = {path: plan for path, plan in plans.items() if plan}
        refused: dict[str, Plan] = {}
        while plans:
            done = self._checked(plans)
            if all(_is_better(done[path], reports[path]) for path in plans):
                self._keep(plans)
                break
            refused |= {path: plan for path, plan in plans.items() if not _is_better(done[path], reports[path])}
            plans = {path: plan for path, plan in plans.items() if path not in refused}
        else:
            done = {}
        for path, plan in refused.items():
            done |= self._one_by_one(path, plan, reports[path])
        return done

    def _one_by_one(self, path: str, plan: Plan, report: FileReport) -> dict[str, FileReport]:
        """As many of the fixes as go well together."""
        kept: list[tuple[Finding, Fix]] = []
        done: dict[str, FileReport] = {}
        for each in plan if len(plan) > 1 else ():
            tried = self._checked({path: [*kept, each]})
            if _is_better(tried[path], report):
                kept.append(each)
                done = tried
        self._keep({path: kept} if kept else {})
        return done

    def _checked(self, plans: Mapping[str, Plan]) -> dict[str, FileReport]:
        runner = self._make_runner({**self._contents, **self._texts(plans)})
        return {path: runner.check(path) for path in plans}

    def _texts(self, plans: Mapping[str, Plan]) -> dict[str, str]:
        return {p: edited(self._now[p], [e for _, fix in plan for e in fix.edits]) for p, plan in plans.items()}

    def _keep(self, plans: Mapping[str, Plan]) -> None:
        for path, text in self._texts(plans).items():
            self._contents[path] = text
            self._now[path] = SourceText.of(text)
            self._made[path] += [finding for finding, _ in plans[path]]


def _is_better(after: FileReport, before: FileReport) -> bool:
    """Is less found than before, and more of nothing? Only a waiver may well be left with nothing to silence."""
    new, old = (Counter(finding.code for finding in report.findings) for report in (after, before))
    unused, were_unused = (counts.pop(UNUSED_WAIVER[0], 0) for counts in (new, old))
    return not after.errors and new <= old and (new != old or unused < were_unused)


def _compatible(findings: Sequence[Finding], wanted: Wanted) -> Iterator[tuple[Finding, Fix]]:
    """The fixes that do not get into each other's way, from the top of the file down."""
    taken: list[Fix] = []
    for finding in findings:
        fix = wanted(finding)
        if fix is not None and not any(overlap(fix.edits, other.edits) for other in taken):
            taken.append(fix)
            yield finding, fix
