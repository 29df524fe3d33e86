"""Trees of libcst, kept as long as the text they were made of comes back: most of a file stays as it is in an edit."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libcst import CSTNode, Module
    from libcst.metadata import CodeRange


class Tree:
    """What a text says, and where in it."""

    def __init__(self, module: "Module") -> None:
        self.module = module

    @cached_property
    def positions(self) -> "dict[CSTNode, CodeRange]":
        """Where each node stands."""
        from libcst.metadata import MetadataWrapper, PositionProvider

        return dict(MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider))


class Trees:
    """Those of the texts that were asked for lately."""

    def __init__(self) -> None:
        self._now: dict[str, Tree] = {}
        self._before: dict[str, Tree] = {}

    def of(self, source: str, parse: Callable[[str], "Module"]) -> Tree:
        """The tree of a text, parsed unless it is known."""
        if source not in self._now:
            known = self._before.get(source)
            self._now[source] = known if known is not None else Tree(parse(source))
        return self._now[source]

    def age(self) -> None:
        """What nobody asks for between two calls of this is forgotten."""
        self._before, self._now = self._now, {}
