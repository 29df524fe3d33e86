"""The same work in several processes."""

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext

from asynclint.config import Config
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

_runner: Runner | None = None  # one for each worker process


def run_in_processes(paths: Sequence[str], config: Config, choose: Choose, jobs: int) -> list[FileReport]:
    """The report of every path, in the order of the paths; a file that kills its process is named."""
    size = max(1, min(BATCH, -(-len(paths) // jobs)))
    batches = [list(paths[start : start + size]) for start in range(0, len(paths), size)]
    reports: dict[int, list[FileReport]] = {}
    with _executor(config, choose, min(jobs, len(batches) or 1)) as executor:
        futures = [executor.submit(_check_batch, batch) for batch in batches]
        for index, future in enumerate(futures):
            try:
                reports[index] = future.result()
            except BrokenProcessPool:
                continue
    return [
        report
        for index, batch in enumerate(batches)
        for report in reports.get(index) or _one_by_one(batch, config, choose)
    ]


def _executor(config: Config, choose: Choose, jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_start, initargs=(config, choose))


def _context() -> BaseContext:
    """Forking is quick and safe on Linux while there are no threads; elsewhere a fresh interpreter."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _start(config: Config, choose: Choose) -> None:
    global _runner
    _runner = Runner(config, choose)


def _check_batch(paths: Sequence[str]) -> list[FileReport]:
    assert _runner is not None
    return [_runner.check(path) for path in paths]


def _one_by_one(paths: Sequence[str], config: Config, choose: Choose) -> Iterator[FileReport]:
    """Each file in a process of its own, after one of them has ended a shared one."""
    for path in paths:
        try:
            with _executor(config, choose, 1) as executor:
                yield executor.submit(_check_batch, [path]).result()[0]
        except BrokenProcessPool:
            yield FileReport(errors=(f"{path}: ended the process that analysed it; please report it",))
