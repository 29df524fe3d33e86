from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.module import ScopeKind
from asynclint.rule import Body, Function, Problem, bare_methods, rule
from asynclint.rule import nodes as cst
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.queues import Queue, queues, taken
from asynclint.rule.raising import may_raise
from asynclint.rule.trees import code_of, own_children, walk
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, ExceptHandler, ExceptStarHandler, WithItem

_ANYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
_NO_ERRORS = frozenset(
    "asyncio.CancelledError asyncio.QueueEmpty asyncio.QueueFull asyncio.QueueShutDown builtins.KeyboardInterrupt "
    "builtins.SystemExit builtins.GeneratorExit builtins.StopAsyncIteration".split()
)
_ENDS_THE_PROGRAM = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})
_SWALLOWS_BY_NAME = ("error", "except", "suppress", "catch", "guard", "swallow", "handle")
_LOOPS = "For", "While", "ListComp", "SetComp", "DictComp", "GeneratorExp"


@rule(
    code="ASL501",
    wants=bare_methods("get", "get_nowait"),
    pitfall="https://docs.python.org/3/library/asyncio-queue.html#asyncio.Queue.join",
)
def missing_task_done(body: Body) -> Iterator[Problem]:
    """An item is taken from a queue and never marked done, so `queue.join()` waits for ever.

    A queue counts the items put into it. `queue.join()` waits until `queue.task_done()` has been called once for each
    of them: taking an item with `get()` is not enough. One item that is taken and not marked done, because the code
    that handles it raised, or left its loop early, keeps every `join()` waiting, and nothing says so.

    ## Bad

    ```python
    import asyncio

    async def never(queue):
        while True:
            print(await queue.get())  # ASL501

    async def skipped_by_an_exception(queue, handle):
        while True:
            item = await queue.get()  # ASL501
            await handle(item)
            queue.task_done()

    async def skipped_by_a_break(queue):
        while True:
            item = await queue.get()
            if item is None:
                break  # ASL501
            print(item)
            queue.task_done()

    async def main(handle):
        queue = asyncio.Queue()
        other = asyncio.Queue()
        first = asyncio.create_task(never(other))
        tasks = [asyncio.create_task(skipped_by_a_break(queue)), asyncio.create_task(skipped_by_an_exception(queue, handle))]
        await other.join()
        await queue.join()
        print(first, tasks)
    ```

    ## Good

    ```python
    import asyncio

    async def worker(queue, handle):
        while True:
            item = await queue.get()
            try:
                if item is None:
                    break
                await handle(item)
            finally:
                queue.task_done()
    ```

    ## What to do

    Handle the item in a `try` that begins right after the `get()`, and call `queue.task_done()` in its `finally`.
    That covers exceptions, cancellation, `break`, `continue` and `return` alike.

    ## Not reported

    Queues that nobody joins and whose items nobody marks; functions that hand the marking on (to a helper, a callback,
    a context manager); items taken in batches; a sentinel that is only put after the `join()`. Printing, logging and
    sleeping between `get()` and `task_done()` are no danger as long as nobody cancels the worker.
    """
    if not body.is_async:
        return
    for queue in queues(body):
        if queue.is_something_else:
            continue
        if queue.marks:
            yield from _skipped(queue)
        else:
            yield from _never(queue)


class _Kind(Enum):
    TAKE = "take"
    MARK = "mark"
    RISK = "risk"  # may raise


class _Item(NamedTuple):
    """An item that is not marked done yet: where it was taken, and what led away from marking it."""

    take: "Call"
    fault: "CSTNode | None" = None  # what raised
    leave: "CSTNode | None" = None  # the `break`, `continue`, `return` or `raise`
    lost: bool = False  # the next one has been taken

    @property
    def strays(self) -> bool:
        return self.fault is not None or self.leave is not None


_State = _Item | None
_Event = tuple[_Kind, "CSTNode"]


