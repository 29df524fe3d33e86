"""A copy of the Python files of a tree, which may be changed and measured without harm."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ADJACENT = 16  # files of a share that stand side by side, so that it has whole packages
_MINUTE = 60 * 10**9  # nanoseconds


@dataclass(frozen=True)
class Copy:
    """A directory and the number of lines of each file in it, in order."""

    root: Path
    sizes: dict[Path, int]

    @property
    def lines(self) -> int:
        return sum(self.sizes.values())

    def named(self, files: Sequence[Path]) -> list[str]:
        """The files as they are called beside the copy."""
        return [str(file.relative_to(self.root.parent)) for file in files]

    def counted(self, files: Sequence[Path]) -> int:
        """How many lines they have."""
        return sum(map(self.sizes.__getitem__, files))

    def share(self, part: float) -> list[Path]:
        """Every so many runs of adjacent files."""
        step = round(1 / part)
        return [file for number, file in enumerate(self.sizes) if number // _ADJACENT % step == 0]

    def sample(self, lines: int) -> list[Path]:
        """Files from everywhere in the tree, of about so many lines in all and not more."""
        chosen, left, step = list[Path](), lines, max(1, self.lines // lines)
        for _, file in sorted((number % step, file) for number, file in enumerate(self.sizes)):
            if self.sizes[file] <= left:
                chosen.append(file)
                left -= self.sizes[file]
            if left < lines // 20:
                break
        return chosen

    def age(self) -> None:
        """Makes every file a minute older, and leaves what it says."""
        for file in self.sizes:
            status = file.stat()
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - _MINUTE))


def copy(root: Path, to: Path, files: Sequence[Path]) -> Copy:
    """Copies some files of a tree into a repository of its own, below the same name and as old as they are."""
    sizes = {}
    (to / ".git").mkdir(parents=True)
    (to / ".git" / "HEAD").write_text("ref: refs/heads/main\n")  # where tools stop to look for more of the project
    for file in sorted(files):
        place = to / root.name / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
        place.chmod(0o644)
        sizes[place] = place.read_bytes().count(b"\n")
    for directory in {parent for place in sizes for parent in place.parents if parent.is_relative_to(to / root.name)}:
        shutil.copystat(root / directory.relative_to(to / root.name), directory)
    return Copy(to / root.name, sizes)


def linted_below(root: Path) -> list[Path]:
    """The files of a tree that `asynclint` would lint without any configuration."""
    command = [sys.executable, "-P", "-m", "asynclint", "check", "--isolated", "--show-files", str(root)]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [root / line for line in shown.splitlines()]
