"""libcst, loaded on first use: `from asynclint.rule import nodes as cst`, then `cst.Call` as always.

Importing libcst takes 100 ms (it builds its type tables), and most runs find no body worth reading with it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libcst import *  # noqa: F403
else:

    def __getattr__(name: str) -> object:
        import libcst

        value = globals()[name] = getattr(libcst, name)
        return value
