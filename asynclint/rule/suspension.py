"""Code that never lets go of the event loop, and can therefore not be cancelled."""

from typing import TYPE_CHECKING

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Entity, Function
from asynclint.facts.module import ScopeKind
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_DEEPEST = 4


def may_suspend(body: Body, block: "CSTNode") -> bool:
    """May the body wait in this block? Only awaiting what is known never to wait is no waiting."""
    for node in walk(block, own_children):
        if isinstance(node, cst.Asynchronous | cst.Yield):
            return True
        if isinstance(node, cst.Await) and not never_suspends(body, node.expression):
            return True
    return False


def never_suspends(body: Body, awaited: "BaseExpression") -> bool:
    """Is it the coroutine of a function of the project that awaits nothing, however many calls away?"""
    return isinstance(awaited, cst.Call) and _runs_through(body.project, body.resolve(awaited), _DEEPEST)


def _runs_through(project: Project, awaited: Entity | None, deepest: int) -> bool:
    if not isinstance(awaited, Coroutine) or not isinstance(awaited.of, Function) or not deepest:
        return False
    function, module = awaited.of, project.module(awaited.of.path)
    facts = project.function(function)
    if module is None or module.scopes[module.scopes[function.scope].parent].kind is ScopeKind.CLASS:
        return False  # a subclass may do otherwise
    if facts.awaits or facts.is_stub or facts.decorators or facts.is_generator or not facts.is_async:
        return False
    if any(item.is_async and module.executor(item.scope) == function.scope for item in module.withs):
        return False
    if any(loop.is_async and module.executor(loop.scope) == function.scope for loop in module.loops):
        return False
    awaited_calls = (c for c in module.calls if c.use is Use.AWAITED and module.executor(c.scope) == function.scope)
    return all(
        _runs_through(project, project.evaluate(function.path, call.scope, f"{call.callee}()"), deepest - 1)
        for call in awaited_calls
    )
