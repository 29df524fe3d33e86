"""Where a coroutine lets the event loop run something else, and code that never does."""

from typing import TYPE_CHECKING

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Entity, Function
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.contention import is_always_free
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_DEEPEST = 4


def suspension(body: Body, node: "CSTNode") -> "CSTNode | None":
    """The first place in a node where a body may be suspended, None when it runs through."""
    return next((part for part in walk(node, own_children) if suspends(body, part)), None)


def suspends(body: Body, node: "CSTNode") -> bool:
    """Is it an `await` of what may wait, the `async` of a loop or of a `with`, or the `yield` of an async generator?"""
    match node:
        case cst.Await(expression=awaited):
            return not _runs_through(body.project, body.resolve(awaited), _DEEPEST)
        case cst.Asynchronous():
            return not isinstance(body.parent(node), cst.FunctionDef) and not _enters_free_locks(body, node)
        case cst.Yield():
            return body.kind is BodyKind.ASYNC_GENERATOR
    return False


def _enters_free_locks(body: Body, node: "CSTNode") -> bool:
    block = body.parent(node)
    return isinstance(block, cst.With) and all(is_always_free(body, item.item) for item in block.items)


def wait_text(body: Body, node: "CSTNode") -> str:
    """What to call it: `await client.send(...)`, `async for`."""
    match node:
        case cst.Await(expression=cst.Call(func=func)):
            return f"`await {body.text(func)}(...)`"
        case cst.Asynchronous():
            return "`async with`" if isinstance(body.parent(node), cst.With) else "`async for`"
        case cst.Yield():
            return "`yield`"
    return f"`{body.text(node)}`"


def may_suspend(body: Body, block: "CSTNode") -> bool:
    """May the body wait in this block? Only awaiting what is certain never to wait is no waiting."""
    for node in walk(block, own_children):
        if isinstance(node, cst.Asynchronous | cst.Yield):
            return True
        if isinstance(node, cst.Await) and not never_suspends(body, node.expression):
            return True
    return False


def never_suspends(body: Body, awaited: "BaseExpression") -> bool:
    """Is it certain that an awaited call of a function of the project runs through? A method may be overridden."""
    return isinstance(awaited, cst.Call) and _runs_through(body.project, body.resolve(awaited), _DEEPEST, methods=False)


def drives_coroutines(body: Body) -> bool:
    """Does its file run coroutines by hand, `coroutine.send(None)`, so that there need not be any event loop?"""
    return any(call.last_name == "send" and call.arguments == ("None",) for call in body.facts.calls)


def _runs_through(project: Project, awaited: Entity | None, deepest: int, *, methods: bool = True) -> bool:
    """Is it a coroutine of the project that awaits nothing that may wait, however many calls away?"""
    if not isinstance(awaited, Coroutine) or not isinstance(awaited.of, Function) or not deepest:
        return False
    function, module = awaited.of, project.module(awaited.of.path)
    facts = project.function(function)
    if module is None or facts.awaits or facts.is_stub or not facts.is_async or not project.is_plain(function):
        return False
    if not methods and project.owner(function) is not None:
        return False
    waiting = [b.scope for b in module.withs if b.is_async] + [b.scope for b in module.loops if b.is_async]
    if any(module.executor(scope) == function.scope for scope in waiting):
        return False
    calls = (call for call in module.calls if call.use is Use.AWAITED and module.executor(call.scope) == function.scope)
    results = (project.called(module.path, call) for call in calls)
    return all(_runs_through(project, result, deepest - 1, methods=methods) for result in results)
