"""What the findings of a file may depend on besides the file."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from asynclint.facts.said import Said, Words

EVERYTHING = ""  # stands for all files of the project, and those that may come to it


def affected(leads: Mapping[str, Collection[str]], changed: Iterable[str]) -> set[str]:
    """These files, those that were led to them, by way of others too, and those that were led to `EVERYTHING`."""
    changed = set(changed)
    if not changed and not any(EVERYTHING in led for led in leads.values()):
        return set()
    led_by: defaultdict[str, list[str]] = defaultdict(list)
    for path, led in leads.items():
        for other in led:
            led_by[other].append(path)
    found: set[str] = set()
    waiting = [*changed, EVERYTHING]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += led_by.get(path, ())
    return found


class Dependencies:
    """Remembers which modules files were led to while their names were looked up.

    `locate` gives the path of a module name as a file means it, `words` who says a name anywhere. Whatever is known of
    other files is known through them.
    """

    def __init__(self, locate: Callable[[str, str], str | None], words: Words) -> None:
        self._locate = locate
        self._words = words
        self._direct: dict[str, set[str]] = defaultdict(set)
        self._new: dict[str, set[str]] = defaultdict(set)

    def locate(self, name: str, importer: str) -> str | None:
        """The path of a module name as a file means it, None when it is not part of the project."""
        path = self._locate(name, importer)
        if path is not None:
            self._led(importer, path)
        return path

    def said(self, path: str, name: str) -> Said:
        """Where the project of a file says the name of a coroutine function."""
        self._led(path, EVERYTHING)
        return self._words.said(path, name)

    def times(self, path: str, word: str) -> int:
        """How often a file says a word."""
        self._led(path, EVERYTHING)
        return self._words.times(path, word)

    def untouched(self, paths: Iterable[str], changed: Iterable[str]) -> frozenset[str]:
        """Those of these files that have been led to none of the changed ones, nor to `EVERYTHING`."""
        return frozenset(paths) - affected(self._direct, changed)

    def take_over(self, former: "Dependencies", paths: Collection[str]) -> None:
        """These files have been led where a former one says."""
        self._direct |= {path: {*direct} for path, direct in former._direct.items() if path in paths}

    def news(self) -> dict[str, set[str]]:
        """By file: those to which it led by itself, as far as that was not said before."""
        new, self._new = self._new, defaultdict(set)
        return dict(new)

    def _led(self, path: str, other: str) -> None:
        if other not in self._direct[path]:
            self._direct[path].add(other)
            self._new[path].add(other)

    def of(self, path: str) -> frozenset[str]:
        """The file and all that it has been led to, by way of others too; `EVERYTHING` among them when it is that."""
        found, waiting = {path}, [path]
        while waiting:
            new = self._direct.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return frozenset(found)
