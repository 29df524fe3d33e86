"""Where the module behind a dotted name lies. Nothing is imported; only files are looked for."""

import os
from collections.abc import Sequence

from asynclint.source.files import module_root


class ModuleFinder:
    """Finds the files of imported modules: beside the importing package, then under the source roots."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = tuple(map(os.path.abspath, roots))
        self._found: dict[tuple[str, str], str | None] = {}

    def locate(self, name: str, importer: str) -> str | None:
        """The path of module `name` (`pkg.mod`, or relative with leading dots) as the file `importer` means it."""
        level = len(name) - len(name.lstrip("."))
        directory = os.path.dirname(os.path.abspath(importer))
        for _ in range(level - 1):
            directory = os.path.dirname(directory)
        roots = (directory,) if level else (module_root(importer), *self._roots)
        return next((path for root in roots if (path := self._below(root, name[level:]))), None)

    def _below(self, root: str, name: str) -> str | None:
        key = root, name
        if key not in self._found:
            self._found[key] = _module_file(os.path.join(root, *name.split(".")) if name else root)
        return self._found[key]


def _module_file(base: str) -> str | None:
    package = os.path.join(base, "__init__")
    candidates = (f"{package}.py", f"{base}.py", f"{package}.pyi", f"{base}.pyi")
    return next((path for path in candidates if os.path.isfile(path)), None)
