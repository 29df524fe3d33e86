"""Where the module behind a dotted name lies. Nothing is imported; only files are looked for.

The answer depends on the importing file, the configured roots and what lies on the disk, never on which files are
linted together.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from asynclint.source.files import module_root, upward
from asynclint.source.folders import PROJECT, Folders

_PROJECT_MARKS = frozenset(
    {"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "asynclint.toml", ".asynclint.toml"}
)
_REPOSITORY_MARKS = frozenset({".git/", ".git"})


class _Places(Struct, frozen=True):
    """Where the files of one directory find modules: anything below `roots`, packages below `shared` too.

    `within` are the directories that may be packages with these files: none lies above the project.
    """

    roots: tuple[str, ...]
    shared: tuple[str, ...]
    within: tuple[str, ...]


class ModuleFinder:
    """Finds the files of the project's modules, as a file that imports them means them.

    An absolute name is looked for, in this order, where the importing package begins, in the configured `roots`, in
    each directory above up to the repository's root and the `src` of each, and in the repository's other projects.
    A directory without `__init__.py` is a package when nothing else has its name, neither a file nor a library.
    """

    def __init__(
        self,
        roots: Sequence[str] = (),
        is_library: Callable[[str], bool] = lambda name: False,
        folders: Folders | None = None,
    ) -> None:
        self._configured = tuple(map(os.path.abspath, roots))
        self._is_library = is_library
        self._folders = folders or Folders()
        self._directories: dict[str, str] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._below: dict[tuple[tuple[str, ...], str], str | None] = {}
        self._roots: dict[tuple[str, str], tuple[str, ...]] = {}
        self._places: dict[str, _Places] = {}
        self._packages: dict[str, tuple[str, ...]] = {}

    def locate(self, name: str, importer: str) -> str | None:
        """The path of module `name` (`pkg.mod`, or relative with leading dots) as the file `importer` means it."""
        if importer not in self._directories:
            self._directories[importer] = os.path.dirname(os.path.abspath(importer))
        key = self._directories[importer], name
        if key not in self._found:
            self._found[key] = self._relative(*key) if name.startswith(".") else self._absolute(*key)
        return self._found[key]

    def _relative(self, directory: str, name: str) -> str | None:
        module = name.lstrip(".")
        for _ in range(len(name) - len(module) - 1):
            directory = os.path.dirname(directory)
        return self._folders.module(directory, module, PROJECT) or self._folders.namespace(directory, module)

    def _absolute(self, directory: str, name: str) -> str | None:
        key = directory, name.partition(".")[0]
        if key not in self._roots:
            self._roots[key] = tuple(self._roots_for(*key))
        below = self._roots[key], name
        if below not in self._below:
            self._below[below] = self._found_below(*below)
        return self._below[below]

    def _found_below(self, roots: Sequence[str], name: str) -> str | None:
        top = name.partition(".")[0]
        files = (path for root in roots if (path := self._folders.module(root, name, PROJECT)))
        found = next(files, None)
        if found or top in sys.stdlib_module_names or self._is_library(top):
            return found
        return next((path for root in roots if (path := self._folders.namespace(root, name))), None)

    def _roots_for(self, directory: str, top: str) -> Iterable[str]:
        """The roots below which a file in this directory may mean a module whose outermost package is `top`."""
        if directory not in self._places:
            self._places[directory] = self._places_for(directory)
        places = self._places[directory]
        if top in sys.stdlib_module_names:  # scripts may have neighbours of that name; packages mean the library
            return [root for root in places.roots[:1] if not self._folders.is_package(os.path.dirname(root))]
        own = [os.path.dirname(above) for above in places.within if os.path.basename(above) == top]
        own = [root for root in own if not self._folders.is_package(root)]
        shared = [root for root in places.shared if self._folders.is_package(os.path.join(root, top))]
        return dict.fromkeys((*places.roots, *own, *shared))

    def _places_for(self, directory: str) -> _Places:
        start = module_root(os.path.join(directory, "__init__.py"))
        project, repository = self._up_to(_PROJECT_MARKS, start), self._up_to(_REPOSITORY_MARKS, start)
        outwards = repository or project
        above = [each for each in outwards if each == start or not self._folders.is_package(each)]
        with_sources = [root for each in above or [start] for root in (each, os.path.join(each, "src"))]
        is_part = bool(project) and len(project) < len(repository)
        roots = dict.fromkeys((start, *self._configured, *with_sources))
        within = _upward_to(outwards[-1] if outwards else "", directory)
        return _Places(tuple(roots), self._shared(repository[-1]) if is_part else (), tuple(within))

    def _up_to(self, marks: frozenset[str], start: str) -> list[str]:
        """The directories from here up to the nearest with such a mark, none when there is no such mark."""
        above = list(upward(start))
        marked = (index for index, each in enumerate(above) if self._folders.holds_any(each, marks))
        return above[: next(marked, -1) + 1]

    def _shared(self, repository: str) -> tuple[str, ...]:
        if repository not in self._packages:
            self._packages[repository] = tuple(self._projects_below(repository, depth=2))
        return self._packages[repository]

    def _projects_below(self, directory: str, depth: int) -> Iterator[str]:
        """Where the projects of a repository of several keep their packages."""
        names = sorted(name for name in self._folders.names(directory) if name[-1] == "/" and name[0] != ".")
        for path in (os.path.join(directory, name[:-1]) for name in names):
            if self._folders.holds_any(path, _PROJECT_MARKS):
                yield from (os.path.join(path, "src"), path)
            elif depth > 1:
                yield from self._projects_below(path, depth - 1)


def _upward_to(outermost: str, directory: str) -> Iterator[str]:
    """The directory and those above it, up to the outermost one."""
    for each in upward(directory):
        yield each
        if each == outermost:
            return
