"""What is known of libraries that are not read: what their names stand for, what their classes hold and calls give."""

from asynclint.facts.entities import Coroutine, Entity, Instance, Named
from asynclint.facts.knowledge import Kind, call_of, table
from asynclint.facts.knowledge.blocking import blocking

_HARMLESS = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "builtins.Exception"})


def canonical(name: str) -> Named:
    """What a dotted name stands for, under the name that is documented."""
    return Named(table(name).aliases.get(name) or blocking().aliases.get(name, name))


def is_known(name: str) -> bool:
    """Does a table describe this function or class?"""
    return name in table(name).functions or name in table(name).classes


def is_class(name: str) -> bool:
    """Is it a class, as described or as its name suggests?"""
    last = name.rpartition(".")[2]
    return name in table(name).classes or (last[:1].isupper() and not last.isupper())


def is_wholly_known(klass: str) -> bool:
    """Is a class of the project that inherits from this one known for all it has?"""
    return klass in table(klass).classes or klass in _HARMLESS


def inherited(klass: str, name: str) -> Named | None:
    """The method that a class gives to those that inherit from it, None when it is not known to have one."""
    if klass in table(klass).classes:
        definer = _definer(klass, name)
        return Named(f"{definer}.{name}") if definer else None
    method = f"{klass}.{name}"
    return Named(method) if method in blocking().calls or method in blocking().returns else None


def member(klass: str, name: str) -> Entity | None:
    """What an attribute of an instance is."""
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


def result(name: str) -> Entity | None:
    """What calling a function, a method or a class gives."""
    facts = call_of(name)
    if facts is not None:
        if facts.kind is Kind.COROUTINE:
            return Coroutine(Named(name))
        return Instance(Named(facts.returns)) if facts.returns else None
    if name in blocking().returns:
        return Instance(Named(blocking().returns[name]))
    return Instance(Named(name)) if is_class(name) else None


def awaited(name: str) -> Entity | None:
    """What awaiting the result of a coroutine function gives."""
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
