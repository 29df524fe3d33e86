"""Work that is started once per element of something: by a comprehension, a loop or `map`, and waited for together."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Coroutine, Entity, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.iterables import comes_and_goes, element_of, is_changing_membership, open_ended, sources_of
from asynclint.rule.limits import Workload, class_of, connects, workload
from asynclint.rule.trees import children, own_children, walk
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

JOINS = ("asyncio.gather", "asyncio.wait", "asyncio.as_completed")
SPAWNS = (
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.TaskGroup.create_task",
    "asyncio.AbstractEventLoop.create_task",
)
_WRAPPERS = (*SPAWNS, "asyncio.wait_for", "asyncio.shield")
_STARTS = frozenset({*JOINS, *SPAWNS})
_MAP = Named("builtins.map")
_COLLECTIONS = ("builtins.list", "builtins.set", "builtins.tuple")


class FanOut(NamedTuple):
    """The call that is made once per element of `over`, what it calls, and the call that starts all of them."""

    call: "Call"
    callee: "BaseExpression"
    work: Coroutine
    over: "BaseExpression"
    start: "Call"


def may_fan_out(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes that start coroutines and may make one for each element of something, which then waits."""
    calls = project.calls(facts)
    starting = {call.scope for call, callee in calls if _starts(callee)}
    for scope in {facts.executor(scope) for scope in starting}:
        loops = [loop for loop in facts.loops if facts.executor(loop.scope) == scope]
        if any(comes_and_goes(facts, facts.enclosing_class(scope), loop.iterable) for loop in loops):
            yield scope  # to its members something may be sent, whatever they are
            continue
        first = min((loop.line for loop in loops), default=None)
        for call, callee in calls:
            if callee is not None and facts.executor(call.scope) == scope:
                mapped = call.arguments[0] if callee == _MAP and call.arguments else ""
                is_repeated = mapped or _may_repeat(facts, call, first)
                if is_repeated and _is_work(project, facts, call.scope, mapped or call.callee):
                    yield scope
                    break


def _starts(callee: Entity | None) -> bool:
    return isinstance(callee, Named) and callee.name in _STARTS


def _may_repeat(facts: ModuleFacts, call: CallFacts, first_loop: int | None) -> bool:
    """May it be made several times before anything waits for what it makes?"""
    if facts.scopes[call.scope].kind is ScopeKind.COMPREHENSION:
        return True
    return first_loop is not None and first_loop <= call.line and call.use not in (Use.AWAITED, Use.STATEMENT)


def _is_work(project: Project, facts: ModuleFacts, scope: int, callee: str) -> bool:
    called = project.evaluate(facts.path, scope, callee)
    if called is None or connects(called):
        return called is not None
    made = project.result(called)
    if not isinstance(made, Coroutine):
        return False
    return workload(project, made.of, class_of(project, facts.path, scope, callee)) is Workload.BUSY


def fan_outs(body: Body) -> Iterator[FanOut]:
    """Every fan-out of a body over an iterable of any size, in the order of the calls that are repeated.

    It starts at the `gather`, `wait` or `as_completed` that gets all the coroutines or tasks, else where each task is
    made; coroutines that go anywhere else have not been started here.
    """
    for call in _calls(body):
        inner, spawn = _unwrapped(body, call)
        callee, sources = _repeated(body, call, inner)
        over = next((part for source in sources if (part := _many(body, source)) is not None), None)
        work = _work(body, inner, callee, sources) if over is not None else None
        start = (_join_of(body, call) or spawn) if work else None
        if over is not None and work is not None and start is not None:
            yield FanOut(inner, callee, work, over, start)


def _calls(body: Body) -> "Iterator[Call]":
    """The outermost calls that may start work, generator expressions included."""
    start = body.node.body if isinstance(body.node, cst.FunctionDef) else body.node
    for node in walk(start, lambda at: children(at) if isinstance(at, cst.GeneratorExp) else own_children(at)):
        if isinstance(node, cst.Call) and not _is_wrapped(body, node):
            yield node


def _is_wrapped(body: Body, call: "Call") -> bool:
    outer = _receiver(body, call)
    return outer is not None and body.name_of(outer.func) in _WRAPPERS


def _receiver(body: Body, node: "CSTNode") -> "Call | None":
    """The call that a node is an argument of."""
    above = body.parent(node)
    call = body.parent(above) if isinstance(above, cst.Arg) else None
    return call if isinstance(call, cst.Call) else None


def _unwrapped(body: Body, call: "Call") -> "tuple[Call, Call | None]":
    """The call that makes the coroutine, and the call that makes a task of it."""
    spawn = None
    while (name := body.name_of(call.func)) in _WRAPPERS and call.args:
        spawn = call if spawn is None and name in SPAWNS else spawn
        inner = call.args[0].value
        if not isinstance(inner, cst.Call):
            break
        call = inner
    return call, spawn


