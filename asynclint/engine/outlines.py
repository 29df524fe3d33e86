"""Changes of files that no other file can notice, such as those inside of a function."""

import os
from collections.abc import Mapping

from asynclint.config import Config
from asynclint.engine.cache import cache_directory
from asynclint.engine.evidence import Seen
from asynclint.engine.shelf import Shelf
from asynclint.engine.workspace import PROJECT, facts_in
from asynclint.facts.module import ModuleFacts
from asynclint.facts.outline import is_same_outline
from asynclint.source.files import digest, read, state


class Outlines:
    """Compares files with what they said, as others see them: see `facts.outline`. Counts those it has `parsed`."""

    def __init__(self, config: Config) -> None:
        self.parsed = 0
        self._shelf = Shelf(cache_directory(config))

    def unnoticed(self, changed: Mapping[str, Seen]) -> dict[str, Seen]:
        """Those of some changed files of which others know what they knew, as these are now."""
        now = {path: self._unnoticed(path, then.digest) for path, then in changed.items()}
        return {path: seen for path, seen in now.items() if seen is not None}

    def _unnoticed(self, path: str, then: str) -> Seen | None:
        before, seen = self._shelf.kept(path, PROJECT, then), state(path)
        if before is None or not os.path.isfile(path):  # what is none might have no end
            return None
        try:
            content = read(path)
        except OSError:
            return None
        now = digest(content)
        after = self._shelf.facts(path, PROJECT, now, lambda: self._parsed(path, content))
        return Seen(seen, now) if after is not None and is_same_outline(before, after) else None

    def _parsed(self, path: str, content: bytes) -> ModuleFacts | None:
        self.parsed += 1
        return facts_in(path, content)
