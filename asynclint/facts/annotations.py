"""Annotations as promises: which class, or which of several, a value is said to be an instance of."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

_UNIONS = frozenset({"Optional", "Union"})
_WRAPPERS = frozenset({"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"})
_CLASSES = frozenset({"type", "Type"})


class Promise(Struct, frozen=True):
    """One class by its dotted name: the value is an instance of it, or with `is_class` the class itself.

    `arguments` are the annotations between its brackets.
    """

    name: str
    is_class: bool = False
    arguments: tuple[str, ...] = ()


_NOTHING, _UNKNOWN = Promise("None"), Promise("")


def promises(annotation: str) -> tuple[Promise, ...]:
    """The classes an annotation offers, None left aside; () when one of them is no plain class.

    `Optional["Queue[int]"]` offers `Queue` with the argument `int`.
    """
    offered = _alternatives(annotation) - {_NOTHING}
    return tuple(offered) if _UNKNOWN not in offered else ()


def sole(annotation: str) -> str:
    """The dotted name of the only class an annotation offers, "" when there is another or it may be None."""
    offered = _alternatives(annotation)
    return next(iter(offered)).name if len(offered) == 1 else ""


@lru_cache(maxsize=4096)
def _alternatives(annotation: str) -> frozenset[Promise]:
    try:
        return frozenset(_offered(ast.parse(annotation.strip(), mode="eval").body))
    except (SyntaxError, RecursionError, ValueError, MemoryError):
        return frozenset({_UNKNOWN})


def _offered(node: ast.expr) -> Iterator[Promise]:
    match node:
        case ast.Constant(value=None):
            yield _NOTHING
        case ast.Constant(value=str(text)):
            yield from _offered(ast.parse(text.strip(), mode="eval").body)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _offered(left)
            yield from _offered(right)
        case ast.Subscript(value=outer, slice=inner):
            yield from _subscripted(_dotted(outer), inner.elts if isinstance(inner, ast.Tuple) else [inner])
        case _:
            yield Promise(_dotted(node))


def _subscripted(name: str, arguments: list[ast.expr]) -> Iterator[Promise]:
    last = name.rpartition(".")[2]
    if last in _WRAPPERS:
        yield from _offered(arguments[0])
    elif last in _UNIONS:
        for argument in arguments:
            yield from _offered(argument)
    elif last in _CLASSES:
        for promise in _offered(arguments[0]):
            yield Promise(promise.name, is_class=True)
    else:
        yield Promise(name, arguments=tuple(map(ast.unparse, arguments)) if name else ())


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