def _repeated(body: Body, call: "Call", inner: "Call") -> "tuple[BaseExpression, list[BaseExpression]]":
    """What is called, and all that the comprehensions and loops around go over."""
    if _is_map(body, inner):
        return inner.args[0].value, [inner.args[1].value]
    return inner.func, list(_sources(body, call))


def _is_map(body: Body, node: "CSTNode") -> bool:
    return isinstance(node, cst.Call) and len(node.args) == 2 and body.name_of(node.func) == "builtins.map"


def _sources(body: Body, node: "CSTNode") -> "Iterator[BaseExpression]":
    """A loop or comprehension that waits on the way is none: its next turn may depend on what is done by then."""
    below = node
    for above in body.ancestors(node):
        if isinstance(above, cst.BaseComp) and not _awaits(below):
            yield from sources_of(above)
        elif isinstance(above, cst.For) and below is above.body and not above.asynchronous and not _awaits(below):
            yield above.iter
        below = above


def _awaits(repeated: "CSTNode") -> bool:
    return any(isinstance(node, cst.Await) for node in walk(repeated, own_children))


def _many(body: Body, source: "BaseExpression") -> "BaseExpression | None":
    return source if is_changing_membership(body, source) else open_ended(body, source)


def _work(body: Body, call: "Call", callee: "BaseExpression", sources: "list[BaseExpression]") -> Coroutine | None:
    called = body.resolve(callee)
    if called is not None and connects(called):
        return Coroutine(called)
    made = body.project.result(called) if called is not None else _sent_to_member(body, call, sources)
    return made if isinstance(made, Coroutine) else None


def _sent_to_member(body: Body, call: "Call", sources: "list[BaseExpression]") -> Entity | None:
    """What `client.send(message)` makes for each client of a membership that changes."""
    match call.func, sources:
        case cst.Attribute(value=cst.Name(), attr=cst.Name(value=method)), [members] if call.args:
            member = element_of(body, members) if is_changing_membership(body, members) else None
            called = body.project.member(member, method) if member is not None else None
            return body.project.result(called) if called is not None else None
    return None


def _join_of(body: Body, call: "Call") -> "Call | None":
    """The `gather`, `wait` or `as_completed` that all the coroutines go to, directly or in a local collection."""
    node: CSTNode = call
    repeated = _is_map(body, call)
    while (above := body.parent(node)) is not None and not isinstance(above, cst.BaseStatement):
        if isinstance(above, cst.BaseComp):
            repeated = True
        elif isinstance(above, cst.Arg) and (receiver := _receiver(body, node)) is not None:
            if repeated and body.name_of(receiver.func) in JOINS:
                return receiver
            if name := _filled_by(receiver):
                return _join_of_local(body, name)
            if body.name_of(receiver.func) not in (*_WRAPPERS, *_COLLECTIONS):
                return None
        elif name := _bound_by(above):
            return _join_of_local(body, name if repeated else _collection_of(body, name))
        node = above
    return None


def _filled_by(call: "Call") -> str:
    match call.func:
        case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method)) if method in FILLING:
            return name
    return ""


def _bound_by(node: "CSTNode") -> str:
    """`tasks` of `tasks = ...` and of `tasks[key] = ...`."""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name
        case cst.AnnAssign(target=cst.Name(value=name)):
            return name
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)))]):
            return name
    return ""


def _collection_of(body: Body, name: str) -> str:
    """The local collection that a single task, bound to a name, is put into; the name itself when there is none."""
    receivers = (_receiver(body, read) for read in body.reads(name))
    return next((filled for call in receivers if call is not None and (filled := _filled_by(call))), name)


def _join_of_local(body: Body, name: str) -> "Call | None":
    return next((call for call in body.calls(*JOINS) if any(name in _handed(arg.value) for arg in call.args)), None)


def _handed(node: "BaseExpression") -> Iterator[str]:
    """The names of the collections handed over whole, not as a slice or an element."""
    match node:
        case cst.Name(value=name):
            yield name
        case cst.Call(func=cst.Name(value="list" | "set" | "tuple"), args=[cst.Arg(value=inner)]):
            yield from _handed(inner)
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="values"))):
            yield from _handed(inner)
        case cst.BinaryOperation():
            yield from _handed(node.left)
            yield from _handed(node.right)
        case cst.List() | cst.Tuple() | cst.Set():
            for element in node.elements:
                if isinstance(element, cst.StarredElement):
                    yield from _handed(element.value)
