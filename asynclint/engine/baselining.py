"""What a run's baseline hides of each file's findings."""

import os
from collections import Counter
from collections.abc import Collection, Sequence

from asynclint.baseline import FILE_NAME, Baseline, Split, key, load, split
from asynclint.config import Config
from asynclint.engine.check import CANNOT_ANALYSE
from asynclint.engine.workspace import root_of
from asynclint.finding import Finding


def usual_file(config: Config) -> str:
    """Where a baseline lies that nobody has named."""
    return os.path.join(root_of(config), FILE_NAME)


def baseline_file(config: Config) -> str:
    """The baseline that a configuration means, "" for none."""
    if config.baseline is not None:
        return config.baseline
    usual = usual_file(config) if config.root else ""
    return usual if usual and os.path.exists(usual) else ""


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
