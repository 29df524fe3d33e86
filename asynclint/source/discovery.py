"""Which files belong to the project: those below a directory that nothing leaves out."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import PurePath

from msgspec import Struct
from msgspec.structs import replace

from asynclint.source.files import top_of, upward
from asynclint.source.globs import Globs, IgnoreFile, parent, slashed

_IGNORE_FILE = ".gitignore"


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
        return self.force_exclude and self.excluded.reaches(path, top_of(path))


def discover(paths: Sequence[str], exclusions: Callable[[str], Exclusions]) -> Discovered:
    """Find the Python files in these files and directories.

    A directory gives its `*.py` files, an explicit file is taken whatever its suffix; `.pyi` files are never given.
    `exclusions` says what is left out of what lies directly in a directory, or of a file that is given.
    """
    search = _Search(exclusions)
    for path in paths:
        search.start(path)
    return search.finish()


class _Ignored(Struct, frozen=True):
    """One .gitignore file and, further out, those that speak where it is silent."""

    directory: str
    file: IgnoreFile
    outer: "_Ignored | None"

    def selects(self, path: str) -> bool:
        """Whether this absolute path, ending in a slash if a directory, is ignored for itself."""
        return self._covers(path) and not self._covers(parent(path))

    def _covers(self, path: str) -> bool:
        inside = path.startswith(self.directory) and path != self.directory
        verdict = self.file.verdict(path[len(self.directory) :]) if inside else None
        if verdict is None:
            return self.outer is not None and self.outer._covers(path)
        return verdict


class _Place(Struct, frozen=True):
    """A directory to be listed, as typed and absolute; the .gitignore files above it.

    `real` is its path without links, "" where that has to be found out.
    """

    typed: str
    absolute: str
    ignored: _Ignored | None
    real: str = ""


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
            ignored = _governing(above) if leaving_out.respect_gitignore else None
            self._places.append(_Place(typed, os.path.abspath(typed), ignored))
        elif not path.endswith(".pyi"):
            self._files.setdefault(os.path.realpath(path), typed)

    def finish(self) -> Discovered:
        """List what waits until nothing does."""
        while queue := self._places or self._linked_places:
            place = queue.popleft()
            if (real := place.real or os.path.realpath(place.typed)) not in self._listed:
                self._listed.add(real)
                self._list(place, real)
        files = (self._linked_files | self._files).values()
        return Discovered(tuple(sorted(files)), tuple(self._problems), tuple(sorted(self._listed)))

    def _list(self, place: _Place, real: str) -> None:
        try:
            entries, has_own_file = _candidates(place.typed)
        except OSError as error:
            self._problems.append(f"{place.typed}: cannot be listed: {_reason(error)}")
            return
        leaving_out, ignored = self._exclusions(place.absolute), None
        if leaving_out.respect_gitignore:
            ignored = _with_file(place.absolute, _IGNORE_FILE, place.ignored) if has_own_file else place.ignored
        excluded, inside = leaving_out.excluded, slashed(place.absolute, True)
        for name, entry in entries:
            is_directory = _is_directory(entry)
            if not (is_directory or _is_file(entry)):
                continue
            path = f"{inside}{name}{'/' if is_directory else ''}"
            if excluded.selects(path) or (ignored is not None and ignored.selects(path)):
                continue
            typed = name if place.typed == "." else entry.path
            if is_directory:
                self._enter(_Place(typed, os.path.join(place.absolute, name), ignored), entry, real)
            elif entry.is_symlink():
                self._linked_files.setdefault(os.path.realpath(entry.path), typed)
            else:
                self._files.setdefault(os.path.join(real, name), typed)

    def _enter(self, place: _Place, entry: os.DirEntry[str], above: str) -> None:
        if entry.is_symlink():
            self._linked_places.append(place)
        else:
            self._places.append(replace(place, real=os.path.join(above, entry.name)))


def _candidates(directory: str) -> tuple[list[tuple[str, os.DirEntry[str]]], bool]:
    """What may be a Python file or a directory, by name; and is there a .gitignore? Raises OSError."""
    candidates, has_own_file = [], False
    with os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(".py") or _is_directory(entry):
                candidates.append((name, entry))
            elif name == _IGNORE_FILE:
                has_own_file = True
    return sorted(candidates), has_own_file


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
        ignored = _with_file(inner, _IGNORE_FILE, ignored)
    return ignored


def _with_file(directory: str, name: str, outer: _Ignored | None) -> _Ignored | None:
    try:
        with open(os.path.join(directory, name), encoding="utf-8-sig", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return outer
    return _Ignored(slashed(directory, True), IgnoreFile.of(lines), outer)
