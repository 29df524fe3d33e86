"""What an expression can turn out to be. None, not one of these, stands for "unknown"."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

_MOST_OPTIONS = 8


class Module(Struct, frozen=True):
    """A file of the project."""

    path: str


class Function(Struct, frozen=True):
    """A function of the project: scope `scope` of the file `path`."""

    path: str
    scope: int


class Class(Struct, frozen=True):
    """A class of the project: scope `scope` of the file `path`."""

    path: str
    scope: int


class Named(Struct, frozen=True):
    """Something outside the project, under its documented name: `time.sleep`, `asyncio.Queue`."""

    name: str


class Instance(Struct, frozen=True):
    """An object of a class; `above` when it is `super()`, which skips the class itself.

    `arguments` are what a container is declared to hold: the element, or key and value.
    """

    of: Class | Named
    above: bool = False
    arguments: "tuple[Entity | None, ...]" = ()


class Coroutine(Struct, frozen=True):
    """What calling a coroutine function gives: nothing has run yet. `gives` is what a `Callable` declares to follow."""

    of: Function | Named
    gives: "Entity | None" = None


class AsyncGenerator(Struct, frozen=True):
    """What calling an `async def` with `yield` gives."""

    of: Function | Named


class Context(Struct, frozen=True):
    """What calling a generator function under `contextmanager` or `asynccontextmanager` gives."""

    of: Function
    is_async: bool


class Items(Struct, frozen=True):
    """A tuple."""

    items: "tuple[Entity | None, ...]"


class Taken(Struct, frozen=True):
    """A method of a container that gives what it holds: `get` of a `dict[str, Session]`."""

    container: Instance
    name: str


class Variable(Struct, frozen=True):
    """A value whose type is a type variable, of which only what it is bound to is known."""

    name: str
    bound: "Entity | None" = None


class Alias(Struct, frozen=True):
    """The name of an annotation: what it promises, not a value."""

    of: "Entity"


class Either(Struct, frozen=True):
    """One of several known things."""

    options: "tuple[Entity, ...]"


Entity: TypeAlias = (
    Module
    | Function
    | Class
    | Named
    | Instance
    | Coroutine
    | AsyncGenerator
    | Context
    | Items
    | Taken
    | Variable
    | Alias
    | Either
)


def union(meanings: Iterable[Entity | None]) -> Entity | None:
    """What is one of these: the one they agree on, a coroutine when all are; unknown when one of them is.

    Of instances that differ only in what they hold, the one that says it stands for all.
    """
    given = list(meanings)
    if len(given) == 1:
        return given[0]
    found = [m for meaning in given for m in (meaning.options if isinstance(meaning, Either) else (meaning,))]
    known = list(dict.fromkeys(_told(found)))
    if not known or None in known:
        return None
    if len(known) == 1:
        return known[0]
    if all(isinstance(meaning, Coroutine) for meaning in known):
        return known[0]
    return Either(tuple(meaning for meaning in known if meaning is not None)) if len(known) <= _MOST_OPTIONS else None


def _told(meanings: Sequence[Entity | None]) -> Iterator[Entity | None]:
    instances = [meaning for meaning in meanings if isinstance(meaning, Instance)]
    for meaning in meanings:
        told = {i for i in instances if any(i.arguments) and isinstance(meaning, Instance) and i.of == meaning.of}
        yield meaning if not told else next(iter(told)) if len(told) == 1 else Instance(next(iter(told)).of)
