"""Which paths are meant by the globs that users know from .gitignore."""

import glob
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from msgspec import Struct
from pathspec import GitIgnoreSpec


class Globs(Struct, frozen=True):
    """Names are looked for in one component at a time, so that a whole project may lie below a `build`."""

    names: GitIgnoreSpec
    places: GitIgnoreSpec

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "Globs":
        """From names (`build`, `*_pb2.py`) and paths (`src/gen`, from here, or absolute)."""
        names = [pattern for pattern in patterns if "/" not in pattern.rstrip("/")]
        places = [_from_root(pattern) for pattern in patterns if "/" in pattern.rstrip("/")]
        return cls(spec(re.sub(r"^[!#]", r"\\\g<0>", name) for name in names), spec(places))

    def selects(self, path: str) -> bool:
        """Whether this absolute path, ending in a slash if a directory, is meant itself."""
        name = path.rstrip("/").rpartition("/")[2] + path[len(path.rstrip("/")) :]
        return self.names.match_file(name) or _selects(self.places, path.lstrip("/"))

    def reaches(self, path: str, top: str) -> bool:
        """Whether the path or a directory that holds it is meant, looking no higher than the directory `top`."""
        absolute = PurePath(os.path.abspath(path))
        inside = [part for part in (absolute, *absolute.parents) if part.is_relative_to(top) and str(part) != top]
        return any(self.selects(slashed(str(part), part != absolute or os.path.isdir(part))) for part in inside)


def spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """The lines of a .gitignore, without those that git would not understand either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd character classes; git does not warn of them either
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def slashed(path: str, is_directory: bool) -> str:
    """The path as gitignore's rules spell it: `/` between its parts, and after it when it is a directory."""
    return path.replace(os.sep, "/").rstrip("/") + ("/" if is_directory else "")


def parent(path: str) -> str:
    """The directory of a path that is spelled so."""
    return path.rstrip("/").rpartition("/")[0] + "/"


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _selects(places: GitIgnoreSpec, path: str) -> bool:
    """Whether they match the path itself and not, as gitignore would have it, merely a directory above."""
    return places.match_file(path) and not places.match_file(parent(path))


def _from_root(pattern: str) -> str:
    absolute = os.path.normpath(os.path.join(glob.escape(os.getcwd()), pattern))
    return slashed(absolute, pattern.endswith("/"))
