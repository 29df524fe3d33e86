"""Reads a whole tree and resolves every call in it, in one process: time and memory at a quarter, a half and all of it.

Run `python benchmarks/linking.py PATH`; see the README beside this file.
"""

import argparse
import gc
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from measuring import peak

from asynclint.config import load
from asynclint.engine.workspace import Workspace

_SHARES = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Linked:
    """What one process has read and resolved: lines are those of the linted files, memory is its peak in megabytes."""

    files: int
    lines: int
    calls: int
    known: int
    seconds: float
    megabytes: float


def link(root: str, paths: list[str]) -> Linked:
    """Reads the files and resolves what every call of theirs calls."""
    gc.disable()
    start = time.perf_counter()
    workspace = Workspace(load(root, isolated=True, cache=False, overrides={"src": (str(Path(root).parent), root)}))
    modules = [facts for path in paths if (facts := workspace.project.module(path)) is not None]
    callees = [workspace.project.call(facts.path, call) for facts in modules for call in facts.calls]
    seconds = time.perf_counter() - start
    megabytes = peak(resource.getrusage(resource.RUSAGE_SELF))
    lines = sum(facts.scopes[0].last_line for facts in modules)
    return Linked(len(modules), lines, len(callees), sum(c is not None for c in callees), seconds, megabytes)


def main() -> None:
    """Prints one row for each share; every one is measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    root = parser.parse_args().path.resolve()
    paths = sorted(map(str, root.rglob("*.py")))
    sys.stdout.write(
        f"{'share':>6}{'files':>8}{'lines':>10}{'calls':>10}{'known':>8}{'seconds':>9}{'us/line':>9}{'MB':>7}\n"
    )
    for share in _SHARES:
        step = round(1 / share)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            done = pool.apply(link, (str(root), paths[::step]))
        known, each = done.known / max(done.calls, 1), 1e6 * done.seconds / max(done.lines, 1)
        counts = f"{share:>6}{done.files:>8}{done.lines:>10}{done.calls:>10}{known:>8.0%}"
        sys.stdout.write(f"{counts}{done.seconds:>9.1f}{each:>9.2f}{done.megabytes:>7.0f}\n")


if __name__ == "__main__":
    main()
