"""What a command costs, with all processes that it starts and waits for."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_MEGABYTE = 1024 if sys.platform != "darwin" else 1024 * 1024  # the unit of ru_maxrss differs


class Failed(Exception):  # noqa: N818
    """A command could not do its work; `str` is the last that it said."""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, processor seconds of all processes, and the most megabytes that one of them held."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Done:
    """A command that has ended well, and what it wrote to stderr."""

    cost: Cost
    said: str


def measured(
    command: Sequence[str], cwd: Path | str | None = None, env: Mapping[str, str] | None = None, accepted: int = 0
) -> Done:
    """Runs a command of which exit codes up to `accepted` are success; its output is thrown away. Raises `Failed`.

    The system adds up the time of a process and of all that it has waited for, and remembers the largest one: not what
    all of them held together, and never less than what this very process holds, as it is what they begin as.
    """
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        code = process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    if not 0 <= code <= accepted:
        why = text.splitlines()[-1] if text else f"exit code {code}"
        raise Failed(f"{Path(command[0]).name}: {why}")
    return Done(Cost(wall, usage.ru_utime + usage.ru_stime, peak(usage)), text)


def peak(usage: resource.struct_rusage) -> float:
    """The most memory that was held, in megabytes."""
    return usage.ru_maxrss / _MEGABYTE


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each number."""
    return Cost(*(median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "peak")))
