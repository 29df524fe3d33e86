"""What the user's installed packages say of a name that no table knows, read on demand by the same extractor.

They are a project of their own. To the linted project all of it stays outside: whatever comes from there goes by its
documented name, so that rules and tables recognise it, and nothing of it is ever linted or followed.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from asynclint.facts.entities import (
    AsyncGenerator,
    Class,
    Coroutine,
    Either,
    Entity,
    Function,
    Instance,
    Items,
    Module,
    Named,
    union,
)
from asynclint.facts.knowledge.packages import is_tabled
from asynclint.facts.library import canonical
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Bound
from asynclint.facts.project import Project


class Packages(Protocol):
    """Where the modules of installed packages lie."""

    def find(self, name: str) -> str | None:
        """The file of a module by its dotted name."""
        ...

    def name_of(self, path: str) -> str:
        """The dotted name of a file that was found."""
        ...

    def locate(self, name: str, importer: str) -> str | None:
        """The file that a module of a package imports under a name, when it belongs to that package."""
        ...


class Installed:
    """Answers about documented names; None and False also mean that it cannot be said."""

    def __init__(self, load: Callable[[str], ModuleFacts | None], packages: Packages) -> None:
        self._packages = packages
        self._code = Project(load, packages.locate, outside=self)
        self._answers: dict[tuple[str, ...], Entity | None] = {}
        self._open = 0
        self._offered: dict[tuple[str, str], tuple[str, str] | None] = {}

    def defines(self, name: str) -> bool:
        """Is there a function, a class or an object of this name?"""
        return self._meaning(name) is not None

    def result(self, name: str) -> Entity | None:
        """What calling it gives."""
        return self._once(("result", name), lambda: self._result(name))

    def awaited(self, name: str) -> Entity | None:
        """What awaiting the result of a call gives."""
        return self._once(("awaited", name), lambda: self._awaited(name))

    def member(self, klass: str, name: str) -> Entity | None:
        """What an attribute of an object of a class is; a method goes by the name of that class."""
        return self._once(("member", klass, name), lambda: self._member(klass, name))

    def _once(self, question: tuple[str, ...], answer: Callable[[], Entity | None]) -> Entity | None:
        """Remembers an answer, unless it may have been cut short because a larger question was still open."""
        if question not in self._answers:
            self._open += 1
            try:
                found = answer()
            finally:
                self._open -= 1
            if self._open:
                return found
            self._answers[question] = found
        return self._answers[question]

    def _result(self, name: str) -> Entity | None:
        meaning = self._meaning(name)
        result = self._code.result(meaning) if meaning is not None else None
        if isinstance(result, Coroutine | AsyncGenerator) and result.of == meaning:
            return type(result)(Named(name))
        return self._published(result)

    def _awaited(self, name: str) -> Entity | None:
        meaning = self._meaning(name)
        result = self._code.result(meaning) if meaning is not None else None
        return self._published(self._code.awaited(result)) if result is not None else None

    def _member(self, klass: str, name: str) -> Entity | None:
        meaning = self._meaning(klass)
        if not isinstance(meaning, Class):
            return None
        found = self._code.member(Instance(meaning), name)
        return Named(f"{klass}.{name}") if isinstance(found, Function) else self._published(found)

    def _meaning(self, name: str) -> Entity | None:
        """What an installed package defines under a name, followed from package to package."""
        return self._once(("meaning", name), lambda: self._followed(name))

    def _followed(self, name: str) -> Entity | None:
        passed: set[str] = set()
        while name not in passed:
            passed.add(name)
            meaning = self._defined(name)
            if not isinstance(meaning, Named) or (is_tabled(meaning.name) and meaning.name not in passed):
                return meaning
            name = meaning.name
        return None

    def _defined(self, name: str) -> Entity | None:
        top, *rest = name.split(".")
        path = self._packages.find(top) if rest else None
        meaning: Entity | None = Module(path) if path else None
        for part in rest:
            meaning = self._code.member(meaning, part) if meaning is not None else None
        return meaning

    def _published(self, entity: Entity | None) -> Entity | None:
        """The same as seen from outside: by its documented name, or unknown when it has none."""
        match entity:
            case Named():
                return entity
            case Module(path=path):
                return Named(self._packages.name_of(path))
            case Function() | Class():
                return self._documented(entity)
            case Instance(of=of, arguments=arguments):
                klass = self._published(of)
                held = tuple(map(self._published, arguments))
                return Instance(klass, arguments=held) if isinstance(klass, Named) else None
            case Coroutine(of=of) | AsyncGenerator(of=of):
                function = self._published(of)
                return type(entity)(function) if isinstance(function, Named) else None
            case Items(items=items):
                return Items(tuple(map(self._published, items)))
            case Either(options=options):
                return union(map(self._published, options))
            case _:
                return None

    def _documented(self, entity: Function | Class) -> Named | None:
        """Its name in the outermost package that offers it, as `requests.sessions.Session` is `requests.Session`."""
        module = self._code.module(entity.path)
        if module is None or not _is_reachable(module, entity.scope):
            return None
        home = self._packages.name_of(entity.path)
        top, dot, inner = self._code.qualname(entity).partition(".")
        offering = (package for package in _outward(home) if self._offers(package, top, entity.path))
        name = f"{next(offering, home)}.{top}"
        return Named(f"{canonical(name).name}{dot}{inner}")

    def _offers(self, package: str, name: str, path: str) -> bool:
        key = package, name
        if key not in self._offered:
            found = self._packages.find(package)
            self._offered[key] = self._origin(found, name, set()) if found else None
        return self._offered[key] == (path, name)

    def _origin(self, path: str, name: str, passed: set[tuple[str, str]]) -> tuple[str, str] | None:
        """The file that defines a name of a module, and its name there; only imports are followed."""
        module = self._code.module(path)
        if module is None or (path, name) in passed:
            return None
        passed.add((path, name))
        bindings = module.scopes[0].names.get(name, ())
        if any(binding.bound is Bound.DEFINITION for binding in bindings):
            return path, name
        imported = [b.value.partition(":") for b in bindings if b.bound is Bound.IMPORT and ":" in b.value]
        stars = [(star, ":", name) for star in module.stars] if not bindings else []
        places = ((self._packages.locate(source, path), attribute) for source, _, attribute in (*imported, *stars))
        found = (self._origin(place, attribute, passed) for place, attribute in places if place)
        return next((origin for origin in found if origin), None)


def _is_reachable(module: ModuleFacts, scope: int) -> bool:
    """Can it be named from outside, through classes at most?"""
    while (scope := module.scopes[scope].parent) > 0:
        if module.scopes[scope].kind is not ScopeKind.CLASS:
            return False
    return True


def _outward(module: str) -> Iterator[str]:
    """The packages around a module, outermost first."""
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))
