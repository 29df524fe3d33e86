"""What is held while a function waits: the `with` blocks and `finally`s around a `yield`, a lock around an `await`."""

import ast
from collections.abc import Sequence

from asynclint.facts.names import callee_of, code_of
from asynclint.facts.trees import walk

FINALLY, AWAITING_FINALLY = "finally", "finally!"
_AWAITS = ast.Await, ast.AsyncFor, ast.AsyncWith
_LIMITS = frozenset({"timeout", "timeout_at"})
_TELLS = frozenset({"print", "debug", "info", "warning", "error", "exception", "critical", "log"})


def entered_code(item: ast.withitem, *, is_async: bool) -> str:
    """`a()@` of `with a()`, `a()@!` of `async with a()`, `@` or `@!` alone for what has no code."""
    return code_of(item.context_expr) + ("@!" if is_async else "@")


def waits_inside(block: ast.AsyncWith) -> bool:
    """Does it wait between entering and leaving, other than for the condition it entered, which is left meanwhile?"""
    entered = code_of(block.items[0].context_expr) if len(block.items) == 1 else ""
    own = {f"{entered}.wait", f"{entered}.wait_for"} if entered else set()
    nodes = (node for statement in block.body for node in walk(statement))
    waits = (node for node in nodes if isinstance(node, (*_AWAITS, ast.comprehension, ast.Yield)))
    return any(_awaited_callee(node) not in own for node in waits)


def _awaited_callee(node: ast.AST) -> str:
    match node:
        case ast.Await(value=ast.Call(func=func)):
            return code_of(func)
    return ""


def limit_in(held: Sequence[str]) -> str:
    """The code of the innermost call that sets a limit to the waiting: `asyncio.timeout` of `asyncio.timeout()@!`."""
    entered = (callee_of(code.removesuffix("@!")) for code in reversed(held) if code.endswith("@!"))
    return next((callee for callee in entered if callee.rpartition(".")[2] in _LIMITS), "")


def final_code(final: list[ast.stmt]) -> str:
    """Whether the body of a `finally` awaits, or else calls anything that does not only tell; "" when it does not."""
    nodes = [node for statement in final for node in walk(statement)]
    if any(isinstance(node, _AWAITS) for node in nodes):
        return AWAITING_FINALLY
    return FINALLY if any(isinstance(node, ast.Call) and not _tells(node) for node in nodes) else ""


def _tells(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in _TELLS
    return False
