"""How far a run is, on a terminal, and where its time went, for who asks."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from asynclint.doors.cli.streams import counted
from asynclint.linter import Observer

if TYPE_CHECKING:
    from asynclint.linter import Work

_PATIENCE = 1.0  # seconds in which nobody wonders
_PAUSE = 0.1  # seconds between two looks
_CLEAR = "\r\x1b[K"


class Progress(Observer):
    """Keeps one line up to date on a terminal (None for nowhere), and adds up seconds by stage."""

    def __init__(self, terminal: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._clock = clock
        self._started = clock()
        self._due = self._started + _PATIENCE
        self._is_shown = False
        self._files = self._workers = self._done = self._unchanged = 0
        self._seconds: dict[str, float] = {}  # by stage
        self._parsed = self._bodies = 0

    def discovered(self, files: int, workers: int, seconds: float) -> None:
        """A new number of files to count up to."""
        self._files, self._workers, self._done = files, workers, 0
        self._add("discover", seconds)

    def unchanged(self, files: int) -> None:
        """Counts what is done already."""
        self._done = self._unchanged = files

    def worked(self, work: "Work") -> None:
        """Counts, and shows it when the time has come."""
        self._done += work.files
        self._parsed += work.parsed
        self._bodies += work.bodies
        self._add("read", work.reading)
        self._add("link and check", work.checking)
        if self._terminal is not None and (now := self._clock()) >= self._due:
            self._due = now + _PAUSE
            self._is_shown = True
            self._show(f"{_CLEAR}asynclint: {self._done} of {self._files} files")

    def clear(self) -> None:
        """Gives the line back to others."""
        if self._is_shown:
            self._show(_CLEAR)
            self._is_shown = False

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Takes the time of what the linter does not tell about."""
        started = self._clock()
        try:
            yield
        finally:
            self._add(name, self._clock() - started)

    def told(self) -> list[str]:
        """The files, the workers, and the seconds of each stage, which several workers spend at the same time."""
        files = counted(self._files, "file")
        files += f" ({self._unchanged} unchanged)" if self._unchanged else ""
        workers = counted(self._workers, "worker")
        total = self._clock() - self._started
        width = max(map(len, self._seconds), default=0)
        parsed, bodies = counted(self._parsed, "file"), counted(self._bodies, "body", "bodies")
        done = {"read": f", {parsed} parsed", "link and check": f", {bodies} read closely"}
        stages = [f"{name:{width}} {seconds:8.3f} s{done.get(name, '')}" for name, seconds in self._seconds.items()]
        return [f"{files}, {workers}, {total:.3f} s in all", *stages]

    def _add(self, stage: str, seconds: float) -> None:
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def _show(self, text: str) -> None:
        assert self._terminal is not None
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except OSError:
            self._terminal = None  # there is nobody left to tell
            self._is_shown = False


def terminal() -> TextIO | None:
    """Where a line can be kept up to date: stderr, if that is a terminal that can move its cursor."""
    is_able = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return sys.stderr if is_able else None
