"""What may raise while something is open that has to be closed."""

import re
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.closing import is_cut_short
from asynclint.rule.openings import Opening
from asynclint.rule.raising import may_raise
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode

_LIMITS = re.compile(r"timeout|lock|sem|limit|condition|group|scope|suppress", re.IGNORECASE)


def first_fault(body: Body, opening: Opening, node: "CSTNode") -> "CSTNode | None":
    """What may raise in a node, what is awaited first; None when nothing may.

    Of what may outlive the function only a wait that is cut short counts: that its output cannot be read is no leak.
    """
    parts = [part for part in walk(node, own_children) if _is_fault(body, opening, part)]
    awaited = (part for part in parts if isinstance(part, cst.Await | cst.Asynchronous))
    return next(awaited, None if opening.resource.is_lasting else next(iter(parts), None))


def _is_fault(body: Body, opening: Opening, part: "CSTNode") -> bool:
    match part:
        case cst.Await(expression=cst.Call() as call) | (cst.Call() as call):
            return not _is_safe(body, opening, call) and may_raise(body, call)
        case cst.Asynchronous():
            return not _only_limits(body, part)
    return isinstance(part, cst.Await)


def _is_safe(body: Body, opening: Opening, call: "Call") -> bool:
    """Does it begin what has to be closed then, fail when the connection is lost, or read what a process writes?"""
    code, name, resource = code_of(call.func), opening.name, opening.resource
    if resource.begins and code == f"{name}.{resource.begins}":
        return True
    if resource.breaks and code.startswith(f"{name}."):
        return code == f"{name}.drain" or not isinstance(body.parent(call), cst.Await)
    return code.startswith((f"{name}.stdout.", f"{name}.stderr.")) and not is_cut_short(body, opening, call)


def _only_limits(body: Body, entered: "CSTNode") -> bool:
    """Does an `async with` only take a lock, or set a time limit, so that entering and leaving it is no danger?"""
    block = body.parent(entered)
    return isinstance(block, cst.With) and all(_LIMITS.search(body.text(item.item)) for item in block.items)
