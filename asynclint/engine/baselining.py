"""What a run's baseline hides of each file's findings."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from asynclint.baseline import FILE_NAME, Baseline, Entries, Split, Stale, key, load, split
from asynclint.config import Config
from asynclint.engine.file_report import CANNOT_ANALYSE
from asynclint.engine.surroundings import root_of
from asynclint.finding import Finding


def baseline_file(config: Config) -> str:
    """The baseline that a configuration means, "" for none."""
    if config.baseline is not None:
        return config.baseline
    usual = _usual_file(config) if config.root else ""
    return usual if usual and os.path.exists(usual) else ""


def baseline_to_write(config: Config) -> str:
    """Where the findings go that are to be hidden from now on."""
    return baseline_file(config) or _usual_file(config)


def _usual_file(config: Config) -> str:
    """Where a baseline lies that nobody has named."""
    return os.path.join(root_of(config), FILE_NAME)


class Accepted:
    """The baseline of a run. Raises `ConfigError` when it cannot be read."""

    def __init__(self, config: Config) -> None:
        self.file = baseline_file(config)
        self.baseline = load(self.file) if self.file else Baseline()

    def split(self, path: str, findings: Sequence[Finding], codes: Collection[str]) -> Split:
        """Parts the findings of a file, given in order; entries are left only of these codes, which are looked for."""
        if not self.file:
            return Split(tuple(findings), (), Counter())
        entries = self.baseline.entries(key(path, self.file))
        parted = split(findings, Counter({entry: n for entry, n in entries.items() if entry[0] != CANNOT_ANALYSE[0]}))
        left = Counter({entry: number for entry, number in parted.left.items() if entry[0] in codes})
        return Split(parted.shown, parted.hidden, left)

    def stale(self, path: str, left: Entries) -> Iterator[Stale]:
        """The entries that are left of a file, each as often as it is."""
        return (Stale(self.file, key(path, self.file), entry) for entry in sorted(left.elements()))
