"""What a user says of code by its name."""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Declared(Generic[T]):
    """What is said by dotted name or glob: the name counts more than globs, the longest glob more than others."""

    def __init__(self, said: Mapping[str, T]) -> None:
        self.is_empty = not said
        self._exact = {name: value for name, value in said.items() if not _is_glob(name)}
        self._globs = [
            (re.compile(fnmatch.translate(name)), said[name]) for name in sorted(filter(_is_glob, said), key=len)[::-1]
        ]

    def of(self, names: Iterable[str]) -> T | None:
        """What is said of something that goes by these names, None when nothing."""
        asked = tuple(names)
        exact = (self._exact[name] for name in asked if name in self._exact)
        by_glob = (value for glob, value in self._globs if any(map(glob.match, asked)))
        return next(exact, next(by_glob, None))


def _is_glob(name: str) -> bool:
    return "*" in name or "?" in name


class Role(StrEnum):
    """What a decorator makes of the function it stands on."""

    TRANSPARENT = "transparent"  # what it was
    OPAQUE = "opaque"  # nobody knows
    ASYNC = "async"  # something that has to be awaited
    SYNC = "sync"  # something that is called without `await`
    CONTEXT_MANAGER = "context-manager"
    PROPERTY = "property"
    CACHE = "cache"


class Declarations(Struct, frozen=True):
    """All that the user says of decorators, and of what limits how much runs at once."""

    decorators: Declared[Role] = Declared({})
    limiters: Declared[bool] = Declared({})
