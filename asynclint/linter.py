"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from asynclint.catalog import enabled, fixable
from asynclint.config import Config, Settings
from asynclint.engine import fix as fixing
from asynclint.engine.explain import NothingToExplain, explain_line
from asynclint.engine.fix import Fixed
from asynclint.engine.observer import Observer, Work
from asynclint.engine.pool import Group, check, run
from asynclint.engine.run import FileReport, Runner
from asynclint.engine.session import Session
from asynclint.engine.workspace import environment
from asynclint.facts.explain import Explanation
from asynclint.finding import Finding, Fix
from asynclint.source.files import Discovered, Exclusions, State, discover, state, upward
from asynclint.source.saving import NotSaved, save

__all__ = [
    "Fixed",
    "Linter",
    "NothingToExplain",
    "Observer",
    "Result",
    "Watch",
    "Work",
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


def lint(paths: Sequence[str], settings: Settings, *, jobs: int = 0, observer: Observer | None = None) -> Result:
    """Lints files and directories; `jobs` is the number of processes, 0 chooses it. The observer hears how it goes.

    Raises `ConfigError` when a configuration names a rule or an environment that does not exist.
    """
    observer = observer or Observer()
    started = time.perf_counter()
    found = files_to_lint(paths, settings)
    groups = grouped(found.files, settings)
    for group in (Group(settings.common, ()), *groups):
        enabled(group.config)
        environment(group.config)
    workers = jobs or (os.cpu_count() or 1 if len(found.files) >= _WORTH_PROCESSES else 1)
    observer.discovered(len(found.files), min(workers, len(found.files)), time.perf_counter() - started)
    return _joined(run(groups, enabled, jobs=workers, observer=observer), found.problems)


def explain(path: str, line: int, settings: Settings) -> Explanation:
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    return explain_line(Runner(settings.governing(path), enabled), path, line)


def lint_source(data: bytes | str, filename: str, settings: Settings, *, observer: Observer | None = None) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    observer = observer or Observer()
    observer.discovered(1, 1, 0.0)
    reports, work = check(Runner(settings.governing(filename), enabled, {filename: data}), [filename])
    observer.worked(work)
    return _joined(list(reports.values()), ())


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


class Watch:
    """Lints files and directories again and again, each time as a fresh run would, but only what a change affects."""

    def __init__(self, paths: Sequence[str], configure: Callable[[], Settings]) -> None:
        """`configure` gives the configurations as they are now, and may raise `ConfigError`."""
        self._paths = paths
        self._configure = configure
        self._sessions: dict[str, Session] = {}  # by the configuration file of their group
        self._found = Discovered((), ())
        self._seen: dict[str, State] = {}

    def lint(self) -> tuple[Result, Sequence[str]] | None:
        """The result as it is now, and the files that were linted for it; None when there is nothing new.

        Raises `ConfigError`.
        """
        self._seen = {place: state(place) for place in self._seen}
        settings = self._configure()
        found, former = files_to_lint(self._paths, settings), self._found
        groups = grouped(found.files, settings)
        for group in (Group(settings.common, ()), *groups):
            enabled(group.config)
        former_sessions, self._sessions = self._sessions, {}
        linted: list[str] = []
        reports: dict[str, FileReport] = {}
        for group in groups:
            key = f"{group.config.file}:{group.config.target_version}"
            session = self._sessions[key] = former_sessions.get(key) or Session(enabled)
            linted += session.check(group.paths, group.config, found.files)
            reports |= session.reports
        self._found = found
        files = (config.file for config in (settings.common, *(group.config for group in groups)) if config.file)
        self._seen = {place: self._seen.get(place) for place in (*found.folders, *files)}
        if not linted and (found.files, found.problems) == (former.files, former.problems):
            return None
        return _joined([reports[path] for path in found.files], found.problems), linted

    def is_outdated(self) -> bool:
        """May something have changed? This is asked where nobody tells."""
        changed = any(session.is_outdated() for session in self._sessions.values())
        return changed or any(state(place) != seen for place, seen in self._seen.items())

    def places(self) -> frozenset[str]:
        """The directories in which something may change that matters, without those inside of them.

        Those above what is linted are left out, for there is much traffic in some: see `is_outdated`.
        """
        files = (os.path.dirname(os.path.abspath(path)) for path in self._found.files)
        own = frozenset((*self._found.folders, *files, *map(os.path.dirname, self._seen)))
        above = {outer for place in own for outer in upward(os.path.dirname(place))} - own
        return own | (frozenset[str]().union(*(s.places() for s in self._sessions.values())) - above)


def _joined(reports: Sequence[FileReport], problems: Sequence[str]) -> Result:
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    return Result(findings, errors, len(reports))
