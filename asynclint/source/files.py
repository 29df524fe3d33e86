"""Which files belong to the project, and where its roots are."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePath
from typing import TypeAlias

from msgspec import Struct
from pathspec import GitIgnoreSpec

from asynclint.source.globs import Globs, parent, slashed, spec

_ROOT_MARKS = ("pyproject.toml", "asynclint.toml", ".asynclint.toml", ".git", "setup.cfg")


State: TypeAlias = tuple[int, int, int] | None  # time of the last change, size and number; None for no file


class Discovered(Struct, frozen=True):
    """`files`: sorted, as the user would type them, each real file once; `problems`: a line for each path not read.

    `folders` are the directories that were searched, absolute.
    """

    files: tuple[str, ...]
    problems: tuple[str, ...]
    folders: tuple[str, ...] = ()


class Exclusions(Struct, frozen=True):
    """What is left out of a directory. It applies to paths that are given only with `force_exclude`."""

    excluded: Globs
    force_exclude: bool = False
    respect_gitignore: bool = True

    @classmethod
    def of(cls, exclude: Sequence[str], *, force_exclude: bool = False, respect_gitignore: bool = True) -> "Exclusions":
        """From names (`build`, `*_pb2.py`) and paths (`src/gen`, from here, or absolute) in gitignore's globs."""
        return cls(Globs.of(exclude), force_exclude, respect_gitignore)

    def leaves_out(self, path: str) -> bool:
        """Is a given path excluded, by itself or with a directory it lies in?"""
        return self.force_exclude and self.excluded.reaches(path, _top(path))


def discover(paths: Sequence[str], exclusions: Callable[[str], Exclusions]) -> Discovered:
    """Find the Python files in these files and directories.

    A directory gives its `*.py` files, an explicit file is taken whatever its suffix; `.pyi` files are never given.
    `exclusions` says what is left out of what lies directly in a directory, or of a file that is given.
    """
    search = _Search(exclusions)
    for path in paths:
        search.start(path)
    return search.finish()


def read(path: str) -> bytes:
    """The file's bytes; raises `OSError`."""
    with open(path, "rb") as file:
        return file.read()


def state(path: str) -> State:
    """By what it can be told whether a file or directory has changed."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def digest(content: bytes) -> str:
    """By what a content is recognised."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


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


def _top(path: str) -> str:
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
    wanted = Globs.of(globs)

    @cache
    def top(directory: str) -> str:
        root = project_root(directory)
        return root if root != directory or _is_marked(root) else module_root(os.path.join(directory, "any.py"))

    return lambda path: wanted.reaches(path, top(os.path.dirname(os.path.abspath(path))))


def upward(directory: str) -> Iterator[str]:
    """The directory and all above it."""
    yield directory
    while (parent := os.path.dirname(directory)) != directory:
        yield parent
        directory = parent


class _Ignored(Struct, frozen=True):
    """One .gitignore file and, further out, those that speak where it is silent."""

    directory: str
    spec: GitIgnoreSpec
    outer: "_Ignored | None"

    def selects(self, path: str) -> bool:
        """Whether this absolute path, ending in a slash if a directory, is ignored for itself."""
        return self._covers(path) and not self._covers(parent(path))

    def _covers(self, path: str) -> bool:
        inside = path.startswith(self.directory) and path != self.directory
        verdict = self.spec.check_file(path[len(self.directory) :]).include if inside else None
        if verdict is None:
            return self.outer is not None and self.outer._covers(path)
        return verdict


class _Place(Struct, frozen=True):
    """A directory to be listed, and the .gitignore files above it."""

    typed: str
    ignored: _Ignored | None


class _Search:
    """Walks real directories before linked ones, so that a file is known by its own name; no directory twice."""

    def __init__(self, exclusions: Callable[[str], Exclusions]) -> None:
        self._exclusions = exclusions
        self._problems: list[str] = []
        self._files: dict[str, str] = {}
        self._linked_files: dict[str, str] = {}
        self._places: deque[_Place] = deque()
        self._linked_places: deque[_Place] = deque()
        self._listed: set[str] = set()

    def start(self, path: str) -> None:
        """Take one path as the user typed it."""
        leaving_out = self._exclusions(path)
        if leaving_out.leaves_out(path):
            return
        try:
            os.stat(path)
        except OSError as error:
            self._problems.append(f"{path or repr('')}: {_reason(error)}")
            return
        typed = str(PurePath(path))
        if os.path.isdir(path):
            above = os.path.abspath(path)
            self._places.append(_Place(typed, _governing(above) if leaving_out.respect_gitignore else None))
        elif not path.endswith(".pyi"):
            self._files.setdefault(os.path.realpath(path), typed)

    def finish(self) -> Discovered:
        """List what waits until nothing does."""
        while queue := self._places or self._linked_places:
            place = queue.popleft()
            if (real := os.path.realpath(place.typed)) not in self._listed:
                self._listed.add(real)
                self._list(place, real)
        files = (self._linked_files | self._files).values()
        return Discovered(tuple(sorted(files)), tuple(self._problems), tuple(sorted(self._listed)))

    def _list(self, place: _Place, real: str) -> None:
        try:
            with os.scandir(place.typed) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._problems.append(f"{place.typed}: cannot be listed: {_reason(error)}")
            return
        above = os.path.abspath(place.typed)
        leaving_out = self._exclusions(above)
        ignored = _with_own_file(above, place.ignored) if leaving_out.respect_gitignore else None
        for entry in entries:
            inner = _Place(entry.name if place.typed == "." else entry.path, ignored)
            self._enter(entry, inner, above, real, leaving_out.excluded)

    def _enter(self, entry: os.DirEntry[str], place: _Place, above: str, real: str, excluded: Globs) -> None:
        is_directory, is_link = _is_directory(entry), entry.is_symlink()
        if not is_directory and not (entry.name.endswith(".py") and _is_file(entry)):
            return
        path = slashed(os.path.join(above, entry.name), is_directory)
        if excluded.selects(path) or (place.ignored is not None and place.ignored.selects(path)):
            return
        if is_directory:
            (self._linked_places if is_link else self._places).append(place)
        elif is_link:
            self._linked_files.setdefault(os.path.realpath(entry.path), place.typed)
        else:
            self._files.setdefault(os.path.join(real, entry.name), place.typed)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, or to where we may not look
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _governing(directory: str) -> _Ignored | None:
    """The .gitignore files above this directory, up to the root of its git work tree; without one, none."""
    above = list(upward(directory))
    tops = (index for index, parent in enumerate(above) if os.path.exists(os.path.join(parent, ".git")))
    top = next(tops, 0)
    ignored = _with_file(above[top], os.path.join(".git", "info", "exclude"), None)
    for inner in reversed(above[1 : top + 1]):
        ignored = _with_own_file(inner, ignored)
    return ignored


def _with_own_file(directory: str, outer: _Ignored | None) -> _Ignored | None:
    return _with_file(directory, ".gitignore", outer)


def _with_file(directory: str, name: str, outer: _Ignored | None) -> _Ignored | None:
    try:
        with open(os.path.join(directory, name), encoding="utf-8-sig", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return outer
    return _Ignored(slashed(directory, True), spec(lines), outer)
