"""The one entrance for every door: files or texts and a configuration in, findings out."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from asynclint import baseline
from asynclint.baseline import Baseline, Entries, Entry
from asynclint.catalog import chosen, fixable
from asynclint.config import Config
from asynclint.engine import fix as fixing
from asynclint.engine import noqa
from asynclint.engine.baselining import Accepted, baseline_file, usual_file
from asynclint.engine.check import CANNOT_ANALYSE
from asynclint.engine.explain import NothingToExplain, explain_line
from asynclint.engine.fix import Fixed
from asynclint.engine.noqa import Silenced
from asynclint.engine.pool import run
from asynclint.engine.run import FileReport, Runner
from asynclint.engine.workspace import environment
from asynclint.facts.explain import Explanation
from asynclint.finding import Finding, Fix
from asynclint.source.files import Discovered, discover
from asynclint.source.saving import NotSaved, save

__all__ = [
    "Fixed",
    "Linter",
    "NothingToExplain",
    "Result",
    "Silenced",
    "add_noqa",
    "baseline_file",
    "choose_fix",
    "explain",
    "files_to_lint",
    "fix",
    "lint",
    "lint_source",
    "prune_baseline",
    "stale_entries",
    "usual_file",
    "write",
    "write_baseline",
]
_WORTH_PROCESSES = 64  # files; below, starting processes costs more than they save


class Result(Struct, frozen=True):
    """Findings in order; `errors` are lines about what could not be done; `files` counts what was read.

    `hidden` are the findings that the baseline knows, `stale` by path its entries that match nothing any more.
    """

    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    files: int
    hidden: tuple[Finding, ...] = ()
    stale: tuple[tuple[str, Entry], ...] = ()


def files_to_lint(paths: Sequence[str], config: Config) -> Discovered:
    """The Python files in files and directories, and a line for each path that is not there."""
    return discover(
        paths,
        exclude=(*config.exclude, *config.extend_exclude),
        force_exclude=config.force_exclude,
        respect_gitignore=config.respect_gitignore,
    )


def lint(paths: Sequence[str], config: Config, *, jobs: int = 0) -> Result:
    """Lints files and directories; `jobs` is the number of processes, 0 chooses it.

    Raises `ConfigError` when the configuration names a rule, an environment or a baseline that does not exist.
    """
    chosen(config)
    environment(config)
    Accepted(config)
    found = files_to_lint(paths, config)
    workers = jobs or (os.cpu_count() or 1 if len(found.files) >= _WORTH_PROCESSES else 1)
    return _joined(found.files, run(found.files, config, chosen, jobs=workers), found.problems)


def explain(path: str, line: int, config: Config) -> Explanation:
    """What is found on one line of a file, and how its calls were understood.

    Raises `NothingToExplain`, `ConfigError`, and OSError when the file cannot be read.
    """
    return explain_line(Runner(config, chosen), path, line)


def lint_source(data: bytes | str, filename: str, config: Config) -> Result:
    """Lints one content as if it were the file `filename`, which need not exist. Raises `ConfigError`."""
    return Linter(config, {filename: data}).lint(filename)


def choose_fix(config: Config) -> Callable[[Finding], Fix | None]:
    """Gives, for each finding, the fix that a configuration wants made, None when there is none.

    Raises `ConfigError`.
    """
    codes = fixable(config)

    def choice(finding: Finding) -> Fix | None:
        fixes = finding.fixes if finding.code in codes else ()
        return next((fix for fix in fixes if fix.is_safe or config.unsafe_fixes), None)

    return choice


def fix(findings: Sequence[Finding], config: Config, contents: Mapping[str, bytes | str] | None = None) -> list[Fixed]:
    """Fixes, in memory, what can be fixed of these findings, again and again until nothing more can be.

    `contents` are what the findings are about where that is not in the files. Raises `ConfigError`.
    """
    paths = dict.fromkeys(finding.path for finding in findings)
    reports = {path: FileReport(tuple(f for f in findings if f.path == path)) for path in paths}
    return fixing.fix(reports, config, chosen, choose_fix(config), contents)


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
        self._runner = Runner(config, chosen, overlays, sieve=sieve)

    def lint(self, path: str, text: str | None = None) -> Result:
        """The result of one file; `text` is what somebody else takes it to say, who may know better than the disk."""
        if text is None or self._runner.workspace.says(path, text):
            return _joined([path], [self._runner.check(path)], ())
        return lint_source(text, path, self._config)


def _joined(paths: Sequence[str], reports: Sequence[FileReport], problems: Sequence[str]) -> Result:
    findings = tuple(sorted(finding for report in reports for finding in report.findings))
    errors = (*problems, *(error for report in reports for error in report.errors))
    hidden = tuple(sorted(finding for report in reports for finding in report.hidden))
    stale = tuple((path, entry) for path, report in zip(paths, reports, strict=True) for entry in report.stale)
    return Result(findings, errors, len(reports), hidden, stale)


# beginning to use it


def add_noqa(findings: Sequence[Finding], config: Config, reason: str = "") -> Silenced:
    """Adds `# noqa` comments for these findings to their files, in memory. Raises `ConfigError`."""
    return noqa.add_noqa(findings, config, chosen, reason)


def write_baseline(result: Result, file: str) -> int:
    """Puts all findings into a baseline, which may be new, and gives how many there are of them.

    What it says of files and rules that are no part of this result stays. Raises `ConfigError`.
    """
    accepted = [finding for finding in result.findings if finding.code != CANNOT_ANALYSE[0]]
    added: dict[str, list[Finding]] = {}
    for finding in accepted:
        added.setdefault(baseline.key(finding.path, file), []).append(finding)
    _change(result, file, {name: baseline.counted(findings) for name, findings in added.items()})
    return len(accepted) + len(result.hidden)


def prune_baseline(result: Result, file: str) -> int:
    """Takes out of a baseline what matches nothing any more, and gives how much that is. Raises `ConfigError`."""
    number = stale_entries(result, file)
    _change(result, file, {})
    return number


def stale_entries(result: Result, file: str) -> int:
    """How much of a baseline matches nothing any more, as far as this result can tell. Raises `ConfigError`."""
    return sum(entries.total() for entries in _stale(result, file, baseline.load(file)).values())


def _change(result: Result, file: str, added: Mapping[str, Entries]) -> None:
    before = baseline.load(file) if os.path.exists(file) else Baseline()
    baseline.save(file, before.changed(added, _stale(result, file, before)))


def _stale(result: Result, file: str, before: Baseline) -> dict[str, Entries]:
    """Entries that match nothing, by the names of their files, and all those of files that are no more."""
    stale: dict[str, Entries] = {}
    for path, entry in result.stale:
        stale.setdefault(baseline.key(path, file), Counter())[entry] += 1
    gone = {name: before.entries(name) for name in before.files if not baseline.exists(name, file)}
    return {**stale, **gone}
