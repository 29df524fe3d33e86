"""Other tools that say something of asynchronous code, and how each is asked about a directory."""

import shutil
import subprocess
from dataclasses import dataclass

_MYPY = ("--config-file=", "--cache-dir=/dev/null", "--no-site-packages", "--ignore-missing-imports")
_PYREFLY = ("--skip-interpreter-query", "--progress-bar=no", "--output-format=omit-errors")


@dataclass(frozen=True)
class Peer:
    """The arguments of a tool, which reads no configuration and keeps nothing, and what is to be known of it."""

    name: str
    arguments: tuple[str, ...]
    version: tuple[str, ...] = ("--version",)
    is_slow: bool = False  # so slow that it is asked about a sample, file by file


PEERS = (
    Peer("ruff", ("check", "--isolated", "--no-cache", "--quiet", "--select=ASYNC")),
    Peer("ty", ("check", "--no-progress", "--quiet")),
    Peer("pyrefly", ("check", *_PYREFLY)),
    Peer("mypy", (*_MYPY, "--enable-error-code=unused-awaitable", "--python-version=3.14")),
    Peer("flake8-async", ("--asyncio",), version=(), is_slow=True),
)


def found(name: str, beside: str) -> str | None:
    """Where a tool is installed: in the directory that is named, or else on the path."""
    return shutil.which(name, path=beside) or shutil.which(name)


def version(peer: Peer, program: str) -> str:
    """What the tool calls itself."""
    if not peer.version:
        return peer.name
    said = subprocess.run([program, *peer.version], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:2]) or peer.name
