"""The names by which a configuration speaks of code."""

import re

_DOTTED = re.compile(r"[\w*?]+(\.[\w*?]+)+")


def is_dotted(name: str) -> bool:
    """Is it a dotted name or a glob of such names: `mylib.fetch`, `mylib.db.*`?"""
    return _DOTTED.fullmatch(name) is not None
