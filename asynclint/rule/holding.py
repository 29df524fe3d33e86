"""Where a local variable still holds the value that one expression has given it."""

from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libcst import CSTNode, Name

_OTHER = 0  # no `id`


class Holding(Struct, frozen=True):
    """The reads of a variable that see a value on every path that leads there, and those that may see another."""

    surely: "tuple[Name, ...]" = ()
    maybe: "tuple[Name, ...]" = ()


def holding(body: Body, name: str, value: "CSTNode", alike: "Sequence[CSTNode]" = ()) -> Holding:
    """Which reads of the local `name` see what the expression `value`, which is bound to it, has given.

    Seeing what one of the expressions `alike` has given on some paths and `value` on others is as sure. Reads in
    functions inside may come at any time, so they only may. Nothing is known of a name that another scope declares.
    """
    function = body.node
    if not isinstance(function, cst.FunctionDef) or name not in body.here.names or _is_shared(body, name):
        return Holding()
    own = {id(node) for node in body.nodes}
    reads = {id(read): (read, id(read) in own) for read in body.reads(name)}
    values = {id(value), *map(id, alike)}
    seen: dict[int, set[int]] = {}

    def step(node: "CSTNode", held: int) -> "Iterator[int]":
        inside = [part for part in walk(node) if isinstance(part, cst.Name) and part.value == name]
        for read in inside:
            if id(read) in reads:
                seen.setdefault(id(read), set()).add(held)
        given = next((id(part) for part in walk(node) if id(part) in values), _OTHER)
        kept = all(id(part) in reads or _is_label(body, part) for part in inside)
        yield given or (held if kept else _OTHER)

    explore(function.body, [_OTHER], Semantics(step=step, raises=lambda _, held: (held,)))
    reached = [(read, own, seen[key]) for key, (read, own) in reads.items() if id(value) in seen.get(key, ())]
    surely = tuple(read for read, own, held in reached if own and _OTHER not in held)
    return Holding(surely, tuple(read for read, own, held in reached if not own or _OTHER in held))


def _is_label(body: Body, name: "CSTNode") -> bool:
    return isinstance(body.parent(name), cst.Attribute | cst.Arg | cst.Param)


def _is_shared(body: Body, name: str) -> bool:
    declared = (node for node in walk(body.node) if isinstance(node, cst.Global | cst.Nonlocal))
    return any(item.name.value == name for node in declared for item in node.names)
