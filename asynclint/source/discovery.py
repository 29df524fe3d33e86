"""Which files belong to the project: those below a directory that nothing leaves out."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import PurePath

from msgspec import Struct

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
        return self.force_exclude and self.excluded.reaches(path, top_of(path), is_directory=os.path.isdir(path))


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
        excluded, inside, above = leaving_out.excluded, slashed(place.absolute, True), os.path.join(real, "")
        for name, is_directory, entry in entries:
            spelled = f"{name}/" if is_directory else name
            if excluded.selects(inside, spelled) or (ignored is not None and ignored.selects(inside + spelled)):
                continue
            typed = name if place.typed == "." else entry.path
            if is_directory:
                inner = _Place(
                    typed, os.path.join(place.absolute, name), ignored, "" if entry.is_symlink() else above + name
                )
                (self._places if inner.real else self._linked_places).append(inner)
            elif entry.is_symlink():
                self._linked_files.setdefault(os.path.realpath(entry.path), typed)
            else:
                self._files.setdefault(above + name, typed)


def _candidates(directory: str) -> tuple[list[tuple[str, bool, os.DirEntry[str]]], bool]:
    """Python files and directories by name, and whether they are directories; is there a .gitignore? Raises OSError."""
    candidates, has_own_file = [], False
    with os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            try:
                if (is_directory := entry.is_dir()) or (name.endswith(".py") and entry.is_file()):
                    candidates.append((name, is_directory, entry))
                elif name == _IGNORE_FILE:
                    has_own_file = True
            except OSError:  # a link that leads to itself, or to where we may not look
                continue
    return sorted(candidates, key=itemgetter(0)), has_own_file


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
