"""Lists, dicts, sets and deques that more than one function sees: where they are kept and what changes their size."""

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from asynclint.facts.calls import CallFacts, ChangeFacts, LoopFacts
from asynclint.facts.changes import container_in
from asynclint.facts.entities import Entity, Instance, Named
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound, arms, callee_of
from asynclint.facts.project import Project
from asynclint.rule.places import Place, bindings, home_of, place_of

_DEFAULTS = Named("collections.defaultdict")
_DEEPEST = 3  # variables that only stand for another
# What is kept in a dict, seen by key or one after the other.
_ELEMENT = re.compile(r"(?:\[\d*\]|\.(?:get|setdefault)\(\)(?:<[^<>]*>)?|\.values\(\)\*|\.items\(\)\*\[1\])$")


class Kind(StrEnum):
    """How a container takes it when its size changes while it is iterated over."""

    SET = "set"
    DICT = "dict"
    LIST = "list"
    DEQUE = "deque"

    @property
    def error(self) -> str:
        """What the loop ends with, "" when it goes on."""
        return _ERRORS.get(self, "")


_ERRORS = {
    Kind.SET: "RuntimeError: Set changed size during iteration",
    Kind.DICT: "RuntimeError: dictionary changed size during iteration",
    Kind.DEQUE: "RuntimeError: deque mutated during iteration",
}
_KINDS = {
    **dict.fromkeys(("builtins.set", "typing.Set"), Kind.SET),
    **dict.fromkeys(("builtins.dict", "typing.Dict", "collections.Counter", "collections.OrderedDict"), Kind.DICT),
    **dict.fromkeys(("collections.defaultdict", "typing.DefaultDict", "typing.OrderedDict"), Kind.DICT),
    **dict.fromkeys(("builtins.list", "typing.List"), Kind.LIST),
    **dict.fromkeys(("collections.deque", "typing.Deque"), Kind.DEQUE),
}
_GROWING = {
    Kind.SET: frozenset({"add", "update", "|=", "^="}),
    Kind.DICT: frozenset({"[]=", "setdefault", "update", "|="}),
    Kind.LIST: frozenset(),  # the loop goes over what is appended too
    Kind.DEQUE: frozenset({"append", "appendleft", "extend", "extendleft", "insert", "+="}),
}
_SHRINKING = {
    Kind.SET: frozenset({"clear", "discard", "pop", "remove", "difference_update", "intersection_update", "-=", "&="}),
    Kind.DICT: frozenset({"clear", "del", "pop", "popitem"}),
    Kind.LIST: frozenset({"clear", "del", "pop", "remove"}),
    Kind.DEQUE: frozenset({"clear", "del", "pop", "popleft", "remove"}),
}


class Container(Struct, frozen=True):
    """A container by its place, or all that are elements of the one in that place."""

    place: Place
    is_element: bool = False

    def ways(self, project: Project) -> list[Binding]:
        """All the ways in which its place is bound."""
        return bindings(project, self.place)


class Change(Struct, frozen=True):
    """One place in the code that changes the size of a container: what is written there, and what it is given.

    `grows` says that it is by new elements, `is_handed` that a method of it is given to something that calls it later.
    """

    module: ModuleFacts
    scope: int
    line: int
    column: int
    code: str
    arguments: tuple[str, ...]
    grows: bool
    is_handed: bool = False

    @property
    def empties(self) -> bool:
        """Is nothing left in it?"""
        return self.code.endswith(".clear")


def container_of(project: Project, path: str, scope: int, code: str, depth: int = _DEEPEST) -> Container | None:
    """The container that a code names in a scope, None for what is no variable, attribute or element of one."""
    element = _ELEMENT.search(code)
    if element is not None:
        outer = container_of(project, path, scope, code[: element.start()], depth)
        return Container(outer.place, is_element=True) if outer and not outer.is_element else None
    place = place_of(project, path, scope, code)
    if place is None:
        return None
    value = _stands_for(project, place) if depth else None
    meant = container_of(project, place.path, value.scope, value.value, depth - 1) if value else None
    return meant or Container(home_of(project, place))


def kind_of(project: Project, container: Container) -> Kind | None:
    """What sort of container it is, None when that is not known or not always the same."""
    found = set(_kinds_bound(project, container)) | set(_kinds_displayed(project, container))
    return found.pop() if len(found) == 1 else None


def changes_of(project: Project, container: Container, kind: Kind, *paths: str) -> Iterator[Change]:
    """What changes its size, in its own file and in these."""
    for path in dict.fromkeys((container.place.path, *paths)):
        module = project.module(path)
        for change in _changes_in(module, kind) if module else ():
            code, found = change
            if container_of(project, path, found.scope, code) == container:
                yield found


