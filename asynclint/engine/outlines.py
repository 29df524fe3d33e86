"""Changes of files that no other file can notice, such as those inside of a function."""

import os
from collections.abc import Mapping

from asynclint.config import Config
from asynclint.engine.cache import cache_directory
from asynclint.engine.evidence import Seen
from asynclint.engine.shelf import Shelf
from asynclint.engine.workspace import PROJECT, facts_in
from asynclint.facts.outline import is_same_outline
from asynclint.source.files import digest, read, state


def unnoticed(config: Config, changed: Mapping[str, Seen]) -> dict[str, Seen]:
    """Those of some changed files of which others know what they knew, as these are now: see `facts.outline`."""
    shelf = Shelf(cache_directory(config))
    now = {path: _unnoticed(shelf, path, then.digest) for path, then in changed.items()}
    return {path: seen for path, seen in now.items() if seen is not None}


def _unnoticed(shelf: Shelf, path: str, then: str) -> Seen | None:
    before, seen = shelf.kept(path, PROJECT, then), state(path)
    if before is None or not os.path.isfile(path):  # what is none might have no end
        return None
    try:
        content = read(path)
    except OSError:
        return None
    now = digest(content)
    after = shelf.facts(path, PROJECT, now, lambda: facts_in(path, content))
    return Seen(seen, now) if after is not None and is_same_outline(before, after) else None
