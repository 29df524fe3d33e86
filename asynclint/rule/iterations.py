"""The loops of a body over what lies in a container, and where they wait between two elements."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.changes import LAZY, VIEWS
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.suspension import suspends
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CompFor, CSTNode, For

_BACKWARDS = "builtins.reversed"


class Iteration(NamedTuple):
    """A loop that waits before it takes a further element: what it takes them from, and where it waits.

    `view` is what a copy has to be made of: the container, or its `items()`.
    """

    loop: "For | CompFor"
    container: "BaseExpression"
    view: "BaseExpression"
    waits: "CSTNode"
    is_backwards: bool


def iterations(body: Body) -> Iterator[Iteration]:
    """The loops and comprehensions of a body that wait, in the order of the text."""
    for node in body.nodes:
        if isinstance(node, cst.For | cst.CompFor) and node.asynchronous is None:
            waits = _wait_in_loop(body, node) if isinstance(node, cst.For) else _wait_in_comprehension(body, node)
            if waits is not None:
                yield _iteration(body, node, waits)


def _iteration(body: Body, loop: "For | CompFor", waits: "CSTNode") -> Iteration:
    view, is_backwards = loop.iter, False
    while (inner := _taken_from(body, view)) is not None:
        is_backwards = is_backwards or (isinstance(view, cst.Call) and body.name_of(view.func) == _BACKWARDS)
        view = inner
    match view:
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value=name)), args=[]) if name in VIEWS:
            return Iteration(loop, container, view, waits, is_backwards)
    return Iteration(loop, view, view, waits, is_backwards)


def _taken_from(body: Body, iterable: "BaseExpression") -> "BaseExpression | None":
    """`x` of `enumerate(x)` and of `x or ()`, None when nothing is wrapped."""
    match iterable:
        case cst.BooleanOperation(left=left, operator=cst.Or()):
            return left
        case cst.Call(func=func, args=args) if not any(arg.star or arg.keyword for arg in args[:2]):
            place = LAZY.get(body.name_of(func), len(args))
            return args[place].value if place < len(args) else None
    return None


def _wait_in_loop(body: Body, loop: "For") -> "CSTNode | None":
    """Where a path through a loop's body waits that leads to the next element."""
    if _wait_in(body, loop.body) is None:
        return None

    def step(node: "CSTNode", waits: "CSTNode | None") -> "Iterator[CSTNode | None]":
        yield waits if waits is not None else _wait_in(body, node)

    def raises(node: "CSTNode", waits: "CSTNode | None") -> "Iterator[CSTNode | None]":
        if any(isinstance(part, cst.Await | cst.Call | cst.Raise | cst.Subscript) for part in walk(node, own_children)):
            yield from step(node, waits)

    left = explore(loop.body, [None], Semantics(step=step, raises=raises))
    found = {id(node) for node in left.falls | left.continues if node is not None}
    return next((node for node in walk(loop.body, own_children) if id(node) in found), None)


def _wait_in_comprehension(body: Body, loop: "CompFor") -> "CSTNode | None":
    parts: list[CSTNode] = [*loop.ifs, *([loop.inner_for_in] if loop.inner_for_in else [])]
    whole = next(above for above in body.ancestors(loop) if not isinstance(above, cst.CompFor))
    match whole:
        case cst.ListComp(elt=element) | cst.SetComp(elt=element):
            parts.append(element)
        case cst.DictComp(key=key, value=value):
            parts += [key, value]
        case _:
            return None
    return next((found for part in parts if (found := _wait_in(body, part)) is not None), None)


def _wait_in(body: Body, node: "CSTNode") -> "CSTNode | None":
    """Where others may run; a `yield` hands over to the caller."""
    parts = (part for part in walk(node, own_children) if not isinstance(part, cst.Yield) and not _only_starts(part))
    return next((part for part in parts if suspends(body, part)), None)


def _only_starts(node: "CSTNode") -> bool:
    """Is it `await group.spawn(...)`, which gives a task to the loop and goes on at once?"""
    match node:
        case cst.Await(expression=cst.Call(func=cst.Attribute(attr=cst.Name(value=name)))):
            return name == "spawn"
    return False
