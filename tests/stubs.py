"""Reads typeshed's stubs: what a module declares in any of its branches, and where a dotted name leads."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from typeshed_client import get_search_context
from typeshed_client.finder import get_all_stub_files


class Import(NamedTuple):
    """A name that stands for `target`; `exported` when the stub means it to be imported from here too."""

    target: str
    exported: bool


Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Import | Function | ast.ClassDef | ast.expr | ast.AnnAssign
Scope = dict[str, list[Definition]]


@cache
def modules() -> dict[str, Path]:
    """Every module of the standard library, whatever Python has it, and its stub."""
    newest = get_search_context(search_path=[], version=(3, 99))
    return dict(get_all_stub_files(newest))


@cache
def module_scope(module: str) -> Scope:
    """All definitions of every name of a module, those of each branch in order."""
    return _collected(module, _statements(module))


def class_scope(module: str, node: ast.ClassDef) -> Scope:
    """All definitions of every name in a class body, those of each branch in order."""
    return _collected(module, _flat(node.body))


def exports(module: str) -> list[str]:
    """The names `import *` gives: those of every `__all__`, in order, or else all public ones."""
    listed = (name for statement in _statements(module) for name in _listed(statement))
    return list(dict.fromkeys(listed)) or public(module)


def public(module: str) -> list[str]:
    """The names without underscore that a module defines or re-exports."""
    declared = module_scope(module).items()
    return [name for name, found in declared if name[0] != "_" and any(map(_is_exported, found))]


@cache
def places(dotted: str) -> tuple[str, ...]:
    """Where the thing that a dotted name reaches is defined: one place, or one for each branch that differs."""
    if dotted in modules():
        return (dotted,)
    module, _, name = dotted.rpartition(".")
    while module and module not in modules():
        module, _, outer = module.rpartition(".")
        name = f"{outer}.{name}"
    return places_in(module, name) if module else (dotted,)


def places_in(module: str, written: str) -> tuple[str, ...]:
    """The same for a name as it is written inside a module; own definitions come before imported ones."""
    head, dot, rest = written.partition(".")
    if head not in module_scope(module):
        return (f"builtins.{written}",)
    own_first = sorted(module_scope(module)[head], key=lambda definition: isinstance(definition, Import))
    found = (place for definition in own_first for place in _led_by(module, definition, head, dot + rest))
    return tuple(dict.fromkeys(found))


def _led_by(module: str, definition: Definition, head: str, rest: str) -> tuple[str, ...]:
    match definition:
        case Import(target=target):
            return places(target + rest)
        case ast.Name() | ast.Attribute():
            return places_in(module, ast.unparse(definition) + rest)
    return (f"{module}.{head}{rest}",)


@cache
def _statements(module: str) -> tuple[ast.stmt, ...]:
    return tuple(_flat(ast.parse(modules()[module].read_bytes()).body))


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):
            yield from _flat((*statement.body, *statement.orelse))
        else:
            yield statement


def _collected(module: str, statements: Iterable[ast.stmt]) -> Scope:
    scope: Scope = {}
    for statement in statements:
        for name, definition in _declared(module, statement):
            scope.setdefault(name, []).append(definition)
    return scope


def _declared(module: str, statement: ast.stmt) -> Iterator[tuple[str, Definition]]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name, statement
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, statement
        case ast.Import(names=names):
            for alias in names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, Import(alias.name if alias.asname else top, exported=False)
        case ast.ImportFrom(names=names):
            yield from _imported(_source(module, statement), names)


def _imported(source: str, names: list[ast.alias]) -> Iterator[tuple[str, Import]]:
    for alias in names:
        if alias.name == "*":
            yield from ((name, Import(f"{source}.{name}", exported=True)) for name in exports(source))
        else:
            yield alias.asname or alias.name, Import(f"{source}.{alias.name}", alias.asname == alias.name)


def _source(module: str, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return statement.module or ""
    up = statement.level - (modules()[module].name == "__init__.pyi")
    package = module.split(".")[: -up or None]
    return ".".join((*package, statement.module) if statement.module else package)


def _listed(statement: ast.stmt) -> list[str]:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() | ast.Tuple() as value)
            | ast.AugAssign(target=ast.Name(id="__all__"), value=ast.List() | ast.Tuple() as value)
        ):
            return list(ast.literal_eval(value))
    return []


def _is_exported(definition: Definition) -> bool:
    return not isinstance(definition, Import) or definition.exported
