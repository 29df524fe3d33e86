"""Facts kept between runs and shared by processes: a directory for each package, a file for each of its modules.

An entry that is damaged, from another version or of another file is made anew: see `asynclint.engine.cache`.
"""

import os
import pkgutil
import sys
from collections.abc import Callable
from functools import cache

import msgspec
from msgspec import Struct

from asynclint.engine.cache import keep, recall
from asynclint.facts.module import ModuleFacts
from asynclint.facts.soundness import is_sound
from asynclint.source.files import digest

MAKERS = (  # of facts: `asynclint.facts.walk` and all that it imports from there
    *("calls.py", "classes.py", "creating.py", "expressions.py", "functions.py", "held.py", "idling.py", "module.py"),
    *("names.py", "numbers.py", "patches.py", "races.py", "scoping.py", "trees.py", "walk.py"),
)


class _Entry(Struct, frozen=True, array_like=True):
    """The facts of a file, None when it has none, and by what its content is recognised."""

    path: str
    digest: str
    facts: ModuleFacts | None


class Shelf:
    """Reads and writes entries below a directory; without one, or where it cannot be written, nothing is kept."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def facts(
        self, path: str, package: str, recognised: str, make: Callable[[], ModuleFacts | None]
    ) -> ModuleFacts | None:
        """The facts of a module of a package, made and kept unless those of a content with this digest are there."""
        if not self._directory:
            return make()
        entry = self._entry(path, package, recognised)
        if entry is not None:
            return entry.facts
        facts = make()
        self._keep(_place(path, package), _Entry(path, recognised, facts))
        return facts

    def kept(self, path: str, package: str, recognised: str) -> ModuleFacts | None:
        """The facts that such a module had, None when they are not there."""
        entry = self._entry(path, package, recognised) if self._directory else None
        return entry.facts if entry is not None else None

    def _entry(self, path: str, package: str, recognised: str) -> _Entry | None:
        entry = _read(self._directory, _place(path, package))
        return entry if entry is not None and (entry.path, entry.digest) == (path, recognised) else None

    def _keep(self, place: str, entry: _Entry) -> None:
        try:
            encoded = msgspec.msgpack.encode(entry)
        except UnicodeEncodeError:  # text that is none
            return
        keep(self._directory, place, encoded)


def _place(path: str, package: str) -> str:
    return os.path.join(_version(), package, f"{digest(path.encode(errors='replace'))}.msgpack")


def _read(directory: str, place: str) -> _Entry | None:
    try:
        entry = msgspec.msgpack.decode(recall(directory, place), type=_Entry)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    facts = entry.facts
    return entry if facts is None or (facts.path == entry.path and is_sound(facts)) else None


@cache
def _version() -> str:
    """Names the code that makes facts, and the Python whose grammar it uses."""
    makers = b"".join(pkgutil.get_data("asynclint.facts", name) or b"" for name in MAKERS)
    return f"{sys.implementation.cache_tag}-{digest(makers)}"
