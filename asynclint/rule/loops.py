"""What a coroutine does with event loops: starts them, asks for them, waits for what the running one should do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.knowledge.loops import QUESTIONS, STARTERS
from asynclint.facts.reach import NESTED, is_patched
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of
from asynclint.rule.values import destination

if TYPE_CHECKING:
    from libcst import Call, CSTNode

__all__ = ["NESTED", "STARTERS", "THREADSAFE", "asks_for_a_loop", "deadlocks", "expects_failure", "is_patched"]

THREADSAFE = "asyncio.run_coroutine_threadsafe"
_WAITERS = frozenset({"result", "exception"})
_CURRENT = frozenset({"asyncio.get_running_loop", "asyncio.get_event_loop"})
_ELSEWHERE = frozenset({"done", "add_done_callback", "wrap_future", "wait", "wait_for", "gather", "shield"})
_COVERS = frozenset({"builtins.RuntimeError", "builtins.Exception", "builtins.BaseException"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_ASKING = frozenset({"asyncio.AbstractEventLoop.is_running", "asyncio.BaseEventLoop.is_running"})


def asks_for_a_loop(body: Body) -> bool:
    """Does it ask whether a loop runs, or which thread it is in? A coroutine that takes its own loop does not."""
    return any(body.calls(*_ASKING, *(name for name in QUESTIONS if name.startswith(("threading.", "sniffio.")))))


def expects_failure(body: Body, node: "CSTNode") -> bool:
    """Does it stand where the `RuntimeError` is caught or asked for?"""
    below = node
    for above in body.ancestors(node):
        attempted = isinstance(below, cst.ExceptHandler) or below is getattr(above, "body", None)
        if attempted and _covers(body, above):
            return True
        if isinstance(above, cst.With) and any(_is_expecting(item.item) for item in above.items):
            return True
        below = above
    return False


def _covers(body: Body, statement: "CSTNode") -> bool:
    return isinstance(statement, cst.Try) and any(body.caught(h.type) & _COVERS for h in statement.handlers)


def _is_expecting(node: "CSTNode") -> bool:
    return isinstance(node, cst.Call) and code_of(node.func).rpartition(".")[2] in _EXPECTING


def deadlocks(body: Body) -> "Iterator[Call]":
    """Calls of `result` on what `run_coroutine_threadsafe` gave for the running loop, which is held up by them."""
    for call in body.calls(THREADSAFE) if body.is_async and not is_patched(body.facts) else ():
        yield from _waits_here(body, call)


def _waits_here(body: Body, call: "Call") -> "Iterator[Call]":
    """Where the coroutine waits for the result of a `run_coroutine_threadsafe` that the running loop should run."""
    names = destination(body, call).names
    if not _on_running_loop(body, call) or (names and _is_asked_before(body)):
        return
    futures = {id(call), *(id(read) for name in names for read in body.reads(name))}
    for waiting in body.all_calls():
        method = waiting.func
        if isinstance(method, cst.Attribute) and method.attr.value in _WAITERS and id(method.value) in futures:
            yield waiting


def _on_running_loop(body: Body, call: "Call") -> bool:
    arguments = [a.value for a in call.args if a.keyword is None or a.keyword.value == "loop"]
    loop = arguments[-1] if len(call.args) > 1 and arguments else None
    if isinstance(loop, cst.Call):
        return body.name_of(loop.func) in _CURRENT
    if not isinstance(loop, cst.Name):
        return False
    bindings = body.here.names.get(loop.value, [])
    values = (body.evaluate(binding.scope, binding.value.removesuffix("()")) for binding in bindings)
    return bool(bindings) and all(getattr(value, "name", "") in _CURRENT for value in values)


def _is_asked_before(body: Body) -> bool:
    return any(code_of(call.func).rpartition(".")[2] in _ELSEWHERE for call in body.all_calls())
