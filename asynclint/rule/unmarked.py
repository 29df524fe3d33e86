"""The items that a body takes from a queue and does not mark done on some path."""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.queues import Queue, holds_item, item_names, taken
from asynclint.rule.raising import may_raise
from asynclint.rule.trees import code_of, own_children

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, ExceptHandler, ExceptStarHandler, WithItem

_ANYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
_NO_ERRORS = frozenset(
    {
        "asyncio.CancelledError",
        "asyncio.QueueEmpty",
        "asyncio.QueueFull",
        "asyncio.QueueShutDown",
        "builtins.GeneratorExit",
        "builtins.KeyboardInterrupt",
        "builtins.StopAsyncIteration",
        "builtins.SystemExit",
    }
)
_TIMEOUTS = frozenset({"builtins.TimeoutError", "asyncio.TimeoutError"})
_ENDS_THE_PROGRAM = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})
_ENDINGS = "SystemExit", "KeyboardInterrupt"
_SWALLOWS_BY_NAME = "error", "except", "suppress", "catch", "guard", "swallow", "handle"
_LOOPS = "For", "While", "ListComp", "SetComp", "DictComp", "GeneratorExp"


class _Kind(Enum):
    TAKE = "take"
    MARK = "mark"
    RISK = "risk"  # may raise


class Item(NamedTuple):
    """An item that is not marked done yet: where it was taken, and what led away from marking it."""

    take: "Call"
    fault: "CSTNode | None" = None  # what raised
    leave: "CSTNode | None" = None  # the `break`, `continue`, `return` or `raise`
    lost: bool = False  # nothing will be done to it any more: the next one has been taken
    marked: bool = False

    @property
    def strays(self) -> bool:
        return self.fault is not None or self.leave is not None


_State = Item | None
_Event = tuple[_Kind, "CSTNode"]


def strays(queue: Queue) -> frozenset[Item]:
    """The items of a queue that a body marks on some path, but not after an exception or an early exit."""
    function = queue.body.node
    if not isinstance(function, cst.FunctionDef) or marks_batches(queue):
        return frozenset()
    ends = explore(function.body, [None], _semantics(queue))
    items = [item for states in ends for item in states if item]
    marked = {item.take for item in items if item.marked}
    return frozenset(item for item in items if item.strays and not item.marked and item.take in marked)


def marks_batches(queue: Queue) -> bool:
    """Is an item marked in a loop that takes none?"""
    taking = {id(above) for take in queue.takes for above in queue.body.ancestors(take)}
    loops = (above for mark in queue.marks for above in queue.body.ancestors(mark) if type(above).__name__ in _LOOPS)
    return any(id(loop) not in taking for loop in loops)


def _semantics(queue: Queue) -> Semantics[_State]:
    body = queue.body
    marking = {id(above) for mark in queue.marks for above in body.ancestors(mark)}
    events = cache(lambda node: tuple(_events(queue, marking, node)))

    def step(node: "CSTNode", state: _State) -> Iterable[_State]:
        if state and state.lost:
            return (state,)
        for kind, what in events(node):
            if kind is _Kind.RISK and isinstance(what, cst.Call) and body.name_of(what.func) in _ENDS_THE_PROGRAM:
                return ()
            state = _after(kind, what, state)
        return (_leaving(queue, node, state),)

    def raises(node: "CSTNode", state: _State) -> Iterator[_State]:
        if state and state.lost:
            return
        for kind, what in events(node):
            if kind is _Kind.RISK:
                yield state and Item(state.take, fault=what)
            elif kind is _Kind.TAKE:
                yield state._replace(lost=True) if state and state.strays else state
            elif state:
                yield state._replace(lost=True, marked=True)
            state = _after(kind, what, state)

    def assume(test: "BaseExpression", truth: bool, state: _State) -> Iterable[_State]:
        above = body.parent(test)
        if state and isinstance(above, cst.If) and state.strays and id(above) in marking:
            return (None,)  # the test may well ask whether there is anything to mark
        if state and isinstance(above, cst.While) and not truth and test in body.ancestors(state.take):
            return (Item(state.take, leave=state.take),)
        return (state,)

    return Semantics(
        step=step,
        raises=raises,
        catches=lambda handler, state: _catches(body, handler, state),
        suppresses=lambda item, state: _suppresses(body, item, state),
        assume=assume,
    )


def _after(kind: _Kind, what: "CSTNode", state: _State) -> _State:
    match kind:
        case _Kind.TAKE if isinstance(what, cst.Call):
            return Item(what)
        case _Kind.MARK:
            return None
    return state


