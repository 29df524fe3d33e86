"""The primitives of modules and classes that coroutines wait for, and the event loops that a body starts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Coroutine, Function, Instance, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.facts.reruns import may_rerun
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.places import Place, family_of, home_of, place_of
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode

PRIMITIVES = frozenset(
    f"asyncio.{name}"
    for name in (
        *("Lock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier"),
        *("Queue", "LifoQueue", "PriorityQueue"),
    )
)
_WAITING = frozenset({"acquire", "get", "join", "put", "wait", "wait_for"})
_DEEPEST = 4


class Rerun(NamedTuple):
    """A call that starts another loop for what waits for a primitive that belongs to the loop of `first`."""

    call: "Call"
    first: "Call"
    primitive: Place


def reruns(body: Body) -> Iterator[Rerun]:
    """The calls of `asyncio.run` after which, on one way through the body, another has used the same primitive."""
    runs = {id(call): call for call in body.calls("asyncio.run") if call.args}
    if body.scope not in may_rerun(body.project, body.facts):
        return
    waited = {key: _waited(body, call) for key, call in runs.items()}
    found: dict[int, Rerun] = {}

    def step(node: "CSTNode", before: frozenset[int]) -> Iterator[frozenset[int]]:
        for part in walk(node, own_children):
            key = id(part)
            if key not in runs:
                continue
            for earlier in sorted(before, key=list(runs).index):
                shared = sorted(waited[earlier] & waited[key], key=lambda place: (place.path, place.scope, place.name))
                if shared:
                    found.setdefault(key, Rerun(runs[key], runs[earlier], shared[0]))
            before |= {key}
        yield before

    block = body.node.body if isinstance(body.node, cst.FunctionDef | cst.Module) else ()
    explore(block, [frozenset()], Semantics(step=step))
    yield from (found[key] for key in runs if key in found)


def _waited(body: Body, run: "Call") -> frozenset[Place]:
    """The primitives of modules and classes that the coroutine given to `asyncio.run` may wait for."""
    entry = body.resolve(run.args[0].value)
    if not isinstance(entry, Coroutine) or not isinstance(entry.of, Function):
        return frozenset()
    layer, seen, found = {entry.of}, {entry.of}, set[Place]()
    for _ in range(_DEEPEST):
        for function in layer:
            found.update(_waited_by(body.project, function))
        layer = {callee for function in layer for callee in _called(body.project, function)} - seen
        seen |= layer
    return frozenset(found)


def _waited_by(project: Project, function: Function) -> Iterator[Place]:
    module = project.module(function.path)
    for item in module.withs if module else ():
        if module and item.is_async and module.executor(item.scope) == function.scope:
            yield from _primitive(project, module, item.scope, item.item)
    for call in module.calls if module else ():
        if module and call.last_name in _WAITING and module.executor(call.scope) == function.scope:
            yield from _primitive(project, module, call.scope, call.callee.rpartition(".")[0])


def _called(project: Project, function: Function) -> Iterator[Function]:
    module = project.module(function.path)
    for call in module.calls if module else ():
        if module and module.executor(call.scope) == function.scope:
            callee = project.call(module.path, call)
            if isinstance(callee, Function) and project.function(callee).is_async:
                yield callee


def _primitive(project: Project, module: ModuleFacts, scope: int, code: str) -> Iterator[Place]:
    entity = project.evaluate(module.path, scope, code) if code else None
    if not (isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in PRIMITIVES):
        return
    place = place_of(project, module.path, scope, code)
    for origin in family_of(project, place).origins if place else ():
        home = home_of(project, origin)
        if _is_made_once(project, home):
            yield home


def _is_made_once(project: Project, place: Place) -> bool:
    """Is it a name of a module, or of the body of a class?"""
    module = project.module(place.path)
    if module is None:
        return False
    scope = module.scopes[place.scope]
    ways = scope.names.get(place.name, ())
    is_static = scope.kind is ScopeKind.MODULE or (scope.kind is ScopeKind.CLASS and bool(ways))
    return is_static and all(way.scope == place.scope for way in ways)
