"""The order in which Python looks for an attribute among the bases of a class, and the classes below."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from asynclint.facts.code import Code
from asynclint.facts.entities import Alias, Class, Either, Entity, Instance, Named
from asynclint.facts.library import is_wholly_known
from asynclint.facts.questions import Questions

Base = TypeVar("Base")
_OF_SELF = re.compile(r"\b(?:self|cls)\.(\w+)")
Lineage = tuple[Class | Named | None, ...]


class Inheritance:
    """Answers for the classes of one project."""

    def __init__(self, code: Code, questions: Questions) -> None:
        self._code = code
        self._questions = questions
        self._lineages: dict[Class, Lineage] = {}
        self._below: dict[str, dict[Class, list[Class]]] = {}

    def take_over(self, former: "Inheritance", paths: Collection[str]) -> None:
        """Gives the answers of a former one about the classes of these files."""
        self._lineages |= {klass: lineage for klass, lineage in former._lineages.items() if klass.path in paths}
        self._below |= {path: below for path, below in former._below.items() if path in paths}

    def lineage(self, klass: Class) -> Lineage:
        """The class and all it inherits from, in order; None for a base that is not known."""
        return self._questions.settled(self._lineages, klass, (klass,), self._lineage, klass)

    def _lineage(self, klass: Class) -> Lineage:
        bases = self.bases(klass)
        above = [self.lineage(base) if isinstance(base, Class) else (base,) for base in bases]
        return (klass, *(base for base in merged([*above, bases]) if base != klass))

    def redefines(self, klass: Class, owner: Class, codes: Iterable[str]) -> bool:
        """Does the class, or one between it and the owner, say anew what these codes of the owner's methods mean?"""
        names = {name for code in codes for name in _OF_SELF.findall(code)}
        for current in self.lineage(klass):
            if current == owner:
                return False
            if isinstance(current, Class) and names:
                scope = self._code.scope(current)
                if not names.isdisjoint(scope.names) or (scope.klass and not names.isdisjoint(scope.klass.attributes)):
                    return True
        return False

    def is_known(self, klass: Class) -> bool:
        """Is all it inherits from of the project, or wholly known?"""
        return all(isinstance(k, Class) or (k is not None and is_wholly_known(k.name)) for k in self.lineage(klass))

    def bases(self, klass: Class) -> Lineage:
        """The direct bases, None for those that are not known."""
        scope = self._code.scope(klass)
        bases = scope.klass.bases if scope.klass else ()
        return tuple(class_of(self._code.evaluate(klass.path, scope.parent, code)) for code in bases)

    def below(self, klass: Class) -> Sequence[Class]:
        """The classes of the same file that inherit from a class."""
        path = klass.path
        return self._questions.settled(self._below, path, {}, self._all_below, path).get(klass, ())

    def _all_below(self, path: str) -> dict[Class, list[Class]]:
        module, found = self._code.module(path), dict[Class, list[Class]]()
        classes = [Class(path, index) for index, scope in enumerate(module.scopes if module else ()) if scope.klass]
        for klass in classes:
            for above in self.lineage(klass)[1:]:
                if isinstance(above, Class) and above.path == path:
                    found.setdefault(above, []).append(klass)
        return found


def class_of(base: Entity | None) -> Class | Named | None:
    """The class that is meant where one is expected, through the name of an annotation; None when it is none."""
    match base:
        case Class() | Named():
            return base
        case Alias(of=Instance(of=klass)):
            return klass
        case Either(options=options):  # one for type checkers and one for Python
            classes = [class_of(option) for option in options]
            return classes[0] if all(isinstance(klass, Named) for klass in classes) else None
    return None


def merged(orders: Sequence[Sequence[Base]]) -> list[Base]:
    """One order of all bases that keeps each of the given ones, by the C3 rule; None is an unknown base, put in once.

    Where they contradict each other the first comes first, though Python would refuse the class. See
    https://docs.python.org/3/howto/mro.html.
    """
    waiting = [list(order) for order in orders if order]
    found: list[Base] = []
    while waiting:
        heads = [order[0] for order in waiting]
        blocked = {base for order in waiting for base in order[1:] if base is not None}
        chosen = next((head for head in heads if head not in blocked), heads[0])
        if chosen not in found:
            found.append(chosen)
        waiting = [kept for order in waiting if (kept := [base for base in order if base != chosen])]
    return found
