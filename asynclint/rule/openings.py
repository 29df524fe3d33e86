"""Where a body opens something that has to be closed, and what it is called from then on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.entities import Named
from asynclint.facts.knowledge.resources import RESOURCES, Resource
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, Name

OPENERS = tuple(RESOURCES)
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex"})
_WAITING = frozenset({"asyncio.wait_for", "asyncio.shield"})


@dataclass(frozen=True, eq=False)
class Opening:
    """One call that opens something; `whole` is that call with the `await` around it.

    `name` is the local variable that holds it, "" where none does and the method `used` is called on it at once, or
    nothing at all.
    """

    call: "Call"
    resource: Resource
    whole: "BaseExpression"
    name: str = ""
    used: str = ""


def openings(body: Body) -> Iterator[Opening]:
    """What is opened and held by a local variable, or by nothing."""
    for call in body.all_calls():
        resource = opened(body, call)
        whole = _whole(body, call, resource) if resource else None
        if resource and whole and not is_shared(call, resource) and not _is_to_fail(body, call):
            yield from _held(body, call, resource, whole)


def opened(body: Body, call: "Call") -> Resource | None:
    """The kind of thing that a call opens."""
    callee = body.resolve(call.func)
    return RESOURCES.get(callee.name) if isinstance(callee, Named) else None


def is_shared(call: "Call", resource: Resource) -> bool:
    """May something else have to be closed instead: a connector, a pool?"""
    keywords = {argument.keyword.value for argument in call.args if argument.keyword}
    return bool(resource.shares & keywords) or any(argument.star == "**" for argument in call.args)


def _is_to_fail(body: Body, call: "Call") -> bool:
    """Does a test expect that it cannot be opened?"""
    entered = (item.item for above in body.ancestors(call) if isinstance(above, cst.With) for item in above.items)
    calls = (code_of(item.func).rpartition(".")[2] for item in entered if isinstance(item, cst.Call))
    return any(name in _EXPECTING for name in calls)


def _whole(body: Body, call: "Call", resource: Resource) -> "BaseExpression | None":
    """The call as it is awaited, perhaps by `wait_for`; None where it is not opened here."""
    if not resource.is_awaited:
        return None if isinstance(body.parent(call), cst.Await) else call
    above = body.parent(call)
    if isinstance(above, cst.Arg):
        outer = body.parent(above)
        if isinstance(outer, cst.Call) and outer.args[0] is above and body.name_of(outer.func) in _WAITING:
            above = body.parent(outer)
    return above if isinstance(above, cst.Await) else None


def _held(body: Body, call: "Call", resource: Resource, whole: "BaseExpression") -> Iterator[Opening]:
    above = body.parent(whole)
    match above:
        case cst.Assign(targets=[cst.AssignTarget(target=target)]) | cst.AnnAssign(target=target):
            name = _element(target, resource.place)
            if name is not None and is_local(body, name.value):
                yield Opening(call, resource, whole, name.value)
        case cst.Expr() if not resource.is_lasting:
            yield Opening(call, resource, whole)
        case cst.Attribute(attr=cst.Name(value=method)) if isinstance(body.parent(above), cst.Call):
            if resource.place < 0 and method not in (*resource.methods, *resource.gives) and not resource.is_lasting:
                yield Opening(call, resource, whole, used=method)


def _element(target: "BaseExpression", place: int) -> "Name | None":
    if place < 0:
        return target if isinstance(target, cst.Name) else None
    elements = target.elements if isinstance(target, cst.Tuple | cst.List) else ()
    if len(elements) <= place or any(isinstance(element, cst.StarredElement) for element in elements):
        return None
    element = elements[place].value
    return element if isinstance(element, cst.Name) else None


def is_local(body: Body, name: str) -> bool:
    """Is it a variable of this function that no other code can reach?"""
    if not isinstance(body.node, cst.FunctionDef) or name not in body.here.names:
        return False
    declared = (node for node in walk(body.node) if isinstance(node, cst.Global | cst.Nonlocal))
    if any(item.name.value == name for node in declared for item in node.names):
        return False
    own = {id(node) for node in body.nodes}
    return all(id(read) in own for read in body.reads(name))


def contains(node: "CSTNode", part: "CSTNode") -> bool:
    """Does a node stand in another, or is it that one?"""
    return any(inner is part for inner in walk(node))
