"""Where the user's installed packages lie. They are found by looking, never by running that Python."""

import glob
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping

from asynclint.source.files import upward
from asynclint.source.folders import INSTALLED, Folders

_PLACES = (
    "Lib/site-packages",
    "lib*/python{}*/site-packages",
    "lib/pypy{}*/site-packages",
    "local/lib/python{}*/dist-packages",
    "lib/python3/dist-packages",
)
_INFERRED = (".venv", "venv")


def inferred_environment(root: str, variables: Mapping[str, str]) -> str | None:
    """The active environment, else the nearest that lies in the project's root or above it; None without any.

    pre-commit activates an environment of its own for each hook, which says nothing about the project.
    """
    active = "" if variables.get("PRE_COMMIT") else variables.get("VIRTUAL_ENV", "")
    places = (active, *(os.path.join(above, name) for above in upward(root) for name in _INFERRED))
    return next((place for place in places if place and site_directories(place)), None)


def site_directories(python: str) -> tuple[str, ...]:
    """The directories of installed packages that an interpreter, or the directory of an environment, imports from.

    What `.pth` files name (as editable installs do) belongs to them, what they would execute does not. None are found
    where there is no environment.
    """
    interpreter = python if os.path.exists(python) else shutil.which(python) or python
    is_file = os.path.isfile(interpreter)
    prefix = os.path.abspath(_prefix(os.path.dirname(interpreter)) if is_file else interpreter)
    version = _version_in_name(os.path.realpath(interpreter)) if is_file else ""
    sites = [*_sites_below(prefix, version), *_sites_of_base(prefix)]
    return tuple(dict.fromkeys(each for site in sites for each in (site, *_named_by_pth(site))))


def _version_in_name(interpreter: str) -> str:
    found = re.search(r"\d\.\d+(?=(?:\.exe)?$)", interpreter)
    return found[0] if found else ""


def _sites_below(prefix: str, version: str) -> list[str]:
    said = version or _setting(prefix, "version") or _setting(prefix, "version_info")
    minor = ".".join(said.split(".")[:2]) or "3"
    found = (path for place in _PLACES for path in sorted(glob.glob(place.format(minor), root_dir=prefix)))
    real = {os.path.realpath(path): path for path in reversed([os.path.join(prefix, each) for each in found])}
    return [path for path in reversed(real.values()) if os.path.isdir(path)]


def _sites_of_base(prefix: str) -> list[str]:
    """An environment may let the packages of the Python it was made with shine through."""
    home = _setting(prefix, "home")
    is_open = _setting(prefix, "include-system-site-packages").lower() == "true"
    return _sites_below(_prefix(home), _setting(prefix, "version")) if home and is_open else []


def _prefix(programs: str) -> str:
    """The directory of an installation, from that of its interpreter, which on Windows may be the same."""
    return programs if os.path.isdir(os.path.join(programs, "Lib")) else os.path.dirname(programs)


def _setting(prefix: str, key: str) -> str:
    """What `pyvenv.cfg` says under a key, "" when it says nothing."""
    pairs = (line.partition("=") for line in _lines(os.path.join(prefix, "pyvenv.cfg")))
    said = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return said.get(key, "")


def _named_by_pth(site: str) -> Iterator[str]:
    """See https://docs.python.org/3/library/site.html: a line is a directory, a comment or something to execute."""
    for file in sorted(glob.glob(os.path.join(glob.escape(site), "*.pth"))):
        for line in _lines(file):
            path = os.path.normpath(os.path.join(site, line.strip()))
            if line.strip() and not line.startswith(("#", "import ", "import\t")) and os.path.isdir(path):
                yield path


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


class Environment:
    """The modules of installed packages, by their dotted names; a stub goes before the source it describes.

    The standard library is none of them. Stub packages (`pkg-stubs`) may be partial: the package itself fills the gaps.
    """

    def __init__(self, sites: tuple[str, ...]) -> None:
        self.sites = sites
        self._folders = Folders()
        self._found: dict[str, str | None] = {}
        self._names: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        """The file of a module, None when it is not installed; a namespace package has one that does not exist."""
        if name not in self._found:
            path = self._found[name] = self._search(name)
            if path is not None:
                self._names[path] = name
        return self._found[name]

    def has(self, package: str) -> bool:
        """Is something of this name installed that is more than a namespace?"""
        path = self.find(package)
        return path is not None and os.path.isfile(path)

    def name_of(self, path: str) -> str:
        """The dotted name of a module that has been found."""
        return self._names[path]

    def locate(self, name: str, importer: str) -> str | None:
        """As `ModuleFinder.locate`, but only within the importing package: another one goes by its documented name."""
        here = self._names[importer]
        if not name.startswith("."):
            return self.find(name) if name.partition(".")[0] == here.partition(".")[0] else None
        module = name.lstrip(".")
        up = len(name) - len(module) - _is_package(importer)
        package = here.rsplit(".", up)[0] if up else here
        return self.find(f"{package}.{module}".rstrip(".")) if up <= here.count(".") else None

    def _search(self, name: str) -> str | None:
        top, dot, rest = name.partition(".")
        if top in sys.stdlib_module_names or not all(part.isidentifier() for part in name.split(".")):
            return None
        names = (f"{top}-stubs{dot}{rest}", name)
        files = (self._folders.module(site, each, INSTALLED) for each in names for site in self.sites)
        places = (self._folders.namespace(site, name) for site in self.sites)
        return next((path for found in (files, places) for path in found if path), None)


def _is_package(path: str) -> bool:
    return os.path.basename(path).startswith("__init__.")
