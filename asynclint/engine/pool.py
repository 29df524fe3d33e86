"""Many files, here or in several processes, always with the same result."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.evidence import Evidence
from asynclint.engine.observer import Work
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


class Checked(Struct, frozen=True):
    """Reports of some files of a group by path, what they rest on, and what they cost."""

    reports: dict[str, FileReport]
    evidence: Evidence
    work: Work


class Group(Struct, frozen=True):
    """Files that one configuration governs."""

    config: Config
    paths: Sequence[str]


class _Worker(Struct):
    """What a process remembers: the runner of the group it was last asked about."""

    groups: Sequence[Group] = ()
    names: Sequence[str] = ()
    choose: Choose | None = None
    group: int = -1
    runner: Runner | None = None


_worker = _Worker()  # one for each process


def run(groups: Sequence[Group], names: Sequence[str], choose: Choose, jobs: int = 1) -> Iterator[tuple[int, Checked]]:
    """Checks every path and gives what comes of it, by the place of its group; a file that kills its process is named.

    `names` are all files of the run as the user calls them.
    """
    if jobs > 1 and sum(len(group.paths) for group in groups) > 1:
        yield from _in_processes(groups, names, choose, jobs)
        return
    for index, group in enumerate(groups):
        runner = named(group.config, names, choose)
        yield from ((index, check(runner, [path])) for path in group.paths)


def named(config: Config, names: Sequence[str], choose: Choose) -> Runner:
    """A runner that calls files what the user calls them."""
    runner = Runner(config, choose)
    runner.workspace.name(names)
    return runner


def check(runner: Runner, paths: Sequence[str]) -> Checked:
    """Checks some files."""
    started, before = time.perf_counter(), runner.workspace.reading
    reports = {path: runner.check(path) for path in paths}
    reading = runner.workspace.reading - before
    work = Work(len(paths), reading, time.perf_counter() - started - reading)
    return Checked(reports, runner.workspace.news(), work)


def _in_processes(
    groups: Sequence[Group], names: Sequence[str], choose: Choose, jobs: int
) -> Iterator[tuple[int, Checked]]:
    from concurrent.futures.process import BrokenProcessPool

    size = max(1, min(BATCH, -(-sum(len(group.paths) for group in groups) // jobs)))
    batches = [
        (index, group.paths[start : start + size])
        for index, group in enumerate(groups)
        for start in range(0, len(group.paths), size)
    ]
    lost: list[tuple[int, str]] = []
    with _executor(groups, names, choose, min(jobs, len(batches))) as executor:
        futures = [executor.submit(_check_batch, *batch) for batch in batches]
        for (index, paths), future in zip(batches, futures, strict=True):
            try:
                yield index, future.result()
            except BrokenProcessPool:
                lost += [(index, path) for path in paths]
    for index, path in lost:
        yield index, _apart(index, path, groups, names, choose)


def _executor(groups: Sequence[Group], names: Sequence[str], choose: Choose, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(groups, names, choose))


def _start(groups: Sequence[Group], names: Sequence[str], choose: Choose) -> None:
    _worker.groups, _worker.names, _worker.choose = groups, names, choose


def _check_batch(group: int, paths: Sequence[str]) -> Checked:
    assert _worker.choose is not None
    if _worker.runner is None or _worker.group != group:
        _worker.runner, _worker.group = named(_worker.groups[group].config, _worker.names, _worker.choose), group
    return check(_worker.runner, paths)


def _apart(index: int, path: str, groups: Sequence[Group], names: Sequence[str], choose: Choose) -> Checked:
    """A file in a process of its own, after one of those it shared has ended."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        with _executor(groups, names, choose, 1) as executor:
            return executor.submit(_check_batch, index, [path]).result()
    except BrokenProcessPool:
        error = f"{path}: ended the process that analysed it; please report it"
        return Checked({path: FileReport(errors=(error,))}, Evidence(), Work(1, 0.0, 0.0))