def _never(queue: Queue) -> Iterator[Problem]:
    """The takes of a joined queue that nobody marks."""
    calls = list(queue.body.all_calls())
    if not (queue.joins and queue.is_known) or queue.may_be_marked_elsewhere or any(map(queue.marks_in, calls)):
        return
    for node in queue.body.nodes:
        take = taken(node)
        if take in queue.takes and isinstance(node, cst.Await) and not _is_passed_on(queue, node):
            what = f"nothing marks the item of `{queue.body.text(take)}` done"
            yield Problem(take, _message(queue, what, _remedy(queue)), trace=tuple(_joined(queue)))


def _is_passed_on(queue: Queue, take: "BaseExpression") -> bool:
    """Is the item put back, as into a pool, or given to whoever called?"""
    body, names = queue.body, _names(queue, take)
    puts = (call for call in body.all_calls() if code_of(call.func) in (f"{queue.code}.put", f"{queue.code}.put_nowait"))
    if any(code_of(arg.value) in names for call in puts for arg in call.args):
        return True
    values = (node.value for node in body.nodes if isinstance(node, cst.Return | cst.Yield))
    return any(isinstance(value, cst.BaseExpression) and _holds(value, names) for value in values)


def _names(queue: Queue, take: "CSTNode") -> frozenset[str]:
    """The variables that hold the item."""
    above: CSTNode | None = take
    while above is not None and not isinstance(above, cst.BaseSmallStatement):
        if isinstance(above, cst.Await):
            where = destination(queue.body, above)
            if where.fate is Fate.BOUND:
                return frozenset(where.names)
        if isinstance(above, cst.NamedExpr):
            return frozenset({code_of(above.target)})
        above = queue.body.parent(above)
    return frozenset()


def _holds(value: "CSTNode", names: frozenset[str]) -> bool:
    """Is the item itself in a value, rather than what a call makes of it?"""
    parts = walk(value, lambda node: iter(()) if isinstance(node, cst.Call) else own_children(node))
    return any((isinstance(part, cst.Name) and part.value in names) or taken(part) for part in parts)


def _skipped(queue: Queue) -> Iterator[Problem]:
    """The exceptions and early exits that miss the `task_done` of this very body."""
    body, function = queue.body, queue.body.node
    if not isinstance(function, cst.FunctionDef) or _marks_batches(queue):
        return
    strays = {item for ends in explore(function.body, [None], _semantics(queue)) for item in ends if item and item.strays}
    left = {item.leave: item.take for item in strays if item.leave}
    yield from (_left(queue, leave, take) for leave, take in left.items() if not _is_after_join(queue, leave))
    place = {id(node): index for index, node in enumerate(body.nodes)}
    faults = sorted((item for item in strays if not item.leave), key=lambda item: place.get(id(item.fault), 0))
    first = {item.take: item.fault for item in reversed(faults) if item.fault}
    yield from (_faulty(queue, take, fault) for take, fault in first.items())


def _marks_batches(queue: Queue) -> bool:
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
                yield state and _Item(state.take, fault=what)
            elif kind is _Kind.TAKE:
                yield state._replace(lost=True) if state and state.strays else state
            state = _after(kind, what, state)

    def assume(test: "BaseExpression", truth: bool, state: _State) -> Iterable[_State]:
        above = body.parent(test)
        if state and isinstance(above, cst.If) and state.strays and id(above) in marking:
            return (None,)  # the test may well ask whether there is anything to mark
        if state and isinstance(above, cst.While) and not truth and above in body.ancestors(state.take):
            if test in body.ancestors(state.take):
                return (_Item(state.take, leave=state.take),)
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
            return _Item(what)
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
        case cst.Call():
            return may_raise(queue.body, node)
        case cst.Await(expression=awaited):
            return not isinstance(awaited, cst.Call)
        case cst.Asynchronous():
            return isinstance(queue.body.parent(node), cst.For)
    return False


def _is_last_resort(queue: Queue, marking: set[int], node: "CSTNode") -> bool:
    """Does it stand in a `finally` or a handler that marks the item?"""
    above = queue.body.ancestors(node)
    return any(id(a) in marking for a in above if isinstance(a, cst.Finally | cst.ExceptHandler | cst.ExceptStarHandler))


