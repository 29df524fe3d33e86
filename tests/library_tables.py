"""Derives the tables of asynchronous libraries from their sources, which are read as any project is and never run.

    pip download --no-deps --only-binary :all: --dest WHEELS -r tests/libraries.txt
    (unpack every wheel into FOLDER)
    python tests/library_tables.py FOLDER

The distributions and their versions stand in `libraries.txt`. What is not certain is marked unknown or left out.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from stdlib_table import Call, Table, rendered

import asynclint.facts.knowledge
from asynclint.config import Config
from asynclint.engine.workspace import Workspace
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Either, Entity, Function, Instance, Module, Named
from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.blocking import blocking
from asynclint.facts.module import ModuleFacts
from asynclint.source.modules import ModuleFinder

PINS = Path(__file__).with_name("libraries.txt")
PACKAGES = tuple(line.rpartition("# ")[2] for line in PINS.read_text().splitlines() if "==" in line)
SHIPPED = Path(asynclint.facts.knowledge.__file__).with_name("libraries")
# What a call gives that does nothing before it is awaited or entered by `async with`, and what that gives: documented,
# but written with type variables that are not followed.
_LAZY = (
    (
        "aiohttp.ClientSession",
        ("request", "get", "post", "put", "patch", "delete", "head", "options"),
        "aiohttp.ClientResponse",
    ),
    ("aiohttp.ClientSession", ("ws_connect",), "aiohttp.ClientWebSocketResponse"),
    ("asyncpg.Pool", ("acquire",), "asyncpg.Connection"),
)
_EXECUTED = re.compile(r"self\.execute_command\(\)(<[^<>]*>)?$")
_TAKEN = {*blocking().calls, *blocking().returns, *blocking().attributes, *blocking().aliases.values()}
_BLOCKING = _TAKEN | {name.rpartition(".")[0] for name in _TAKEN}
_SPECIAL = frozenset(f"__{name}__" for name in ("aenter", "aexit", "aiter", "anext", "await", "call", "enter", "exit"))


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
        for klass, names, gives in _LAZY:
            if klass in classes:
                _make_lazy(classes, klass, names, gives)
        kept = _worth_knowing(classes)
        functions = {name: call for name, call in functions.items() if _tells(call, kept)}
        classes = {name: _thinned(classes[name], kept) for name in sorted(kept)}
        return Table(aliases=self._aliases(package, {*functions, *classes}), classes=classes, functions=functions)

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

    def _aliases(self, package: str, tabled: set[str]) -> dict[str, str]:
        pairs = [(name, self._names.get(entity, "")) for name, entity in self._spelled()]
        return {
            name: told
            for name, told in pairs
            if name.partition(".")[0] == package
            and name != told
            and name not in _BLOCKING
            and (told in tabled or (told and told.partition(".")[0] in PACKAGES and told.partition(".")[0] != package))
        }

    def _is_certain(self, klass: Class) -> bool:
        """Are all bases known?"""
        lineage = self._project.lineage(klass)
        return all(isinstance(c, Class) or (c is not None and _is_known(c)) for c in lineage)

    def _class(self, klass: Class) -> dict[str, object]:
        """All that the class has, inherited or not: bases may be private."""
        names = {n for c in self._project.lineage(klass) if isinstance(c, Class) for n in self._project.scope(c).names}
        public = sorted(name for name in names if not name.startswith("_") or name in _SPECIAL)
        defined = {name: self._project.member(klass, name) for name in public}
        methods = {n: self._call(e, klass) for n, e in defined.items() if isinstance(e, Function | Either)}
        if "__await__" in methods:
            methods["__await__"] = Call(kind="function", returns=self._told(self._project.awaited(Instance(klass))))
        unclear = {n: Call(kind="unknown", returns="") for n, e in defined.items() if n not in methods}
        above = [c.name for c in self._project.lineage(klass) if isinstance(c, Named) and c.name in stdlib().classes]
        return {"attributes": {}, "bases": above, "methods": methods | unclear}

    def _executes(self, function: Function, klass: Class | None) -> bool:
        """Does it give what `execute_command` of its class gives, which is a coroutine function? So does Redis."""
        returned = self._project.function(function).returned
        execute = self._project.member(klass, "execute_command") if klass else None
        made = self._project.result(execute) if isinstance(execute, Function) else None
        return isinstance(made, Coroutine) and bool(returned) and all(map(_EXECUTED.match, returned))

    def _call(self, function: Function | Either, klass: Class | None = None) -> Call:
        result = self._project.result(function)
        if isinstance(function, Function) and self._project.is_property(function):
            return Call(kind="property", returns=self._told(result))
        if isinstance(function, Function) and self._executes(function, klass):
            return Call(kind="coroutine", returns="")
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


def _make_lazy(classes: dict[str, dict[str, object]], klass: str, names: tuple[str, ...], gives: str) -> None:
    made = f"{klass}.<{names[0]}>"
    methods = classes[klass]["methods"]
    assert isinstance(methods, dict)
    methods.update({name: Call(kind="lazy", returns=made) for name in names})
    entered = {"__aenter__": Call(kind="coroutine", returns=gives), "__await__": Call(kind="function", returns=gives)}
    classes[made] = {"attributes": {}, "bases": [], "methods": entered}


def _worth_knowing(classes: dict[str, dict[str, object]]) -> set[str]:
    """The classes with something asynchronous, and those that lead to one."""
    kept: set[str] = set()
    while True:
        more = {name for name in classes.keys() - kept if any(_tells(call, kept) for call in _methods(classes[name]))}
        if not more:
            return kept
        kept |= more


def _methods(described: dict[str, object]) -> list[Call]:
    methods = described["methods"]
    assert isinstance(methods, dict)
    return list(methods.values())


def _tells(call: Call, kept: set[str]) -> bool:
    """Is it asynchronous, or does it lead to what is?"""
    return call["kind"] in ("coroutine", "async_generator", "lazy") or call["returns"] in kept


def _thinned(described: dict[str, object], kept: set[str]) -> dict[str, object]:
    """Without the methods of which nothing is known, but for those behind `await`, `with` and loops."""
    methods = described["methods"]
    assert isinstance(methods, dict)
    inherits = bool(described["bases"])
    told = {
        name: call
        for name, call in methods.items()
        if _tells(call, kept) or name == "__await__" or (inherits and call["kind"] == "unknown")
    }
    thin = {n: Call(kind=c["kind"], returns=c["returns"] if c["returns"] in kept else "") for n, c in told.items()}
    return described | {"methods": thin}


def _is_known(base: Named) -> bool:
    return base.name in stdlib().classes or base.name.partition(".")[0] in (
        *sys.stdlib_module_names,
        "typing_extensions",
    )


def library_tables(folder: Path) -> dict[str, str]:
    """The text of each table by its file's name, from the unpacked distributions in a folder."""
    library = Library(folder)
    tables = {package: json.loads(json.dumps(library.table(package))) for package in PACKAGES}
    described = {name for table in tables.values() for name in table["classes"]}
    for table in tables.values():
        for calls in (table["functions"], *(known["methods"] for known in table["classes"].values())):
            for call in calls.values():
                call["returns"] = call["returns"] if call["returns"] in described else ""
    return {f"{package}.json": rendered(table) + "\n" for package, table in tables.items()}


def main(folder: Path) -> None:
    """Writes the tables that are shipped."""
    for name, text in library_tables(folder).items():
        (SHIPPED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
