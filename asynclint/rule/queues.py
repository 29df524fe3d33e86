"""The queues a body takes items from, and what else is done to them, here and in the rest of their files."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import Family, bindings, calls_on, family_of, modules_of, place_of, receiver
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode

_QUEUES = frozenset({"asyncio.Queue", "asyncio.LifoQueue", "asyncio.PriorityQueue"})
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
        return self._is_queue(self.entity) or (self.family is not None and self._is_made_here(self.family))

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
        return isinstance(entity, Function | Class) and self._is_marking(entity, _DEEPEST)

    def _is_marking(self, entity: Function | Class, deepest: int) -> bool:
        """Does a function, or a method of a class, call any `task_done`, itself or through what it calls?"""
        module = self.body.project.module(entity.path)
        if module is None or not deepest or entity == self.body.entity:
            return False
        if any(_is_within(module, scope, entity.scope) for scope, _ in _marking_codes(module)):
            return True
        called = {
            self.body.project.call(module.path, call)
            for call in module.calls
            if _is_within(module, call.scope, entity.scope)
        }
        return any(isinstance(e, Function | Class) and self._is_marking(e, deepest - 1) for e in called if e != entity)

    def _may_mean_it(self, family: Family, module: ModuleFacts, scope: int, code: str) -> bool:
        place = receiver(self.body.project, module, scope, code)
        if place is None or place in family.places:
            return True
        return not self._is_made_here(family_of(self.body.project, place))

    def _is_made_here(self, family: Family) -> bool:
        project = self.body.project
        return any(
            binding.bound is Bound.VALUE and self._is_queue(project.evaluate(place.path, binding.scope, binding.value))
            for place in family.origins
            for binding in bindings(project, place)
        )

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


def _owner(call: "Call") -> str:
    return code_of(call.func).rpartition(".")[0]


def _mentions_mark(node: "CSTNode") -> bool:
    return any(isinstance(part, cst.Attribute) and part.attr.value == _MARK[1:] for part in walk(node))


def _is_builtin(entity: Entity | None) -> bool:
    return isinstance(entity, Named) and entity.name.startswith("builtins.")


def _is_within(module: ModuleFacts, scope: int, outer: int) -> bool:
    while scope > outer:
        scope = module.scopes[scope].parent
    return scope == outer


def _marking_codes(module: ModuleFacts) -> Iterator[tuple[int, str]]:
    """Every `x.task_done` of a file that its facts know of, with its scope."""
    for call in module.calls:
        codes = (call.callee, *(argument.rpartition("=")[2] for argument in call.arguments))
        yield from ((call.scope, code) for code in codes if code.endswith(_MARK))
    for scope in module.scopes:
        for ways in scope.names.values():
            yield from ((way.scope, way.value) for way in ways if way.bound is Bound.VALUE and way.value.endswith(_MARK))
