"""The locks that a body takes, and where it waits while it holds them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Named
from asynclint.facts.names import Bound, callee_of
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.suspension import suspends
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libcst import BaseExpression, BaseStatement, BaseSuite, Call, CSTNode

_EXCLUSIVE = ("Lock", "Semaphore", "BoundedSemaphore")
_REENTRANT = ("RLock", "Condition")  # a condition makes itself an RLock
_OF_THREADS = ("threading", "multiprocessing.synchronize")
_ASKING = frozenset({"locked", "acquire", "release", "wait", "wait_for", "notify", "notify_all"})

REENTRANT_LOCKS = frozenset(f"{module}.{name}" for module in _OF_THREADS for name in _REENTRANT)
THREAD_LOCKS = REENTRANT_LOCKS | {f"{module}.{name}" for module in _OF_THREADS for name in _EXCLUSIVE}
ASYNC_LOCKS = frozenset(f"asyncio.{name}" for name in ("Lock", "Semaphore", "BoundedSemaphore", "Condition"))


class Hold(NamedTuple):
    """A lock, where a body takes it (the item of a `with` or the call of `acquire`), and where it then waits."""

    lock: "BaseExpression"
    taken: "BaseExpression"
    waits: "CSTNode"


def held_while_waiting(body: Body, kinds: frozenset[str]) -> Iterator[Hold]:
    """The locks of these classes that a body holds at a place where it may be suspended, once for each taking."""
    for node in body.nodes:
        if isinstance(node, cst.With) and node.asynchronous is None:
            for place, item in enumerate(node.items):
                if body.type_of(item.item) in kinds and not is_private(body, item.item):
                    waits = _wait_inside(body, code_of(item.item), [*node.items[place + 1 :], node.body])
                    if waits is not None:
                        yield Hold(item.item, item.item, waits)
    yield from _held_after_acquire(body, kinds)


def acquired(node: "CSTNode") -> "BaseExpression | None":
    """`lock` in `lock.acquire()` and `lock.acquire(True)`, which wait for it."""
    match node:
        case cst.Call(func=cst.Attribute(value=lock, attr=cst.Name(value="acquire")), args=[]):
            return lock
        case cst.Call(
            func=cst.Attribute(value=lock, attr=cst.Name(value="acquire")),
            args=[cst.Arg(value=cst.Name(value="True"))],
        ):
            return lock
    return None


def releases(node: "CSTNode", code: str) -> bool:
    """Is it the call of `release` of the lock with this code?"""
    return bool(code) and isinstance(node, cst.Call) and code_of(node.func) == f"{code}.release"


def is_private(body: Body, lock: "BaseExpression") -> bool:
    """Is it made in the same call and given to nobody, so that nobody else can ever wait for it?"""
    if isinstance(lock, cst.Call):
        return isinstance(body.resolve(lock.func), Named)  # a function of the project may give the same one each time
    if not isinstance(lock, cst.Name) or not isinstance(body.node, cst.FunctionDef):
        return False
    ways = body.here.names.get(lock.value, ())
    made = bool(ways) and all(way.bound is Bound.VALUE and _is_constructor(body, callee_of(way.value)) for way in ways)
    own = {id(node) for node in body.nodes}
    return made and all(id(read) in own and _only_locks(body, read) for read in body.reads(lock.value))


def _is_constructor(body: Body, callee: str) -> bool:
    return bool(callee) and isinstance(body.evaluate(body.scope, callee), Named)


def _only_locks(body: Body, read: "CSTNode") -> bool:
    match body.parent(read):
        case cst.WithItem(item=item):
            return item is read
        case cst.Attribute(attr=cst.Name(value=name)) as method:
            return name in _ASKING and isinstance(body.parent(method), cst.Call)
    return False


def _wait_inside(body: Body, code: str, parts: "Sequence[CSTNode]") -> "CSTNode | None":
    """The first place where a body may wait in the parts of a `with` that holds a lock."""
    for part in parts:
        if isinstance(part, cst.BaseSuite):
            return _first_wait(body, code, part, held=True)
        for node in walk(part, own_children):
            if suspends(body, node):
                return node
    return None


def _held_after_acquire(body: Body, kinds: frozenset[str]) -> Iterator[Hold]:
    if not isinstance(body.node, cst.FunctionDef):
        return
    for node in body.nodes:
        lock = acquired(node)
        if lock is not None and body.type_of(lock) in kinds and not is_private(body, lock):
            assert isinstance(node, cst.Call)
            waits = _first_wait(body, code_of(lock), body.node.body, taken=node)
            if waits is not None:
                yield Hold(lock, node, waits)


def _first_wait(
    body: Body,
    code: str,
    block: "BaseSuite | Sequence[BaseStatement]",
    *,
    taken: "Call | None" = None,
    held: bool = False,
) -> "CSTNode | None":
    """Where a block may first wait on a path on which the lock is held: from the start, or since `taken`."""
    waits: set[int] = set()

    def step(node: "CSTNode", held: bool) -> Iterator[bool]:
        for part in walk(node, own_children):
            if part is taken or (taken is None and acquired(part) is not None and code == code_of(acquired(part))):
                held = True
            elif releases(part, code):
                held = False
            elif held and suspends(body, part):
                waits.add(id(part))
        yield held

    def raises(node: "CSTNode", held: bool) -> Iterator[bool]:
        parts = [part for part in walk(node, own_children) if isinstance(part, cst.Call | cst.Await | cst.Raise)]
        if parts and not any(releases(part, code) for part in parts):
            yield held

    explore(block, [held], Semantics(step=step, raises=raises))
    return next((node for node in body.nodes if id(node) in waits), None)
