"""What is kept of one file."""

from enum import IntEnum

from msgspec import Struct

from asynclint.facts.calls import (
    AwaitFacts,
    CallFacts,
    ChangeFacts,
    HandlerFacts,
    LoopFacts,
    PatchFacts,
    WithFacts,
)
from asynclint.facts.classes import ClassFacts
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.names import Binding


class ScopeKind(IntEnum):
    """What opens a namespace."""

    MODULE = 0
    CLASS = 1
    FUNCTION = 2
    LAMBDA = 3
    COMPREHENSION = 4


ASYNC_GENERATOR = "<async generator>"  # the name of a generator expression that awaits


class Scope(Struct, array_like=True):
    """One namespace: its place, its names, and what it is.

    `first_line` is the first decorator's line where there is one; lines are 1-based and inclusive. `replaced` are the
    codes of attributes of other objects that are assigned here: `client.get` of `client.get = f`.
    """

    kind: ScopeKind
    name: str
    qualname: str
    parent: int
    first_line: int
    line: int
    column: int
    last_line: int
    names: dict[str, list[Binding]] = {}
    function: FunctionFacts | None = None
    klass: ClassFacts | None = None
    replaced: list[str] = []
    plain_values: list[str] = []  # codes of what is bound here to a number or a text
    numbers: dict[str, float] = {}  # what names are bound to here, where it is a number, or computed from some
    displays: dict[str, str] = {}  # codes of what is bound here to a list, dict or set, with `list`, `dict` or `set()`


class ModuleFacts(Struct, array_like=True):
    """All that is known of one file without looking at any other. Scope 0 is the module itself."""

    path: str
    scopes: list[Scope]
    stars: list[str]  # modules of `from m import *`
    imports: list[str]  # every module named by an import that runs, absolute ones only
    calls: list[CallFacts]
    handlers: list[HandlerFacts]
    withs: list[WithFacts]
    loops: list[LoopFacts] = []
    awaits: list[AwaitFacts] = []
    by_version: list[tuple[int, int]] = []  # first and last lines of `if`s that ask which Python runs, inclusive
    patches: list[PatchFacts] = []
    changes: list[ChangeFacts] = []
    is_silent: bool = False  # no comment in it may speak to linters

    def executor(self, scope: int) -> int:
        """The function, lambda or module whose execution runs the code of `scope`."""
        while self.scopes[scope].kind in (ScopeKind.CLASS, ScopeKind.COMPREHENSION):
            scope = self.scopes[scope].parent
        return scope

    def is_within(self, scope: int, outer: int) -> bool:
        """Is a scope another one, or somewhere inside it?"""
        while scope > outer:
            scope = self.scopes[scope].parent
        return scope == outer

    def enclosing_class(self, scope: int) -> int:
        """The class in whose body the function `scope` is defined, -1 when it is not a method."""
        parent = self.scopes[scope].parent
        return parent if parent >= 0 and self.scopes[parent].kind is ScopeKind.CLASS else -1

    def calls_by_function(self) -> dict[int, list[CallFacts]]:
        """The calls, by the scope of what runs them."""
        grouped: dict[int, list[CallFacts]] = {}
        for call in self.calls:
            grouped.setdefault(self.executor(call.scope), []).append(call)
        return grouped
