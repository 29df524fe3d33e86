"""Task groups: where a body enters one, and what stands outside of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.raising import may_raise
from asynclint.rule.trees import own_children

if TYPE_CHECKING:
    from libcst import CSTNode, With, WithItem

GROUP = "asyncio.TaskGroup"
TIMEOUTS = frozenset({"asyncio.timeout", "asyncio.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at"})
_CALM = frozenset(
    {
        "aiohttp.ClientSession",
        "asyncio.BoundedSemaphore",
        "asyncio.Condition",
        "asyncio.Lock",
        "asyncio.Semaphore",
        "contextlib.nullcontext",
        "httpx.AsyncClient",
    }
)


class Group(NamedTuple):
    """A task group, the `async with` that enters it, and the variable it is bound to, "" without one."""

    block: "With"
    item: "WithItem"
    name: str

    @property
    def entered_before(self) -> "list[WithItem]":
        """What the same `async with` enters first, so that it stands around the group."""
        return list(self.block.items[: self.block.items.index(self.item)])


def group_of(body: Body, node: "CSTNode") -> Group | None:
    """The first task group that a statement enters."""
    if not isinstance(node, cst.With) or node.asynchronous is None:
        return None
    item = next((item for item in node.items if body.type_of(item.item) == GROUP), None)
    return Group(node, item, _variable(item)) if item is not None else None


def _variable(item: "WithItem") -> str:
    match item:
        case cst.WithItem(asname=cst.AsName(name=cst.Name(value=name))):
            return name
        case cst.WithItem(item=cst.Name(value=name)):
            return name
    return ""


def groups(body: Body) -> Iterator[Group]:
    """Every task group that a body enters."""
    return (group for node in body.nodes if (group := group_of(body, node)) is not None)


def outside_of_groups(body: Body, node: "CSTNode") -> "Iterator[CSTNode]":
    """A node and all below it that runs outside of any task group; managers that raise nothing stand for themselves."""
    yield node
    if isinstance(node, cst.WithItem) and (is_timeout(body, node) or body.type_of(node.item) in _CALM):
        return
    group = group_of(body, node)
    for inner in group.entered_before if group else own_children(node):
        yield from outside_of_groups(body, inner)


def is_timeout(body: Body, item: "WithItem") -> bool:
    """Does it raise TimeoutError, at its end, for what runs in it?"""
    return isinstance(item.item, cst.Call) and body.name_of(item.item.func) in TIMEOUTS


def is_quiet(body: Body, node: "CSTNode") -> bool:
    """Can a node by itself, whatever is below it, raise nothing that a handler would be written for?"""
    match node:
        case cst.Call():
            return _reads_a_result(node) or not may_raise(body, node)
        case cst.WithItem():
            return is_timeout(body, node) or body.type_of(node.item) in _CALM
        case cst.Asynchronous():
            return isinstance(body.parent(node), cst.With)  # judged by its items
        case cst.For():
            return node.asynchronous is None and isinstance(node.iter, cst.Name | cst.Attribute | cst.Tuple | cst.List)
        case cst.Subscript():
            return isinstance(body.parent(node), cst.AssignTarget | cst.Annotation)
        case cst.AssignTarget(target=cst.Tuple() | cst.List()):
            return False
        case cst.Await(expression=awaited):
            return isinstance(awaited, cst.Call)  # judged as a call
    return not isinstance(
        node,
        cst.Raise
        | cst.Assert
        | cst.Import
        | cst.ImportFrom
        | cst.GeneratorExp
        | cst.Divide
        | cst.FloorDivide
        | cst.Modulo
        | cst.Yield
        | cst.Del,
    )


def _reads_a_result(call: "CSTNode") -> bool:
    """Is it `task.result()`? After its group a task has one, or the group has raised."""
    match call:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="result")), args=[]):
            return True
    return False
