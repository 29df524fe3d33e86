"""What is known of code that is never read: the standard library and the most used asynchronous libraries."""

import pkgutil
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from msgspec import Struct, json


class Kind(StrEnum):
    """What a call of a name gives; a property is read, not called. An unknown method hides one of a base."""

    COROUTINE = "coroutine"
    AWAITABLE = "awaitable"
    FUNCTION = "function"
    ASYNC_GENERATOR = "async_generator"
    PROPERTY = "property"
    UNKNOWN = "unknown"
    LAZY = "lazy"  # see `asynclint.facts.library.is_lazy`


class Call(Struct, frozen=True):
    """What one function or method gives.

    `returns` is the canonical name of a class of the table, `None` left aside, or "" when it is no such class:
    for a coroutine the class of what awaiting it gives, else of what the call itself gives. That of `__await__` is the
    class of what awaiting the object gives.
    """

    kind: Kind
    returns: str


class Class(Struct, frozen=True):
    """One class: canonical names of its bases (some outside the table), its own methods and typed attributes.

    Inherited methods are found through `bases`; those that return `self` are repeated with the class itself.
    """

    attributes: Mapping[str, str]
    bases: tuple[str, ...]
    methods: Mapping[str, Call]


class Table(Struct, frozen=True):
    """One library by canonical dotted name; `aliases` leads other names to canonical ones, maybe of another library."""

    aliases: Mapping[str, str]
    classes: Mapping[str, Class]
    functions: Mapping[str, Call]


@cache
def stdlib() -> Table:
    """Gives the table of the standard library, read once."""
    return json.decode(pkgutil.get_data(__name__, "stdlib.json") or b"", type=Table)


def table(name: str) -> Table:
    """Gives the table that may know a dotted name: that of its library where there is one, else the standard one."""
    return _library(name.partition(".")[0])


def call_of(name: str) -> Call | None:
    """What is known of a function, or of a method by the class that defines it."""
    known, (owner, _, method) = table(name), name.rpartition(".")
    if owner in known.classes:
        return known.classes[owner].methods.get(method)
    return known.functions.get(name)


@cache
def _library(package: str) -> Table:
    try:
        shipped = pkgutil.get_data(__name__, f"libraries/{package}.json")
    except OSError:
        return stdlib()
    return json.decode(shipped or b"", type=Table)
