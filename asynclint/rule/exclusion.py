"""What keeps a coroutine function from meeting itself: locks, flags, a single task, an object with a single user."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Coroutine, Function
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project
from asynclint.facts.races import runs_once
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.guarding import is_lock_item, sounds_exclusive, takes_lock
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

# A framework makes an object of such a class for the dialogue with one user, or for each request.
_DIALOGUE = re.compile(r".*(FlowHandler|ConfigFlow|OptionsFlow|RepairsFlow)")
_REQUEST = re.compile(r".*\b(HTTPEndpoint|RequestHandler|WebSocketHandler)|(aiohttp|django)\..*\bView")
_DEEPEST = 4


def excludes_others(body: Body, node: "CSTNode") -> bool:
    """Is it done by one coroutine at a time, as far as can be told: under a lock, or in what runs only once?"""
    if runs_once(body.name) or any(code_of(call.func).endswith("acquire") for call in body.all_calls()):
        return True
    if body.function is not None and any(map(sounds_exclusive, body.function.decorators)):
        return True
    return any(takes_lock(body, above) for above in body.ancestors(node)) or _is_called_under_lock(body)


def runs_as_one(body: Body) -> bool:
    """Is it what its file gives to `asyncio.run` and the like?"""
    given = (
        code
        for call in body.facts.calls
        if call.last_name in ("run", "run_until_complete")
        for code in call.arguments[:1]
    )
    return any(body.evaluate(0, code) == Coroutine(Function(body.facts.path, body.scope)) for code in given)


def never_meets_itself(body: Body) -> bool:
    """Is every place that awaits it known, and does each of them run one at a time?

    That can be said of a private method, and of one that a base class calls as its hook.
    """
    return body.function is not None and _is_called_alone(body.project, body.entity, _DEEPEST)


def has_one_user(body: Body, target: "BaseExpression") -> bool:
    """Is it an attribute of an object that lives for one request or for the dialogue with one user?"""
    while isinstance(target, cst.Subscript):
        target = target.value
    if body.owner is None or body.function is None or not isinstance(target, cst.Attribute):
        return False
    is_own = code_of(target.value) in body.function.parameters[:1]
    return is_own and any(_inherits(body.project, body.owner, kind) for kind in (_DIALOGUE, _REQUEST))


def is_part_of_a_dialogue(body: Body) -> bool:
    """Is it a method of an object that talks to one user, or called in its own file by methods of such objects only?"""
    if body.owner is not None:
        return _inherits(body.project, body.owner, _DIALOGUE)
    callers = [Function(body.facts.path, body.facts.executor(call.scope)) for call in body.call_sites()]
    owners = [body.project.owner(caller) for caller in callers]
    return bool(owners) and all(owner is not None and _inherits(body.project, owner, _DIALOGUE) for owner in owners)


def _inherits(project: Project, klass: Class, kind: re.Pattern[str]) -> bool:
    names = (project.qualname(base) for base in project.lineage(klass)[1:] if base is not None)
    return any(map(kind.fullmatch, names))


def _is_called_under_lock(body: Body) -> bool:
    """Does a function of its file that calls it enter a lock above the call?"""
    module = body.facts
    for call in body.call_sites():
        caller = module.executor(call.scope)
        above = (item for item in module.withs if item.line < call.line and module.executor(item.scope) == caller)
        if any(is_lock_item(body.project, module.path, item) for item in above):
            return True
    return False


# who calls it


def _is_called_alone(project: Project, function: Function, deepest: int) -> bool:
    module, hooks = project.module(function.path), list(_hook_calls(project, function))
    is_private = project.scope(function).name.startswith("_")
    if module is None or not deepest or not (is_private or hooks):
        return False
    sites = [*((module, call) for call in project.call_sites(function)), *hooks]
    return bool(sites) and all(_is_alone(project, module, call, deepest - 1) for module, call in sites)


def _is_alone(project: Project, module: ModuleFacts, call: CallFacts, deepest: int) -> bool:
    """Is it an `await` that one coroutine at a time comes to?"""
    caller = Function(module.path, module.executor(call.scope))
    facts = module.scopes[caller.scope].function
    if call.use is not Use.AWAITED or facts is None:
        return False
    if facts.has_while or 0 < facts.claimed < call.line or runs_once(module.scopes[caller.scope].name):
        return True
    around = (item for item in module.withs if item.line < call.line <= item.last_line)
    is_locked = any(
        module.executor(item.scope) == caller.scope and is_lock_item(project, module.path, item) for item in around
    )
    return is_locked or _is_called_alone(project, caller, deepest)


def _hook_calls(project: Project, function: Function) -> Iterator[tuple[ModuleFacts, CallFacts]]:
    """Where the methods of its base classes call it: `self.update()`, which is this one for an object of its class."""
    owner, name = project.owner(function), project.scope(function).name
    for base in project.lineage(owner)[1:] if owner is not None else ():
        module = project.module(base.path) if isinstance(base, Class) else None
        if isinstance(base, Class) and module is not None:
            yield from ((module, call) for call in module.calls if _calls_own(module, base, call, name))


def _calls_own(module: ModuleFacts, klass: Class, call: CallFacts, name: str) -> bool:
    caller = module.executor(call.scope)
    facts = module.scopes[caller].function
    is_method = call.last_name == name and facts is not None and module.enclosing_class(caller) == klass.scope
    return is_method and facts is not None and call.callee in [f"{first}.{name}" for first in facts.parameters[:1]]
