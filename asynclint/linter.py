"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from asynclint import baseline
from asynclint.baseline import Baseline, Entries, Stale
from asynclint.catalog import chosen, documented, fixable
from asynclint.config import Changed, Config, Settings
from asynclint.engine import archive, cache, noqa
from asynclint.engine import fix as fixing
from asynclint.engine.baselining import Accepted, baseline_to_write
from asynclint.engine.check import CANNOT_ANALYSE, Abandoned
from asynclint.engine.explain import NothingToExplain, explain_line
from asynclint.engine.fix import Fixed
from asynclint.engine.noqa import Silenced
from asynclint.engine.observer import Observer, Work
from asynclint.engine.pool import Group, check, run
from asynclint.engine.run import FileReport, Runner
from asynclint.engine.session import Session
from asynclint.engine.surroundings import environment
from asynclint.facts.explain import Explanation
from asynclint.finding import Finding, Fix
from asynclint.source.files import Discovered, Exclusions, State, discover, state, upward
from asynclint.source.saving import NotSaved, save

__all__ = [
    "Abandoned",
    "Fixed",
    "Linter",
    "Live",
    "NothingToExplain",
    "Observer",
    "Result",
    "Silenced",
    "Watch",
    "Work",
    "add_noqa",
    "before_baseline",
    "choose_fix",
    "clean",
    "explain",
    "files_to_lint",
    "fix",
    "grouped",
    "lint",
    "lint_source",
    "prune_baseline",
    "stale_entries",
    "warm_up",
    "write",
    "write_baseline",
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


def grouped(paths: Sequence[str], settings: Settings) -> list[Group]:
    """The files by the configuration that governs them. Raises `ConfigError`."""
    by_config: dict[int, tuple[Config, list[str]]] = {}
    for path in paths:
        config = settings.governing(path)
        by_config.setdefault(id(config), (config, []))[1].append(path)
    return [Group(config, files) for config, files in by_config.values()]


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
        chosen(config)
        environment(config)
    baselines = _baselines(configs)
    codes = frozenset(rule.code for rule in documented())
    records = [archive.load(group.config, found.files, codes) for group in groups]
    due = [Group(g.config, r.outdated(g.paths, g.config)) for g, r in zip(groups, records, strict=True)]
    count = sum(len(group.paths) for group in due)
    workers = jobs or (os.cpu_count() or 1 if count >= _WORTH_PROCESSES else 1)
    observer.discovered(len(found.files), max(1, min(workers, count)), time.perf_counter() - started)
    observer.unchanged(len(found.files) - count)
    for index, checked in run(due, found.files, chosen, workers):
        observer.worked(checked.work)
        records[index].learn(checked.reports, checked.evidence)
    for group, record, outdated in zip(groups, records, due, strict=True):
        if outdated.paths:
            archive.save(group.config, record)
    reports = [record.report(path) for g, record in zip(groups, records, strict=True) for path in g.paths]
    return _joined(reports, found.problems, baselines)


def clean(paths: Sequence[str], settings: Settings) -> list[str]:
    """Removes what runs on these files and directories have kept, and gives the directories where that was.

    Raises `ConfigError` for one that is no cache of ours, and OSError.
    """
    groups = grouped(files_to_lint(paths, settings).files, settings)
    configs = (settings.common, *(group.config for group in groups))
    directories = dict.fromkeys(map(cache.cache_directory, configs))
    return [directory for directory in directories if directory and cache.clean(directory)]


def explain(path: str, line: int, settings: Settings) -> Explanation:
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    return explain_line(Runner(settings.governing(path), chosen), path, line)


def lint_source(data: bytes | str, filename: str, settings: Settings, *, observer: Observer | None = None) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    observer = observer or Observer()
    observer.discovered(1, 1, 0.0)
    config = settings.governing(filename)
    checked = check(Runner(config, chosen, {filename: data}), [filename])
    observer.worked(checked.work)
    return _joined(list(checked.reports.values()), (), _baselines([config]))


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


def fix(
    findings: Sequence[Finding], settings: Settings, contents: Mapping[str, bytes | str] | None = None
) -> list[Fixed]:
    """Fixes, in memory, what can be fixed in the files of these findings, again and again until nothing more can be.

    `contents` are what the findings are about where that is not in the files. Raises `ConfigError`.
    """
    wanted = choose_fix(settings)
    paths = tuple(dict.fromkeys(finding.path for finding in findings if wanted(finding)))
    return [fixed for group in grouped(paths, settings) for fixed in _fixed(group, wanted, contents or {})]


def _fixed(group: Group, wanted: fixing.Wanted, contents: Mapping[str, bytes | str]) -> list[Fixed]:
    """Fixes what is found now: what is kept of earlier runs may be a stranger's, who would write into their code."""
    session = Session(chosen, keeps=False)
    session.check(group.paths, group.config, group.paths, contents)
    return fixing.fix(session.reports, session.runner, wanted, contents)


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
            return _joined([runner.check(path)], (), ())
        return lint_source(text, path, self._settings)

    def _runner_of(self, config: Config) -> Runner:
        if id(config) not in self._runners:
            self._runners[id(config)] = Runner(config, chosen, self._overlays, sieve=self._sieve)
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
        configs = (settings.common, *(group.config for group in groups))
        for config in configs:
            chosen(config)
        baselines = _baselines(configs)
        former_sessions, self._sessions = self._sessions, {}
        linted: list[str] = []
        reports: dict[str, FileReport] = {}
        for group in groups:
            key = f"{group.config.file}:{group.config.target_version}"
            session = self._sessions[key] = former_sessions.get(key) or Session(chosen)
            session.look_again()
            linted += session.check(group.paths, group.config, found.files)
            reports |= {path: session.reports[path] for path in group.paths}
        self._found = found
        files = (file for config in configs for file in (config.file, baseline_to_write(config)) if file)
        self._seen = {place: self._seen.get(place) for place in (*found.folders, *files)}
        if not linted and (found.files, found.problems) == (former.files, former.problems):
            return None
        return _joined([reports[path] for path in found.files], found.problems, baselines), linted

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


def warm_up() -> None:
    """Imports already now what is otherwise imported for the first body that is read closely."""
    import asynclint.engine.edits
    import asynclint.engine.slices  # noqa: F401


class Live:
    """Lints files while they are edited: each time as a fresh run would, but only what a change affects."""

    def __init__(self, settings: Settings, former: "Live | None" = None) -> None:
        """A former one lends what it has read, as far as the settings let it."""
        self.settings = settings
        self._sessions: dict[str, Session] = former._sessions if former is not None else {}
        self._excluded: dict[int, Exclusions] = {}
        self.look_again()

    def look_again(self) -> None:
        """Files on the disk may have changed, come or gone."""
        for session in self._sessions.values():
            session.look_again()

    def lint(self, path: str, contents: Mapping[str, str], go_on: Callable[[], None] = lambda: None) -> Result:
        """The result of one file, now that these say something else than on the disk; that of an excluded one is empty.

        `go_on` is called now and then, and may raise `Abandoned`. Raises `ConfigError`.
        """
        config = self.settings.governing(path)
        if self._exclusions(config).leaves_out(path):
            return _joined([], (), ())
        session = self._session(config)
        session.check([path], config, (path, *contents), contents, go_on)
        return _joined([session.reports[path]], (), ())

    def fix(self, path: str, contents: Mapping[str, str]) -> Fixed | None:
        """The file that was linted last with all safe fixes made, in memory; None when there is none to make."""
        session, wanted = self._session(self.settings.governing(path)), choose_fix(self.settings, unsafe=False)
        report = session.reports.get(path)
        fixed = fixing.fix({path: report}, session.runner, wanted, contents) if report is not None else ()
        return next(iter(fixed), None)

    def _session(self, config: Config) -> Session:
        return self._sessions.setdefault(f"{config.file}:{config.root}:{config.target_version}", Session(chosen))

    def _exclusions(self, config: Config) -> Exclusions:
        if id(config) not in self._excluded:
            excluded = Exclusions.of((*config.exclude, *config.extend_exclude), force_exclude=True)
            self._excluded[id(config)] = excluded
        return self._excluded[id(config)]


def _joined(reports: Sequence[FileReport], problems: Sequence[str], baselines: Sequence[str]) -> Result:
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    hidden = tuple(sorted(finding for report in reports for finding in report.hidden))
    stale = tuple(entry for report in reports for entry in report.stale)
    return Result(findings, errors, len(reports), hidden, stale, tuple(baselines))


def _baselines(configs: Iterable[Config]) -> list[str]:
    """The files of the baselines that configurations mean. Raises `ConfigError` when one of them cannot be read."""
    files = dict.fromkeys(Accepted(config).file for config in configs)
    return [file for file in files if file]


# beginning to use it


def add_noqa(findings: Sequence[Finding], settings: Settings, reason: str = "") -> Silenced:
    """Adds `# noqa` comments for these findings to their files, in memory. Raises `ConfigError`."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    silenced = [
        noqa.add_noqa([finding for path in group.paths for finding in by_path[path]], group.config, chosen, reason)
        for group in grouped(tuple(by_path), settings)
    ]
    withheld = sorted(finding for each in silenced for finding in each.withheld)
    return Silenced(tuple(file for each in silenced for file in each.files), tuple(withheld))


def before_baseline(settings: Settings) -> Settings:
    """The same for a run whose result goes to `write_baseline`, where a baseline need not be there yet."""

    def change(config: Config) -> Config:
        file = baseline_to_write(config)
        return replace(config, baseline=file if os.path.exists(file) else "")

    return Changed(settings, change)


def write_baseline(result: Result, settings: Settings) -> dict[str, int]:
    """Puts all findings into the baselines of their configurations, and gives how many each of them hides, by file.

    A baseline may be new. What it says of files and rules that are no part of this result stays. Raises `ConfigError`.
    """
    accepted = [finding for finding in result.findings if finding.code != CANNOT_ANALYSE[0]]
    by_file: dict[str, dict[str, list[Finding]]] = {file: {} for file in result.baselines}
    written = dict.fromkeys(by_file, 0)
    for finding in (*accepted, *result.hidden):
        file = baseline_to_write(settings.governing(finding.path))
        written[file] = written.get(file, 0) + 1
    for finding in accepted:
        file = baseline_to_write(settings.governing(finding.path))
        by_file.setdefault(file, {}).setdefault(baseline.key(finding.path, file), []).append(finding)
    for file, added in (by_file or {baseline_to_write(settings.common): {}}).items():
        _change(result, file, {name: baseline.counted(findings) for name, findings in added.items()})
    return written or {baseline_to_write(settings.common): 0}


def prune_baseline(result: Result) -> dict[str, int]:
    """Takes out of the baselines what matches nothing any more, and gives how much, by file. Raises `ConfigError`."""
    pruned = stale_entries(result)
    for file in pruned:
        _change(result, file, {})
    return pruned


def stale_entries(result: Result) -> dict[str, int]:
    """How much of each baseline matches nothing any more, as far as this result can tell. Raises `ConfigError`."""
    stale = ((file, _stale(result, file, baseline.load(file))) for file in result.baselines)
    return {file: sum(entries.total() for entries in by_name.values()) for file, by_name in stale}


def _change(result: Result, file: str, added: Mapping[str, Entries]) -> None:
    before = baseline.load(file) if os.path.exists(file) else Baseline()
    baseline.save(file, before.changed(added, _stale(result, file, before)))


def _stale(result: Result, file: str, before: Baseline) -> dict[str, Entries]:
    """Entries that match nothing, by the names of their files, and all those of files that are no more."""
    stale: dict[str, Entries] = {}
    for each in result.stale:
        if each.baseline == file:
            stale.setdefault(each.name, Counter())[each.entry] += 1
    gone = {name: before.entries(name) for name in before.files if not baseline.exists(name, file)}
    return {**stale, **gone}
