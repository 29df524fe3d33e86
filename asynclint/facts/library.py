"""What is known of libraries that are not read: what their names stand for, what their classes hold and calls give."""

from asynclint.facts.entities import Coroutine, Either, Entity, Instance, Named
from asynclint.facts.knowledge import Kind, call_of, stdlib, table
from asynclint.facts.knowledge.blocking import blocking
from asynclint.facts.knowledge.loops import STARTERS
from asynclint.facts.knowledge.packages import is_tabled
from asynclint.facts.knowledge.writers import WRITERS
from asynclint.facts.outside import Outside

_HARMLESS = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "builtins.Exception"})


def canonical(name: str) -> Named:
    """What a dotted name stands for, under the name that is documented."""
    return Named(table(name).aliases.get(name) or blocking().aliases.get(name, name))


def is_class(name: str) -> bool:
    """Is it a class, as described or as its name suggests?"""
    last = name.rpartition(".")[2]
    return name in table(name).classes or (last[:1].isupper() and not last.isupper())


def is_wholly_known(klass: str) -> bool:
    """Is a class of the project that inherits from this one known for all it has?"""
    return klass in table(klass).classes or klass in _HARMLESS


def lacks(klass: str, method: str) -> bool:
    """Is it a class that is described, and described without this method?"""
    return klass in table(klass).classes and not _definer(klass, method)


def is_lazy(entity: Entity | None) -> bool:
    """Is it what a request gives, which does nothing before it is awaited or entered by `async with`?

    A table names such classes after the class that makes them: `aiohttp.ClientSession.<request>`.
    """
    return isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name.endswith(">")


class Library:
    """Answers about documented names: from the tables, and from what is installed where they are silent.

    What is installed wins over a table of a library that is shipped, but never over that of the standard library.
    """

    def __init__(self, outside: Outside | None = None) -> None:
        self.outside = outside
        self._results: dict[str, Entity | None] = {}

    def is_known(self, name: str) -> bool:
        """Is it described as a function or a class?"""
        tabled = name in table(name).functions or name in table(name).classes
        return tabled or (self.outside is not None and self.outside.defines(name))

    def inherited(self, klass: str, name: str) -> Named | None:
        """The method that a class gives to those that inherit from it, None when no table says that it has one."""
        method = f"{klass}.{name}"
        if klass in table(klass).classes and method not in STARTERS:
            definer = _definer(klass, name)
            return Named(f"{definer}.{name}") if definer else None
        known = (blocking().calls, blocking().returns, WRITERS, STARTERS)
        return Named(method) if any(method in names for names in known) else None

    def member(self, klass: str, name: str) -> Entity | None:
        """What an attribute of an instance is."""
        tabled = _member(klass, name)
        if not isinstance(tabled, Named) or self.outside is None or klass in stdlib().classes:
            return tabled
        found = self.outside.member(klass, name) if not is_tabled(tabled.name) else None
        return found if found is not None else tabled

    def result(self, name: str) -> Entity | None:
        """What calling a function, a method or a class gives."""
        if name not in self._results:
            self._results[name] = self._result(name)
        return self._results[name]

    def _result(self, name: str) -> Entity | None:
        described = call_of(name)
        if self.outside is None or is_tabled(name) or (described is not None and described.kind is Kind.LAZY):
            return _result(name)
        found = self.outside.result(name) if self.outside.defines(name) else None
        if found is None or isinstance(found, Either):  # `Awaitable[X] | X` says less than a table
            return _result(name) or found
        return found

    def awaited(self, name: str) -> Entity | None:
        """What awaiting the result of a coroutine function gives."""
        found = self.outside.awaited(name) if self.outside is not None and not is_tabled(name) else None
        return found if found is not None else _awaited(name)


def _member(klass: str, name: str) -> Entity | None:
    definer = _definer(klass, name) or klass
    typed = blocking().attributes.get(f"{definer}.{name}")
    if typed:
        return Instance(Named(typed))
    facts = table(definer).classes.get(definer)
    if facts is not None and name in facts.attributes:
        return Instance(Named(facts.attributes[name]))
    method = facts.methods.get(name) if facts is not None else None
    if method is not None and method.kind is Kind.PROPERTY:
        return Instance(Named(method.returns)) if method.returns else None
    return Named(f"{definer}.{name}")


def _result(name: str) -> Entity | None:
    facts = call_of(name)
    if facts is not None:
        if facts.kind is Kind.COROUTINE:
            return Coroutine(Named(name))
        return Instance(Named(facts.returns)) if facts.returns else None
    if name in blocking().returns:
        return Instance(Named(blocking().returns[name]))
    return Instance(Named(name)) if is_class(name) else None


def _awaited(name: str) -> Entity | None:
    facts = call_of(name)
    return Instance(Named(facts.returns)) if facts is not None and facts.returns else None


def _definer(klass: str, name: str) -> str:
    """The class that defines method `name` for a class of the tables, "" if none does."""
    facts = table(klass).classes.get(klass)
    if facts is None:
        return ""
    if name in facts.methods:
        return klass
    return next((found for base in facts.bases if (found := _definer(base, name))), "")
