"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from asynclint.catalog import enabled, fixable
from asynclint.config import Config
from asynclint.engine import fix as fixing
from asynclint.engine.explain import NothingToExplain, explain_line
from asynclint.engine.fix import Fixed
from asynclint.engine.observer import Observer, Work
from asynclint.engine.pool import check, run
from asynclint.engine.run import FileReport, Runner
from asynclint.engine.session import Session
from asynclint.engine.workspace import environment
from asynclint.facts.explain import Explanation
from asynclint.finding import Finding, Fix
from asynclint.source.files import Discovered, State, discover, state, upward
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


def files_to_lint(paths: Sequence[str], config: Config) -> Discovered:
    """The Python files in files and directories, and a line for each path that is not there."""
    return discover(
        paths,
        exclude=(*config.exclude, *config.extend_exclude),
        force_exclude=config.force_exclude,
        respect_gitignore=config.respect_gitignore,
    )


def lint(paths: Sequence[str], config: Config, *, jobs: int = 0, observer: Observer | None = None) -> Result:
    """Lints files and directories; `jobs` is the number of processes, 0 chooses it. The observer hears how it goes.

    Raises `ConfigError` when the configuration names a rule or an environment that does not exist.
    """
    observer = observer or Observer()
    enabled(config)
    environment(config)
    started = time.perf_counter()
    found = files_to_lint(paths, config)
    workers = jobs or (os.cpu_count() or 1 if len(found.files) >= _WORTH_PROCESSES else 1)
    observer.discovered(len(found.files), min(workers, len(found.files)), time.perf_counter() - started)
    return _joined(run(found.files, config, enabled, jobs=workers, observer=observer), found.problems)


def explain(path: str, line: int, config: Config) -> Explanation:
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    return explain_line(Runner(config, enabled), path, line)


def lint_source(data: bytes | str, filename: str, config: Config, *, observer: Observer | None = None) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    observer = observer or Observer()
    observer.discovered(1, 1, 0.0)
    reports, work = check(Runner(config, enabled, {filename: data}), [filename])
    observer.worked(work)
    return _joined(list(reports.values()), ())


def choose_fix(config: Config) -> Callable[[Finding], Fix | None]:
    """Gives, for each finding, the fix that a configuration wants made, None when there is none.

    Raises `ConfigError`.
    """
    codes = fixable(config)

    def chosen(finding: Finding) -> Fix | None:
        fixes = finding.fixes if finding.code in codes else ()
        return next((fix for fix in fixes if fix.is_safe or config.unsafe_fixes), None)

    return chosen


def fix(findings: Sequence[Finding], config: Config, contents: Mapping[str, bytes | str] | None = None) -> list[Fixed]:
    """Fixes, in memory, what can be fixed of these findings, again and again until nothing more can be.

    `contents` are what the findings are about where that is not in the files. Raises `ConfigError`.
    """
    paths = dict.fromkeys(finding.path for finding in findings)
    reports = {path: FileReport(tuple(f for f in findings if f.path == path)) for path in paths}
    return fixing.fix(reports, config, enabled, choose_fix(config), contents)


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
        self, config: Config, overlays: Mapping[str, bytes | str] | None = None, *, sieve: bool = True
    ) -> None:
        """`overlays` are contents to take instead of the files'; without the sieve every rule reads every body."""
        self._config = config
        self._runner = Runner(config, enabled, overlays, sieve=sieve)

    def lint(self, path: str, text: str | None = None) -> Result:
        """The result of one file; `text` is what somebody else takes it to say, who may know better than the disk."""
        if text is None or self._runner.workspace.says(path, text):
            return _joined([self._runner.check(path)], ())
        return lint_source(text, path, self._config)


class Watch:
    """Lints files and directories again and again, each time as a fresh run would, but only what a change affects."""

    def __init__(self, paths: Sequence[str], configure: Callable[[], Config]) -> None:
        """`configure` gives the configuration as it is now, and may raise `ConfigError`."""
        self._paths = paths
        self._configure = configure
        self._session = Session(enabled)
        self._found = Discovered((), ())
        self._seen: dict[str, State] = {}

    def lint(self) -> tuple[Result, Sequence[str]] | None:
        """The result as it is now, and the files that were linted for it; None when there is nothing new.

        Raises `ConfigError`.
        """
        self._seen = {place: state(place) for place in self._seen}
        config = self._configure()
        found, former = files_to_lint(self._paths, config), self._found
        linted = self._session.check(found.files, config)
        self._found = found
        self._seen = {place: self._seen.get(place) for place in (*found.folders, *filter(None, [config.file]))}
        if not linted and (found.files, found.problems) == (former.files, former.problems):
            return None
        return _joined([self._session.reports[path] for path in found.files], found.problems), linted

    def is_outdated(self) -> bool:
        """May something have changed? This is asked where nobody tells."""
        return self._session.is_outdated() or any(state(place) != seen for place, seen in self._seen.items())

    def places(self) -> frozenset[str]:
        """The directories in which something may change that matters, without those inside of them.

        Those above what is linted are left out, for there is much traffic in some: see `is_outdated`.
        """
        files = (os.path.dirname(os.path.abspath(path)) for path in self._found.files)
        own = frozenset((*self._found.folders, *files, *map(os.path.dirname, self._seen)))
        above = {outer for place in own for outer in upward(os.path.dirname(place))} - own
        return own | (self._session.places() - above)


def _joined(reports: Sequence[FileReport], problems: Sequence[str]) -> Result:
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    return Result(findings, errors, len(reports))
