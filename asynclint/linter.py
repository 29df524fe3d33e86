"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from asynclint.catalog import enabled, fixable
from asynclint.config import Config, Settings
from asynclint.engine import fix as fixing
from asynclint.engine.explain import NothingToExplain, explain_line
from asynclint.engine.fix import Fixed
from asynclint.engine.pool import Group, run
from asynclint.engine.run import FileReport, Runner
from asynclint.engine.workspace import environment
from asynclint.facts.explain import Explanation
from asynclint.finding import Finding, Fix
from asynclint.source.files import Discovered, Exclusions, discover
from asynclint.source.saving import NotSaved, save

__all__ = [
    "Fixed",
    "Linter",
    "NothingToExplain",
    "Result",
    "choose_fix",
    "explain",
    "files_to_lint",
    "fix",
    "grouped",
    "lint",
    "lint_source",
    "write",
]
_WORTH_PROCESSES = 64  # files; below, starting processes costs more than they save


class Result(Struct, frozen=True):
    """Findings in order; `errors` are lines about what could not be done; `files` counts what was read."""

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: int


def files_to_lint(paths: Sequence[str], settings: Settings) -> Discovered:
    """The Python files in files and directories, and a line for each path that is not there. Raises `ConfigError`."""
    known: dict[int, Exclusions] = {}

    def exclusions(path: str) -> Exclusions:
        config = settings.governing(path)
        if id(config) not in known:
            known[id(config)] = Exclusions.of(
                (*config.exclude, *config.extend_exclude),
                force_exclude=config.force_exclude,
                respect_gitignore=config.respect_gitignore,
            )
        return known[id(config)]

    return discover(paths, exclusions)


def grouped(paths: Sequence[str], settings: Settings) -> list[Group]:
    """The files by the configuration that governs them. Raises `ConfigError`."""
    by_config: dict[int, tuple[Config, list[str]]] = {}
    for path in paths:
        config = settings.governing(path)
        by_config.setdefault(id(config), (config, []))[1].append(path)
    return [Group(config, files) for config, files in by_config.values()]


def lint(paths: Sequence[str], settings: Settings, *, jobs: int = 0) -> Result:
    """Lints files and directories; `jobs` is the number of processes, 0 chooses it.

    Raises `ConfigError` when a configuration names a rule or an environment that does not exist.
    """
    found = files_to_lint(paths, settings)
    groups = grouped(found.files, settings)
    for group in (Group(settings.common, ()), *groups):
        enabled(group.config)
        environment(group.config)
    workers = jobs or (os.cpu_count() or 1 if len(found.files) >= _WORTH_PROCESSES else 1)
    return _joined(run(groups, enabled, jobs=workers), found.problems)


def explain(path: str, line: int, settings: Settings) -> Explanation:
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    return explain_line(Runner(settings.governing(path), enabled), path, line)


def lint_source(data: bytes | str, filename: str, settings: Settings) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    return Linter(settings, {filename: data}).lint(filename)


def choose_fix(settings: Settings, *, unsafe: bool | None = None) -> Callable[[Finding], Fix | None]:
    """Gives, for each finding, the fix that its configuration wants made, None when there is none.

    `unsafe` says for all of them whether unsafe ones may be made. Raises `ConfigError`.
    """
    fixable(settings.common)
    codes: dict[int, frozenset[str]] = {}

    def chosen(finding: Finding) -> Fix | None:
        config = settings.governing(finding.path)
        if id(config) not in codes:
            codes[id(config)] = fixable(config)
        fixes = finding.fixes if finding.code in codes[id(config)] else ()
        may_be_unsafe = config.unsafe_fixes if unsafe is None else unsafe
        return next((fix for fix in fixes if fix.is_safe or may_be_unsafe), None)

    return chosen


def fix(
    findings: Sequence[Finding], settings: Settings, contents: Mapping[str, bytes | str] | None = None
) -> list[Fixed]:
    """Fixes, in memory, what can be fixed of these findings, again and again until nothing more can be.

    `contents` are what the findings are about where that is not in the files. Raises `ConfigError`.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    wanted = choose_fix(settings)
    return [
        fixed
        for group in grouped(tuple(by_path), settings)
        for reports in [{path: FileReport(tuple(by_path[path])) for path in group.paths}]
        for fixed in fixing.fix(reports, group.config, enabled, wanted, contents)
    ]


def write(fixed: Sequence[Fixed]) -> dict[str, str]:
    """Puts fixed texts into their files, and gives a line for each path that has to stay as it was."""
    unsaved = {}
    for each in fixed:
        try:
            save(each.path, each.before, each.after)
        except NotSaved as error:
            unsaved[each.path] = f"{each.path}: {error}"
    return unsaved


class Linter:
    """Lints one file after another in this process, remembering what it has read for them."""

    def __init__(
        self, settings: Settings, overlays: Mapping[str, bytes | str] | None = None, *, sieve: bool = True
    ) -> None:
        """`overlays` are contents to take instead of the files'; without the sieve every rule reads every body."""
        self._settings = settings
        self._overlays = overlays
        self._sieve = sieve
        self._runners: dict[int, Runner] = {}
        self._runner_of(settings.common)

    def lint(self, path: str, text: str | None = None) -> Result:
        """The result of one file; `text` is what somebody else takes it to say, who may know better than the disk.

        Raises `ConfigError`.
        """
        runner = self._runner_of(self._settings.governing(path))
        if text is None or runner.workspace.says(path, text):
            return _joined([runner.check(path)], ())
        return lint_source(text, path, self._settings)

    def _runner_of(self, config: Config) -> Runner:
        if id(config) not in self._runners:
            self._runners[id(config)] = Runner(config, enabled, self._overlays, sieve=self._sieve)
        return self._runners[id(config)]


def _joined(reports: Sequence[FileReport], problems: Sequence[str]) -> Result:
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    return Result(findings, errors, len(reports))
