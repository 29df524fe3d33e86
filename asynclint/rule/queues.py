"""The queues a body takes items from, and what else is done to them, here and in the rest of their files."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Binding, Bound, callee_of
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import Family, Place, bindings, calls_on, family_of, modules_of, place_of, receiver
from asynclint.rule.trees import code_of, own_children, walk
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import Call, CSTNode

_QUEUES = frozenset({"asyncio.Queue", "asyncio.LifoQueue", "asyncio.PriorityQueue"})
_KEPT = Use.ASSIGNED, Use.STORED
_MARK = ".task_done"
_SOUNDS_LIKE_MARKING = re.compile(r"done|finish|ack|complete|mark|release", re.IGNORECASE)
_DEEPEST = 4


class Queue:
    """A queue as one body calls it: `code` is `queue` or `self.queue`.

    `takes` are the calls that take an item, `marks` the body's own calls of `task_done`.
    """

    def __init__(self, body: Body, code: str) -> None:
        self.body = body
        self.code = code
        self.takes = tuple(take for node in body.nodes if (take := taken(node)) and _owner(take) == code)
        self.marks = tuple(call for call in body.all_calls() if code_of(call.func) == code + _MARK)

    @cached_property
    def family(self) -> Family | None:
        """All the places the queue is known to be kept in."""
        place = place_of(self.body.project, self.body.facts.path, self.body.scope, self.code)
        return family_of(self.body.project, place) if place else None

    @cached_property
    def entity(self) -> Entity | None:
        """What its name means."""
        return self.body.evaluate(self.body.scope, self.code)

    @property
    def is_known(self) -> bool:
        """Is it one of asyncio's queues?"""
        project = self.body.project
        annotated = (
            project.annotated(place.path, way.scope, way.value)
            for place in (self.family.origins if self.family else ())
            for way in bindings(project, place)
            if way.bound in (Bound.ANNOTATION, Bound.PARAMETER)
        )
        made = self.family is not None and self._is_made_here(self.family)
        return made or any(map(self._is_queue, (self.entity, *annotated)))

    @property
    def is_something_else(self) -> bool:
        """Is it an object that only has similar methods?"""
        return isinstance(self.entity, Instance) and not self._is_queue(self.entity)

    def calls(self, *methods: str) -> list[tuple[ModuleFacts, CallFacts]]:
        """The calls of its methods in all its files."""
        return list(calls_on(self.body.project, self.family, *methods)) if self.family else []

    @cached_property
    def joins(self) -> list[tuple[ModuleFacts, CallFacts]]:
        """Where it is waited for."""
        return [(module, call) for module, call in self.calls("join") if not call.arguments]

    @property
    def ends_with_the_body(self) -> bool:
        """Does the body make it for itself, and nobody wait for it?"""
        path, own = self.body.facts.path, self.body.here.names.get(self.code, ())
        return not self.joins and any(self._makes(path, way) or self._may_make(path, way) for way in own)

    @property
    def is_surely_unjoined(self) -> bool:
        """Is it made and kept in sight, and nobody waits for it?"""
        family = self.family
        if self.joins or family is None or family.escapes or not self._is_made_here(family, annotated=True):
            return False
        return all(place.name.startswith("_") or self._is_in_function(place) for place in family.places)

    @property
    def joiner(self) -> Function | None:
        """The function that waits for it, None when none is known or a module does."""
        for module, join in self.joins[:1]:
            scope = module.executor(join.scope)
            if module.scopes[scope].kind is ScopeKind.FUNCTION:
                return Function(module.path, scope)
        return None

    def is_joined_before(self, module: ModuleFacts, call: CallFacts) -> bool:
        """Does the function that makes this call wait for the queue above it?"""
        scope = module.executor(call.scope)
        joins = (join for other, join in self.joins if other is module and other.executor(join.scope) == scope)
        return any(join.line < call.line for join in joins)

    @property
    def may_be_marked_elsewhere(self) -> bool:
        """Does any code in its files, or out of sight, perhaps call its `task_done`?"""
        family = self.family
        if family is None or family.escapes or any(self._is_imported(family)):
            return True
        return any(
            self._may_mean_it(family, module, scope, code)
            for module in modules_of(self.body.project, family)
            for scope, code in _marking_codes(module)
        )

    def marks_in(self, call: "Call") -> bool:
        """Does a call mark an item done, or may what it calls or is given do so?"""
        code = code_of(call.func)
        if code == self.code + _MARK or (code == f"{self.code}.shutdown" and call.args):
            return True
        values = [call.func, *(arg.value for arg in call.args)]
        if any(_mentions_mark(arg.value) for arg in call.args) or any(self._resolves_to_marking(v) for v in values):
            return True
        callee = self.body.resolve(call.func)
        if callee is None and _SOUNDS_LIKE_MARKING.search(code.rpartition(".")[2]):
            return True
        passed = any(code_of(arg.value) == self.code for arg in call.args)
        return passed and not isinstance(callee, Function) and not _is_builtin(callee)

    def _resolves_to_marking(self, value: "cst.BaseExpression") -> bool:
        entity = self.body.resolve(value)
        if isinstance(entity, Coroutine):
            entity = entity.of
        return isinstance(entity, Function | Class) and self._is_marking(entity)

    def _is_marking(self, entity: Function | Class) -> bool:
        """Does a function, or a method of a class, call any `task_done`, itself or through what it calls?"""
        layer, seen = {entity}, {entity, self.body.entity}
        for _ in range(_DEEPEST):
            if any(_marks_itself(self.body.project, each) for each in layer - {self.body.entity}):
                return True
            layer = {called for each in layer for called in _called(self.body.project, each)} - seen
            seen |= layer
        return False

    def _may_mean_it(self, family: Family, module: ModuleFacts, scope: int, code: str) -> bool:
        place = receiver(self.body.project, module, scope, code)
        if place is None or place in family.places:
            return True
        other = family_of(self.body.project, place)
        return other.obscure and not self._is_made_here(other)

    def _is_in_function(self, place: Place) -> bool:
        module = self.body.project.module(place.path)
        return module is not None and module.scopes[place.scope].kind is ScopeKind.FUNCTION

    def _is_made_here(self, family: Family, *, annotated: bool = False) -> bool:
        ways = ((place.path, way) for place in family.origins for way in bindings(self.body.project, place))
        return any(self._makes(path, way) or (annotated and self._may_make(path, way)) for path, way in ways)

    def _makes(self, path: str, way: Binding) -> bool:
        made = way.bound is Bound.VALUE and callee_of(way.value) != ""
        return made and self._is_queue(self.body.project.evaluate(path, way.scope, way.value))

    def _may_make(self, path: str, way: Binding) -> bool:
        """Is a queue made where an annotated name is bound? The facts keep only the annotation."""
        project, module = self.body.project, self.body.project.module(path)
        if way.bound is not Bound.ANNOTATION or module is None:
            return False
        kept = (call for call in module.calls if call.scope == way.scope and call.use in _KEPT)
        return any(self._is_queue(project.called(path, call)) for call in kept)

    def _is_imported(self, family: Family) -> Iterator[bool]:
        for place in family.places:
            yield any(binding.bound is Bound.IMPORT for binding in bindings(self.body.project, place))

    def _is_queue(self, entity: Entity | None) -> bool:
        if not isinstance(entity, Instance):
            return False
        if isinstance(entity.of, Named):
            return entity.of.name in _QUEUES
        members = (self.body.project.member(entity, name) for name in ("get", "task_done", "join"))
        return all(isinstance(m, Named) and m.name.rpartition(".")[0] in _QUEUES for m in members)


