"""What is known of code that is never read: the standard library, as its stubs describe it."""

import pkgutil
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from msgspec import Struct, json


class Kind(StrEnum):
    """What a call of a name gives; a property is read, not called."""

    COROUTINE = "coroutine"
    AWAITABLE = "awaitable"
    FUNCTION = "function"
    ASYNC_GENERATOR = "async_generator"
    PROPERTY = "property"


class Call(Struct, frozen=True):
    """What one function or method gives.

    `returns` is the canonical name of a class of the table, `None` left aside, or "" when it is no such class:
    for a coroutine the class of what awaiting it gives, else of what the call itself gives.
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


class Stdlib(Struct, frozen=True):
    """The standard library by canonical dotted name; `aliases` leads other names to canonical ones."""

    aliases: Mapping[str, str]
    classes: Mapping[str, Class]
    functions: Mapping[str, Call]


@cache
def stdlib() -> Stdlib:
    """Gives the table of the standard library, read once."""
    return json.decode(pkgutil.get_data(__name__, "stdlib.json") or b"", type=Stdlib)
