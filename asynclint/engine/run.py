"""One file after another: read, checked and waived."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from asynclint.baseline import Entry
from asynclint.config import Config, Waiving
from asynclint.engine.baselining import Accepted
from asynclint.engine.check import (
    CANNOT_ANALYSE,
    Chosen,
    Crash,
    Enabled,
    Inspection,
    cannot_analyse,
    check_file,
    heard_in,
    said,
)
from asynclint.engine.waiving import HOUSEKEEPING, Heard, Page, Waived, unused, waive, without_reason
from asynclint.engine.workspace import Workspace
from asynclint.facts.module import ModuleFacts
from asynclint.finding import Finding
from asynclint.rule import Default
from asynclint.rule.body import Target
from asynclint.source.files import files_like
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Waiver, read_waivers, skips_file

Choose: TypeAlias = Callable[[Config], Chosen]  # must be importable by name, so that other processes find it


class FileReport(Struct, frozen=True):
    """What came of one file: findings in order, and errors that are not the file's fault or kept it from being read.

    `hidden` are the findings that the baseline knows, `stale` its entries that match nothing any more.
    """

    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    hidden: tuple[Finding, ...] = ()
    stale: tuple[Entry, ...] = ()


class Runner:
    """Checks files one by one, remembering what they have in common."""

    def __init__(
        self, config: Config, choose: Choose, overlays: Mapping[str, bytes | str] | None = None, *, sieve: bool = True
    ) -> None:
        self.workspace = Workspace(config, overlays)
        target = Target(config.target_version.oldest, config.target_version.newest)
        self._chosen = choose(config)
        self._waiving = config.waiving
        self._accepted = Accepted(config)
        workspace = self.workspace
        is_test = files_like(config.test_files)
        self._inspection = Inspection(
            workspace.project, self._chosen.rules, target, workspace.shown, workspace.column, is_test, sieve
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
        waivers = read_waivers(text) if self._waiving is not Waiving.NOTHING else ()
        if self._is_skipped(text, waivers):
            skipping = [waiver for waiver in waivers if waiver.kind is Kind.SKIP_FILE]
            return FileReport(tuple(self._notes(text, facts.path, skipping)))
        found = list(check_file(self._inspection, text, facts))
        findings = {finding for finding in found if isinstance(finding, Finding)}
        is_whole = all(finding.code != CANNOT_ANALYSE[0] for finding in findings)
        if waivers:
            waived = waive(findings, waivers, self._waiving)
            notes = self._notes(text, facts.path, waivers, waived if is_whole else None)
            findings = {*waived.findings, *waive(notes, waivers, self._waiving).findings}
        codes = self._heard(facts.path).codes if is_whole else frozenset[str]()
        parted = self._accepted.split(facts.path, sorted(findings), codes)
        crashes = tuple(crash.message for crash in found if isinstance(crash, Crash))
        return FileReport(parted.shown, crashes, parted.hidden, tuple(sorted(parted.left.elements())))

    def _is_skipped(self, text: SourceText, waivers: Sequence[Waiver]) -> bool:
        if any(waiver.kind is Kind.SKIP_FILE and not waiver.flaw for waiver in waivers):
            return True
        return self._waiving is Waiving.STATEMENTS and skips_file(text.lines)

    def _notes(
        self, text: SourceText, path: str, waivers: Sequence[Waiver], waived: Waived | None = None
    ) -> Iterator[Finding]:
        """What is to be said of waivers; of their use only where that is known."""
        in_tests = self._inspection.is_test(path)
        severities = heard_in(self._chosen.housekeeping, in_tests=in_tests)
        page = Page(text, self._inspection.shown(path))
        found = [*without_reason(page, waivers)]
        found += unused(page, waivers, waived, self._heard(path)) if waived else ()
        for finding in found:
            if finding.code in severities:
                yield replace(finding, severity=severities[finding.code])

    def _heard(self, path: str) -> Heard:
        return self._heard_in_tests if self._inspection.is_test(path) else self._heard_elsewhere

    @cached_property
    def _heard_in_tests(self) -> Heard:
        return _heard(self._chosen, in_tests=True)

    @cached_property
    def _heard_elsewhere(self) -> Heard:
        return _heard(self._chosen, in_tests=False)


def _heard(chosen: Chosen, *, in_tests: bool) -> Heard:
    rules = (rule for rule in chosen.known if rule.code not in HOUSEKEEPING and not rule.preview)
    usual = heard_in((Enabled(rule) for rule in rules if rule.default is not Default.OFF), in_tests=in_tests)
    return Heard(chosen.known, frozenset(heard_in(chosen.rules, in_tests=in_tests)), frozenset(usual))


def _crashed(path: str, error: Exception) -> FileReport:
    """An error of ours costs the findings of one file, never those of the others."""
    reason = f"internal error: {said(error)}; please report it"
    return FileReport((cannot_analyse(path, None, 1, reason),), (f"{path}: {reason}",))
