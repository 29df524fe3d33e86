"""Batches of files given to processes, which may be killed: no result is lost by that but those of files that kill."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from typing import TypeAlias, TypeVar

Batch: TypeAlias = tuple[int, Sequence[str]]  # some paths, and the place of their group
Start: TypeAlias = Callable[[int], ProcessPoolExecutor]  # of so many processes
Result = TypeVar("Result")
Work: TypeAlias = Callable[[int, Sequence[str]], Result]


def each(
    work: Work[Result], batches: Sequence[Batch], start: Start, jobs: int
) -> Iterator[tuple[Batch, Result | None]]:
    """Each batch with its result, and None for a file that has ended a process which had nothing else to do.

    What is lost is done again by one process after the other. The first batch that is lost then is the one it was at,
    and is halved until it is a single file.
    """
    lost = yield from _done(work, batches, start, jobs)
    lost = yield from _done(work, lost, start, 1)
    while lost:
        (index, paths), *rest = lost
        half = len(paths) // 2
        parts = [(index, part) for part in (paths[:half], paths[half:])] if half else []
        if not half:
            yield (index, paths), None
        lost = yield from _done(work, [*parts, *rest], start, 1)


def _done(
    work: Work[Result], batches: Sequence[Batch], start: Start, jobs: int
) -> Generator[tuple[Batch, Result], None, list[Batch]]:
    """Gives each batch with its result, and returns those that were lost when a process ended early."""
    if not batches:
        return []
    lost = []
    with start(min(jobs, len(batches))) as processes:
        futures = list(_submitted(work, batches, processes))
        for batch, future in zip(batches, futures, strict=False):
            try:
                result = future.result()
            except BrokenProcessPool:
                lost.append(batch)
            else:
                yield batch, result
    return [*lost, *batches[len(futures) :]]


def _submitted(
    work: Work[Result], batches: Sequence[Batch], processes: ProcessPoolExecutor
) -> Iterator[Future[Result]]:
    """Those that were handed over before a process ended."""
    try:
        for batch in batches:
            yield processes.submit(work, *batch)
    except BrokenProcessPool:
        return
