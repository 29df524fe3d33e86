"""The calls of `task_done` to which no item of a queue belongs, on some path through a body."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from asynclint.facts.entities import Function
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.queues import Queue, taken
from asynclint.rule.raising import may_raise
from asynclint.rule.trees import code_of, own_children
from asynclint.rule.unmarked import marks_batches

if TYPE_CHECKING:
    from libcst import Call, CSTNode, ExceptHandler, ExceptStarHandler, WithItem

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
_VALUE_ERROR = "builtins.ValueError"


class Why(Enum):
    """What flies through a body."""

    ERROR = "raises"
    CANCELLED = "is cancelled"
    TIMEOUT = "times out"
    EMPTY = "finds the queue empty"


# What catches each of them for certain. `Exception` has never caught a cancellation since Python 3.8.
_CATCHING = {
    Why.ERROR: _BROAD,
    Why.CANCELLED: frozenset({"asyncio.CancelledError", "builtins.BaseException"}),
    Why.TIMEOUT: _BROAD | {"builtins.TimeoutError", "asyncio.TimeoutError"},
    Why.EMPTY: _BROAD | {"asyncio.QueueEmpty"},
}
_SPECIAL = frozenset(name for names in _CATCHING.values() for name in names - _BROAD) | {
    "asyncio.QueueFull",
    "asyncio.QueueShutDown",
    "builtins.GeneratorExit",
    "builtins.KeyboardInterrupt",
    "builtins.StopAsyncIteration",
    "builtins.SystemExit",
}


@dataclass(frozen=True)
class Extra:
    """A mark without an item: that of `take` has been marked at `first`, or was never taken for the reason `why`."""

    mark: "Call"
    take: "Call"
    first: "Call | None" = None
    why: Why | None = None


class _Phase(Enum):
    FRESH = "nothing has been taken yet"
    HELD = "one item is to be marked"
    DONE = "the item has been marked"
    FAILED = "no item was taken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class _State:
    phase: _Phase
    take: "Call | None" = None
    first: "Call | None" = None
    failed: Why | None = None
    flying: Why = Why.ERROR

    @property
    def has_none(self) -> bool:
        return self.phase in (_Phase.DONE, _Phase.FAILED)


class _Kind(Enum):
    TAKE = "take"
    MARK = "mark"
    RISK = "may raise"
    VAGUE = "may take or mark"


_UNKNOWN = _State(_Phase.UNKNOWN)
_Event = tuple[_Kind, "CSTNode"]


def extras(queue: Queue) -> list[Extra]:
    """The marks of a body for which there is no item."""
    function = queue.body.node
    if not isinstance(function, cst.FunctionDef) or marks_batches(queue) or not queue.marks:
        return []
    found: dict[int, Extra] = {}
    explore(function.body, [_State(_Phase.FRESH)], _semantics(queue, found))
    return [found[id(mark)] for mark in queue.marks if id(mark) in found and not _may_fail(queue.body, mark)]


def _semantics(queue: Queue, found: dict[int, Extra]) -> Semantics[_State]:
    body = queue.body
    events = cache(lambda node: tuple(_events(queue, node)))
    choices = frozenset(_choices(queue))

    def step(node: "CSTNode", state: _State) -> Iterator[_State]:
        for kind, what in events(node):
            state = _after(kind, what, state, found)
        if isinstance(node, cst.Raise) and node.exc is not None:
            state = replace(state, flying=Why.ERROR)
        yield _UNKNOWN if state.has_none and id(node) in choices else state

    def raises(node: "CSTNode", state: _State) -> Iterator[_State]:
        for kind, what in events(node):
            if kind is _Kind.TAKE:
                yield from (_failed(what, why, state) for why in _failures(body, what))
            elif kind is _Kind.RISK:
                waits = isinstance(what, cst.Await | cst.Asynchronous) or isinstance(body.parent(what), cst.Await)
                yield from (replace(state, flying=why) for why in (Why.ERROR, *([Why.CANCELLED] if waits else [])))
            state = _after(kind, what, state, found)

    return Semantics(
        step=step,
        raises=raises,
        catches=lambda handler, state: _catches(body, handler, state.flying),
        suppresses=lambda item, state: _suppresses(body, item, state.flying),
        # whatever is asked then may well be whether there is an item
        assume=lambda test, truth, state: (_UNKNOWN if state.has_none else state,),
    )


def _after(kind: _Kind, what: "CSTNode", state: _State, found: dict[int, Extra]) -> _State:
    match kind:
        case _Kind.VAGUE:
            return _UNKNOWN
        case _Kind.TAKE if isinstance(what, cst.Call):
            return _UNKNOWN if state.phase in (_Phase.HELD, _Phase.UNKNOWN) else _State(_Phase.HELD, what)
        case _Kind.MARK if isinstance(what, cst.Call):
            if state.has_none and state.take is not None:
                found.setdefault(id(what), Extra(what, state.take, state.first, state.failed))
            return replace(state, phase=_Phase.DONE, first=what) if state.phase is _Phase.HELD else _UNKNOWN
    return state


def _failed(take: "CSTNode", why: Why, state: _State) -> _State:
    """The state when nothing could be taken; an item that was taken before is still there."""
    if state.phase in (_Phase.HELD, _Phase.UNKNOWN):
        return replace(state, flying=why)
    return _State(_Phase.FAILED, take if isinstance(take, cst.Call) else None, failed=why, flying=why)


def _failures(body: Body, take: "CSTNode") -> tuple[Why, ...]:
    assert isinstance(take, cst.Call)
    if code_of(take.func).endswith(".get_nowait"):
        return (Why.EMPTY,)
    return (Why.CANCELLED,) if isinstance(body.parent(take), cst.Await) else (Why.TIMEOUT, Why.CANCELLED)


# what happens in a node


def _events(queue: Queue, node: "CSTNode") -> Iterator[_Event]:
    """What a node does to the queue, in the order it is done."""
    if (take := taken(node)) and take in queue.takes:
        yield (_Kind.VAGUE if _is_optional(queue.body, node) else _Kind.TAKE), take
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
        return
    for child in own_children(node):
        yield from _events(queue, child)
    if isinstance(node, cst.Call):
        yield from _call_events(queue, node)
    elif isinstance(node, cst.Await) and not isinstance(node.expression, cst.Call):
        yield _Kind.RISK, node
    elif isinstance(node, cst.Name | cst.Attribute) and code_of(node) in _prefixes(queue.code) - {"self"}:
        yield from [(_Kind.VAGUE, node)] * _is_bound(queue.body, node)


def _is_bound(body: Body, node: "CSTNode") -> bool:
    """Is it given another value here: assigned, or the variable of a loop?"""
    above = body.parent(node)
    while isinstance(above, cst.Element | cst.Tuple | cst.List):
        node, above = above, body.parent(above)
    return getattr(above, "target", None) is node


def _call_events(queue: Queue, call: "Call") -> Iterator[_Event]:
    if any(call is mark for mark in queue.marks):
        yield (_Kind.VAGUE if _is_optional(queue.body, call) else _Kind.MARK), call
        return
    if queue.marks_in(call) or _may_take(queue, call):
        yield _Kind.VAGUE, call
    if may_raise(queue.body, call):
        yield _Kind.RISK, call


def _prefixes(code: str) -> frozenset[str]:
    """`self` and `self.queue` of `self.queue`."""
    parts = code.split(".")
    return frozenset(".".join(parts[: count + 1]) for count in range(len(parts)))


def _may_take(queue: Queue, call: "Call") -> bool:
    """May a call take an item itself: a method of the queue, or of its owner, or of what is given the queue?"""
    owner, _, method = code_of(call.func).rpartition(".")
    if owner == queue.code:
        return method in ("get", "get_nowait", "shutdown")
    if any(code_of(arg.value) in _prefixes(queue.code) for arg in call.args):
        return True
    if owner.partition(".")[0] != queue.code.partition(".")[0] or "." not in queue.code:
        return False
    callee = queue.body.resolve(call.func)
    return not isinstance(callee, Function) or _calls_own(queue.body, callee)


def _calls_own(body: Body, function: Function) -> bool:
    """Does a method take or mark items, or call other methods, which may?"""
    module = body.project.module(function.path)
    own = [call for call in module.calls if module.executor(call.scope) == function.scope] if module else []
    touches = ("get", "get_nowait", "task_done")
    return any(call.last_name in touches or call.callee.rpartition(".")[0] == "self" for call in own)


def _is_optional(body: Body, node: "CSTNode") -> bool:
    """Is it an arm of an expression, or the element of a comprehension?"""
    for above in body.ancestors(node):
        if isinstance(above, cst.BaseSuite | cst.SimpleStatementLine):
            return False
        if isinstance(above, cst.IfExp | cst.BooleanOperation | cst.BaseComp):
            return True
    return False


def _choices(queue: Queue) -> Iterator[int]:
    """What decides how often a loop that takes or marks is turned, or which `case` runs."""
    for node in queue.body.nodes:
        if isinstance(node, cst.Match):
            yield id(node.subject)
        elif isinstance(node, cst.For):
            yield id(node.iter)


# exceptions


def _catches(body: Body, handler: "ExceptHandler | ExceptStarHandler", flying: Why) -> Catch:
    kinds = body.caught(handler.type)
    if kinds & _CATCHING[flying]:
        return Catch.ALWAYS
    if flying is Why.ERROR:
        return Catch.NEVER if kinds and kinds <= _SPECIAL else Catch.MAYBE
    return Catch.NEVER if kinds else Catch.MAYBE


def _suppresses(body: Body, item: "WithItem", flying: Why) -> Catch:
    if isinstance(item.item, cst.Call) and body.name_of(item.item.func) == "contextlib.suppress":
        caught = frozenset(name for arg in item.item.args for name in body.caught(arg.value))
        return Catch.ALWAYS if caught & _CATCHING[flying] else Catch.MAYBE
    return Catch.NEVER


def _may_fail(body: Body, mark: "Call") -> bool:
    """Is it expected that there may be nothing to mark?"""
    below: CSTNode = mark
    for above in body.ancestors(mark):
        match above:
            case cst.Try(body=block, handlers=handlers) if below is block:
                caught = [body.caught(handler.type) for handler in handlers]
            case cst.With(items=items):
                calls = [item.item for item in items if isinstance(item.item, cst.Call)]
                caught = [body.caught(arg.value) for call in calls for arg in call.args]
            case _:
                caught = []
        if any(_VALUE_ERROR in kinds for kinds in caught):
            return True
        below = above
    return False
