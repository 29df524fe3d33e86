"""What an expression can turn out to be. None, not one of these, stands for "unknown"."""

from typing import TypeAlias

from msgspec import Struct


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
    """What calling a coroutine function gives: nothing has run yet."""

    of: Function | Named


class AsyncGenerator(Struct, frozen=True):
    """What calling an `async def` with `yield` gives."""

    of: Function | Named


class Items(Struct, frozen=True):
    """A tuple."""

    items: "tuple[Entity | None, ...]"


class Variable(Struct, frozen=True):
    """A value whose type is a type variable of the class it belongs to."""

    name: str


Entity: TypeAlias = Module | Function | Class | Named | Instance | Coroutine | AsyncGenerator | Items | Variable
