"""Local lists, sets and dicts that values are put into, and whether anything ever takes them out."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.values import FILLING, is_handled

if TYPE_CHECKING:
    from libcst import AnnAssign, Assign, BaseExpression, Call

_MAKERS = frozenset({"builtins.list", "builtins.set", "builtins.dict", "collections.deque"})


def local_collector(body: Body, call: "Call | None") -> str:
    """The list or set of this very function that `call` adds something to, when nothing ever takes it out, else ""."""
    container = filled(call)
    return container if container and is_fresh(body, container) and not is_handled(body, container) else ""


def filled(call: "Call | None") -> str:
    """`tasks` of `tasks.append(...)` and the like, "" for any other call."""
    match call:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=container), attr=cst.Name(value=method))):
            return container if method in FILLING else ""
    return ""


def is_fresh(body: Body, name: str) -> bool:
    """Is the name a variable of this function that only ever holds a display made here?"""
    values = [
        node.value
        for node in body.nodes
        if isinstance(node, cst.Assign | cst.AnnAssign) and name in _plain_targets(node) and node.value is not None
    ]
    bindings = body.here.names.get(name, ())
    return bool(values) and len(values) == len(bindings) and all(_is_display(body, value) for value in values)


def _plain_targets(node: "Assign | AnnAssign") -> list[str]:
    targets = [node.target] if isinstance(node, cst.AnnAssign) else [target.target for target in node.targets]
    return [target.value for target in targets if isinstance(target, cst.Name)]


def _is_display(body: Body, value: "BaseExpression") -> bool:
    if isinstance(value, cst.Call):
        return body.name_of(value.func) in _MAKERS
    return isinstance(value, cst.List | cst.Set | cst.Dict | cst.ListComp | cst.SetComp | cst.DictComp)
