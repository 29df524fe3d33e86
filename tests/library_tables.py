"""Derives the tables of asynchronous libraries from their sources, which are read as any project is and never run.

    python tests/library_tables.py FOLDER_OF_UNPACKED_WHEELS

The distributions and their versions stand in `libraries.txt`. What is not certain is marked unknown or left out.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from stdlib_table import Call, Table, rendered

import asynclint.facts.knowledge
from asynclint.config import Config
from asynclint.engine.workspace import Workspace
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Module, Named
from asynclint.facts.knowledge import stdlib
from asynclint.facts.module import ModuleFacts
from asynclint.source.modules import ModuleFinder

PACKAGES = ("aiosqlite", "fastapi", "httpx", "starlette")
SHIPPED = Path(asynclint.facts.knowledge.__file__).with_name("libraries")
_DYNAMIC = ("__getattr__", "__getattribute__")
_SPECIAL = frozenset(f"__{name}__" for name in ("aenter", "aexit", "aiter", "anext", "await", "call", "enter", "exit"))
_TYPING = ("abc.", "builtins.", "enum.", "typing.", "typing_extensions.")


class Library:
    """The packages below one folder, joined as one project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._project = Workspace(Config(root=str(self._folder), src=("",))).project
        self._locate = ModuleFinder([str(self._folder)]).locate
        self._names = self._canonical()
        self._tabled = {e: n for e, n in self._names.items() if isinstance(e, Class) and self._is_certain(e)}

    def table(self, package: str) -> Table:
        """The table of one package."""
        own = {e: n for e, n in self._names.items() if n.partition(".")[0] == package}
        functions = {n: call for e, n in own.items() if isinstance(e, Function) and (call := self._call(e))}
        classes = {n: self._class(e) for e, n in own.items() if e in self._tabled and isinstance(e, Class)}
        functions = {name: call for name, call in functions.items() if call["kind"] != "unknown"}
        return Table(aliases=self._aliases(package, functions), classes=classes, functions=functions)

    def _modules(self) -> Iterator[tuple[str, str]]:
        for package in PACKAGES:
            for path in sorted((self._folder / package).rglob("*.py")):
                parts = path.relative_to(self._folder).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), str(path)

    def _spelled(self) -> Iterator[tuple[str, Entity]]:
        for module, path in self._modules():
            facts = self._project.module(path)
            for name, holder in self._exported(facts).items() if facts else ():
                entity = self._project.member(Module(holder), name)
                if isinstance(entity, Class | Function) and not name.startswith("_"):
                    yield f"{module}.{name}", entity

    def _exported(self, facts: ModuleFacts) -> dict[str, str]:
        """The names of a module, each with the file that binds it: its own or one of `from m import *`."""
        starred = (self._project.module(path) for star in facts.stars if (path := self._locate(star, facts.path)))
        brought = {name: path for other in starred if other for name, path in self._exported(other).items()}
        return brought | dict.fromkeys(facts.scopes[0].names, facts.path)

    def _canonical(self) -> dict[Entity, str]:
        """The shortest public name of each class and function within the package that defines it."""
        found: dict[Entity, str] = {}
        for name, entity in sorted(self._spelled(), key=self._preference):
            is_public = not any(part.startswith("_") for part in name.split("."))
            if is_public and name.partition(".")[0] == self._package(entity):
                found.setdefault(entity, name)
        return found

    def _preference(self, spelled: tuple[str, Entity]) -> tuple[bool, bool, int, str]:
        """From the package itself, else from where it is defined, else from the nearest place."""
        name, entity = spelled
        assert isinstance(entity, Class | Function)
        defined = ".".join(Path(entity.path).relative_to(self._folder).with_suffix("").parts)
        return name.count(".") > 1, name.rpartition(".")[0] != defined, len(name), name

    def _package(self, entity: Entity) -> str:
        assert isinstance(entity, Class | Function)
        return Path(entity.path).relative_to(self._folder).parts[0]

    def _aliases(self, package: str, functions: dict[str, Call]) -> dict[str, str]:
        tabled = {*functions, *self._tabled.values()}
        pairs = [(name, self._names.get(entity, "")) for name, entity in self._spelled()]
        return {
            name: told
            for name, told in pairs
            if name.partition(".")[0] == package
            and name != told
            and (told in tabled or (told and told.partition(".")[0] != package))
        }

    def _is_certain(self, klass: Class) -> bool:
        """Are all bases known and is no attribute made up at run time?"""
        lineage = list(self._project.lineage(klass))
        if not all(isinstance(c, Class) or (c is not None and _is_known(c)) for c in lineage):
            return False
        scopes = [self._project.scope(c) for c in lineage if isinstance(c, Class)]
        return not any(name in scope.names for scope in scopes for name in _DYNAMIC)

    def _class(self, klass: Class) -> dict[str, object]:
        """All that the class has, inherited or not: bases may be private."""
        names = {n for c in self._project.lineage(klass) if isinstance(c, Class) for n in self._project.scope(c).names}
        public = sorted(name for name in names if not name.startswith("_") or name in _SPECIAL)
        defined = {name: self._project.member(klass, name) for name in public}
        methods = {n: self._call(e) for n, e in defined.items() if isinstance(e, Function)}
        unclear = {n: Call(kind="unknown", returns="") for n, e in defined.items() if not isinstance(e, Function)}
        above = [c.name for c in self._project.lineage(klass) if isinstance(c, Named) and c.name in stdlib().classes]
        return {"attributes": {}, "bases": above, "methods": methods | unclear}

    def _call(self, function: Function) -> Call:
        result = self._project.result(function)
        if self._project.is_property(function):
            return Call(kind="property", returns=self._told(result))
        match result:
            case Coroutine(of=Function()):
                return Call(kind="coroutine", returns=self._told(self._project.awaited(result)))
            case AsyncGenerator():
                return Call(kind="async_generator", returns="")
            case Instance():
                return Call(kind="function", returns=self._told(result))
        return Call(kind="unknown", returns="")

    def _told(self, entity: Entity | None) -> str:
        return self._tabled.get(entity.of, "") if isinstance(entity, Instance) and not entity.above else ""


def _is_known(base: Named) -> bool:
    return base.name in stdlib().classes or base.name.startswith(_TYPING)


def main(folder: Path) -> None:
    """Writes the tables that are shipped."""
    library = Library(folder)
    for package in PACKAGES:
        table = json.loads(json.dumps(library.table(package)))
        (SHIPPED / f"{package}.json").write_text(rendered(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
