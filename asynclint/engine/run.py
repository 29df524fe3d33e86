"""One file after another: read, checked and waived."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TypeAlias

from msgspec.structs import replace

from asynclint.config import Config, Waiving
from asynclint.engine.baselining import Accepted
from asynclint.engine.check import (
    Chosen,
    Crash,
    Enabled,
    Inspection,
    asked_of,
    cannot_analyse,
    check_file,
    said,
)
from asynclint.engine.file_report import CANNOT_ANALYSE, FileReport
from asynclint.engine.trees import Trees
from asynclint.engine.waiving import HOUSEKEEPING, Heard, Page, Waived, unused, waive, without_reason
from asynclint.engine.workspace import Around, Workspace
from asynclint.facts.module import ModuleFacts
from asynclint.finding import Finding
from asynclint.rule import Default
from asynclint.rule.body import Target
from asynclint.source.files import files_like
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Waiver, read_waivers, skips_file

Choose: TypeAlias = Callable[[Config], Chosen]  # must be importable by name, so that other processes find it


class Runner:
    """Checks files one by one, remembering what they have in common."""

    def __init__(
        self,
        config: Config,
        choose: Choose,
        overlays: Mapping[str, bytes | str] | None = None,
        around: Around | None = None,
        trees: Trees | None = None,
        *,
        sieve: bool = True,
    ) -> None:
        self.workspace = Workspace(config, overlays, around)
        self.bodies = 0  # read closely so far
        target = Target(config.target_version.oldest, config.target_version.newest)
        self._chosen = chosen = choose(config)
        self._waiving = config.waiving
        self._accepted = Accepted(config)
        workspace = self.workspace
        self._aliases = {rule.code: rule.aliases for rule in chosen.known if rule.aliases}
        globs = (glob for rule in (*chosen.rules, *chosen.housekeeping) for glob in rule.ignored_in)
        meant = {glob: _files_meant(glob) for glob in globs}
        self._inspection = Inspection(
            project=workspace.project,
            rules=chosen.rules,
            asked_of=cache(lambda silenced, in_tests: asked_of(chosen.rules, target, silenced, in_tests=in_tests)),
            target=target,
            shown=workspace.shown,
            column=workspace.column,
            is_test=files_like(config.test_files),
            is_meant=lambda path, glob: meant[glob](path),
            sieve=sieve,
            trees=trees,
        )

    def check(self, path: str, go_on: Callable[[], None] = lambda: None) -> FileReport:
        """The report of one file, whatever is wrong with it.

        `go_on` is called between its bodies, and may raise `Abandoned` when nobody waits for the report any more.
        """
        if path.endswith(".pyi"):  # read for what it tells of other files, never linted
            return FileReport()
        try:
            facts = self.workspace.open(path)
            if facts is not None:
                return self._report(facts, partial(self.workspace.kept_text, facts.path), go_on)
        except OSError as error:
            return FileReport(errors=(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",))
        except Exception as error:
            return _crashed(path, error)
        failure = self.workspace.failure(path)
        return FileReport((failure,) if failure else ())

    def _report(self, facts: ModuleFacts, text: Callable[[], SourceText], go_on: Callable[[], None]) -> FileReport:
        heeds = self._waiving is not Waiving.NOTHING
        waivers = read_waivers(text()) if heeds and not facts.is_silent else ()
        if not facts.is_silent and self._is_skipped(text(), waivers):
            skipping = [waiver for waiver in waivers if waiver.kind is Kind.SKIP_FILE]
            return FileReport(tuple(self._notes(text(), facts.path, skipping)))

        def read_one() -> None:
            go_on()
            self.bodies += 1

        found = list(check_file(self._inspection, facts, text, read_one))
        findings = {finding for finding in found if isinstance(finding, Finding)}
        is_whole = all(finding.code != CANNOT_ANALYSE[0] for finding in findings)
        if heeds and findings and not waivers:
            waivers = read_waivers(text())
        if waivers:
            waived = waive(findings, waivers, self._waiving, self._aliases)
            notes = self._notes(text(), facts.path, waivers, waived if is_whole else None)
            findings = {*waived.findings, *waive(notes, waivers, self._waiving, self._aliases).findings}
        codes = self._inspection.asked(facts.path).heard if is_whole and self._accepted.file else ()
        parted = self._accepted.split(facts.path, sorted(findings), codes)
        crashes = tuple(crash.message for crash in found if isinstance(crash, Crash))
        stale = tuple(self._accepted.stale(facts.path, parted.left))
        return FileReport(parted.shown, crashes, parted.hidden, stale)

    def _is_skipped(self, text: SourceText, waivers: Sequence[Waiver]) -> bool:
        if any(waiver.kind is Kind.SKIP_FILE and not waiver.flaw for waiver in waivers):
            return True
        return self._waiving is Waiving.STATEMENTS and "flake8" in text.text.lower() and skips_file(text.lines)

    def _notes(
        self, text: SourceText, path: str, waivers: Sequence[Waiver], waived: Waived | None = None
    ) -> Iterator[Finding]:
        """What is to be said of waivers; of their use only where that is known."""
        severities = self._inspection.heard(path, self._chosen.housekeeping)
        page = Page(text, self._inspection.shown(path))
        found = [*without_reason(page, waivers)]
        found += unused(page, waivers, waived, self._heard(path)) if waived else ()
        for finding in found:
            if finding.code in severities:
                yield replace(finding, severity=severities[finding.code])

    def _heard(self, path: str) -> Heard:
        known = self._chosen.known
        rules = (rule for rule in known if rule.code not in HOUSEKEEPING and not rule.preview)
        usual = self._inspection.heard(path, (Enabled(rule) for rule in rules if rule.default is not Default.OFF))
        return Heard(known, frozenset(self._inspection.asked(path).heard), frozenset(usual))


def _files_meant(glob: str) -> Callable[[str], bool]:
    """Tells whether a file is meant by a glob, which `!` turns around; each is asked about for many rules."""
    is_like = files_like([glob.removeprefix("!")])
    return cache((lambda path: not is_like(path)) if glob.startswith("!") else is_like)


def _crashed(path: str, error: Exception) -> FileReport:
    """An error of ours costs the findings of one file, never those of the others."""
    reason = f"internal error: {said(error)}; please report it"
    return FileReport((cannot_analyse(path, None, 1, reason),), (f"{path}: {reason}",))
