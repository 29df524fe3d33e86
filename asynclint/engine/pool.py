"""Many files, here or in several processes, always with the same result."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


class Group(Struct, frozen=True):
    """Files that one configuration governs."""

    config: Config
    paths: Sequence[str]


class _Worker(Struct):
    """What a process remembers: the runner of the group it was last asked about."""

    configs: Sequence[Config] = ()
    choose: Choose | None = None
    group: int = -1
    runner: Runner | None = None


_worker = _Worker()  # one for each process


def run(groups: Sequence[Group], choose: Choose, *, jobs: int = 1) -> list[FileReport]:
    """The report of every path, in the order of the paths; a file that kills its process is named."""
    if jobs > 1 and sum(len(group.paths) for group in groups) > 1:
        return _in_processes(groups, choose, jobs)
    return [report for group in groups for report in _in_this_process(group, choose)]


def _in_this_process(group: Group, choose: Choose) -> list[FileReport]:
    runner = Runner(group.config, choose)
    return [runner.check(path) for path in group.paths]


def _in_processes(groups: Sequence[Group], choose: Choose, jobs: int) -> list[FileReport]:
    from concurrent.futures.process import BrokenProcessPool

    configs = [group.config for group in groups]
    size = max(1, min(BATCH, -(-sum(len(group.paths) for group in groups) // jobs)))
    batches = [
        (index, group.paths[start : start + size])
        for index, group in enumerate(groups)
        for start in range(0, len(group.paths), size)
    ]
    reports: dict[int, list[FileReport]] = {}
    with _executor(configs, choose, min(jobs, len(batches))) as executor:
        futures = [executor.submit(_check_batch, *batch) for batch in batches]
        for index, future in enumerate(futures):
            try:
                reports[index] = future.result()
            except BrokenProcessPool:
                continue
    return [
        report
        for index, (group, paths) in enumerate(batches)
        for report in reports.get(index) or _one_by_one(paths, configs[group], choose)
    ]


def _executor(configs: Sequence[Config], choose: Choose, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(configs, choose))


def _start(configs: Sequence[Config], choose: Choose) -> None:
    _worker.configs, _worker.choose = configs, choose


def _check_batch(group: int, paths: Sequence[str]) -> list[FileReport]:
    assert _worker.choose is not None
    if _worker.runner is None or _worker.group != group:
        _worker.runner, _worker.group = Runner(_worker.configs[group], _worker.choose), group
    return [_worker.runner.check(path) for path in paths]


def _one_by_one(paths: Sequence[str], config: Config, choose: Choose) -> Iterator[FileReport]:
    """Each file in a process of its own, after one of them has ended a shared one."""
    from concurrent.futures.process import BrokenProcessPool

    for path in paths:
        try:
            with _executor([config], choose, 1) as executor:
                yield executor.submit(_check_batch, 0, [path]).result()[0]
        except BrokenProcessPool:
            yield FileReport(errors=(f"{path}: ended the process that analysed it; please report it",))