def may_change_in(project: Project, path: str, loop: LoopFacts) -> bool:
    """May what a loop of this file goes over change its size, by whomever? So it may if the facts do not tell."""
    module = project.module(path)
    code = container_in(project, path, loop.scope, loop.iterable)
    if code is None or module is None or module.scopes[loop.scope].kind is ScopeKind.COMPREHENSION:
        return True
    container = container_of(project, path, loop.scope, code)
    kind = kind_of(project, container) if container else None
    return container is not None and kind is not None and any(True for _ in changes_of(project, container, kind, path))


def _stands_for(project: Project, place: Place) -> Binding | None:
    """What a local variable is always bound to: a code that may name something seen by others."""
    module = project.module(place.path)
    if module is None or module.scopes[place.scope].kind not in (ScopeKind.FUNCTION, ScopeKind.COMPREHENSION):
        return None
    ways = bindings(project, place)
    return ways[0] if len(ways) == 1 and ways[0].bound is Bound.VALUE else None


def _kinds_bound(project: Project, container: Container) -> Iterator[Kind]:
    """By what is assigned to its place, and what that is declared to be."""
    path = container.place.path
    for way in container.ways(project):
        match way.bound:
            case Bound.ANNOTATION | Bound.PARAMETER:
                entity = project.annotated(path, way.scope, way.value)
                yield from _kinds(_last_held(entity) if container.is_element else entity)
            case Bound.VALUE if container.is_element:
                yield from _kinds(_last_held(project.evaluate(path, way.scope, way.value)))
                made_by, _, default = way.value.partition("()<")
                if default and project.evaluate(path, way.scope, made_by) == _DEFAULTS:
                    yield from _kinds(project.evaluate(path, way.scope, default.removesuffix(">")))
            case Bound.VALUE:
                for arm in arms(way.value):
                    yield from _kinds_of_value(project, path, way.scope, arm)


def _kinds_of_value(project: Project, path: str, scope: int, code: str) -> Iterator[Kind]:
    yield from _kinds(project.evaluate(path, scope, code))
    if made_by := callee_of(code):
        yield from _kinds(project.evaluate(path, scope, made_by))


def _last_held(entity: Entity | None) -> Entity | None:
    """What a dict is declared to hold."""
    return entity.arguments[-1] if isinstance(entity, Instance) and entity.arguments else None


def _kinds(entity: Entity | None) -> Iterator[Kind]:
    """The kind of a class or of an object of one."""
    klass = entity.of if isinstance(entity, Instance) else entity
    if isinstance(klass, Named) and klass.name in _KINDS:
        yield _KINDS[klass.name]


def _kinds_displayed(project: Project, container: Container) -> Iterator[Kind]:
    """By the displays that are assigned to it: `self.rooms = {}`, `self.rooms[key] = set()`."""
    place, module = container.place, project.module(container.place.path)
    for index, scope in enumerate(module.scopes if module else ()):
        for code, display in scope.displays.items():
            if place.name in code and _is_it(project, container, index, scope, code):
                is_literal = display in ("list", "dict", "set")
                yield from [Kind(display)] if is_literal else _kinds_of_value(project, place.path, index, display)


def _is_it(project: Project, container: Container, index: int, scope: Scope, code: str) -> bool:
    if scope.kind is ScopeKind.CLASS and index == container.place.scope:
        return code == container.place.name and not container.is_element
    return container_of(project, container.place.path, index, code) == container


def _changes_in(module: ModuleFacts, kind: Kind) -> Iterator[tuple[str, Change]]:
    """All that might change a container of this kind, with the code of the container."""
    changing = _GROWING[kind] | _SHRINKING[kind]
    for change in module.changes:
        if change.how in changing:
            yield change.container, _by_statement(module, kind, change)
    for call in module.calls:
        container, _, method = call.callee.rpartition(".")
        if method in changing and container and not _is_futile(call):
            place = call.scope, call.line, call.column
            yield container, Change(module, *place, call.callee, call.arguments, method in _GROWING[kind])
        for argument in call.arguments if "." in call.callee else ():
            code = argument.rpartition("=")[2]
            container, _, method = code.rpartition(".")
            if method in changing and container:
                place = call.scope, call.line, call.column
                yield container, Change(module, *place, code, (), method in _GROWING[kind], is_handed=True)


def _is_futile(call: CallFacts) -> bool:
    """Is it given too little to be that method of a container: `x.remove()`?"""
    return call.last_name in ("add", "remove", "discard", "insert", "append") and not call.arguments


def _by_statement(module: ModuleFacts, kind: Kind, change: ChangeFacts) -> Change:
    place = change.scope, change.line, change.column
    return Change(module, *place, change.container, (change.argument,), change.how in _GROWING[kind])
