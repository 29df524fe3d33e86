"""What asynclint costs on a tree, and what its peers cost, each several times in turn: clock, processor and memory.

    python benchmarks/speed.py PATH [--runs 3] [--tools NAMES] [--peers DIR] [--jobs 2] [--sample 5000]

Everything is done to a copy of the Python files; nothing is written into PATH. See the README beside this file.
"""

import argparse
import multiprocessing
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from copied import Copy, copy, linted_below
from imported import add_line, leaf_and_hub, readable
from measuring import Cost, Failed, measured, middle
from peers import PEERS, Peer, found, version

OURS, FLOOR = "asynclint", "floor"
SHARES = (0.25, 0.5)  # of the tree, besides all of it
SMALL = 1_000  # lines of a small project
COUNTS = re.compile(r"(\d+) files?(?: \((\d+) unchanged\))?, \d+ worker")
PARSE = """
import ast, gc, sys, warnings
from concurrent.futures import ProcessPoolExecutor

def parse(path):
    with open(path, "rb") as file:
        try:
            ast.parse(file.read())
        except (SyntaxError, ValueError):
            pass

gc.disable()
warnings.simplefilter("ignore")
with open(sys.argv[1]) as file:
    paths = file.read().splitlines()
with ProcessPoolExecutor(int(sys.argv[2])) as executor:
    list(executor.map(parse, paths, chunksize=48))
"""


@dataclass
class Row:
    """Something that is run: on how many lines, what is done before, and what every run has cost."""

    name: str
    command: Sequence[str]
    lines: int
    before: Callable[[], object] = lambda: None
    factor: float = 1.0  # how many times this work is that on the whole tree
    start: Sequence[str] = ()  # the same without any work, of which there is no more on the whole tree
    accepted: int = 0  # the highest exit code of a success
    costs: list[Cost] = field(default_factory=list)
    linted: set[int] = field(default_factory=set)
    failure: str = ""

    def run(self, cwd: Path) -> None:
        """Runs it once more, unless it has failed before."""
        if self.failure:
            return
        try:
            self.before()
            done = measured(self.command, cwd, surroundings(), self.accepted)
            start = measured(self.start, cwd, surroundings(), self.accepted).cost if self.start else Cost(0, 0, 0)
        except Failed as failure:
            self.failure = str(failure)
            return
        wall, cpu = done.cost.wall - start.wall, done.cost.cpu - start.cpu
        self.costs.append(Cost(start.wall + self.factor * wall, start.cpu + self.factor * cpu, done.cost.peak))
        if counts := COUNTS.search(done.said):
            self.linted.add(int(counts[1]) - int(counts[2] or 0))


def surroundings() -> dict[str, str]:
    """The variables of ours that no tool takes for advice."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ASYNCLINT_", "VIRTUAL_ENV"))}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    return ours


def asynclint(*arguments: str, jobs: int) -> tuple[str, ...]:
    options = ("--isolated", "--exit-zero", "--verbose", "--output-format=concise", f"-j{jobs}")
    return (sys.executable, "-P", "-m", "asynclint", "check", *options, *arguments)


def changes_of(tree: Copy) -> Iterator[tuple[str, Callable[[], object]]]:
    """What may have happened to the tree since the last run, and what makes it happen."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # so that this process stays small
        leaf, hub, importers = pool.apply(leaf_and_hub, (tree.root, list(tree.sizes)))
    names = [name.partition("/")[2] for name in tree.named([leaf, hub])]
    yield "every file dated anew", tree.age
    yield f"a line more in {names[0]}, which nobody imports", partial(add_line, leaf)
    yield f"a line more in a function of {names[1]}, which {importers} import", partial(add_line, hub)


def our_rows(tree: Copy, beside: Path, jobs: int) -> Iterator[Row]:
    """asynclint with nothing kept, and with what a run before has kept."""
    name = tree.root.name
    small = copy(tree.root, beside / "small", tree.sample(SMALL))
    yield Row("asynclint, nothing kept", asynclint("--no-cache", name, jobs=jobs), tree.lines)
    kept = asynclint(f"--cache-dir={beside / 'kept'}", name, jobs=jobs)
    first = partial(measured, kept, tree.root.parent, surroundings())
    yield Row("asynclint, nothing changed", kept, tree.lines, first)
    yield from (Row(f"asynclint, {what}", kept, tree.lines, change) for what, change in changes_of(tree))
    command = asynclint("--no-cache", str(small.root), jobs=jobs)
    yield Row(f"asynclint, {small.lines:,} lines of it alone, nothing kept", command, small.lines)
    yield Row("`asynclint --version`", (sys.executable, "-P", "-m", "asynclint", "--version"), 0)


def share_rows(tree: Copy, jobs: int) -> Iterator[Row]:
    for part in SHARES:
        files = tree.share(part)
        command = asynclint("--no-cache", *tree.named(files), jobs=jobs)
        yield Row(f"1/{round(1 / part)}", command, tree.counted(files))


def floor_row(tree: Copy, beside: Path, jobs: int) -> Row:
    paths = beside / "files.txt"
    paths.write_text("".join(f"{file}\n" for file in tree.sizes))
    name = f"{jobs} processes that only `ast.parse`" if jobs > 1 else "a process that only does `ast.parse`"
    return Row(name, (sys.executable, "-P", "-c", PARSE, str(paths), str(jobs)), tree.lines)


