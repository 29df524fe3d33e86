"""Async generators: which of them are iterated over, and what each of their `yield`s stands in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import AsyncGenerator, Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind

if TYPE_CHECKING:
    from libcst import CSTNode, With, WithItem, Yield

_CLOSING = frozenset({Named("contextlib.aclosing"), Named("async_generator.aclosing")})


def yields(body: Body) -> "Iterator[Yield]":
    """Where an async generator gives an item away."""
    if body.kind is BodyKind.ASYNC_GENERATOR:
        yield from (node for node in body.nodes if isinstance(node, cst.Yield))


def entered_around(body: Body, node: "CSTNode") -> "Iterator[tuple[With, WithItem]]":
    """The `with` items that are open where a node stands, innermost first."""
    below = node
    for above in body.ancestors(node):
        if isinstance(above, cst.With) and below is above.body:
            yield from ((above, item) for item in reversed(above.items))
        below = above


def gives_items(body: Body) -> bool:
    """Is it made to be iterated over, and not to be entered once, as a fixture, a dependency or a context manager is?

    Those are decorated, handed to something, or have one `yield` on every path.
    """
    if body.kind is not BodyKind.ASYNC_GENERATOR or not body.project.is_plain(body.entity) or _is_handed_on(body):
        return False
    given = list(yields(body))
    return any(_is_in_loop(body, node) for node in given) or _follow_each_other(body, given) or _is_iterated(body)


def _is_handed_on(body: Body) -> bool:
    """Is the function itself given to a call in its file, as in `asynccontextmanager(f)` and `Depends(f)`?"""
    name = body.name
    handed = (
        (call.scope, code)
        for call in body.facts.calls
        for argument in call.arguments
        if (code := argument.rpartition("=")[2].lstrip("*")).rpartition(".")[2] == name
    )
    return any(body.evaluate(scope, code) == body.entity for scope, code in handed)


def _is_in_loop(body: Body, node: "CSTNode") -> bool:
    return any(isinstance(above, cst.For | cst.While) for above in body.ancestors(node))


def _follow_each_other(body: Body, given: "list[Yield]") -> bool:
    """Do two of them stand in the same block?"""
    ways = (body.ancestors(node) for node in given)
    blocks = [next((above for above in way if isinstance(above, cst.BaseSuite)), None) for way in ways]
    return len({id(block) for block in blocks}) < len(blocks)


def _is_iterated(body: Body) -> bool:
    """Does its file iterate over it?"""
    made = AsyncGenerator(body.entity)
    return any(loop.is_async and body.evaluate(loop.scope, loop.iterable) == made for loop in body.facts.loops)


def is_always_closed(body: Body) -> bool:
    """Is it given to `aclosing` wherever its file calls it, and called at all?"""
    calls, sites = body.facts.calls, list(body.call_sites())
    outer = [calls[call.inside] if call.inside >= 0 else None for call in sites]
    closing = (call is not None and body.project.call(body.facts.path, call) in _CLOSING for call in outer)
    return bool(sites) and all(closing)
