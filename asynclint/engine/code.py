"""The code that runs, and the Python whose grammar it uses; other code may find something else.

Versions are told by their numbers, and code that is edited where it lies by its files.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

import asynclint
from asynclint.source.files import digest, read

VERSION = f"{sys.implementation.cache_tag}-{asynclint.__version__}"

_PARTS = (".py", ".json")


class Code(Struct, frozen=True, array_like=True):
    """Digests of the states of its files, and of what they say: the same wherever and whenever it was installed."""

    states: str
    contents: str

    def is_running(self) -> bool:
        """Is it this code? Only where the states of its files do not tell they are read."""
        return self.states == _states() or self.contents == _contents()


def running(known: Code | None = None) -> Code | None:
    """The code that runs, None when it has been edited since it was first asked about.

    If it is one that is known already its files need not be read.
    """
    code = known if known is not None and known.states == _states() else Code(_states(), _contents())
    return code if code.states == _states.__wrapped__() else None


@cache
def _states() -> str:
    found = ((name, os.stat(path)) for name, path in _parts())
    return digest(repr([(name, each.st_mtime_ns, each.st_size, each.st_ino) for name, each in found]).encode())


@cache
def _contents() -> str:
    return digest(b"".join(name.encode() + b" " + read(path) for name, path in _parts()))


def _parts() -> Iterator[tuple[str, str]]:
    """Its files, by their names below the package."""
    top = os.path.dirname(asynclint.__file__)
    for directory, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for path in (os.path.join(directory, name) for name in sorted(names) if name.endswith(_PARTS)):
            yield path[len(top) + 1 :], path
