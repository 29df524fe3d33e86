"""Coroutine functions that plain code may call without `await`, because their package wraps them when it is imported.

Telegram clients do so: the wrapper runs the coroutine to its end where no event loop runs, and gives it back where one
does. See https://docs.telethon.dev/en/stable/basic/quick-start.html and the module `telethon.sync`.
"""

from collections.abc import Iterator
from functools import lru_cache

from asynclint.facts.entities import Function, Named
from asynclint.facts.knowledge.loops import WRAPPED_BY
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound
from asynclint.facts.project import Project

_KIND_TESTS = frozenset({"iscoroutinefunction", "isasyncgenfunction"})


def is_wrapped(project: Project, module: ModuleFacts, function: Function | Named) -> bool:
    """Does plain code of a file get the result when it calls this coroutine function, and no coroutine?"""
    if isinstance(function, Named):
        wrapper = WRAPPED_BY.get(function.name.partition(".")[0], "")
        return bool(wrapper) and any(_is_below(name, wrapper) for name in _imported(module))
    packages = {name.partition(".")[0] for name in project.module_names(function.path)}
    paths = {path for package in packages if (path := project.located(package, function.path))}
    return any(_wraps_when_imported(project, path) for path in sorted(paths))


@lru_cache(maxsize=256)
def _wraps_when_imported(project: Project, package: str) -> bool:
    """Does a module that the package imports replace coroutine functions by others, while it is imported?"""
    module = project.module(package)
    imported = _imported(module) if module is not None else ()
    paths = {path for name in imported if (path := project.located(name, package))}
    return any((found := project.module(path)) is not None and _replaces(project, found) for path in sorted(paths))


def _replaces(project: Project, module: ModuleFacts) -> bool:
    called = {call.last_name for call in module.calls}
    if "setattr" not in called or _KIND_TESTS.isdisjoint(called):
        return False
    at_import = (call for call in module.calls if module.executor(call.scope) == 0)
    callees = (project.call(module.path, call) for call in at_import)
    return any(isinstance(callee, Function) and callee.path == module.path for callee in callees)


def _imported(module: ModuleFacts) -> Iterator[str]:
    """The modules a file imports or imports from, and the names, which may be modules."""
    for bindings in module.scopes[0].names.values():
        for binding in bindings:
            if binding.bound is Bound.IMPORT:
                origin, colon, name = binding.value.partition(":")
                yield origin
                if colon:
                    yield f"{origin}{'' if origin.endswith('.') else '.'}{name}"
    yield from module.stars


def _is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
