"""One file after another: read, checked and waived."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.check import CANNOT_ANALYSE, Crash, Enabled, Inspection, cannot_analyse, check_file, said
from asynclint.engine.workspace import Workspace
from asynclint.facts.module import ModuleFacts
from asynclint.finding import Finding
from asynclint.rule.body import Target
from asynclint.source.files import files_like
from asynclint.source.folders import Folders
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
        self,
        config: Config,
        choose: Choose,
        overlays: Mapping[str, bytes | str] | None = None,
        folders: Folders | None = None,
        *,
        sieve: bool = True,
    ) -> None:
        self.workspace = Workspace(config, overlays, folders)
        target = Target(config.target_version.oldest, config.target_version.newest)
        rules = tuple(choose(config))
        workspace = self.workspace
        meant = {glob: _files_meant(glob) for rule in rules for glob in rule.ignored_in}
        self._inspection = Inspection(
            project=workspace.project,
            rules=rules,
            target=target,
            shown=workspace.shown,
            column=workspace.column,
            is_test=files_like(config.test_files),
            is_meant=lambda path, glob: meant[glob](path),
            sieve=sieve,
        )

    def check(self, path: str) -> FileReport:
        """The report of one file, whatever is wrong with it."""
        if path.endswith(".pyi"):  # read for what it tells of other files, never linted
            return FileReport()
        try:
            opened = self.workspace.open(path)
            if opened is not None:
                return self._report(*opened)
        except OSError as error:
            return FileReport(errors=(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",))
        except Exception as error:
            return _crashed(path, error)
        failure = self.workspace.failure(path)
        return FileReport((failure,) if failure else ())

    def _report(self, text: SourceText, facts: ModuleFacts) -> FileReport:

        if skips_file(text.lines):
            return FileReport()
        found = list(check_file(self._inspection, text, facts))
        governed = governed_lines(text)
        findings = {f for f in found if isinstance(f, Finding) and not _is_waived(f, text, governed)}
        return FileReport(tuple(sorted(findings)), tuple(f.message for f in found if isinstance(f, Crash)))


def _files_meant(glob: str) -> Callable[[str], bool]:
    """Tells whether a file is meant by a glob, which `!` turns around; each is asked about for many rules."""
    is_like = files_like([glob.removeprefix("!")])
    return cache((lambda path: not is_like(path)) if glob.startswith("!") else is_like)


def _crashed(path: str, error: Exception) -> FileReport:
    """An error of ours costs the findings of one file, never those of the others."""
    reason = f"internal error: {said(error)}; please report it"
    return FileReport((cannot_analyse(path, None, 1, reason),), (f"{path}: {reason}",))


def _is_waived(finding: Finding, text: SourceText, governed: Mapping[int, str]) -> bool:
    line = governed.get(finding.span.line, text.line(finding.span.line))
    return finding.code != CANNOT_ANALYSE[0] and is_waived(line, finding.code)
