"""The libraries that the tables speak of."""

from functools import cache

from asynclint.facts.knowledge.blocking import blocking
from asynclint.facts.knowledge.decorators import TRANSPARENT, TRANSPARENT_PREFIXES


@cache
def known_packages() -> frozenset[str]:
    """Their outermost packages: a directory of that name in a project is no reason to think of another."""
    known = blocking()
    names = (*known.calls, *known.returns, *known.aliases, *TRANSPARENT, *TRANSPARENT_PREFIXES)
    return frozenset(name.partition(".")[0] for name in names)
