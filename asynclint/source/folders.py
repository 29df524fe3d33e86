"""What lies in directories, each listed once: looking for modules asks the same few questions very often."""

import os
import time
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from asynclint.source.files import State, state

PROJECT = (".py", ".pyi")  # a stub speaks where the source is not there: an extension module
INSTALLED = (".pyi", ".py")  # for a library, its stub speaks first

_NAMESPACE_DEPTH = 4
_TICK = 2_000_000_000  # ns; within them two changes may leave the same time behind, on the coarsest of file systems


class Asked(Struct, frozen=True, array_like=True):
    """What was asked of a directory: names, and perhaps for all that may be modules, and which of them it `held`.

    As long as its state is this one it holds the same; None for one that tells nothing.
    """

    sought: frozenset[str]
    is_searched: bool
    held: frozenset[str]
    state: State = None

    @classmethod
    def of(cls, listing: "Listing", sought: Iterable[str], *, is_searched: bool) -> "Asked":
        """Put to a listing of the directory."""
        sought = frozenset(sought)
        modules = filter(_may_hold_modules, listing.names) if is_searched else ()
        held = frozenset((*(sought & listing.names), *modules))
        return cls(sought, is_searched, held, listing.state)

    def still_holds(self, directory: str) -> bool:
        """Would the answer be the same? Only where its state does not say so it is listed."""
        if self.state is not None and state(directory) == self.state:
            return True
        return self.held == Asked.of(Listing.of(directory), self.sought, is_searched=self.is_searched).held

    def joined(self, other: "Asked | None") -> "Asked":
        """Both, when the directory has stayed what it was."""
        if other is None:
            return self
        state = self.state if self.state == other.state else None
        return Asked(self.sought | other.sought, self.is_searched or other.is_searched, self.held | other.held, state)


class Listing(Struct, frozen=True):
    """What lies in a directory, the directories with a slash; nothing when it cannot be listed.

    It has no state where that may stay the same when other things lie there.
    """

    names: frozenset[str] = frozenset()
    state: State = None

    @classmethod
    def of(cls, directory: str) -> "Listing":
        """The directory as it is now."""
        before, now = state(directory), time.time_ns()
        if before is None:
            return cls()
        try:
            with os.scandir(directory) as found:
                entries = list(found)
        except OSError:
            return cls()
        names = frozenset(f"{entry.name}/" if _is_directory(entry) else entry.name for entry in entries)
        is_telling = before[0] + _TICK < now and not any(entry.is_symlink() for entry in entries)
        return cls(names, before if is_telling else None)

    def also(self, names: Iterable[str]) -> "Listing":
        """With names of what is to lie there too."""
        return Listing(self.names.union(names), None) if names else self


class Folders:
    """Directories as they were when they were first asked about."""

    def __init__(self, unsaved: Iterable[str] = ()) -> None:
        """`unsaved` are the paths of files that are to lie in them though they are not on the disk yet."""
        self._unsaved: dict[str, set[str]] = {}
        for path in unsaved:
            self._unsaved.setdefault(os.path.dirname(path), set()).add(os.path.basename(path))
        self._listings: dict[str, Listing] = {}
        self._sought: dict[str, set[str]] = {}  # by directory: the names somebody asked for
        self._searched: set[str] = set()  # directories of which all names may matter
        self._new: set[str] = set()  # directories of which something new was asked

    def names(self, directory: str) -> frozenset[str]:
        """What lies in a directory, the directories with a slash; nothing when it cannot be listed."""
        if directory not in self._searched:
            self._searched.add(directory)
            self._new.add(directory)
        return self._listing(directory).names

    def holds_any(self, directory: str, names: Collection[str]) -> bool:
        """Does one of these lie in a directory?"""
        sought = self._sought.setdefault(directory, set())
        if not sought.issuperset(names):
            sought.update(names)
            self._new.add(directory)
        return not self._listing(directory).names.isdisjoint(names)

    def is_package(self, directory: str) -> bool:
        """Does it say of itself that it is a package?"""
        return self.holds_any(directory, ("__init__.py", "__init__.pyi"))

    def known(self) -> frozenset[str]:
        """The directories that were asked about."""
        return frozenset(self._listings)

    def renew(self) -> bool:
        """Lists all of them again, unless that would give other answers; tells whether it would not."""
        now = {directory: self._listed(directory) for directory in self._listings}
        is_same = all(self._asked(each, self._listings[each]).held == self._asked(each, now[each]).held for each in now)
        if is_same:
            self._listings = now
        return is_same

    def news(self) -> "dict[str, Asked]":
        """What was asked of directories since this was last called, with all that was asked of them before."""
        asked = {directory: self._asked(directory, self._listing(directory)) for directory in self._new}
        self._new = set()
        return asked

    def _listing(self, directory: str) -> Listing:
        if directory not in self._listings:
            self._listings[directory] = self._listed(directory)
        return self._listings[directory]

    def _listed(self, directory: str) -> Listing:
        return Listing.of(directory).also(self._unsaved.get(directory, ()))

    def _asked(self, directory: str, listing: Listing) -> Asked:
        """What was asked of a directory, put to this listing of it."""
        return Asked.of(listing, self._sought.get(directory, ()), is_searched=directory in self._searched)

    def module(self, root: str, name: str, suffixes: Sequence[str]) -> str | None:
        """The file of module `pkg.mod` below a root, a package before a module of its name; "" is the root itself."""
        outer, _, last = name.rpartition(".")
        above, package = self._directory(root, outer), self._directory(root, name)
        for suffix in suffixes:
            if package is not None and self.holds_any(package, (f"__init__{suffix}",)):
                return os.path.join(package, f"__init__{suffix}")
            if last and above is not None and self.holds_any(above, (f"{last}{suffix}",)):
                return os.path.join(above, f"{last}{suffix}")
        return None

    def namespace(self, root: str, name: str) -> str | None:
        """The `__init__.py` that a directory of modules does not have: it stands for the namespace package."""
        directory = self._directory(root, name)
        holds = directory is not None and self._holds_modules(directory, _NAMESPACE_DEPTH)
        return os.path.join(directory, "__init__.py") if directory is not None and holds else None

    def _directory(self, root: str, name: str) -> str | None:
        for part in name.split(".") if name else ():
            if not self.holds_any(root, (f"{part}/",)):
                return None
            root = os.path.join(root, part)
        return root

    def _holds_modules(self, directory: str, depth: int) -> bool:
        names = self.names(directory)
        if any(name.endswith(PROJECT) for name in names):
            return True
        inner = (os.path.join(directory, name[:-1]) for name in names if name[:-1].isidentifier() and name[-1] == "/")
        return depth > 0 and any(self._holds_modules(each, depth - 1) for each in inner)


def _may_hold_modules(name: str) -> bool:
    """Hidden directories come and go as tools are used, and nobody imports from them."""
    is_directory = name[-1] == "/" and name[0] != "." and name != "__pycache__/"
    return is_directory or name.endswith(PROJECT)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, or to where we may not look
        return False
