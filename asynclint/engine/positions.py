"""Where the nodes of a libcst tree stand in its text."""

from collections.abc import Mapping
from typing import cast

from libcst import CSTNode, Module
from libcst.metadata import CodeRange, PositionProvider


class _Positions(PositionProvider):
    """Asked by itself: a `MetadataWrapper` would walk the whole tree once more, on behalf of nobody."""

    def of(self, module: Module) -> Mapping[CSTNode, CodeRange]:
        self._gen_impl(module)
        return cast(Mapping[CSTNode, CodeRange], self._computed)  # it computes no place lazily


def positions_of(module: Module) -> Mapping[CSTNode, CodeRange]:
    """The place of each node."""
    return _Positions().of(module)
