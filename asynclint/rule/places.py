"""One object under several names: the variables and attributes it is kept in, through assignments and calls."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from msgspec import Struct

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class, Function, Instance, Module, Named
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound, callee_of
from asynclint.facts.project import Project

_LONGEST_IMPORT = 8  # modules that only pass a name on


class Place(Struct, frozen=True):
    """A variable or an attribute: its name in the function, module or class that binds it."""

    path: str
    scope: int
    name: str


class Family(Struct, frozen=True):
    """The places of one object: `origins` are where it comes from, `places` all that it is known to reach.

    `escapes` says that it is also given to something whose code is not known, `obscure` that it may come from there.
    """

    origins: frozenset[Place]
    places: frozenset[Place]
    escapes: bool
    obscure: bool


def family_of(project: Project, place: Place) -> Family:
    """Back from a place to where its object comes from, and from there on to all places it is handed to."""
    sources = _reached([place], lambda p: _sources(project, p))
    origins = frozenset(p for p in sources if p)
    reached = _reached(origins, lambda p: _targets(project, p))
    return Family(origins, frozenset(p for p in reached if p), None in reached, None in sources)


def place_of(project: Project, path: str, scope: int, code: str) -> Place | None:
    """The place that a code names in a scope, None for anything but a variable or an attribute that is known."""
    owner, _, name = code.rpartition(".")
    if not name.isidentifier() or name == "None":
        return None
    if not owner:
        return _variable(project, path, scope, name)
    match project.evaluate(path, scope, owner):
        case Instance(of=Class() as klass) | (Class() as klass):
            return _attribute(project, klass, name)
        case Module(path=other):
            return Place(other, 0, name)
    return None


def home_of(project: Project, place: Place) -> Place:
    """The place that an imported name stands for, in the module that makes it; any other place itself."""
    for _ in range(_LONGEST_IMPORT):
        imported = [binding.value for binding in bindings(project, place) if binding.bound is Bound.IMPORT]
        module, _, name = imported[0].partition(":") if len(imported) == 1 else ("", "", "")
        path = project.located(module, place.path) if name else None
        if path is None:
            break
        place = Place(path, 0, name)
    return place


def bindings(project: Project, place: Place) -> list[Binding]:
    """All the ways a place is bound."""
    module = project.module(place.path)
    return _bindings(module.scopes[place.scope], place.name) if module else []


def calls_on(project: Project, family: Family, *methods: str) -> Iterator[tuple[ModuleFacts, CallFacts]]:
    """The calls of these methods of the object, in the files of its places."""
    for module in modules_of(project, family):
        for call in module.calls:
            if call.last_name in methods and receiver(project, module, call.scope, call.callee) in family.places:
                yield module, call


def given_to(project: Project, parameter: Place, function: Function) -> Iterator[Place | None]:
    """The places whose object a parameter is given in the function's own file, None for what is no place."""
    for call in _call_sites(project, function):
        for code, filled in _arguments(project, function.path, call):
            if filled == parameter:
                yield place_of(project, function.path, call.scope, code)


def modules_of(project: Project, family: Family) -> Iterator[ModuleFacts]:
    """The files of its places."""
    modules = (project.module(path) for path in sorted({place.path for place in family.places}))
    return (module for module in modules if module)


def receiver(project: Project, module: ModuleFacts, scope: int, code: str) -> Place | None:
    """The place of `x` in `x.name`."""
    return place_of(project, module.path, scope, code.rpartition(".")[0])


def _reached(start: Iterable[Place], step: Callable[[Place], Iterable[Place | None]]) -> set[Place | None]:
    waiting: list[Place | None] = list(start)
    seen = set(waiting)
    while waiting:
        place = waiting.pop()
        fresh = {found for found in step(place) if found not in seen} if place else set()
        seen |= fresh
        waiting.extend(fresh)
    return seen


def _variable(project: Project, path: str, scope: int, name: str) -> Place | None:
    module, index = project.module(path), scope
    while module and index >= 0:
        here = module.scopes[index]
        if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
            return Place(path, index, name)
        index = here.parent
    return None


def _attribute(project: Project, klass: Class, name: str) -> Place:
    """The attribute as its highest class knows it."""
    lineage = (c for c in project.lineage(klass) if isinstance(c, Class))
    holders = [c for c in lineage if _bindings(project.scope(c), name)]
    holder = holders[-1] if holders else klass
    return Place(holder.path, holder.scope, name)


