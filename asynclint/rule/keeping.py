"""What keeps a task: a variable that is read, a container that outlives the call, or a frame that waits for long."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from asynclint.facts.entities import Function
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.collectors import filled, is_fresh
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.tasks import Started, started
from asynclint.rule.trees import code_of, own_children, walk
from asynclint.rule.values import FILLING, Destination, Fate, destination, is_idle

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, Call, CSTNode


class How(Enum):
    """How the only handle on a task is lost."""

    DROPPED = "dropped"
    CALLBACK = "given a callback and dropped"
    UNREAD = "bound to a local that nothing reads"
    OVERWRITTEN = "bound to a local that is bound anew"
    COLLECTED = "put into a local container that nothing reads"


class Loss(Struct, frozen=True):
    """How it is lost, the variable that held it last, and whether the frame keeps that while the function waits."""

    how: How
    name: str = ""
    lasts: bool = False


_LOOKUPS = ("builtins.locals", "builtins.vars", "builtins.exec", "builtins.eval")
_LABELS = {"add_done_callback": How.CALLBACK, "set_name": How.DROPPED}
_REMOVING = frozenset({"discard", "remove", "pop"})
# What runs for as long as there is something to do, so that the frame around it keeps its locals for as long.
_LASTING = re.compile(
    r"^(?!get_|new_)(?:\w*_)?(?:forever|serve|wait|waits|wait_for|join|run|idle|poll|polling|main|listen|gather|consume|loop|watch|until"
    r"|communicate|exec|mainloop)(?:_|$)"
)
_RUNNERS = frozenset({"asyncio.run", "asyncio.Runner.run"})


def loss(body: Body, call: "Call") -> Loss | None:
    """How the handle that a call gives is lost, None when something may keep it for longer than the function runs."""
    if label := _label(body, call):
        return Loss(_LABELS[label])
    where = destination(body, call)
    if where.fate is Fate.DROPPED:
        return Loss(How.DROPPED)
    if body.kind is BodyKind.MODULE or any(isinstance(above, cst.ClassDef) for above in body.ancestors(call)):
        return None
    container = _filled_by(body, call, where)
    if container:
        return _after_all(body, call, Loss(How.COLLECTED, container)) if _is_unread_container(body, container) else None
    return _bound(body, call, where) if where.fate is Fate.BOUND and not any(body.calls(*_LOOKUPS)) else None


def _bound(body: Body, call: "Call", where: Destination) -> Loss | None:
    name = where.names[0]
    if where.collected:
        return _after_all(body, call, Loss(How.COLLECTED, name)) if _is_unread_container(body, name) else None
    reads = [read for each in where.names for read in body.reads(each)]
    has_callback = any(_LABELS.get(_label(body, read)) is How.CALLBACK for read in reads)
    containers = [container for read in reads if (container := _adding(body, read))]
    if len(where.names) == 1 and _is_overwritten(body, call, name):
        return Loss(How.CALLBACK if has_callback else How.OVERWRITTEN, name)
    if not all(_loses(body, read) for read in reads):
        return None
    if containers:
        return _after_all(body, call, Loss(How.COLLECTED, containers[0]))
    return _after_all(body, call, Loss(How.CALLBACK if has_callback else How.UNREAD, name))


# reads


def _label(body: Body, value: "BaseExpression") -> str:
    """`add_done_callback` of `value.add_done_callback(...)`, which keeps the task nowhere; "" for anything else."""
    match body.parent(value):
        case cst.Attribute(attr=cst.Name(value=method)) as attribute if method in _LABELS:
            return method if _is_statement(body, attribute) else ""
    return ""


def _loses(body: Body, read: "BaseExpression") -> bool:
    """Does a read of the variable keep nothing of the task?"""
    container = _adding(body, read)
    return bool(_label(body, read)) or bool(container and _is_unread_container(body, container))


def _adding(body: Body, read: "BaseExpression") -> str:
    """The container that a read adds the task to, as in `tasks.add(task)` and `tasks[key] = task`."""
    return _filled_by(body, read, destination(body, read))


def _filled_by(body: Body, value: "BaseExpression", where: Destination) -> str:
    if where.fate is Fate.ARGUMENT and not where.collected:
        return filled(where.call)
    match body.parent(value):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)))]):
            return name
    return ""


def _is_unread_container(body: Body, name: str) -> bool:
    return is_fresh(body, name) and all(_is_idle(body, read) for read in body.reads(name))


def _is_idle(body: Body, read: "CSTNode") -> bool:
    """Does a read of the container take nothing out of it but to forget it?"""
    match body.parent(read):
        case cst.Attribute(attr=cst.Name(value=method)) as attribute if method in _REMOVING:
            return not isinstance(body.parent(attribute), cst.Call) or _is_statement(body, attribute)
        case cst.Attribute(attr=cst.Name(value=method)) as attribute if method in FILLING:
            return isinstance(body.parent(attribute), cst.Call)
        case cst.Subscript() as element:
            return isinstance(body.parent(element), cst.AssignTarget)
    return is_idle(body, read)


def _is_statement(body: Body, callee: "CSTNode") -> bool:
    call = body.parent(callee)
    return isinstance(call, cst.Call) and destination(body, call).fate is Fate.DROPPED


# paths


def _is_overwritten(body: Body, call: "Call", name: str) -> bool:
    """Is the variable bound to another task before anything has read it?"""
    if any(_is_inside_function(body, read) for read in body.reads(name)):
        return False
    assigning = (node for node in body.nodes if isinstance(node, cst.Assign | cst.AnnAssign))
    binding = [node for node in assigning if _binds(body, node, name) and not _is_conditional(body, node)]
    if _is_conditional(body, call):
        return False
    if len(binding) < 2 and not any(isinstance(above, cst.For | cst.While) for above in body.ancestors(call)):
        return False
    reads = {id(read) for read in body.reads(name) if not _label(body, read)}

    lost: list[CSTNode] = []

    def step(node: "CSTNode", is_held: bool) -> Iterator[bool]:
        inside = {id(part) for part in walk(node, own_children)}
        is_held = is_held and not inside & reads
        if is_held and node in binding:
            lost.append(node)
        yield id(call) in inside or (is_held and node not in binding)

    explore(_block(body), {False}, Semantics(step=step))
    return bool(lost)


def _binds(body: Body, node: "CSTNode", name: str) -> bool:
    """Is it `name = create_task(...)` or the like?"""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=bound))], value=cst.Call() as made):
            return bound == name and started(body, made) is not None
        case cst.AnnAssign(target=cst.Name(value=bound), value=cst.Call() as made):
            return bound == name and started(body, made) is not None
    return False


def _is_conditional(body: Body, node: "CSTNode") -> bool:
    """Does it happen under a condition in its loop, which may hold only once, or when there is no task yet?"""
    for above in body.ancestors(node):
        if isinstance(above, cst.For | cst.While):
            return False
        if isinstance(above, cst.If | cst.Match | cst.ExceptHandler | cst.IfExp):
            return True
    return False


def _is_inside_function(body: Body, read: "CSTNode") -> bool:
    inner = cst.FunctionDef, cst.Lambda, cst.GeneratorExp
    return any(isinstance(above, inner) and above is not body.node for above in body.ancestors(read))


class _Frame(Enum):
    BEFORE = "not yet made"
    HELD = "held by a local"
    KEPT = "held for long"


def _after_all(body: Body, call: "Call", lost: Loss) -> Loss:
    """The loss, which is put off if the function never ends soon after the call."""
    return replace(lost, lasts=ends_the_program(body) or not _ends_soon(body, call))


def _ends_soon(body: Body, call: "Call") -> bool:
    """May the function be left before anything in it has waited for long?"""
    loops = {id(above) for above in body.ancestors(call) if isinstance(above, cst.For | cst.While)}

    def step(node: "CSTNode", at: _Frame) -> Iterator[_Frame]:
        parts = list(walk(node, own_children))
        if at is _Frame.HELD and (_is_awaiting_loop(body, node, loops) or any(_lasts(body, part) for part in parts)):
            at = _Frame.KEPT
        yield _Frame.HELD if at is _Frame.BEFORE and any(part is call for part in parts) else at

    out = explore(_block(body), {_Frame.BEFORE}, Semantics(step=step))
    return _Frame.HELD in out.falls | out.returns


def _is_awaiting_loop(body: Body, head: "CSTNode", around: set[int]) -> bool:
    """Is it the head of a loop with an await in it, other than those around the call?"""
    loop = body.parent(head)
    if not isinstance(loop, cst.For | cst.While) or id(loop) in around or head is loop.body:
        return False
    return any(isinstance(part, cst.Await | cst.Asynchronous) for part in walk(loop, own_children))


def _lasts(body: Body, node: "CSTNode") -> bool:
    """Is it a `yield`, or a wait for something that may take its time?"""
    match node:
        case cst.Yield():
            return True
        case cst.Await(expression=awaited):
            return not isinstance(awaited, cst.Call)
        case cst.Call(func=func) if isinstance(body.parent(node), cst.Await) or not started(body, node):
            return _LASTING.search(code_of(func).rpartition(".")[2]) is not None
    return False


def may_wait_for(body: Body, call: "Call", start: Started) -> bool:
    """May the function wait for the task, since it waits for something afterwards and the task is not for ever?"""
    if not body.is_async or start.work is None or _is_endless(body, start.work):
        return False
    place = next(index for index, node in enumerate(body.nodes) if node is call)
    around = [above for above in body.ancestors(call) if isinstance(above, cst.For | cst.While)]
    after = [*body.nodes[place:], *(part for loop in around for part in walk(loop, own_children))]
    return any(isinstance(node, cst.Await | cst.Asynchronous) for node in after)


def _is_endless(body: Body, work: "BaseExpression") -> bool:
    """Does it bear the name of what runs on and on, or is it seen to do so?"""
    if isinstance(work, cst.Call) and _LASTING.search(code_of(work.func).rpartition(".")[2]):
        return True
    coroutine = body.coroutine_of(work)
    function = coroutine.of if coroutine is not None and isinstance(coroutine.of, Function) else None
    return function is not None and body.project.function(function).has_while


def ends_the_program(body: Body) -> bool:
    """Is it given to `asyncio.run`, which ends all tasks that are left?"""
    for site in body.call_sites():
        outer = body.facts.calls[site.inside] if site.inside >= 0 else None
        callee = body.evaluate(outer.scope, outer.callee) if outer else None
        if outer and (outer.last_name == "run_until_complete" or getattr(callee, "name", "") in _RUNNERS):
            return True
    return False


def _block(body: Body) -> "BaseSuite":
    assert isinstance(body.node, cst.FunctionDef)
    return body.node.body
