import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import Body, Coroutine, Entity, Function, InTests, Named, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.iterables import element_of, is_changing_membership, open_ended, sources_of
from asynclint.rule.limits import Workload, is_limiter, limits_a_client, sounds_limited, workload
from asynclint.rule.trees import children, own_children, walk
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

_JOINS = ("asyncio.gather", "asyncio.wait", "asyncio.as_completed")
_SPAWNS = (
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.TaskGroup.create_task",
    "asyncio.AbstractEventLoop.create_task",
)
_WRAPPERS = (*_SPAWNS, "asyncio.wait_for", "asyncio.shield")
_COLLECTIONS = frozenset({"builtins.list", "builtins.set", "builtins.tuple"})
_ENDING = re.compile(
    r"close|stop|cancel|disconnect|shut_?down|__aexit__|clean_?up|tear_?down|terminate|kill|unload|unsubscribe|release"
)


class _Start(NamedTuple):
    """A call that starts work once per element: what is called, over what, and what makes a task of it at once."""

    call: "Call"
    callee: "BaseExpression"
    work: Coroutine
    over: "BaseExpression"
    spawn: "Call | None"


@rule(
    code="ASL701",
    wants=calls(*_JOINS, *_SPAWNS),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html#asyncio.Semaphore",
    in_tests=InTests.SILENT,
)
def unbounded_concurrency(body: Body) -> Iterator[Problem]:
    """TODO"""
    reported: set[int] = set()
    for start in _starts(body):
        where = _join_of(body, start) or start.spawn
        if where is not None and id(where) not in reported and not _is_limited(body, start):
            reported.add(id(where))
            yield Problem(where, _message(body, where, start), trace=_trace(body, where, start))


def _starts(body: Body) -> Iterator[_Start]:
    for node in _nodes(body):
        if isinstance(node, cst.Call) and not _is_wrapped(body, node):
            yield from _start(body, node)


def _nodes(body: Body) -> "Iterator[CSTNode]":
    """The body's own nodes, and those of the generator expressions it makes."""
    start = body.node.body if isinstance(body.node, cst.FunctionDef) else body.node
    return walk(start, lambda node: children(node) if isinstance(node, cst.GeneratorExp) else own_children(node))


def _is_wrapped(body: Body, call: "Call") -> bool:
    above = body.parent(call)
    outer = body.parent(above) if isinstance(above, cst.Arg) else None
    return isinstance(outer, cst.Call) and body.name_of(outer.func) in _WRAPPERS


def _start(body: Body, call: "Call") -> Iterator[_Start]:
    inner, spawn = _unwrapped(body, call)
    if body.name_of(inner.func) == "builtins.map" and len(inner.args) == 2:
        callee, sources = inner.args[0].value, [inner.args[1].value]
        entity = body.resolve(callee)
        work = body.project.result(entity) if entity is not None else None
    else:
        callee, sources = inner.func, list(_sources(body, call))
        work = body.resolve(inner)
        work = work or _sent_to_members(body, inner, sources)
    over = next((part for source in sources if (part := _many(body, source)) is not None), None)
    if over is not None and isinstance(work, Coroutine):
        yield _Start(inner, callee, work, over, spawn)


def _many(body: Body, source: "BaseExpression") -> "BaseExpression | None":
    return source if is_changing_membership(body, source) else open_ended(body, source)


def _sent_to_members(body: Body, call: "Call", sources: "list[BaseExpression]") -> Entity | None:
    """The coroutine of `client.send(message)` for each client of a membership that changes."""
    match call.func, sources:
        case cst.Attribute(value=cst.Name(), attr=cst.Name(value=method)), [members] if call.args:
            member = element_of(body, members) if is_changing_membership(body, members) else None
            called = body.project.member(member, method) if member is not None else None
            return body.project.result(called) if called is not None else None
    return None


def _unwrapped(body: Body, call: "Call") -> "tuple[Call, Call | None]":
    """The call that makes the coroutine, and the call that makes a task of it."""
    spawn = None
    while body.name_of(call.func) in _WRAPPERS and call.args:
        spawn = call if spawn is None and body.name_of(call.func) in _SPAWNS else spawn
        inner = call.args[0].value
        if not isinstance(inner, cst.Call):
            break
        call = inner
    return call, spawn


def _sources(body: Body, node: "CSTNode") -> "Iterator[BaseExpression]":
    """What the comprehensions and loops around a call go over, unless they wait on the way."""
    below = node
    for above in body.ancestors(node):
        if isinstance(above, cst.BaseComp):
            yield from sources_of(above)
        elif isinstance(above, cst.For) and below is above.body:
            if above.asynchronous is None and not _waits(above.body):
                yield above.iter
        elif isinstance(above, cst.While) and below is above.body and _waits(above.body):
            return
        below = above


