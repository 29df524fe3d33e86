"""Annotations as promises: which class, or which of several, a value is said to be an instance of."""

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache

from msgspec import Struct

_UNIONS = frozenset({"Optional", "Union"})
_WRAPPERS = frozenset({"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"})
_TUPLES = frozenset({"tuple", "Tuple"})
_CLASSES = frozenset({"type", "Type"})


class Promise(Struct, frozen=True):
    """One class by its dotted name: the value is an instance of it, or with `is_class` the class itself.

    `arguments` are the annotations between its brackets.
    """

    name: str
    is_class: bool = False
    arguments: tuple[str, ...] = ()


_MOST = 1 << 14  # annotations that are remembered
_NOTHING, _UNKNOWN = Promise("None"), Promise("")


@lru_cache(maxsize=_MOST)
def promises(annotation: str) -> tuple[Promise, ...]:
    """The classes an annotation offers, None left aside; () when one of them is no plain class.

    `Optional["Queue[int]"]` offers `Queue` with the argument `int`.
    """
    offered = tuple(promise for promise in _alternatives(annotation) if promise != _NOTHING)
    return offered if _UNKNOWN not in offered else ()


def sole(annotation: str) -> str:
    """The dotted name of the only class an annotation offers, "" when there is another or it may be None."""
    offered = _alternatives(annotation)
    return offered[0].name if len(offered) == 1 else ""


def keeps_kind(taken: str, given: str, is_variable: Callable[[str], bool]) -> bool:
    """Does a function that is annotated to take one callable and give another one leave it what it is?

    That is `F` for `F`, and `Callable[Q, R]` for `Callable[P, R]` where R is a type variable or a coroutine.
    """
    if is_variable(given):
        return taken == given
    results = [promise.arguments[-1] for text in (taken, given) for promise in promises(text) if _is_callable(promise)]
    if len(results) != 2 or results[0] != results[1]:
        return False
    return is_variable(results[0]) or sole(results[0]).rpartition(".")[2] in ("Coroutine", "CoroutineType")


def _is_callable(promise: Promise) -> bool:
    return promise.name.rpartition(".")[2] == "Callable" and len(promise.arguments) == 2


@lru_cache(maxsize=_MOST)
def _alternatives(annotation: str) -> tuple[Promise, ...]:
    if annotation.isidentifier():
        return (Promise(annotation),)
    try:
        return tuple(dict.fromkeys(_offered(ast.parse(annotation.strip(), mode="eval").body)))
    except (SyntaxError, RecursionError, ValueError, MemoryError):
        return (_UNKNOWN,)


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
        held = tuple(map(ast.unparse, arguments)) if name else ()
        yield Promise(name, arguments=held[:1] if last in _TUPLES and held[1:] == ("...",) else held)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
