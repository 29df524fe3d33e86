"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.baseline import Stale
from asynclint.config import Config, Settings
from asynclint.engine import archive, cache
from asynclint.engine.baselining import Accepted
from asynclint.engine.file_report import FileReport
from asynclint.engine.groups import Group, grouped
from asynclint.engine.observer import Observer, Work
from asynclint.engine.surroundings import environment
from asynclint.finding import Finding, Fix
from asynclint.selectors import check_selectors, every_name, fixable
from asynclint.source.discovery import Discovered, Exclusions, discover
from asynclint.source.files import absolute

if TYPE_CHECKING:
    from asynclint.engine.pool import Checked
    from asynclint.engine.run import Runner
    from asynclint.facts.explain import Explanation

__all__ = [
    "Linter",
    "Observer",
    "Result",
    "Work",
    "baselines_of",
    "choose_fix",
    "clean",
    "explain",
    "files_to_lint",
    "grouped",
    "joined",
    "lint",
    "lint_source",
]
_WORTH_PROCESSES = 64  # files; below, starting processes costs more than they save


class Result(Struct, frozen=True):
    """Findings in order; `errors` are lines about what could not be done; `files` counts what was read.

    `hidden` are the findings that a baseline knows, `stale` the entries that match nothing any more; `baselines` are
    the files of all baselines that governed.
    """

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: int
    hidden: tuple[Finding, ...] = ()
    stale: tuple[Stale, ...] = ()
    baselines: tuple[str, ...] = ()


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


def lint(paths: Sequence[str], settings: Settings, *, jobs: int = 0, observer: Observer | None = None) -> Result:
    """Lints files and directories; `jobs` is the number of processes, 0 chooses it. The observer hears how it goes.

    Raises `ConfigError` when a configuration names a rule, an environment or a baseline that does not exist.
    """
    observer = observer or Observer()
    started = time.perf_counter()
    found = files_to_lint(paths, settings)
    groups = grouped(found.files, settings)
    configs = (settings.common, *(group.config for group in groups))
    for config in configs:
        _check(config)
    baselines = baselines_of(configs)
    codes = frozenset(rule.code for rule in every_name())
    paths_of = [absolute(group.paths) for group in groups]
    typed = {path: name for of in paths_of for name, path in of.items()}
    records = [archive.load(group.config, typed, codes) for group in groups]
    due = [Group(g.config, r.outdated(of, g.config)) for g, of, r in zip(groups, paths_of, records, strict=True)]
    count = sum(len(group.paths) for group in due)
    workers = jobs or (os.cpu_count() or 1 if count >= _WORTH_PROCESSES else 1)
    observer.discovered(len(found.files), max(1, min(workers, count)), time.perf_counter() - started)
    observer.unchanged(len(found.files) - count)
    observer.worked(Work(0, 0.0, 0.0, sum(record.parsed for record in records)))
    for index, checked in _run(due, typed, workers) if count else ():
        observer.worked(checked.work)
        records[index].learn(checked.reports, checked.evidence)
    for group, record, outdated in zip(groups, records, due, strict=True):
        if outdated.paths or record.evidence.is_renewed:
            archive.save(group.config, record)
    reports = [record.reports[path] for of, record in zip(paths_of, records, strict=True) for path in of.values()]
    return joined(reports, found.problems, baselines)


def _check(config: Config) -> None:
    """Raises `ConfigError` when it names a rule or an environment that does not exist."""
    check_selectors(config, every_name())
    if any(said is not None and said.code for said in config.blocking_calls.values()):
        from asynclint.catalog import chosen

        chosen(config)
    environment(config)


def _run(groups: Sequence[Group], typed: Mapping[str, str], workers: int) -> "Iterator[tuple[int, Checked]]":
    """Loads what checks files, which is much, only now that there are some to be checked."""
    from asynclint.catalog import chosen
    from asynclint.engine.pool import run

    return run(groups, typed, chosen, workers)


def clean(paths: Sequence[str], settings: Settings) -> list[str]:
    """Removes what runs on these files and directories have kept, and gives the directories where that was.

    Raises `ConfigError` for one that is no cache of ours, and OSError.
    """
    groups = grouped(files_to_lint(paths, settings).files, settings)
    configs = (settings.common, *(group.config for group in groups))
    directories = dict.fromkeys(map(cache.cache_directory, configs))
    return [directory for directory in directories if directory and cache.clean(directory)]


def explain(path: str, line: int, settings: Settings) -> "Explanation":
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    from asynclint.catalog import chosen
    from asynclint.engine.explain import explain_line
    from asynclint.engine.run import Runner

    return explain_line(Runner(settings.governing(path), chosen), path, line)


def lint_source(data: bytes | str, filename: str, settings: Settings, *, observer: Observer | None = None) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    from asynclint.catalog import chosen
    from asynclint.engine.pool import check
    from asynclint.engine.run import Runner

    observer = observer or Observer()
    observer.discovered(1, 1, 0.0)
    config = settings.governing(filename)
    checked = check(Runner(config, chosen, {filename: data}), [filename])
    observer.worked(checked.work)
    return joined(list(checked.reports.values()), (), baselines_of([config]))


def choose_fix(settings: Settings, *, unsafe: bool | None = None) -> Callable[[Finding], Fix | None]:
    """Gives, for each finding, the fix that its configuration wants made, None when there is none.

    `unsafe` says for all of them whether unsafe ones may be made. Raises `ConfigError`.
    """
    fixable(settings.common)
    codes: dict[int, frozenset[str]] = {}

    def choice(finding: Finding) -> Fix | None:
        config = settings.governing(finding.path)
        if id(config) not in codes:
            codes[id(config)] = fixable(config)
        fixes = finding.fixes if finding.code in codes[id(config)] else ()
        may_be_unsafe = config.unsafe_fixes if unsafe is None else unsafe
        return next((fix for fix in fixes if fix.is_safe or may_be_unsafe), None)

    return choice


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
            return joined([runner.check(path)], (), ())
        return lint_source(text, path, self._settings)

    def _runner_of(self, config: Config) -> "Runner":
        from asynclint.catalog import chosen
        from asynclint.engine.run import Runner

        if id(config) not in self._runners:
            self._runners[id(config)] = Runner(config, chosen, self._overlays, sieve=self._sieve)
        return self._runners[id(config)]


def joined(reports: Sequence[FileReport], problems: Sequence[str], baselines: Sequence[str]) -> Result:
    """The result of a run: the reports of its files, in order, and lines about paths that are not there."""
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    hidden = tuple(sorted(finding for report in reports for finding in report.hidden))
    stale = tuple(entry for report in reports for entry in report.stale)
    return Result(findings, errors, len(reports), hidden, stale, tuple(baselines))


def baselines_of(configs: Iterable[Config]) -> list[str]:
    """The files of the baselines that configurations mean. Raises `ConfigError` when one of them cannot be read."""
    files = dict.fromkeys(Accepted(config).file for config in configs)
    return [file for file in files if file]
