"""Many files, here or in several processes, always with the same result."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.observer import Observer, Work
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Checked: TypeAlias = tuple[dict[str, FileReport], Work]  # by path


class Group(Struct, frozen=True):
    """Files that one configuration governs."""

    config: Config
    paths: Sequence[str]


class _Worker(Struct):
    """What a process remembers: the runner of the group it was last asked about."""

    groups: Sequence[Group] = ()
    choose: Choose | None = None
    group: int = -1
    runner: Runner | None = None


_worker = _Worker()  # one for each process


def run(
    groups: Sequence[Group], choose: Choose, *, jobs: int = 1, observer: Observer | None = None
) -> list[FileReport]:
    """The report of every path, in the order of the paths; a file that kills its process is named."""
    observer = observer or Observer()
    reports: dict[str, FileReport] = {}
    for batch, work in _checked(groups, choose, jobs):
        observer.worked(work)
        reports |= batch
    return [reports[path] for group in groups for path in group.paths]


def _checked(groups: Sequence[Group], choose: Choose, jobs: int) -> Iterator[Checked]:
    if jobs > 1 and sum(len(group.paths) for group in groups) > 1:
        yield from _in_processes(groups, choose, jobs)
        return
    for index, group in enumerate(groups):
        runner = _named(groups, index, choose)
        yield from (check(runner, [path]) for path in group.paths)


def _named(groups: Sequence[Group], index: int, choose: Choose) -> Runner:
    """The runner of a group, which calls all files of the run what the user calls them."""
    runner = Runner(groups[index].config, choose)
    for group in groups:
        runner.workspace.name(group.paths)
    return runner


def check(runner: Runner, paths: Sequence[str]) -> Checked:
    """The reports of some files by path, and what they cost."""
    started, before = time.perf_counter(), runner.workspace.reading
    reports = {path: runner.check(path) for path in paths}
    reading = runner.workspace.reading - before
    return reports, Work(len(paths), reading, time.perf_counter() - started - reading)


def _in_processes(groups: Sequence[Group], choose: Choose, jobs: int) -> Iterator[Checked]:
    from concurrent.futures.process import BrokenProcessPool

    size = max(1, min(BATCH, -(-sum(len(group.paths) for group in groups) // jobs)))
    batches = [
        (index, group.paths[start : start + size])
        for index, group in enumerate(groups)
        for start in range(0, len(group.paths), size)
    ]
    lost: list[tuple[int, str]] = []
    with _executor(groups, choose, min(jobs, len(batches))) as executor:
        futures = [executor.submit(_check_batch, *batch) for batch in batches]
        for (index, paths), future in zip(batches, futures, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                lost += [(index, path) for path in paths]
    yield from _one_by_one(lost, groups, choose)


def _executor(groups: Sequence[Group], choose: Choose, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(groups, choose))


def _start(groups: Sequence[Group], choose: Choose) -> None:
    _worker.groups, _worker.choose = groups, choose


def _check_batch(group: int, paths: Sequence[str]) -> Checked:
    assert _worker.choose is not None
    if _worker.runner is None or _worker.group != group:
        _worker.runner, _worker.group = _named(_worker.groups, group, _worker.choose), group
    return check(_worker.runner, paths)


def _one_by_one(lost: Sequence[tuple[int, str]], groups: Sequence[Group], choose: Choose) -> Iterator[Checked]:
    """Each file in a process of its own, after one of them has ended a shared one."""
    from concurrent.futures.process import BrokenProcessPool

    for group, path in lost:
        try:
            with _executor(groups, choose, 1) as executor:
                yield executor.submit(_check_batch, group, [path]).result()
        except BrokenProcessPool:
            error = f"{path}: ended the process that analysed it; please report it"
            yield {path: FileReport(errors=(error,))}, Work(1, 0.0, 0.0)