def queues(body: Body) -> Iterator[Queue]:
    """The queues, or what looks like one, that a body takes items from, in order of first use."""
    takes = (taken(node) for node in body.nodes)
    codes = dict.fromkeys(_owner(take) for take in takes if take)
    return (Queue(body, code) for code in codes if code and code != "self" and not set(code) & set("()[]!@*,"))


def taken(node: "CSTNode") -> "Call | None":
    """`x.get()` in `await x.get()` and `await wait_for(x.get(), 1)`, or `x.get_nowait()`."""
    match node:
        case cst.Await(expression=cst.Call(func=cst.Attribute(attr=cst.Name(value="get")), args=[]) as call):
            return call
        case cst.Await(expression=cst.Call(func=func, args=[cst.Arg(value=inner), *_])):
            if code_of(func).rpartition(".")[2] == "wait_for":
                return taken(cst.Await(inner))
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="get_nowait")), args=[]):
            return node
    return None


def item_names(body: Body, take: "CSTNode") -> frozenset[str]:
    """The variables that hold the item."""
    above: CSTNode | None = take
    while above is not None and not isinstance(above, cst.BaseSmallStatement):
        if isinstance(above, cst.Await):
            where = destination(body, above)
            if where.fate is Fate.BOUND:
                return frozenset(where.names)
        if isinstance(above, cst.NamedExpr):
            return frozenset({code_of(above.target)})
        above = body.parent(above)
    return frozenset()


def holds_item(value: "CSTNode", names: frozenset[str]) -> bool:
    """Is the item itself in a value, rather than what a call makes of it?"""
    parts = walk(value, lambda node: () if isinstance(node, cst.Call) else own_children(node))
    return any((isinstance(part, cst.Name) and part.value in names) or taken(part) for part in parts)


def _owner(call: "Call") -> str:
    return code_of(call.func).rpartition(".")[0]


def _mentions_mark(node: "CSTNode") -> bool:
    return any(isinstance(part, cst.Attribute) and part.attr.value == _MARK[1:] for part in walk(node))


def _is_builtin(entity: Entity | None) -> bool:
    return isinstance(entity, Named) and entity.name.startswith("builtins.")


def _marks_itself(project: Project, entity: Function | Class) -> bool:
    module = project.module(entity.path)
    return module is not None and any(module.is_within(scope, entity.scope) for scope, _ in _marking_codes(module))


def _called(project: Project, entity: Function | Class) -> Iterator[Function | Class]:
    """The functions and classes of the project that a function, or a method of a class, calls."""
    module = project.module(entity.path)
    for call in module.calls if module else ():
        if module and module.is_within(call.scope, entity.scope):
            callee = project.call(module.path, call)
            if isinstance(callee, Function | Class):
                yield callee


def _marking_codes(module: ModuleFacts) -> Iterator[tuple[int, str]]:
    """Every `x.task_done` of a file that its facts know of, with its scope."""
    for call in module.calls:
        codes = (call.callee, *(argument.rpartition("=")[2] for argument in call.arguments))
        yield from ((call.scope, code) for code in codes if code.endswith(_MARK))
    for scope in module.scopes:
        for ways in scope.names.values():
            values = ((way.scope, way.value) for way in ways if way.bound is Bound.VALUE)
            yield from ((at, code) for at, code in values if code.endswith(_MARK))
