"""Files as they are on the disk, and the roots of the projects they belong to."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePath
from typing import TypeAlias

from asynclint.source.globs import Globs

try:
    from _blake2 import blake2b  # without OpenSSL, whose loading takes longer than all hashing of many a run
except ImportError:
    from hashlib import blake2b

_ROOT_MARKS = ("pyproject.toml", "asynclint.toml", ".asynclint.toml", ".git", "setup.cfg")


State: TypeAlias = tuple[int, int, int] | None  # time of the last change, size and number; None for no file


def read(path: str) -> bytes:
    """The file's bytes; raises `OSError`."""
    with open(path, "rb", buffering=0) as file:  # it is read at once
        return file.read()


def state(path: str) -> State:
    """By what it can be told whether a file or directory has changed."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def absolute(files: Iterable[str]) -> dict[str, str]:
    """By file, whose name is not `..`: its absolute path. Of many files it is told quickly."""
    directories: dict[str, str] = {}
    found = {}
    for path in files:
        directory = directory_of(path)
        if directory not in directories:
            directories[directory] = os.path.join(os.path.abspath(directory), "")
        found[path] = directories[directory] + path[len(directory) :]
    return found


def directory_of(path: str) -> str:
    """The part of a path before the name, with its separator; "" for none. It is quicker than `os.path` tells it."""
    end = path.rfind(os.sep) + 1
    return path[:end] if os.altsep is None else path[: max(end, path.rfind(os.altsep) + 1)]


def digest(content: bytes) -> str:
    """By what a content is recognised."""
    return blake2b(content, digest_size=12).hexdigest()


def content_digest(path: str) -> str:
    """The same of what a file holds, "" when it cannot be read."""
    try:
        return digest(read(path))
    except OSError:
        return ""


def as_typed(path: str, typed: Mapping[str, str]) -> str:
    """An absolute path as the user typed it, or relative to where they stand."""
    if path in typed:
        return typed[path]
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def project_root(path: str) -> str:
    """The nearest directory upward with a configuration file or `.git`, else the path's own directory."""
    absolute = os.path.abspath(path)
    start = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    return next(filter(_is_marked, upward(start)), start)


def _is_marked(directory: str) -> bool:
    return any(os.path.exists(os.path.join(directory, mark)) for mark in _ROOT_MARKS)


def repository_root(path: str) -> str:
    """The nearest directory upward with `.git`, else the project's root."""
    start = project_root(path)
    return next((parent for parent in upward(start) if os.path.exists(os.path.join(parent, ".git"))), start)


def top_of(path: str) -> str:
    """Where we stand, or the project's root when the path lies elsewhere: no directory above tells what a file is."""
    here = os.getcwd()
    return here if PurePath(os.path.abspath(path)).is_relative_to(here) else project_root(path)


def module_root(path: str) -> str:
    """The directory above the outermost package (an unbroken chain of `__init__.py`) that holds this file."""
    start = os.path.dirname(os.path.abspath(path))
    outside = (parent for parent in upward(start) if not os.path.isfile(os.path.join(parent, "__init__.py")))
    return next(outside, start)


def files_like(globs: Sequence[str]) -> Callable[[str], bool]:
    """Tells whether a file, or a directory that holds it, is meant by these names and paths in gitignore's globs.

    It is the same wherever we stand: no directory above the project's root counts.
    """
    wanted, is_root = Globs.of(globs), cache(_is_marked)

    @cache
    def top(directory: str) -> str:
        return next(filter(is_root, upward(directory)), "") or module_root(os.path.join(directory, "any.py"))

    return lambda path: wanted.reaches(path, top(os.path.dirname(os.path.abspath(path))), is_directory=False)


def upward(directory: str) -> Iterator[str]:
    """The directory and all above it."""
    yield directory
    while (parent := os.path.dirname(directory)) != directory:
        yield parent
        directory = parent
