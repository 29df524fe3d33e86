"""Many files: read, checked and waived, here or in several processes, always with the same result."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.check import CANNOT_ANALYSE, Crash, Enabled, Inspection, check_file
from asynclint.engine.workspace import Workspace
from asynclint.facts.module import ModuleFacts
from asynclint.finding import Finding
from asynclint.rule.body import Target
from asynclint.source.text import SourceText
from asynclint.source.waivers import governed_lines, is_waived, skips_file

Choose: TypeAlias = Callable[[Config], Sequence[Enabled]]  # must be importable by name, so that other processes find it


class FileReport(Struct, frozen=True):
    """What came of one file: findings in order, and errors that are not the file's fault or kept it from being read."""

    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()


class Runner:
    """Checks files one by one, remembering what they have in common."""

    def __init__(
        self, config: Config, choose: Choose, overlays: Mapping[str, bytes] | None = None, *, sieve: bool = True
    ) -> None:
        self.workspace = Workspace(config, overlays)
        target = Target(config.target_version.oldest, config.target_version.newest)
        rules = tuple(choose(config))
        self._inspection = Inspection(self.workspace.project, rules, target, self.workspace.shown, sieve)

    def check(self, path: str) -> FileReport:
        """The report of one file, whatever is wrong with it."""
        try:
            opened = self.workspace.open(path)
        except OSError as error:
            return FileReport(errors=(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",))
        if opened is None:
            failure = self.workspace.failure(path)
            return FileReport((failure,) if failure else ())
        return self._report(*opened)

    def _report(self, text: SourceText, facts: ModuleFacts) -> FileReport:

        if skips_file(text.lines):
            return FileReport()
        found = list(check_file(self._inspection, text, facts))
        governed = governed_lines(text)
        findings = {f for f in found if isinstance(f, Finding) and not _is_waived(f, text, governed)}
        return FileReport(tuple(sorted(findings)), tuple(f.message for f in found if isinstance(f, Crash)))


def _is_waived(finding: Finding, text: SourceText, governed: Mapping[int, str]) -> bool:
    line = governed.get(finding.span.line, text.line(finding.span.line))
    return finding.code != CANNOT_ANALYSE[0] and is_waived(line, finding.code)


def run(paths: Sequence[str], config: Config, choose: Choose, *, jobs: int = 1) -> list[FileReport]:
    """The report of every path, in the order of the paths."""
    if jobs > 1:
        from asynclint.engine.pool import run_in_processes

        return run_in_processes(paths, config, choose, jobs)
    runner = Runner(config, choose)
    return [runner.check(path) for path in paths]
