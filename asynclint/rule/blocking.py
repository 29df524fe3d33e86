"""What the rules about blocking calls share: finding them in a coroutine, and saying what they do."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from asynclint.facts.blocking import blocked_by, may_block, name_of
from asynclint.facts.knowledge.blocking import Blocked
from asynclint.rule import Body, Problem
from asynclint.rule import nodes as cst
from asynclint.rule.handing import packing
from asynclint.rule.trees import argument_codes, call_name, code_of, walk
from asynclint.rule.unblocking import unblocked

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, With, WithItem

_BY_WITH = ("__enter__", "__exit__")
_LOOP_QUESTIONS = frozenset({"asyncio.get_running_loop", "asyncio.current_task", "sniffio.current_async_library"})
_ASYNC_TAKERS = frozenset(
    {"wrap_file", "ensure_async", "maybe_await", "maybe_async", "gather", "wait_for", "create_task"}
)
_LONGEST = 50
_ANYIO = {
    "`await asyncio.sleep(...)`": "`await anyio.sleep(...)`",
    "`await asyncio.create_subprocess_exec(...)`": "`await anyio.run_process([...])`",
    "`await asyncio.create_subprocess_shell(...)`": "`await anyio.run_process(...)`",
    "`await asyncio.open_connection(...)`": "`await anyio.connect_tcp(...)`",
    "`await loop.getaddrinfo(...)`": "`await anyio.getaddrinfo(...)`",
    "`await loop.getnameinfo(...)`": "`await anyio.getnameinfo(...)`",
    "`asyncio.Lock`": "`anyio.Lock`",
    "`asyncio.Semaphore`": "`anyio.Semaphore`",
    "`asyncio.Condition`": "`anyio.Condition`",
    "`asyncio.Event`": "`anyio.Event`",
    "`asyncio.Queue`": "`anyio.create_memory_object_stream(...)`",
    "`httpx.AsyncClient` or `aiohttp.ClientSession`": "`httpx.AsyncClient`",
}
_ANYIO_THREAD = "`await anyio.to_thread.run_sync(...)`"
_OF_ASYNCIO = ("asyncio.", "loop.", "`aio")


def blocking_problems(
    body: Body,
    code: str,
    waits: str,
    *,
    is_slight: "Callable[[CSTNode], bool]" = lambda _: False,
    heavy_only: bool = False,
) -> Iterator[Problem]:
    """A problem for each call and each `with` of a coroutine that blocks; `waits` ends "while `fetch` ...".

    Those that are slight are information; with `heavy_only` quick calls beside heavy ones are none.
    """
    if not body.is_async:
        return
    effect = f"blocks the event loop, and every other task, while `{body.name}`"
    found = [each for each in blocked_calls(body, code) if not _is_tried_again(body, each[0])]
    for call, blocked in _heavy(body, code, found) if heavy_only else found:
        while_ = "waits for it" if blocked.declared else waits
        better = instead(body, blocked)
        how = packing(body, call.args) if better == _ANYIO_THREAD else ""
        message = f"`{shown(body, call.func)}` {effect} {while_}; use {better}{how and f', {how}'}"
        yield Problem(call, message, fixes=unblocked(body, call, better), is_information=is_slight(call))
    for item, verb, blocked in blocked_withs(body, code):
        message = f"{verb} `with {shown(body, item.item)}` {effect} {waits}; use {instead(body, blocked)}"
        yield Problem(item.item, message)


def _heavy(body: Body, code: str, found: "list[tuple[Call, Blocked]]") -> "list[tuple[Call, Blocked]]":
    """The calls that are not quick, all of them where the body makes none such and hands none to a thread."""
    heavy = [each for each in found if not each[1].is_quick]
    given = (body.resolve(node.value) for node in body.nodes if isinstance(node, cst.Arg))
    known = (blocked_by(body.project, callee, ()) for callee in given)
    is_handed = any(blocked and blocked.code == code and not blocked.is_quick for blocked in known)
    return heavy if heavy or is_handed else found


def _is_tried_again(body: Body, call: "Call") -> bool:
    """Does it stand in the `except` of a `try` that makes the same call already?"""
    code = code_of(call.func)
    attempts = (body.parent(above) for above in body.ancestors(call) if isinstance(above, cst.ExceptHandler))
    tried = (node for attempt in attempts if isinstance(attempt, cst.Try) for node in walk(attempt.body))
    return any(isinstance(node, cst.Call) and code_of(node.func) == code for node in tried)


def blocked_calls(body: Body, code: str) -> "Iterator[tuple[Call, Blocked]]":
    """The calls of a body that block: known under this code, not awaited, not contradicted by their surroundings."""
    for call in body.all_calls():
        callee = body.resolve(call.func)
        blocked = blocked_by(body.project, callee, argument_codes(call))
        if (
            blocked is not None
            and blocked.code == code
            and may_block(body.facts, body.scope, code_of(call.func), name_of(callee))
            and not _is_async_by_evidence(body, call)
            and not _is_outside_loop(body, call)
        ):
            yield call, blocked


def blocked_withs(body: Body, code: str) -> "Iterator[tuple[WithItem, str, Blocked]]":
    """The items of `with`s that wait on entering or leaving for what the body itself has made."""
    for node in body.nodes:
        if isinstance(node, cst.With) and node.asynchronous is None:
            for item in node.items:
                for verb, blocked in _blocked_item(body, node, item):
                    if blocked.code == code and not _is_outside_loop(body, node):
                        yield item, verb, blocked


def _blocked_item(body: Body, node: "With", item: "WithItem") -> Iterator[tuple[str, Blocked]]:
    name = body.type_of(item.item)
    if not name or not any(body.calls(name)):
        return
    for method, verb in zip(_BY_WITH, ("entering", "leaving"), strict=True):
        blocked = body.project.blocking.with_arguments(f"{name}.{method}", ("",))
        if blocked is not None and not (verb == "leaving" and _is_done_before(node)):
            yield verb, blocked


def _is_done_before(node: "With") -> bool:
    """Is the work waited for inside, by `await` or `result()`, or is something told to shut down without waiting?"""
    inside = list(walk(node.body))
    calls = [part for part in inside if isinstance(part, cst.Call)]
    waited = any(isinstance(part, cst.Await) for part in inside) or any(call_name(call) == "result" for call in calls)
    return waited or any(call_name(c) == "shutdown" and "wait=False" in argument_codes(c) for c in calls)


def _is_async_by_evidence(body: Body, call: "Call") -> bool:
    """Is its result awaited, entered by `async with`, iterated by `async for`, or made async by a wrapper?"""
    above = body.parent(call)
    match above:
        case cst.Await():
            return True
        case cst.Arg():
            return isinstance(outer := body.parent(above), cst.Call) and call_name(outer) in _ASYNC_TAKERS
        case cst.WithItem():
            statement = body.parent(above)
            return isinstance(statement, cst.With) and statement.asynchronous is not None
        case cst.For() | cst.CompFor():
            return above.asynchronous is not None and above.iter is call
    return False


def _is_outside_loop(body: Body, node: "CSTNode") -> bool:
    """Does it stand where asking for the running loop has failed?"""
    handlers = (above for above in body.ancestors(node) if isinstance(above, cst.ExceptHandler))
    return any(
        "builtins.RuntimeError" in body.caught(handler.type) and _asks_for_loop(body, attempt.body)
        for handler in handlers
        if isinstance(attempt := body.parent(handler), cst.Try)
    )


def _asks_for_loop(body: Body, node: "CSTNode") -> bool:
    return any(isinstance(call, cst.Call) and body.name_of(call.func) in _LOOP_QUESTIONS for call in walk(node))


def shown(body: Body, expression: "BaseExpression") -> str:
    """The user's own words, without the arguments where they are many."""
    text = body.text(expression)
    match expression:
        case _ if len(text) <= _LONGEST:
            return text
        case cst.Attribute(value=value, attr=attr):
            return f"{shown(body, value)}.{attr.value}"
        case cst.Call(func=func):
            return f"{shown(body, func)}(...)"
    return "(...)"


def instead(body: Body, blocked: Blocked) -> str:
    """What to use instead, in terms of the library the body runs on."""
    if body.library != "anyio" or blocked.declared:
        return blocked.instead
    is_foreign = any(word in blocked.instead for word in _OF_ASYNCIO)
    return _ANYIO.get(blocked.instead, _ANYIO_THREAD if is_foreign else blocked.instead)