def _events(queue: Queue, marking: set[int], node: "CSTNode") -> Iterator[_Event]:
    """What a node does to the queue, in the order it is done."""
    if (take := taken(node)) and take in queue.takes:
        yield _Kind.TAKE, take
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
        return
    for child in own_children(node):
        yield from _events(queue, marking, child)
    if isinstance(node, cst.Call) and queue.marks_in(node):
        yield _Kind.MARK, node
    elif _is_risky(queue, node) and not _is_last_resort(queue, marking, node):
        yield _Kind.RISK, node


def _is_risky(queue: Queue, node: "CSTNode") -> bool:
    match node:
        case cst.Call(func=func):
            own = code_of(func).startswith(f"{queue.code}.") or isinstance(queue.body.parent(node), cst.Raise)
            return not own and may_raise(queue.body, node)
        case cst.Await(expression=awaited):
            return not isinstance(awaited, cst.Call)
        case cst.Asynchronous():
            return isinstance(queue.body.parent(node), cst.For)
    return False


def _is_last_resort(queue: Queue, marking: set[int], node: "CSTNode") -> bool:
    """Does it stand in a `finally` or a handler that marks the item?"""
    last = cst.Finally | cst.ExceptHandler | cst.ExceptStarHandler
    return any(id(above) in marking for above in queue.body.ancestors(node) if isinstance(above, last))


def _leaving(queue: Queue, node: "CSTNode", state: _State) -> _State:
    """The state in which a statement leaves its block; the first to lead away is the one to blame."""
    match node:
        case cst.Return(value=cst.BaseExpression() as value) if state:
            if holds_item(value, item_names(queue.body, state.take)):
                return None
        case cst.Raise() if state and _raised(node) in _ENDINGS:
            return None
    return Item(state.take, leave=node) if state and not state.leave and _leads_away(queue, node, state) else state


def _leads_away(queue: Queue, node: "CSTNode", state: Item) -> bool:
    match node:
        case cst.Return():
            return not _is_last(queue.body.node, node)
        case cst.Raise():
            return state.fault is None
        case cst.Break() | cst.Continue():
            loop = next(above for above in queue.body.ancestors(node) if isinstance(above, cst.For | cst.While))
            return any(above is loop for above in queue.body.ancestors(state.take))
    return False


def _is_last(function: "CSTNode", node: "CSTNode") -> bool:
    """Does a statement end its function, where the function would end anyway?"""
    match function:
        case cst.FunctionDef(body=cst.IndentedBlock(body=[*_, cst.SimpleStatementLine(body=[*_, last])])):
            return last is node
    return False


def _catches(body: Body, handler: "ExceptHandler | ExceptStarHandler", state: _State) -> Catch:
    if state and state.lost:
        return Catch.NEVER
    kinds = body.caught(handler.type)
    if kinds & _ANYTHING or (state and _raised(state.leave) in _codes(handler.type)):
        return Catch.ALWAYS
    quiet = _NO_ERRORS | _TIMEOUTS if state and _covers(body, handler, state.take) else _NO_ERRORS
    return Catch.NEVER if state and kinds and kinds <= quiet else Catch.MAYBE


def _covers(body: Body, handler: "CSTNode", take: "CSTNode") -> bool:
    """Is the taking itself inside the `try`, so that a timeout will be its own?"""
    statement = body.parent(handler)
    return any(above is statement for above in body.ancestors(take))


def _codes(kind: "BaseExpression | None") -> tuple[str, ...]:
    return tuple(code for code in code_of(kind).strip("()").split(",") if code)


def _raised(leave: "CSTNode | None") -> str:
    """The class in `raise Class(...)`."""
    match leave:
        case cst.Raise(exc=cst.Call(func=kind)) | cst.Raise(exc=cst.BaseExpression() as kind):
            return code_of(kind)
    return ""


def _suppresses(body: Body, item: "WithItem", state: _State) -> Catch:
    match item.item:
        case cst.Call(func=func, args=args) if not (state and state.lost):
            if body.name_of(func) == "contextlib.suppress":
                broad = any(body.caught(arg.value) & _ANYTHING for arg in args)
                return Catch.ALWAYS if broad else Catch.MAYBE
            name = code_of(func).lower()
            return Catch.ALWAYS if any(word in name for word in _SWALLOWS_BY_NAME) else Catch.NEVER
    return Catch.NEVER
