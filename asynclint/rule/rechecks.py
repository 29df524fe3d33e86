"""Whether what was tested before a wait is tested again after it."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.shared import targets_of
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from libcst import Call, CSTNode, If

_BEFORE, _WAITED, _SETTLED, _BLIND = "before", "waited", "settled", "blind"


def is_tested_again(body: Body, block: "If", wait: "Call") -> bool:
    """Does every path behind a wait in an `if` test the same attributes again, or leave from inside the `if`?

    Writing one of them, or leaving the function anywhere else, before they are tested is going on blindly.
    """
    assert isinstance(body.node, cst.FunctionDef)
    tested = frozenset(body.text(part) for part in walk(block.test) if isinstance(part, cst.Attribute))
    inside = {id(node) for node in walk(block.body)}

    def step(node: "CSTNode", state: str) -> "Iterator[str]":
        if state == _BEFORE:
            yield _WAITED if any(part is wait for part in walk(node, own_children)) else state
        elif state != _WAITED or isinstance(node, cst.Raise):
            yield state
        elif _mentions(body, node, tested):
            yield (
                _SETTLED
                if isinstance(body.parent(node), cst.If | cst.While | cst.Assert)
                else _after(body, node, tested)
            )
        else:
            yield _SETTLED if isinstance(node, cst.Return) and id(node) in inside else state

    ways = explore(body.node.body, [_BEFORE], Semantics(step=step))
    return not (ways.falls | ways.returns) & {_WAITED, _BLIND}


def _after(body: Body, node: "CSTNode", tested: frozenset[str]) -> str:
    return _BLIND if any(body.text(target) in tested for target in targets_of(node)) else _WAITED


def _mentions(body: Body, node: "CSTNode", tested: frozenset[str]) -> bool:
    text = body.text(node)
    return any(attribute in text for attribute in tested)
