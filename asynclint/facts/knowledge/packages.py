"""Of what the tables speak."""

from functools import cache

from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.blocking import blocking
from asynclint.facts.knowledge.decorators import TRANSPARENT, TRANSPARENT_PREFIXES


@cache
def known_packages() -> frozenset[str]:
    """The libraries in the tables: a directory of a project that has the name of one is not meant by it."""
    known = blocking()
    names = (*known.calls, *known.returns, *known.aliases, *TRANSPARENT, *TRANSPARENT_PREFIXES)
    return frozenset(name.partition(".")[0] for name in names)


def is_tabled(name: str) -> bool:
    """Does a table say what this function, method or class is?"""
    known, blocked = stdlib(), blocking()
    tables = (known.functions, known.classes, blocked.calls, blocked.returns, blocked.attributes)
    return any(name in table for table in tables) or name.rpartition(".")[0] in known.classes
