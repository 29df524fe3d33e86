"""Which paths are meant by the globs that users know from .gitignore."""

import glob
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_WORD = re.compile(r"[\w.-]*[\w-][\w.-]*/?")  # means itself: most names do, so pathspec need not be loaded for them
_GROUP_NAME = re.compile(r"\?P<\w+>")


class Globs(Struct, frozen=True, eq=False):
    """Names are looked for in one component at a time, so that a whole project may lie below a `build`."""

    words: frozenset[str]
    names: "GitIgnoreSpec | None"
    places: "GitIgnoreSpec | None"

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "Globs":
        """From names (`build`, `*_pb2.py`) and paths (`src/gen`, from here, or absolute)."""
        names = [pattern for pattern in patterns if "/" not in pattern.rstrip("/")]
        places = [_from_root(pattern) for pattern in patterns if "/" in pattern.rstrip("/")]
        words = frozenset(filter(_WORD.fullmatch, names))
        others = [re.sub(r"^[!#]", r"\\\g<0>", name) for name in names if name not in words]
        return cls(words, _spec(others) if others else None, _spec(places) if places else None)

    def selects(self, directory: str, name: str) -> bool:
        """Whether what has this name, ending in a slash if a directory, in an absolute directory is meant itself."""
        if name in self.words or name.removesuffix("/") in self.words:
            return True
        if self.names is not None and self.names.match_file(name):
            return True
        return self.places is not None and _selects(self.places, f"{directory}{name}".lstrip("/"))

    def reaches(self, path: str, top: str, *, is_directory: bool) -> bool:
        """Whether the path or a directory that holds it is meant, looking no higher than the directory `top`."""
        absolute = os.path.abspath(path)
        if not _is_below(absolute, top):
            return False
        directory, name = os.path.split(absolute)
        is_meant = self.selects(slashed(directory, is_directory=True), slashed(name, is_directory))
        return is_meant or _holds(self, directory, top)


@lru_cache(maxsize=1 << 14)
def _holds(globs: Globs, directory: str, top: str) -> bool:
    """Is a directory meant, or one that holds it, below another one?"""
    if not _is_below(directory, top):
        return False
    above, name = os.path.split(directory)
    is_meant = globs.selects(slashed(above, is_directory=True), slashed(name, is_directory=True))
    return is_meant or _holds(globs, above, top)


def _is_below(path: str, top: str) -> bool:
    return path != top and path.startswith(os.path.join(top, ""))


class IgnoreFile(Struct, frozen=True):
    """What a .gitignore says; `anything` matches whatever any of its lines speaks of, and spares asking them all."""

    spec: "GitIgnoreSpec"
    anything: re.Pattern[str]

    @classmethod
    def of(cls, lines: Iterable[str]) -> "IgnoreFile":
        """From its lines."""
        spec = _spec(lines)
        speaking = (pattern.regex.pattern for pattern in spec.patterns if pattern.regex is not None)
        unnamed = (f"(?:{_GROUP_NAME.sub('?:', each)})" for each in speaking)
        with _no_warnings():
            return cls(spec, re.compile("|".join(unnamed) or r"(?!)"))

    def verdict(self, path: str) -> bool | None:
        """Is a path from here, ending in a slash if a directory, ignored? None where nothing is said of it."""
        return self.spec.check_file(path).include if self.anything.search(path) else None


def slashed(path: str, is_directory: bool) -> str:
    """The path as gitignore's rules spell it: `/` between its parts, and after it when it is a directory."""
    return path.replace(os.sep, "/").rstrip("/") + ("/" if is_directory else "")


def parent(path: str) -> str:
    """The directory of a path that is spelled so."""
    return path.rstrip("/").rpartition("/")[0] + "/"


def _spec(lines: Iterable[str]) -> "GitIgnoreSpec":
    """The lines of a .gitignore, without those that git would not understand either."""
    from pathspec import GitIgnoreSpec

    with _no_warnings():
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Of odd character classes; git does not warn of them either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _selects(places: "GitIgnoreSpec", path: str) -> bool:
    """Whether they match the path itself and not, as gitignore would have it, merely a directory above."""
    return places.match_file(path) and not places.match_file(parent(path))


def _from_root(pattern: str) -> str:
    absolute = os.path.normpath(os.path.join(glob.escape(os.getcwd()), pattern))
    return slashed(absolute, pattern.endswith("/"))
