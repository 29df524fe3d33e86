"""Who reads what a task ends with, and who surely does not."""

import re
from typing import TYPE_CHECKING

from asynclint.facts.calls import Use
from asynclint.facts.descent import own_calls
from asynclint.facts.entities import Coroutine, Entity, Function, Items, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of
from asynclint.rule.values import FILLING, Fate, destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_FORGETTING = frozenset({"discard", "remove", "pop"})
_SUPERVISING = frozenset({"wait", "as_completed"})
_ENDING = re.compile(r"close|stop|cancel|disconnect|shut_?down|clean_?up|terminate|kill|release|exit|(?:^|_)join$")
_DEEPEST = 2  # coroutines that only pass on what they are asked for
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})


def forgetting(body: Body, call: "Call") -> str:
    """The set that a task of this call stays in until it is done and is then taken out unread, "" when that is not so.

    `tasks.add(task)` and `task.add_done_callback(tasks.discard)`, with a set that outlives the function and that nobody
    waits for, and no other use of the task.
    """
    where = destination(body, call)
    if where.fate is not Fate.BOUND or where.collected or len(where.names) != 1:
        return ""
    found = {_forgetful(body, read) or _storing(body, read) for read in body.reads(where.names[0])}
    forgotten = {_forgetful(body, read) for read in body.reads(where.names[0])} - {""}
    container = next(iter(forgotten), "")
    if found - {"-"} != {container} or not _outlives(body, container) or _is_supervised(body, container):
        return ""
    return container


def may_raise(body: Body, work: "BaseExpression") -> bool:
    """Is it a coroutine of the project that does not catch every exception itself, as far as can be told?"""
    coroutine = body.coroutine_of(work)
    function = coroutine.of if isinstance(coroutine, Coroutine) else None
    if not isinstance(function, Function):
        return False
    facts = body.project.function(function)
    is_declaration = facts.is_stub and body.project.owner(function) is not None
    if facts.decorators or is_declaration or _catches_all(body.project, function):
        return False
    return not _runs_what_it_is_given(body.project, function) and not _leans_on_others(body.project, function)


def catches_all(body: Body, work: "BaseExpression") -> bool:
    """Is it a coroutine of the project that catches every exception itself?"""
    coroutine = body.coroutine_of(work)
    return coroutine is not None and isinstance(coroutine.of, Function) and _catches_all(body.project, coroutine.of)


def is_ending(body: Body, work: "BaseExpression") -> bool:
    """Does a coroutine close or stop something? What goes wrong then is often of no interest."""
    return isinstance(work, cst.Call) and _ENDING.search(body.text(work.func).rpartition(".")[2]) is not None


def _forgetful(body: Body, read: "BaseExpression") -> str:
    """`tasks` of `task.add_done_callback(tasks.discard)`, "" for any other read of the task."""
    match body.parent(read):
        case cst.Attribute(attr=cst.Name(value="add_done_callback")) as method:
            call = body.parent(method)
            return _forgotten_by(call.args[0].value) if isinstance(call, cst.Call) and call.args else ""
    return ""


def _forgotten_by(callback: "BaseExpression") -> str:
    match callback:
        case cst.Attribute(value=container, attr=cst.Name(value=method)) if method in _FORGETTING:
            return code_of(container)
        case cst.Lambda(body=cst.Call(func=cst.Attribute() as forgetting)):
            return _forgotten_by(forgetting)
    return ""


def _storing(body: Body, read: "BaseExpression") -> str:
    """`tasks` of `tasks.add(task)` and `tasks[key] = task`, "-" for a read that tells nobody, "" for any other."""
    match body.parent(read):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=container))]):
            return code_of(container)
        case cst.Attribute(attr=cst.Name(value="set_name")):
            return "-"
        case cst.Arg() as argument:
            match body.parent(argument):
                case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value=method))) if method in FILLING:
                    return code_of(container)
    return ""


def _outlives(body: Body, container: str) -> bool:
    """Is it no variable of the function itself, which others may have given it?"""
    return bool(container) and container not in body.here.names


def _is_supervised(body: Body, container: str) -> bool:
    """Does anything in the file wait for what is in it, to see what comes of each?"""
    name = container.rpartition(".")[2]
    calls = (call for call in body.facts.calls if call.last_name in _SUPERVISING)
    return any(argument.lstrip("*").rpartition(".")[2] in (name, "") for call in calls for argument in call.arguments)


def _catches_all(project: Project, function: Function, deepest: int = _DEEPEST) -> bool:
    module = project.module(function.path)
    if module is None:
        return True
    caught = [h.type for h in module.handlers if h.scope == function.scope]
    if any(code is None or _is_broad(project.evaluate(module.path, function.scope, code)) for code in caught):
        return True
    if any(item.scope == function.scope and "suppress" in item.item for item in module.withs):
        return True
    inner = _passed_on_to(project, module, function) if deepest else None
    return inner is not None and _catches_all(project, inner, deepest - 1)


def _passed_on_to(project: Project, module: ModuleFacts, function: Function) -> Function | None:
    """The only thing that a coroutine function calls, when that is a coroutine of the project that it awaits."""
    calls = own_calls(project, function)
    if len(calls) != 1 or calls[0].use not in (Use.AWAITED, Use.RETURNED) or project.function(function).awaits:
        return None
    callee = project.call(module.path, calls[0])
    return callee if isinstance(callee, Function) and isinstance(project.result(callee), Coroutine) else None


def _runs_what_it_is_given(project: Project, function: Function) -> bool:
    """Does it await anything but calls, of which nothing is known?"""
    module = project.module(function.path)
    return module is None or any(each.scope == function.scope for each in module.awaits)


def _leans_on_others(project: Project, function: Function) -> bool:
    """Does it leave the work to functions of the project that catch every exception?"""
    module = project.module(function.path)
    awaited = [c for c in module.calls if c.scope == function.scope and c.use is Use.AWAITED] if module else []
    callees = (project.call(function.path, call) for call in awaited)
    return any(isinstance(callee, Function) and _catches_all(project, callee) for callee in callees)


def _is_broad(entity: Entity | None) -> bool:
    kinds = entity.items if isinstance(entity, Items) else (entity,)
    return any(kind is None or (isinstance(kind, Named) and kind.name in _BROAD) for kind in kinds)
