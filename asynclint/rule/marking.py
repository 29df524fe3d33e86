"""Fixes that mark the items of a queue done."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.fixes import Fix, line_above, line_below, removed, under
from asynclint.rule.queues import Queue
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode, SimpleStatementLine


def marked_finally(queue: Queue) -> tuple[Fix, ...]:
    """The fix that handles an item in a `try` and marks it done in its `finally`.

    Only where the one take and the one mark are statements of the same block, with something between them.
    """
    if len(queue.takes) != 1 or len(queue.marks) != 1:
        return ()
    take, mark = (_line_of(queue.body, call) for call in (queue.takes[0], queue.marks[0]))
    block = queue.body.parent(take) if take is not None else None
    if take is None or mark is None or not isinstance(block, cst.IndentedBlock) or mark not in block.body:
        return ()
    lines = list(block.body)
    handling = lines[lines.index(take) + 1 : lines.index(mark)]
    if not handling or any(isinstance(part, cst.Yield) for line in handling for part in walk(line, own_children)):
        return ()
    changes = under("try:", handling[0], handling[-1]), under("finally:", mark, mark)
    return (Fix(f"call `{queue.code}.task_done()` in a `finally`", changes),)


def marked_before(queue: Queue, leave: "CSTNode") -> tuple[Fix, ...]:
    """The fix that marks an item done right before a `break`, a `return` and the like."""
    line = _line_of(queue.body, leave)
    if line is None:
        return ()
    title = f"call `{queue.code}.task_done()` before the `{type(leave).__name__.lower()}`"
    return (Fix(title, (line_above(line, f"{queue.code}.task_done()"),)),)


def marked_after_loop(queue: Queue, take: "CSTNode") -> tuple[Fix, ...]:
    """The fix that marks the item done by which the test of a loop ends it."""
    loop = next((above for above in queue.body.ancestors(take) if isinstance(above, cst.While)), None)
    if loop is None or any(isinstance(part, cst.Break) for part in walk(loop, own_children)):
        return ()
    return (Fix(f"call `{queue.code}.task_done()` after the loop", (line_below(loop, f"{queue.code}.task_done()"),)),)


def marked_once(body: Body, first: "Call", second: "Call") -> tuple[Fix, ...]:
    """The fix for an item that is marked done twice: the mark in a `finally` stays, or else the first one."""
    is_final = any(isinstance(above, cst.Finally) for above in body.ancestors(second))
    line = _line_of(body, first if is_final else second)
    return (Fix("call it once", (removed(line),)),) if line is not None else ()


def _line_of(body: Body, node: "CSTNode") -> "SimpleStatementLine | None":
    """The line of a simple statement that is or holds this node, and of no other statement."""
    line = next((each for each in (node, *body.ancestors(node)) if isinstance(each, cst.SimpleStatementLine)), None)
    return line if line is not None and len(line.body) == 1 else None
