"""Where a timeout holds: in a `with` around a wait, or somewhere in a function that leads to it."""

import re
from typing import TYPE_CHECKING

from asynclint.facts.entities import Context, Entity, Function, Instance, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.timeouts import CONTEXTS

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_SCOPES = CONTEXTS | {"anyio.fail_after", "anyio.move_on_after", "anyio.CancelScope"}
_SOUNDS = re.compile(r"time_?(?:d_?)?(?:out|limit)|deadline|fail_(?:after|at)|move_on|expir|watchdog", re.IGNORECASE)
_TIMERS = frozenset({"call_later", "call_at"})
_DEEPEST = 3


def is_limited(body: Body, node: "CSTNode") -> bool:
    """Does it stand in a `with` of its body that limits the time, or may do so?"""
    for above in body.ancestors(node):
        if isinstance(above, cst.With) and any(_is_limit(body, item.item) for item in above.items):
            return True
    return False


def limits_somewhere(project: Project, function: Function) -> bool:
    """Does a function enter anything that limits the time, or may do so?"""
    module = project.module(function.path)
    if module is None:
        return True
    items = (item for item in module.withs if module.executor(item.scope) == function.scope)
    return any(_limits(project, module, item.scope, item.item) for item in items) or sets_timer(project, function)


def sets_timer(project: Project, function: Function) -> bool:
    """Does a function enter a timeout by a stack, or have the event loop do something later? So may its class."""
    module = project.module(function.path)
    if module is None:
        return True
    owner = module.enclosing_class(function.scope)
    for call in module.calls:
        executor = module.executor(call.scope)
        is_near = executor == function.scope or (owner >= 0 and module.enclosing_class(executor) == owner)
        if is_near and call.last_name in _TIMERS:
            return True
        if executor == function.scope and _is_entered_otherwise(project, module, call.scope, call.callee):
            return True
    return False


def _is_entered_otherwise(project: Project, module: ModuleFacts, scope: int, callee: str) -> bool:
    """Is it a call of a timeout that no `with` enters, so perhaps a stack?"""
    entity = project.evaluate(module.path, scope, callee)
    entered = any(item.scope == scope and callee_of(item.item) == callee for item in module.withs)
    return isinstance(entity, Named) and entity.name in _SCOPES and not entered


def _is_limit(body: Body, item: "BaseExpression") -> bool:
    scope, code = body.code_at(item)
    if not code:
        return _SOUNDS.search(body.text(item.func if isinstance(item, cst.Call) else item)) is not None
    return _limits(body.project, body.facts, scope, code)


def _limits(project: Project, module: ModuleFacts, scope: int, code: str, deepest: int = _DEEPEST) -> bool:
    """Does entering a code limit the time? What is not known does if it sounds like it."""
    if not code:
        return True
    callee = callee_of(code)
    called = project.evaluate(module.path, scope, callee) if callee else None
    if isinstance(called, Named):
        return called.name in _SCOPES or _SOUNDS.search(called.name.rpartition(".")[2]) is not None
    entered = project.evaluate(module.path, scope, code)
    return _SOUNDS.search(callee or code) is not None or _is_timeout(project, entered, deepest)


def _is_timeout(project: Project, entered: Entity | None, deepest: int) -> bool:
    match entered:
        case Instance(of=Named(name=name)):
            return name in ("asyncio.Timeout", "async_timeout.Timeout", "anyio.CancelScope")
        case Instance(of=klass):
            return _SOUNDS.search(project.qualname(klass)) is not None
        case Context(of=function) if deepest and (module := project.module(function.path)):
            inner = (item for item in module.withs if module.executor(item.scope) == function.scope)
            return any(_limits(project, module, item.scope, item.item, deepest - 1) for item in inner)
    return False
