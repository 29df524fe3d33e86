"""Many files, here or in several processes, always with the same result.

Several processes first read all files, each once, and then check them, each knowing what all of them have read.
"""

import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from asynclint.engine.evidence import Evidence
from asynclint.engine.file_report import FileReport
from asynclint.engine.groups import Group
from asynclint.engine.observer import Work
from asynclint.engine.run import Choose, Runner
from asynclint.engine.workspace import Reading, Workspace
from asynclint.source.files import directory_of

BATCH = 48  # files a message: one by one costs half as much again

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Readings: TypeAlias = Mapping[str, Reading]  # by absolute path


class Checked(Struct, frozen=True):
    """Reports of some files of a group by path, what they rest on, and what they cost."""

    reports: dict[str, FileReport]
    evidence: Evidence
    work: Work


class _Plan(Struct, frozen=True):
    """What there is to do, and what is known already, by the place of its group."""

    groups: Sequence[Group] = ()
    typed: Mapping[str, str] = {}
    choose: Choose | None = None
    readings: Sequence[Readings] = ()

    def batches(self, jobs: int) -> list[tuple[int, Sequence[str]]]:
        """Some paths at a time, with the place of their group; neighbours, who know each other, stay together."""
        size = max(1, min(BATCH, -(-sum(len(group.paths) for group in self.groups) // jobs)))
        return [(index, paths) for index, group in enumerate(self.groups) for paths in _parted(group.paths, size)]

    def workspace(self, index: int) -> Workspace:
        """What reads the files of a group, without any rules."""
        workspace = Workspace(self.groups[index].config)
        workspace.name(self.typed)
        return workspace

    def runner(self, index: int) -> Runner:
        """One for a group, which calls files what the user calls them."""
        assert self.choose is not None
        runner = Runner(self.groups[index].config, self.choose)
        runner.workspace.name(self.typed)
        runner.workspace.take_readings(self.readings[index] if self.readings else {})
        return runner


def _parted(paths: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Parts of this size; where there are many, they go on to the end of a directory if that is not far."""
    part: list[str] = []
    far = size // 2 if size == BATCH else 0
    for _, neighbours in groupby(paths, directory_of):
        part += neighbours
        while len(part) > size + far:
            yield part[:size]
            del part[:size]
        if len(part) >= size:
            yield part
            part = []
    if part:
        yield part


class _Read(Struct, frozen=True):
    """What some files say, and what it cost to read them."""

    readings: dict[str, Reading]
    work: Work


class _Worker(Struct):
    """What a process remembers of the group it was last asked about: what reads its files, or what checks them."""

    plan: _Plan = _Plan()
    group: int = -1
    workspace: Workspace | None = None
    runner: Runner | None = None

    def workspace_of(self, group: int) -> Workspace:
        if self.workspace is None or self.group != group:
            self.workspace, self.group = self.plan.workspace(group), group
        return self.workspace

    def runner_of(self, group: int) -> Runner:
        if self.runner is None or self.group != group:
            self.runner, self.group = self.plan.runner(group), group
        return self.runner


_worker = _Worker()  # one for each process


def run(
    groups: Sequence[Group], typed: Mapping[str, str], choose: Choose, jobs: int = 1
) -> Iterator[tuple[int, Checked]]:
    """Checks every path and gives what comes of it, by the place of its group; a file that kills its process is named.

    `typed` are all files of the run as the user calls them, by absolute path.
    """
    plan = _Plan(groups, typed, choose)
    if jobs > 1 and sum(len(group.paths) for group in groups) > 1:
        yield from _in_processes(plan, jobs)
        return
    worker = _Worker(plan)
    for index, paths in plan.batches(1):
        yield index, check(worker.runner_of(index), paths)


def check(runner: Runner, paths: Sequence[str]) -> Checked:
    """Checks some files."""
    workspace, started = runner.workspace, time.perf_counter()
    before, parsed, bodies = workspace.reading, workspace.parsed, runner.bodies
    reports = {}
    for path in paths:
        reports[path] = runner.check(path)
        workspace.forget_text(path)
    reading = workspace.reading - before
    checking = time.perf_counter() - started - reading
    work = Work(len(paths), reading, checking, workspace.parsed - parsed, runner.bodies - bodies)
    return Checked(reports, workspace.news(), work)


def _in_processes(plan: _Plan, jobs: int) -> Iterator[tuple[int, Checked]]:
    """A file that ends the process which reads it is nothing that others could know of."""
    from asynclint.engine.processes import each

    readings: list[dict[str, Reading]] = [{} for _ in plan.groups]
    deadly: set[str] = set()
    for (index, paths), read in each(_read_batch, plan.batches(jobs), partial(_executor, plan), jobs):
        if read is None:
            deadly.update(paths)
            readings[index] |= {os.path.abspath(path): Reading(None) for path in paths}
            yield index, _killed(paths[0])
        else:
            readings[index] |= read.readings
            yield index, Checked({}, Evidence(), read.work)
    groups = [Group(group.config, [path for path in group.paths if path not in deadly]) for group in plan.groups]
    rest = replace(plan, groups=groups, readings=readings)
    for (index, paths), checked in each(_check_batch, rest.batches(jobs), partial(_executor, rest), jobs):
        yield index, checked or _killed(paths[0])


def _executor(plan: _Plan, jobs: int) -> "ProcessPoolExecutor":
    """Forking is quick, and safe on Linux while there are no threads; elsewhere workers are fresh interpreters."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(plan,))


def _start(plan: _Plan) -> None:
    gc.disable()  # as in `asynclint.__main__`, where this is a fresh interpreter
    _worker.plan, _worker.workspace, _worker.runner = plan, None, None


def _read_batch(group: int, paths: Sequence[str]) -> _Read:
    started, workspace = time.perf_counter(), _worker.workspace_of(group)
    before, readings = workspace.parsed, workspace.readings(paths)
    return _Read(readings, Work(0, time.perf_counter() - started, 0.0, workspace.parsed - before))


def _check_batch(group: int, paths: Sequence[str]) -> Checked:
    return check(_worker.runner_of(group), paths)


def _killed(path: str) -> Checked:
    error = f"{path}: ended the process that analysed it; please report it"
    return Checked({path: FileReport(errors=(error,))}, Evidence(), Work(1, 0.0, 0.0))
