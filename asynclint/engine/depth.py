"""How deeply code may nest before it is given up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEPEST = 400  # libcst overflows the C stack, and ends the process, from about 1,200 levels
_FRAMES = 150  # of Python for each level; fewer would do for libcst, but what is only summarised may nest deeper


@contextmanager
def room_for_depth() -> Iterator[None]:
    """Lets Python recurse as deeply as the deepest tree needs; its own limit leaves room for some hundred levels."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _FRAMES * DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