def _leaving(queue: Queue, node: "CSTNode", state: _State) -> _State:
    """The state in which a statement leaves its block."""
    if state is None:
        return None
    match node:
        case cst.Return(value=value):
            given = value is not None and _holds(value, _names(queue, state.take))
            return None if given else _Item(state.take, leave=node)
        case cst.Raise() if not state.fault:
            return _Item(state.take, leave=node)
        case cst.Break() | cst.Continue():
            loops = (above for above in queue.body.ancestors(node) if isinstance(above, cst.For | cst.While))
            if next(loops, None) in queue.body.ancestors(state.take):
                return _Item(state.take, leave=node)
    return state


def _catches(body: Body, handler: "ExceptHandler | ExceptStarHandler", state: _State) -> Catch:
    if state and state.lost:
        return Catch.NEVER
    kinds = body.caught(handler.type)
    if kinds & _ANYTHING or (state and _raised(state.leave) in _codes(handler.type)):
        return Catch.ALWAYS
    return Catch.NEVER if state and kinds and kinds <= _NO_ERRORS else Catch.MAYBE


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


def _is_after_join(queue: Queue, leave: "CSTNode") -> bool:
    """Is it left at a sentinel that is only put once the queue has been joined?"""
    codes = _sentinels(queue, leave)
    puts = [(m, call) for m, call in queue.calls("put", "put_nowait") if call.arguments[:1] and call.arguments[0] in codes]
    return bool(puts) and all(
        any(
            other is module and other.executor(join.scope) == module.executor(put.scope) and join.line < put.line
            for other, join in queue.joins
        )
        for module, put in puts
    )


def _sentinels(queue: Queue, leave: "CSTNode") -> frozenset[str]:
    """What the item is compared with where it is left, "" standing for constants."""
    tests = (above.test for above in queue.body.ancestors(leave) if isinstance(above, cst.If | cst.While))
    match next(tests, None):
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(comparator=right)]):
            return frozenset({code_of(left), code_of(right)})
        case cst.UnaryOperation(operator=cst.Not()) | cst.NamedExpr() | cst.Name():
            return frozenset({"None"})
    return frozenset()


def _left(queue: Queue, leave: "CSTNode", take: "Call") -> Problem:
    if leave is take:
        return Problem(take, _message(queue, "the item that ends the loop is never marked done", _remedy(queue, "after it")))
    word = type(leave).__name__.lower()
    what = f"this `{word}` leaves the item of `{queue.body.text(take)}` not marked done"
    return Problem(leave, _message(queue, what, _remedy(queue)), trace=((take, "the item is taken here"), *_joined(queue)))


def _faulty(queue: Queue, take: "Call", fault: "CSTNode") -> Problem:
    body = queue.body
    cause = f"`{body.text(fault.func)}(...)`" if isinstance(fault, cst.Call) else f"`{body.text(fault)}`"
    how = "raises or is cancelled" if isinstance(body.parent(fault), cst.Await) else "raises"
    what = f"when {cause} {how}, the item of `{body.text(take)}` is never marked done"
    skips = f"an exception here skips `{queue.code}.task_done()`"
    return Problem(take, _message(queue, what, _remedy(queue)), trace=((fault, skips), *_joined(queue)))


def _message(queue: Queue, what: str, remedy: str) -> str:
    returns = "never returns" if queue.joins else "would never return"
    return f"{what}, and `{queue.code}.join()` {returns}; {remedy}"


def _remedy(queue: Queue, where: str = "in a `finally`") -> str:
    return f"call `{queue.code}.task_done()` {where}"


def _joined(queue: Queue) -> Iterator[tuple[Function, str]]:
    """The function that waits for the queue."""
    for module, join in queue.joins[:1]:
        scope = module.executor(join.scope)
        if module.scopes[scope].kind is ScopeKind.FUNCTION:
            yield Function(module.path, scope), f"`{module.scopes[scope].qualname}` waits in `{join.callee}()`"
