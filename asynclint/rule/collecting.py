"""Whether anything waits for a task that is cancelled, or may: in the function, or in the class that keeps it."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.cleanup import kept_task_cleans_up, local_tasks_clean_up
from asynclint.rule.collectors import filled, is_fresh
from asynclint.rule.tasks import Kind, started
from asynclint.rule.trees import code_of, walk
from asynclint.rule.values import Fate, destination, is_idle

if TYPE_CHECKING:
    from libcst import AnnAssign, Assign, BaseExpression, Call, CSTNode, For

_ASKING = frozenset({"cancel", "done", "cancelled", "cancelling", "set_name", "get_name"})
_TELLING = frozenset({"result", "exception", "add_done_callback"})
_WAITING = frozenset({"gather", "wait", "wait_for", "as_completed", "shield", "run_until_complete"})


def uncollected(body: Body, call: "Call") -> str:
    """The task, or what holds the tasks, that `x.cancel()` cancels and nothing waits for; "" when something may."""
    match call.func:
        case cst.Attribute(attr=cst.Name(value=method)) if method != "cancel":
            return ""
        case cst.Attribute(value=cst.Name(value=name) as task) if destination(body, call).fate is Fate.DROPPED:
            loop = loop_over(body, task)
            return _variable(body, name) if loop is None else _elements(body, loop, name, task)
        case cst.Attribute(value=task) if destination(body, call).fate is Fate.DROPPED and _is_task(body, task):
            return _attribute(body, task)
    return ""


# variables


def _variable(body: Body, name: str) -> str:
    is_left = _is_own_task(body, name) and _all_quiet(body, body.reads(name))
    return name if is_left and local_tasks_clean_up(body) else ""


def loop_over(body: Body, task: "CSTNode") -> "For | None":
    """The loop around a node whose variable it is."""
    loops = (above for above in body.ancestors(task) if isinstance(above, cst.For))
    return next((loop for loop in loops if code_of(loop.target) == code_of(task)), None)  # type: ignore[arg-type]


def _is_own_task(body: Body, name: str) -> bool:
    """Is it a variable of this very function that holds nothing but tasks made here, or None?"""
    made = [node for node in body.nodes if isinstance(node, cst.Assign | cst.AnnAssign) and _binds(node, name)]
    values = [node.value for node in made if node.value is not None]
    makes = [value for value in values if not (isinstance(value, cst.Name) and value.value == "None")]
    bindings = [way for way in body.here.names.get(name, ()) if way.bound is not Bound.ANNOTATION]
    return bool(makes) and len(values) == len(bindings) and all(_makes_task(body, value) for value in makes)


def _binds(node: "Assign | AnnAssign", name: str) -> bool:
    targets = [node.target] if isinstance(node, cst.AnnAssign) else [target.target for target in node.targets]
    return any(isinstance(target, cst.Name) and target.value == name for target in targets)


def _makes_task(body: Body, value: "BaseExpression") -> bool:
    start = started(body, value) if isinstance(value, cst.Call) else None
    return start is not None and start.kind is Kind.TASK


def _elements(body: Body, loop: "For", name: str, task: "BaseExpression") -> str:
    """What a loop goes over that cancels each, when nothing waits for its elements."""
    within = {id(node) for node in walk(loop)}
    if not _all_quiet(body, (read for read in body.reads(name) if id(read) in within)):
        return ""
    if not isinstance(loop.iter, cst.Name):
        return _attribute(body, loop.iter) if _is_task(body, task) else ""
    container = loop.iter.value
    if not (_is_of_own_tasks(body, container) or _is_left_over(body, container)) or not local_tasks_clean_up(body):
        return ""
    return container if all(_is_passed_over(body, read, name) for read in body.reads(container)) else ""


def _is_of_own_tasks(body: Body, container: str) -> bool:
    return is_fresh(body, container) and any(_goes_into(body, call, container) for call in body.all_calls())


def _goes_into(body: Body, call: "Call", container: str) -> bool:
    where = destination(body, call)
    is_kept = container in where.names if where.collected else filled(where.call) == container
    return is_kept and _makes_task(body, call)


def _is_left_over(body: Body, name: str) -> bool:
    """Is it `pending` of `done, pending = await asyncio.wait(tasks)`, with tasks made here and kept nowhere else?"""
    if len(body.here.names.get(name, ())) != 1:
        return False
    return any(_are_own_tasks(body, wait) for node in body.nodes for wait in _wait_leaving(body, node, name))


def _wait_leaving(body: Body, node: "CSTNode", name: str) -> "Iterator[Call]":
    match node:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Tuple(elements=[_, cst.Element(value=cst.Name(value=bound))]))],
            value=cst.Await(expression=cst.Call() as call),
        ) if bound == name and body.name_of(call.func) == "asyncio.wait" and call.args:
            yield call


def _are_own_tasks(body: Body, wait: "Call") -> bool:
    waited = wait.args[0].value
    match waited:
        case cst.Name(value=name):
            others = [read for read in body.reads(name) if read is not waited]
            return _is_of_own_tasks(body, name) and all(is_idle(body, read) for read in others)
        case cst.List(elements=elements) | cst.Set(elements=elements) | cst.Tuple(elements=elements):
            return all(_is_waited_only(body, element.value, waited) for element in elements)
        case cst.ListComp(elt=made) | cst.SetComp(elt=made):
            return _makes_task(body, made)
    return False


def _is_waited_only(body: Body, value: "BaseExpression", display: "CSTNode") -> bool:
    """Is it a task made on the spot, or a variable for one that is not waited for in any other way?"""
    if not isinstance(value, cst.Name):
        return _makes_task(body, value)
    within = {id(node) for node in walk(display)}
    others = (read for read in body.reads(value.value) if id(read) not in within)
    return _is_own_task(body, value.value) and _all_quiet(body, others)


def _is_passed_over(body: Body, read: "BaseExpression", name: str) -> bool:
    """Is the container only filled, measured, or gone over by a loop that looks at no result?"""
    loop = body.parent(read)
    if not isinstance(loop, cst.For) or loop.iter is not read:
        return is_idle(body, read)
    within = {id(node) for node in walk(loop)}
    return code_of(loop.target) == name and _all_quiet(body, (r for r in body.reads(name) if id(r) in within))


def _all_quiet(body: Body, reads: "Iterable[BaseExpression]") -> bool:
    return all(_is_quiet(body, read) for read in reads)


def _is_quiet(body: Body, read: "BaseExpression") -> bool:
    """Does it only cancel the task or ask how it stands?"""
    match body.parent(read):
        case cst.Attribute(value=value, attr=cst.Name(value=method)) if value is read:
            return method in _ASKING
        case cst.If() | cst.While() | cst.UnaryOperation() | cst.Assert() | cst.ComparisonTarget():
            return True
        case cst.Comparison() | cst.AssignTarget() | cst.AnnAssign():
            return True
        case cst.BooleanOperation(left=left):
            return left is read
    return False


# attributes


def _is_task(body: Body, value: "BaseExpression") -> bool:
    return body.type_of(value) == "asyncio.Task"


def _attribute(body: Body, value: "BaseExpression") -> str:
    """`self.task`, when neither this function nor the rest of the class may wait for it."""
    code = code_of(value)
    owner, _, name = code.rpartition(".")
    if body.owner is None or owner != next(iter(body.function.parameters if body.function else ()), ""):
        return ""
    here = (node for node in walk(body.node) if isinstance(node, cst.Attribute) and code_of(node) == code)
    if not all(_is_quiet(body, read) or _is_gone_over(body, read) for read in here):
        return ""
    if any(_may_wait(body, klass, name) for klass in _lineage(body)):
        return ""
    return code if kept_task_cleans_up(body, name) else ""


def _is_gone_over(body: Body, read: "BaseExpression") -> bool:
    loop = body.parent(read)
    if not isinstance(loop, cst.For) or loop.iter is not read or not isinstance(loop.target, cst.Name):
        return False
    within, name = {id(node) for node in walk(loop)}, loop.target.value
    return _all_quiet(body, (r for r in body.reads(name) if id(r) in within))


def _lineage(body: Body) -> list[Class]:
    assert body.owner is not None
    return [klass for klass in body.project.lineage(body.owner) if isinstance(klass, Class)]


def _may_wait(body: Body, klass: Class, name: str) -> bool:
    """Does the file of a class pass the attribute on or wait for it, or the class for what cannot be seen?"""
    module = body.project.module(klass.path)
    mention = re.compile(rf"\.{re.escape(name)}(?![\w.])")
    if module is None or any(mention.search(code) for code in _values(body, module)):
        return True
    own = (call for call in module.calls if call.last_name in _WAITING and module.is_within(call.scope, klass.scope))
    return any(_tells(call, name) for call in module.calls) or any(map(_is_hidden, own))


def _tells(call: CallFacts, name: str) -> bool:
    return call.last_name in _TELLING and call.callee.rpartition(".")[0].endswith(f".{name}")


def _is_hidden(call: CallFacts) -> bool:
    """Is it given a display, or a variable that may hold one?"""
    return any("." not in argument for argument in call.arguments[:1] or ("",)) or "" in call.arguments


def _values(body: Body, module: ModuleFacts) -> Iterator[str]:
    """The codes of all that a file awaits and gives away, and of what it binds, returns and goes over elsewhere."""
    yield from (each.awaited for each in module.awaits)
    for call in module.calls:
        yield from call.arguments
    is_own = module.path == body.facts.path
    elsewhere = [n for n in range(len(module.scopes)) if not (is_own and module.is_within(n, body.scope))]
    yield from (loop.iterable for loop in module.loops if loop.scope in elsewhere)
    for scope in (module.scopes[number] for number in elsewhere):
        if scope.function is not None:
            yield from (*scope.function.returned, *scope.function.yielded)
        kept = (*scope.names.values(), *(scope.klass.attributes.values() if scope.klass else ()))
        yield from (way.value for ways in kept for way in ways if way.bound is Bound.VALUE)
