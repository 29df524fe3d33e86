"""Who awaits a function of a module in the whole project, and whether that is all that is done with it."""

import re
from collections.abc import Iterator

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Function
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Bound
from asynclint.facts.project import Project

Awaited = tuple[ModuleFacts, CallFacts]
_SEPARATOR = re.compile(r"[\\/]")


def only_awaited(project: Project, function: Function) -> list[Awaited]:
    """The calls of a function of a module where each is awaited at once, and nothing else in the project names it.

    None of them when a file may use it in any other way: hands it on, exports it, looks it up by its name, replaces
    it, or defines another one that is to be used in its place.
    """
    module, name = project.module(function.path), project.scope(function).name
    said = project.words.said(function.path, name) if project.words else None
    if module is None or said is None or said.is_quoted or len(module.scopes[0].names.get(name, ())) != 1:
        return []
    others = [path for path in said.files if path != function.path]
    if any(_defines(project, path, name) for path in others if _is_alike(function.path, path)):
        return []
    found = _all_awaited(project, module, function, {name: 1})
    for path in others if found is not None else ():
        other = project.module(path)
        if found is not None and other is not None and _knows(project, other, function, name):
            calls = _all_awaited(project, other, function, _imported_names(other, name))
            found = found + calls if calls else None
    return found or []


def _all_awaited(
    project: Project, module: ModuleFacts, function: Function, names: "dict[str, int]"
) -> list[Awaited] | None:
    """Its awaited calls in a file that says these names so often besides, None when the file says them more often."""
    calls = [
        (module, call)
        for call in module.calls
        if call.last_name in names and call.use is Use.AWAITED and project.call(module.path, call) == function
    ]
    times = sum(project.words.times(module.path, name) for name in names) if project.words else 0
    return calls if times == len(calls) + sum(names.values()) else None


def _is_alike(path: str, other: str) -> bool:
    """Does the other file stand beside it, or is it named alike, as modules are that are used in the same way?"""
    *folder, name = _SEPARATOR.split(path)
    *other_folder, other_name = _SEPARATOR.split(other)
    return folder == other_folder or name == other_name


def _defines(project: Project, path: str, name: str) -> bool:
    module = project.module(path)
    ways = module.scopes[0].names.get(name, ()) if module else ()
    return any(way.bound is Bound.DEFINITION for way in ways)


def _knows(project: Project, module: ModuleFacts, function: Function, name: str) -> bool:
    """May a file mean the function by its name? Not where it only has another one of that name."""
    if not any(name in (*scope.names, *(scope.klass.attributes if scope.klass else ())) for scope in module.scopes):
        by_attribute = project.words is not None and project.words.times(module.path, f".{name}") > 0
        if by_attribute or module.stars:
            return True
    named = (imported for imported in (*module.imports, *module.stars))
    if any(project.located(each, module.path) == function.path for each in named):
        return True
    return any(function.path in _located(project, module, value, name) for value in _imported(module))


def _located(project: Project, module: ModuleFacts, value: str, name: str) -> Iterator[str | None]:
    """The files that `from package import name` may mean: the package, or a module in it."""
    package, _, attribute = value.partition(":")
    if attribute == name:
        found = project.evaluate(module.path, 0, attribute)
        yield found.path if isinstance(found, Function) else None
    yield project.located(package, module.path)
    if attribute:
        yield project.located(f"{package}{'' if package.endswith('.') else '.'}{attribute}", module.path)


def _imported(module: ModuleFacts) -> Iterator[str]:
    for scope in module.scopes:
        if scope.kind in (ScopeKind.MODULE, ScopeKind.FUNCTION):
            for ways in scope.names.values():
                yield from (way.value for way in ways if way.bound is Bound.IMPORT)


def _imported_names(module: ModuleFacts, name: str) -> "dict[str, int]":
    """The names by which a file imports one, and how often it says each of them for that."""
    found = {name: 0}
    for scope in module.scopes:
        for own, ways in scope.names.items():
            times = sum(way.bound is Bound.IMPORT and way.value.rpartition(":")[2] == name for way in ways)
            if times:
                found[name] += times
            if times and own != name:
                found[own] = found.get(own, 0) + times
    return found
