"""Which files of a project say which names, by their texts: what no one file can tell of a function it defines.

All files below the project's root are read, twice, when somebody first asks, so this is only for who needs it.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from asynclint.source.discovery import Exclusions, discover
from asynclint.source.files import module_root, repository_root

_COROUTINE = re.compile(rb"\basync[ \t]+def[ \t]+(\w+)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_QUOTED = re.compile(rb"[\"'](?:[\w.]*[.:])?([A-Za-z_]\w*)[\"']")


def _attribute(word: str) -> bytes:
    return rb"\.\s*%s(?!\w)" % re.escape(word[1:].encode())


class Said(Struct, frozen=True):
    """The files that say a name, be it in a comment, and whether a text consists of it anywhere."""

    files: tuple[str, ...]
    is_quoted: bool


class _Files(Struct, frozen=True):
    """The files that say a name, and those in which a text consists of it."""

    saying: tuple[str, ...] = ()
    quoting: frozenset[str] = frozenset()


_Index = dict[bytes, _Files]


class Words:
    """The names of the coroutine functions of projects, and where they are said.

    `content` gives what a file holds, and raises OSError.
    """

    def __init__(self, content: Callable[[str], bytes], exclude: Sequence[str] = ()) -> None:
        self._content = content
        self._exclusions = Exclusions.of(exclude)
        self._read: dict[str, tuple[frozenset[str], _Index]] = {}
        self._changed: dict[str, bytes | None] = {}  # what files say now that have changed since; None is not asked yet

    def take_over(self, former: "Words", changed: Iterable[str]) -> None:
        """Spares itself the reading of what a former one has read, but for the files that have changed."""
        self._read = former._read.copy()
        self._changed = dict.fromkeys(former._changed) | dict.fromkeys(changed)

    def said(self, path: str, name: str) -> Said:
        """Where the project of a file says the name of a coroutine function; the file itself is always read."""
        root = min(repository_root(path), module_root(path), key=len)
        files, index = self._read.get(root, (frozenset[str](), {}))
        if path not in files or (self._changed and name.encode() not in index):
            files = files or frozenset(map(os.path.abspath, discover([root], lambda _: self._exclusions).files))
            files |= {path}
            index = self._index(sorted(files))
            self._read[root] = files, index
        return self._as_it_is_now(name.encode(), index.get(name.encode(), _Files()), files)

    def _as_it_is_now(self, name: bytes, found: _Files, files: Collection[str]) -> Said:
        changed = [path for path in self._changed if path in files]
        saying = {path for path in changed if name in _WORD.findall(self._now(path))}
        is_quoted = not found.quoting <= self._changed.keys()
        is_quoted = is_quoted or any(name in _QUOTED.findall(self._now(path)) for path in changed)
        return Said(tuple(sorted({*found.saying} - {*changed} | saying)), is_quoted=is_quoted)

    def _now(self, path: str) -> bytes:
        known = self._changed[path]
        if known is None:
            known = self._changed[path] = b"".join(content for _, content in self._contents([path]))
        return known

    def times(self, path: str, word: str) -> int:
        """How often a file says a word, or `.word`, comments included."""
        wanted = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(word.encode()) if word[0] != "." else _attribute(word))
        return sum(len(wanted.findall(content)) for _, content in self._contents([path]))

    def _index(self, files: Sequence[str]) -> _Index:
        names = {name for _, content in self._contents(files) for name in _COROUTINE.findall(content)}
        saying: dict[bytes, list[str]] = {name: [] for name in names}
        quoting: dict[bytes, set[str]] = {name: set() for name in names}
        for path, content in self._contents(files):
            for name in names.intersection(_WORD.findall(content)):
                saying[name].append(path)
            for name in names.intersection(_QUOTED.findall(content)):
                quoting[name].add(path)
        return {name: _Files(tuple(saying[name]), frozenset(quoting[name])) for name in names}

    def _contents(self, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for path in files:
            try:
                yield path, self._content(path)
            except OSError:
                continue
