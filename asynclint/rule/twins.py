"""The calls of a coroutine that have an asynchronous twin."""

from typing import TYPE_CHECKING

from asynclint.facts.descent import blocks, reaches
from asynclint.facts.entities import Function
from asynclint.facts.twins import Twins, twins
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import argument_codes
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import Call, CSTNode

__all__ = ["blocks", "twin_passed_over"]


def twin_passed_over(body: Body, call: "Call") -> Twins | None:
    """What a coroutine calls and what it could await instead, None when it cannot, or has its reasons."""
    receiver = call.func.value if isinstance(call.func, cst.Attribute) else None
    found = twins(body.project, body.resolve(call.func), body.resolve(receiver) if receiver else None)
    if found is None or _stands_in(body, found.twin) or _is_told_how(call):
        return None
    return None if _is_awaited(body, call) or _uses(body, found) else found


def _stands_in(body: Body, twin: Function) -> bool:
    """Is it the twin that calls, or one that overrides it, or a function inside it or below it?"""
    scope = body.scope
    while scope > 0:
        if body.facts.scopes[scope].function is not None and _overrides(body, Function(body.facts.path, scope), twin):
            return True
        scope = body.facts.scopes[scope].parent
    return reaches(body.project, twin, body.entity)


def _overrides(body: Body, function: Function, twin: Function) -> bool:
    """Is the function the twin, or that of the same name in a class above or below?"""
    if function == twin:
        return True
    if body.project.scope(function).name != body.project.scope(twin).name:
        return False
    owner, above = body.project.owner(function), body.project.owner(twin)
    if owner is None or above is None:
        return False
    return above in body.project.lineage(owner) or owner in body.project.lineage(above)


def _is_told_how(call: "Call") -> bool:
    """Is it given a flag, which may well say that it need not wait?"""
    return any(code.endswith(("=True", "=False")) for code in argument_codes(call))


def _is_awaited(body: Body, call: "Call") -> bool:
    """Does the body treat the result as something to wait for?"""
    where = destination(body, call)
    match where.fate:
        case Fate.AWAITED:
            return True
        case Fate.BOUND:
            awaits = (node.expression for node in body.nodes if isinstance(node, cst.Await))
            return any(isinstance(value, cst.Name) and value.value in where.names for value in awaits)
        case Fate.ARGUMENT if where.call is not None:
            name = body.name_of(where.call.func)
            return name.startswith("asyncio.") or name == "typing.cast"
    above = body.parent(call)
    return isinstance(above, cst.For | cst.CompFor | cst.With | cst.WithItem) and _is_asynchronous(body, above)


def _is_asynchronous(body: Body, node: "CSTNode") -> bool:
    holder = body.parent(node) if isinstance(node, cst.WithItem) else node
    return getattr(holder, "asynchronous", None) is not None


def _uses(body: Body, found: Twins) -> bool:
    """Does the body use the twin too? Then it chooses between them, or wants both."""
    name = body.project.scope(found.twin).name
    return any(isinstance(node, cst.Name) and node.value == name for node in body.nodes)
