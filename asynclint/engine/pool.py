"""Many files, here or in several processes, always with the same result."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asynclint.config import Config
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_runner: Runner | None = None  # one for each worker process


def run(paths: Sequence[str], config: Config, choose: Choose, *, jobs: int = 1) -> list[FileReport]:
    """The report of every path, in the order of the paths; a file that kills its process is named."""
    if jobs > 1 and len(paths) > 1:
        return _in_processes(paths, config, choose, jobs)
    runner = Runner(config, choose)
    return [runner.check(path) for path in paths]


def _in_processes(paths: Sequence[str], config: Config, choose: Choose, jobs: int) -> list[FileReport]:
    from concurrent.futures.process import BrokenProcessPool

    size = max(1, min(BATCH, -(-len(paths) // jobs)))
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    reports: dict[int, list[FileReport]] = {}
    with _executor(config, choose, min(jobs, len(batches))) as executor:
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


def _executor(config: Config, choose: Choose, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(config, choose))


def _start(config: Config, choose: Choose) -> None:
    global _runner
    _runner = Runner(config, choose)


def _check_batch(paths: Sequence[str]) -> list[FileReport]:
    assert _runner is not None
    return [_runner.check(path) for path in paths]


def _one_by_one(paths: Sequence[str], config: Config, choose: Choose) -> Iterator[FileReport]:
    """Each file in a process of its own, after one of them has ended a shared one."""
    from concurrent.futures.process import BrokenProcessPool

    for path in paths:
        try:
            with _executor(config, choose, 1) as executor:
                yield executor.submit(_check_batch, [path]).result()[0]
        except BrokenProcessPool:
            yield FileReport(errors=(f"{path}: ended the process that analysed it; please report it",))
