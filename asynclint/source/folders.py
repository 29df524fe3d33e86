"""What lies in directories, each listed once: looking for modules asks the same few questions very often."""

import os
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

PROJECT = (".py", ".pyi")  # a stub speaks where the source is not there: an extension module
INSTALLED = (".pyi", ".py")  # for a library, its stub speaks first

_NAMESPACE_DEPTH = 4


class Asked(Struct, frozen=True, array_like=True):
    """What was asked of a directory: names, and perhaps for all that may be modules, and which of them it `held`."""

    sought: frozenset[str]
    is_searched: bool
    held: frozenset[str]

    @classmethod
    def of(cls, listing: frozenset[str], sought: Iterable[str], *, is_searched: bool) -> "Asked":
        """Put to a listing of the directory."""
        sought = frozenset(sought)
        modules = filter(_may_hold_modules, listing) if is_searched else ()
        return cls(sought, is_searched, frozenset((*(sought & listing), *modules)))

    def now(self, directory: str) -> "Asked":
        """The same asked anew."""
        return Asked.of(_listed(directory), self.sought, is_searched=self.is_searched)

    def joined(self, other: "Asked | None") -> "Asked":
        """Both, when the directory has stayed what it was."""
        if other is None:
            return self
        return Asked(self.sought | other.sought, self.is_searched or other.is_searched, self.held | other.held)


class Folders:
    """Directories as they were when they were first asked about."""

    def __init__(self, unsaved: Iterable[str] = ()) -> None:
        """`unsaved` are the paths of files that are to lie in them though they are not on the disk yet."""
        self._unsaved: dict[str, set[str]] = {}
        for path in unsaved:
            self._unsaved.setdefault(os.path.dirname(path), set()).add(os.path.basename(path))
        self._names: dict[str, frozenset[str]] = {}
        self._sought: dict[str, set[str]] = {}  # by directory: the names somebody asked for
        self._searched: set[str] = set()  # directories of which all names may matter
        self._new: set[str] = set()  # directories of which something new was asked

    def names(self, directory: str) -> frozenset[str]:
        """What lies in a directory, the directories with a slash; nothing when it cannot be listed."""
        if directory not in self._searched:
            self._searched.add(directory)
            self._new.add(directory)
        return self._listing(directory)

    def holds_any(self, directory: str, names: Collection[str]) -> bool:
        """Does one of these lie in a directory?"""
        sought = self._sought.setdefault(directory, set())
        if not sought.issuperset(names):
            sought.update(names)
            self._new.add(directory)
        return not self._listing(directory).isdisjoint(names)

    def is_package(self, directory: str) -> bool:
        """Does it say of itself that it is a package?"""
        return self.holds_any(directory, ("__init__.py", "__init__.pyi"))

    def known(self) -> frozenset[str]:
        """The directories that were asked about."""
        return frozenset(self._names)

    def renew(self) -> bool:
        """Lists all of them again, unless that would give other answers; tells whether it would not."""
        now = {directory: self._listed(directory) for directory in self._names}
        is_same = all(self._asked(each, self._names[each]) == self._asked(each, now[each]) for each in now)
        if is_same:
            self._names = now
        return is_same

    def news(self) -> "dict[str, Asked]":
        """What was asked of directories since this was last called, with all that was asked of them before."""
        asked = {directory: self._asked(directory, self._listing(directory)) for directory in self._new}
        self._new = set()
        return asked

    def _listing(self, directory: str) -> frozenset[str]:
        if directory not in self._names:
            self._names[directory] = self._listed(directory)
        return self._names[directory]

    def _listed(self, directory: str) -> frozenset[str]:
        return _listed(directory) | self._unsaved.get(directory, set())

    def _asked(self, directory: str, names: frozenset[str]) -> Asked:
        """What was asked of a directory, put to this listing of it."""
        return Asked.of(names, self._sought.get(directory, ()), is_searched=directory in self._searched)

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


def _listed(directory: str) -> frozenset[str]:
    try:
        with os.scandir(directory) as entries:
            return frozenset(f"{entry.name}/" if _is_directory(entry) else entry.name for entry in entries)
    except OSError:
        return frozenset()


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, or to where we may not look
        return False