def _bindings(scope: Scope, name: str) -> list[Binding]:
    attributes = scope.klass.attributes if scope.klass else {}
    return [*scope.names.get(name, ()), *attributes.get(name, ())]


def _sources(project: Project, place: Place) -> Iterator[Place | None]:
    """The places whose object a place is given, None for those out of sight."""
    for binding in bindings(project, place):
        match binding.bound:
            case Bound.VALUE if callee_of(binding.value):
                yield from () if project.evaluate(place.path, binding.scope, binding.value) else (None,)
            case Bound.VALUE if binding.value != "None":
                yield place_of(project, place.path, binding.scope, binding.value)
            case Bound.VALUE:
                pass
            case Bound.PARAMETER:
                yield from given_to(project, place, Function(place.path, binding.scope))
            case _:
                yield None


def _call_sites(project: Project, function: Function) -> Iterator[CallFacts]:
    owner = project.owner(function)
    module = project.module(function.path)
    if owner is None or project.scope(function).name != "__init__" or module is None:
        return project.call_sites(function)
    name = project.scope(owner).name
    made = (call for call in module.calls if call.last_name == name)
    return chain(project.call_sites(function), (call for call in made if project.call(module.path, call) == owner))


def _targets(project: Project, place: Place) -> Iterator[Place | None]:
    """The places that are given the object of a place, None for those out of sight."""
    module = project.module(place.path)
    if module is None:
        return
    for call in module.calls:
        if any(_last(argument) == place.name for argument in call.arguments):
            for code, parameter in _arguments(project, place.path, call):
                if _last(code) == place.name and place_of(project, place.path, call.scope, code) == place:
                    yield from () if _only_looks(project, place.path, call) else (parameter,)
    for index, scope in enumerate(module.scopes):
        yield from (_bound(project, module, index, name) for name in _given(project, module, scope, place))


def _last(code: str) -> str:
    return code.rpartition("=")[2].lstrip("*").rpartition(".")[2]


def _only_looks(project: Project, path: str, call: CallFacts) -> bool:
    callee = project.call(path, call)
    return isinstance(callee, Named) and callee.name.startswith("builtins.")


def _given(project: Project, module: ModuleFacts, scope: Scope, place: Place) -> Iterator[str]:
    """The names of a scope that are bound to the object of a place."""
    attributes = scope.klass.attributes if scope.klass else {}
    for name, ways in chain(scope.names.items(), attributes.items()):
        values = (way for way in ways if way.bound is Bound.VALUE and _last(way.value) == place.name)
        if any(place_of(project, module.path, way.scope, way.value) == place for way in values):
            yield name


def _bound(project: Project, module: ModuleFacts, scope: int, name: str) -> Place:
    is_class = module.scopes[scope].kind is ScopeKind.CLASS
    return _attribute(project, Class(module.path, scope), name) if is_class else Place(module.path, scope, name)


def _arguments(project: Project, path: str, call: CallFacts) -> Iterator[tuple[str, Place | None]]:
    """The code of each argument and the parameter it is bound to, None where that is not known."""
    function, skipped = _called(project, path, call)
    facts = project.function(function) if function else None
    for position, argument in enumerate(call.arguments):
        keyword, _, code = argument.rpartition("=")
        parameter = keyword
        if facts and not keyword and not any(a.startswith("*") for a in call.arguments[: position + 1]):
            parameter = "".join(facts.parameters[position + skipped :][:1])
        known = function and facts and parameter in (*facts.parameters, *facts.keywords)
        yield code, Place(function.path, function.scope, parameter) if function and known else None


def _called(project: Project, path: str, call: CallFacts) -> tuple[Function | None, int]:
    """The function whose body runs, and how many of its parameters the call does not write."""
    callee = project.call(path, call)
    if isinstance(callee, Class):
        made = project.member(callee, "__init__")
        return (made, 1) if isinstance(made, Function) else (None, 0)
    if not isinstance(callee, Function):
        return None, 0
    decorators = project.function(callee).decorators
    if project.owner(callee) is None or "staticmethod" in decorators:
        return callee, 0
    owner = project.evaluate(path, call.scope, call.callee.rpartition(".")[0])
    return callee, 0 if isinstance(owner, Class) and "classmethod" not in decorators else 1
