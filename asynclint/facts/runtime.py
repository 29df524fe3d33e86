"""Which library the async code of a body runs on, told by what its file imports."""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

from asynclint.facts.entities import Class, Function, Module, Named
from asynclint.facts.module import ModuleFacts, Scope
from asynclint.facts.names import Bound
from asynclint.facts.project import Project


class Runtime(StrEnum):
    """What schedules coroutines: asyncio, trio, or anyio, which runs on either."""

    ASYNCIO = "asyncio"
    ANYIO = "anyio"
    TRIO = "trio"


_NAMES = frozenset(Runtime)


def runtime_of(project: Project, module: ModuleFacts, scope: int) -> Runtime:
    """The library of a body: the one it can name, of several the one it imports or calls itself.

    Imports for type checkers do not count. A file without any such import belongs to such a library itself, or runs on
    what the modules of the project run on from which it imports, one step away. What remains open is taken for
    asyncio, and trio together with anyio for anyio, whose code may run on trio.
    """
    visible = _visible(module, scope) or _runtimes(module.imports)
    if len(visible) > 1:
        return _sole((_used(project, module, scope) & visible) or visible)
    return _sole(visible or _of_package(project, module.path) or _behind_imports(project, module.path))


def _sole(runtimes: frozenset[Runtime]) -> Runtime:
    if len(runtimes) == 1:
        return next(iter(runtimes))
    return Runtime.ANYIO if runtimes == {Runtime.ANYIO, Runtime.TRIO} else Runtime.ASYNCIO


@lru_cache(maxsize=1024)
def _of_package(project: Project, path: str) -> frozenset[Runtime]:
    """The library whose own package the file is part of."""
    packages = ((own, project.located(own, path)) for own in _runtimes(list(project.module_names(path))))
    return frozenset(own for own, package in packages if package and project.module(package) is not None)


def _visible(module: ModuleFacts, scope: int) -> frozenset[Runtime]:
    """What is imported where a body can see it."""
    imported = list(module.stars)
    while scope >= 0:
        imported += _imported(module.scopes[scope])
        scope = module.scopes[scope].parent
    return _runtimes(imported) & _runtimes([*module.imports, *module.stars])


def _imported(scope: Scope) -> list[str]:
    return [b.value for bindings in scope.names.values() for b in bindings if b.bound is Bound.IMPORT]


def _runtimes(names: list[str]) -> frozenset[Runtime]:
    roots = {name.partition(":")[0].partition(".")[0] for name in names}
    return frozenset(Runtime(root) for root in roots & _NAMES)


def _used(project: Project, module: ModuleFacts, scope: int) -> frozenset[Runtime]:
    """The libraries that a function imports itself, or calls."""
    imported = _imported(module.scopes[scope]) if scope else []
    callees = (project.call(module.path, call) for call in module.calls if module.executor(call.scope) == scope)
    return _runtimes([*imported, *(callee.name for callee in callees if isinstance(callee, Named))])


@lru_cache(maxsize=1024)
def _behind_imports(project: Project, path: str) -> frozenset[Runtime]:
    """The libraries of the project's modules with async code from which a file imports."""
    modules = (project.module(origin) for origin in _origins(project, path))
    return frozenset(
        runtime
        for module in modules
        if module is not None and any(scope.function and scope.function.is_async for scope in module.scopes)
        for runtime in _runtimes(module.imports)
    )


def _origins(project: Project, path: str) -> Iterator[str]:
    """The files of the project where what a file imports is defined."""
    module = project.module(path)
    for index, scope in enumerate(module.scopes if module else ()):
        for name, bindings in scope.names.items():
            entity = project.lookup(path, index, name) if any(b.bound is Bound.IMPORT for b in bindings) else None
            if isinstance(entity, Module | Function | Class) and entity.path != path:
                yield entity.path
