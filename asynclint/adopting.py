"""Beginning to use it in a project with many findings: comments on each of them, or a baseline of all of them."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from asynclint import baseline
from asynclint.baseline import Baseline, Entries
from asynclint.config import Changed, Config, Settings
from asynclint.engine.baselining import baseline_to_write
from asynclint.engine.file_report import CANNOT_ANALYSE
from asynclint.engine.groups import grouped
from asynclint.finding import Finding
from asynclint.linter import Result

if TYPE_CHECKING:
    from asynclint.engine.noqa import Silenced


def add_noqa(findings: Sequence[Finding], settings: Settings, reason: str = "") -> "Silenced":
    """Adds `# noqa` comments for these findings to their files, in memory. Raises `ConfigError`."""
    from asynclint.catalog import chosen
    from asynclint.engine import noqa

    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    silenced = [
        noqa.add_noqa([finding for path in group.paths for finding in by_path[path]], group.config, chosen, reason)
        for group in grouped(tuple(by_path), settings)
    ]
    withheld = sorted(finding for each in silenced for finding in each.withheld)
    return noqa.Silenced(tuple(file for each in silenced for file in each.files), tuple(withheld))


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
