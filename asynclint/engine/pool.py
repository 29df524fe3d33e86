"""Many files, here or in several processes, always with the same result."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from asynclint.config import Config
from asynclint.engine.observer import Observer, Work
from asynclint.engine.run import Choose, FileReport, Runner

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Checked: TypeAlias = tuple[dict[str, FileReport], Work]  # by path

_runner: Runner | None = None  # one for each worker process


def run(
    paths: Sequence[str], config: Config, choose: Choose, *, jobs: int = 1, observer: Observer | None = None
) -> list[FileReport]:
    """The report of every path, in the order of the paths; a file that kills its process is named."""
    observer = observer or Observer()
    reports: dict[str, FileReport] = {}
    for batch, work in _checked(paths, config, choose, jobs):
        observer.worked(work)
        reports |= batch
    return [reports[path] for path in paths]


def _checked(paths: Sequence[str], config: Config, choose: Choose, jobs: int) -> Iterator[Checked]:
    if jobs > 1 and len(paths) > 1:
        return _in_processes(paths, config, choose, jobs)
    runner = _named(paths, config, choose)
    return (check(runner, [path]) for path in paths)


def _named(paths: Sequence[str], config: Config, choose: Choose) -> Runner:
    """One that calls all files of the run what the user calls them."""
    runner = Runner(config, choose)
    runner.workspace.name(paths)
    return runner


def check(runner: Runner, paths: Sequence[str]) -> Checked:
    """The reports of some files by path, and what they cost."""
    started, before = time.perf_counter(), runner.workspace.reading
    reports = {path: runner.check(path) for path in paths}
    reading = runner.workspace.reading - before
    return reports, Work(len(paths), reading, time.perf_counter() - started - reading)


def _in_processes(paths: Sequence[str], config: Config, choose: Choose, jobs: int) -> Iterator[Checked]:
    from concurrent.futures.process import BrokenProcessPool

    size = max(1, min(BATCH, -(-len(paths) // jobs)))
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    lost: list[str] = []
    with _executor(paths, config, choose, min(jobs, len(batches))) as executor:
        futures = [executor.submit(_check_batch, batch) for batch in batches]
        for batch, future in zip(batches, futures, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                lost += batch
    yield from _one_by_one(lost, paths, config, choose)


def _executor(paths: Sequence[str], config: Config, choose: Choose, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(paths, config, choose))


def _start(paths: Sequence[str], config: Config, choose: Choose) -> None:
    global _runner
    _runner = _named(paths, config, choose)


def _check_batch(paths: Sequence[str]) -> Checked:
    assert _runner is not None
    return check(_runner, paths)


def _one_by_one(paths: Sequence[str], typed: Sequence[str], config: Config, choose: Choose) -> Iterator[Checked]:
    """Each file in a process of its own, after one of them has ended a shared one."""
    from concurrent.futures.process import BrokenProcessPool

    for path in paths:
        try:
            with _executor(typed, config, choose, 1) as executor:
                yield executor.submit(_check_batch, [path]).result()
        except BrokenProcessPool:
            error = f"{path}: ended the process that analysed it; please report it"
            yield {path: FileReport(errors=(error,))}, Work(1, 0.0, 0.0)
