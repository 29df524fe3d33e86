"""The facts of installed packages, kept between runs: a directory for each package, a file for each of its modules.

What lies there is data, perhaps a stranger's: an entry that is damaged, from another version or of another file is
made anew, and nothing of it is ever executed. Several runs may use it at once.
"""

import hashlib
import os
import pkgutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache

import msgspec
from msgspec import Struct

from asynclint.facts.module import ModuleFacts
from asynclint.facts.soundness import is_sound

FOLDER = ".asynclint_cache"
_MAKERS = (
    *("calls.py", "classes.py", "functions.py", "held.py", "module.py", "names.py", "numbers.py", "patches.py"),
    *("races.py", "walk.py"),
)
# See https://bford.info/cachedir/.
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of asynclint.\n"


class _Entry(Struct, frozen=True, array_like=True):
    """The facts of a file, None when it has none, and by what its content is recognised."""

    path: str
    size: int
    changed: int  # nanoseconds since the epoch
    facts: ModuleFacts | None


class Shelf:
    """Reads and writes entries below a directory; without one, or where it cannot be written, nothing is kept."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def facts(self, path: str, package: str, make: Callable[[str], ModuleFacts | None]) -> ModuleFacts | None:
        """The facts of a module of a package, made and kept when they are not there or the file has changed."""
        state = _state(path) if self._directory else None
        if state is None:
            return make(path)
        place = os.path.join(self._directory, _version(), package, f"{_digest(path.encode())}.msgpack")
        entry = _read(place)
        if entry is not None and (entry.path, entry.size, entry.changed) == (path, *state):
            return entry.facts
        facts = make(path)
        self._keep(place, _Entry(path, *state, facts))
        return facts

    def _keep(self, place: str, entry: _Entry) -> None:
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
                if not os.path.exists(os.path.join(self._directory, name)):
                    _write(os.path.join(self._directory, name), text.encode())
            _write(place, msgspec.msgpack.encode(entry))
        except (OSError, UnicodeEncodeError):
            return  # read-only, full, or text that is none: the next run makes it again


def _state(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _read(place: str) -> _Entry | None:
    try:
        with open(place, "rb") as file:
            entry = msgspec.msgpack.decode(file.read(), type=_Entry)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    facts = entry.facts
    return entry if facts is None or (facts.path == entry.path and is_sound(facts)) else None


def _write(path: str, content: bytes) -> None:
    """Whole or not at all."""
    handle, unfinished = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except OSError:
        os.unlink(unfinished)
        raise


@cache
def _version() -> str:
    """Names the code that makes facts, and the Python whose grammar it uses."""
    makers = b"".join(pkgutil.get_data("asynclint.facts", name) or b"" for name in _MAKERS)
    return f"{sys.implementation.cache_tag}-{_digest(makers)}"


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()