def _waits(block: "CSTNode") -> bool:
    return any(isinstance(node, cst.Await) for node in walk(block, own_children))


def _join_of(body: Body, start: _Start) -> "Call | None":
    """The `gather`, `wait` or `as_completed` that the coroutines of a fan-out go to together."""
    node: CSTNode = start.call
    looped = _is_map(body, start.call)
    while (above := body.parent(node)) is not None:
        match above:
            case cst.BaseComp():
                looped = True
            case cst.Arg():
                call = body.parent(above)
                assert isinstance(call, cst.Call)
                if looped and body.name_of(call.func) in _JOINS:
                    return call
                name = _collector(call)
                if name:
                    return _join_of_name(body, name)
                if body.name_of(call.func) not in (*_WRAPPERS, *_COLLECTIONS):
                    return None
                node = call
                continue
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return _join_of_name(body, name) if looped else _join_of_local(body, name)
            case cst.AnnAssign(target=cst.Name(value=name)):
                return _join_of_name(body, name) if looped else _join_of_local(body, name)
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)))]):
                return _join_of_name(body, name)
            case cst.BaseStatement() | cst.BaseSmallStatement():
                return None
        node = above
    return None


def _is_map(body: Body, call: "Call") -> bool:
    return body.name_of(call.func) == "builtins.map"


def _collector(call: "Call") -> str:
    match call.func:
        case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method)) if method in FILLING:
            return name
    return ""


def _join_of_local(body: Body, name: str) -> "Call | None":
    """A task that is bound first and appended then."""
    for read in body.reads(name):
        above = body.parent(read)
        call = body.parent(above) if isinstance(above, cst.Arg) else None
        if isinstance(call, cst.Call) and (container := _collector(call)):
            return _join_of_name(body, container)
    return None


def _join_of_name(body: Body, name: str) -> "Call | None":
    for call in body.calls(*_JOINS):
        for argument in call.args:
            if any(isinstance(n, cst.Name) and n.value == name for n in _handed(body, argument.value)):
                return call
    return None


def _handed(body: Body, node: "BaseExpression") -> "Iterator[BaseExpression]":
    """What is handed over whole: not a slice or an element of it."""
    yield node
    match node:
        case cst.Call(func=cst.Name(value="list" | "set" | "tuple"), args=[cst.Arg(value=inner)]):
            yield from _handed(body, inner)
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="values"))):
            yield from _handed(body, inner)
        case cst.BinaryOperation():
            yield from _handed(body, node.left)
            yield from _handed(body, node.right)
        case cst.List() | cst.Tuple() | cst.Set():
            for element in node.elements:
                if isinstance(element, cst.StarredElement):
                    yield from _handed(body, element.value)


def _is_limited(body: Body, start: _Start) -> bool:
    if sounds_limited(body.text(start.call)) or _ENDING.search(body.text(start.callee).rpartition(".")[2]):
        return True
    if any(is_limiter(body.resolve(argument.value)) for argument in start.call.args):
        return True
    if isinstance(start.work.of, Named) or workload(body.project, start.work.of) is not Workload.BUSY:
        return True
    return _is_limited_around(body)


def _is_limited_around(body: Body) -> bool:
    own = body.node.body if isinstance(body.node, cst.FunctionDef) else body.node
    params = body.node.params if isinstance(body.node, cst.FunctionDef) else own
    names = (n.value for root in (own, params) for n in walk(root) if isinstance(n, cst.Name))
    if any(sounds_limited(name) for name in names):
        return True
    return limits_a_client(body.project, body.facts, _client_scopes(body))


def _client_scopes(body: Body) -> Iterator[int]:
    """The function, those around it, and the other methods of its class."""
    scopes = body.facts.scopes
    scope = body.scope
    while scope > 0:
        yield scope
        scope = scopes[scope].parent
    if body.owner is not None:
        yield from (i for i, s in enumerate(scopes) if s.parent == body.owner.scope)


def _message(body: Body, where: "Call", start: _Start) -> str:
    callee, over = body.text(start.callee), body.text(start.over)
    joined = body.text(where.func)
    return (
        f"`{joined}` starts one `{callee}(...)` for every element of `{over}`, all at once and with no limit in sight; "
        f"hold an `asyncio.Semaphore` in `{callee}`, or go in batches"
    )


def _trace(body: Body, where: "Call", start: _Start) -> "tuple[tuple[CSTNode | Function, str], ...]":
    return ()
