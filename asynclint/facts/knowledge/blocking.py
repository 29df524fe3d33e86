"""Calls outside the project that keep the thread waiting, and the types by which their methods are recognised."""

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct, json


class Blocked(Struct, frozen=True):
    """One blocking call: the rule whose business it is, and what to use instead, in asyncio's terms.

    `unless` are arguments with which it returns at once: `blocking=False`, and by position `0=False`; `()` is a call
    without any. A name counts by its last part, `1=` stands for a value that cannot be read and `1=*` for any.
    """

    code: str
    instead: str
    unless: tuple[str, ...] = ()


class Blocking(Struct, frozen=True):
    """All that is known of blocking code, by canonical dotted name.

    `calls` holds functions and methods; `X.__enter__` and `X.__exit__` stand for a `with`. `returns` is the class of
    what a call gives, `attributes` that of an attribute, and `aliases` leads other names to canonical ones.
    """

    aliases: Mapping[str, str]
    attributes: Mapping[str, str]
    calls: Mapping[str, Blocked]
    returns: Mapping[str, str]


@cache
def blocking() -> Blocking:
    """Gives the table of blocking calls, read once."""
    return json.decode(pkgutil.get_data(__name__, "blocking.json") or b"", type=Blocking)


def blocked_by(name: str, arguments: Sequence[str]) -> Blocked | None:
    """What is known of a call by its canonical name, None when it does not block with these arguments.

    `arguments` are codes as in `asynclint.facts.calls`.
    """
    found = blocking().calls.get(name)
    return None if found is None or not set(found.unless).isdisjoint(_labels(arguments)) else found


def _labels(arguments: Sequence[str]) -> Iterator[str]:
    if not arguments:
        yield "()"
    for position, argument in enumerate(arguments):
        keyword, is_keyword, value = argument.rpartition("=")
        name = keyword if is_keyword else position
        yield f"{name}=*"
        yield f"{name}={value.rpartition('.')[2]}"