def peer_row(peer: Peer, program: str, tree: Copy, sample: int) -> Row:
    name, command = version(peer, program), (program, *peer.arguments)
    if not peer.is_slow:
        return Row(name, (*command, tree.root.name), tree.lines, accepted=1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        files = pool.apply(readable, (tree.sample(sample),))  # it stops at the first file that it cannot read
    lines, empty = tree.counted(files), tree.root.parent / "empty.py"
    empty.touch()
    about, on_files = f"{name}, measured on {lines:,} lines", (*command, *tree.named(files))
    factor, start = tree.lines / max(1, lines), (*command, empty.name)
    return Row(about, on_files, tree.lines, factor=factor, start=start, accepted=1)


@dataclass(frozen=True)
class Rows:
    """All that is measured, in the order of the table; `cold` and `floor` are what the others are compared with."""

    floor: Row | None
    ours: list[Row]
    shares: list[Row]
    peers: list[Row]

    @property
    def cold(self) -> Row | None:
        return self.ours[0] if self.ours else None

    @property
    def whole(self) -> list[Row]:
        """All but the shares of the tree."""
        return [*([self.floor] if self.floor else []), *self.ours, *self.peers]


def rows_of(tree: Copy, beside: Path, asked: argparse.Namespace) -> Rows:
    wanted, programs = set(asked.tools), {peer: found(peer.name, asked.peers) for peer in PEERS}
    peers = [
        peer_row(peer, program, tree, asked.sample)
        for peer, program in programs.items()
        if program and peer.name in wanted
    ]
    floor = floor_row(tree, beside, asked.jobs) if FLOOR in wanted else None
    if OURS not in wanted:
        return Rows(floor, [], [], peers)
    return Rows(floor, list(our_rows(tree, beside, asked.jobs)), list(share_rows(tree, asked.jobs)), peers)


def measure(rows: Rows, cwd: Path, runs: int) -> None:
    for run in range(1, runs + 1):
        for row in (*rows.whole, *rows.shares):
            row.run(cwd)
            said = row.failure or f"{row.costs[-1].wall:.2f} s"
            print(f"{run}/{runs} {row.name}: {said}", file=sys.stderr, flush=True)  # noqa: T201


def table(rows: Rows) -> Iterator[str]:
    """One line for each row: medians, and how many times the floor and the cold run they are."""
    yield "| | wall (s) | floors | colds | processor (s) | floors | colds | largest process (MB) | lines/s | linted |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    marks = [middle(row.costs) if row and row.costs else None for row in (rows.floor, rows.cold)]
    for row in rows.whole:
        if row.failure:
            yield f"| {row.name} | {row.failure.replace('|', ' ')} |" + " |" * 8
            continue
        cost = middle(row.costs)
        walls = (_times(cost.wall, mark.wall if mark else 0) for mark in marks)
        cpus = (_times(cost.cpu, mark.cpu if mark else 0) for mark in marks)
        speed = f"{row.lines / cost.wall:,.0f}" if row.lines else ""
        linted = " or ".join(map(str, sorted(row.linted)))
        cells = (_seconds(cost.wall), *walls, _seconds(cost.cpu), *cpus, f"{cost.peak:.0f}", speed, linted)
        yield f"| {row.name} | {' | '.join(cells)} |"


def shares(rows: Rows) -> Iterator[str]:
    """What asynclint costs for a part of the tree, nothing kept."""
    yield "| share | lines | wall (s) | per 100,000 lines | processor (s) | per 100,000 lines | largest process (MB) |"
    yield "|--:|--:|--:|--:|--:|--:|--:|"
    for row in (*rows.shares, *rows.ours[:1]):
        if not row.failure:
            cost, each = middle(row.costs), 100_000 / row.lines
            clock = f"{_seconds(cost.wall)} | {_seconds(cost.wall * each)}"
            processor = f"{_seconds(cost.cpu)} | {_seconds(cost.cpu * each)}"
            share = 1 if row is rows.cold else row.name
            yield f"| {share} | {row.lines:,} | {clock} | {processor} | {cost.peak:.0f} |"


def _times(value: float, mark: float) -> str:
    times = value / mark if mark else 0.0
    return f"{times:,.0f}" if times >= 10 else f"{times:.2g}" if times else ""


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def main() -> None:
    tools = (FLOOR, OURS, *(peer.name for peer in PEERS))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="a directory of Python files, best a package")
    parser.add_argument("--runs", type=int, default=3, help="how often each is run; medians are shown")
    parser.add_argument("--tools", type=lambda names: names.split(","), default=tools, help=",".join(tools))
    parser.add_argument("--peers", metavar="DIR", default="", help="where peers are installed, if not on the path")
    parser.add_argument("--jobs", type=int, default=2, help="how many processors all tools may use")
    parser.add_argument("--sample", type=int, default=5_000, help="lines for a peer too slow for the whole tree")
    asked = parser.parse_args()
    if unknown := set(asked.tools) - set(tools):
        parser.error(f"there is no tool {', '.join(sorted(unknown))}")
    root, busy = asked.path.resolve(), os.getloadavg()[0]
    if not root.is_dir():
        parser.error(f"{asked.path} is no directory")
    if hasattr(os, "sched_setaffinity"):  # it holds for all that are started
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.jobs])
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder)
        tree = copy(root, beside / "tree", linted_below(root))
        try:
            rows = rows_of(tree, beside, asked)
        except LookupError as error:
            parser.error(f"{asked.path}: {error}")
        measure(rows, tree.root.parent, asked.runs)
    where = f"CPython {platform.python_version()}, {asked.jobs} processors, runs: {asked.runs}, load before: {busy:.1f}"
    lines = [f"{root.name}: {len(tree.sizes):,} files, {tree.lines:,} lines; {where}", "", *table(rows)]
    print("\n".join([*lines, *(["", *shares(rows)] if rows.ours else [])]))  # noqa: T201


if __name__ == "__main__":
    main()
