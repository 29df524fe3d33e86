"""Where a cancellation can be caught, and what the code around it says about being cancelled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Coroutine, Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import call_name, code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, CSTNode, ExceptHandler, ExceptStarHandler, WithItem

# CancelledError is a BaseException since Python 3.8, so `except Exception` never catches it.
CANCELLATION = frozenset({"asyncio.CancelledError", "builtins.BaseException"})
_ENTRIES = frozenset({"asyncio.run", "asyncio.Runner.run", "asyncio.AbstractEventLoop.run_until_complete"})
_SPAWNING = frozenset({Use.ARGUMENT, Use.ASSIGNED, Use.STORED, Use.COLLECTED})
CLOSING = frozenset(
    {"close", "aclose", "stop", "shutdown", "cleanup", "disconnect", "wait_closed", "terminate", "release", "cancel"}
)
_WAITS = frozenset({"wait_for", "gather", "wait", "shield"})  # of asyncio, or of a project that wraps them


@dataclass(frozen=True)
class Guard:
    """Something that catches `CancelledError`: the part of the code to show, what it protects, and how it catches.

    `handler` is the `except`, None where the guard is a `contextlib.suppress`.
    """

    head: "CSTNode"
    block: "Sequence[CSTNode]"
    handler: "ExceptHandler | ExceptStarHandler | None" = None

    @property
    def name(self) -> str:
        """The variable that holds the caught error, "" for none."""
        bound = self.handler.name if self.handler is not None else None
        return bound.name.value if bound is not None and isinstance(bound.name, cst.Name) else ""


def guards(body: Body) -> Iterator[Guard]:
    """Every place of a body that catches cancellation; of one `try` only the first handler that does."""
    for node in body.nodes:
        if isinstance(node, cst.Try | cst.TryStar):
            yield from _handler_guard(body, node.body, node.handlers)
        elif isinstance(node, cst.With):
            for item in node.items:
                if _suppresses_cancellation(body, item):
                    yield Guard(item.item, [node.body])


def _handler_guard(
    body: Body, block: "BaseSuite", handlers: "Sequence[ExceptHandler | ExceptStarHandler]"
) -> Iterator[Guard]:
    for handler in handlers:
        caught = body.caught(handler.type)
        if caught & CANCELLATION:
            if "builtins.KeyboardInterrupt" not in caught:
                yield Guard(handler.type or handler, [block], handler)
            return
        if not caught and handler.type is not None and "cancel" in body.text(handler.type).lower():
            return  # a cancellation by another name


def _suppresses_cancellation(body: Body, item: "WithItem") -> bool:
    call = item.item
    if not isinstance(call, cst.Call) or body.name_of(call.func) != "contextlib.suppress":
        return False
    return any(body.caught(argument.value) & CANCELLATION for argument in call.args)


def awaits(node: "CSTNode") -> bool:
    """Can the body be suspended, and so cancelled, while it runs this node?"""
    return any(isinstance(part, cst.Await | cst.Asynchronous) for part in walk(node, own_children))


def only_closes(block: "CSTNode") -> bool:
    """Does it wait for nothing but the end of something: `await client.disconnect()`?"""
    nodes = list(walk(block, own_children))
    awaited = [node.expression for node in nodes if isinstance(node, cst.Await)]
    closes = all(isinstance(each, cst.Call) and call_name(each) in CLOSING for each in awaited)
    return bool(awaited) and closes and not any(isinstance(node, cst.Asynchronous) for node in nodes)


def is_entry_point(body: Body) -> bool:
    """Is it what the program runs: the coroutine its own file gives to `asyncio.run`?"""
    entries = (call for call in body.facts.calls if call.arguments and _is_entry(body, call))
    return any(body.evaluate(call.scope, call.arguments[0]) == Coroutine(body.entity) for call in entries)


def _is_entry(body: Body, call: CallFacts) -> bool:
    callee = body.project.call(body.facts.path, call)
    return isinstance(callee, Named) and callee.name in _ENTRIES


def is_awaited_directly(body: Body) -> bool:
    """Does its own file await it, so that somebody goes on with what it returns?"""
    return any(site.use is Use.AWAITED for site in body.call_sites())


def is_task(body: Body, guard: Guard) -> bool:
    """Does it run as a task of its own: handed to something in its own file, or built around a loop at the guard?"""
    sites = {site.use for site in body.call_sites()}
    if Use.AWAITED in sites:
        return False
    around = [*body.ancestors(guard.head), *(node for part in guard.block for node in walk(part, own_children))]
    return bool(sites & _SPAWNING) or any(_is_service_loop(node) for node in around)


def is_child_of_group(body: Body) -> bool:
    """Does its file start it in what calls itself a task group, where an error of one child ends them all?"""
    for call in body.facts.calls:
        if call.last_name in ("start_soon", "create_task") and call.arguments and "group" in call.callee.lower():
            started = body.evaluate(call.scope, call.arguments[0])
            if started in (body.entity, Coroutine(body.entity)):
                return True
    return False


def _is_service_loop(node: "CSTNode") -> bool:
    return isinstance(node, cst.While) or (isinstance(node, cst.For) and node.asynchronous is not None)


def waits_for_existing(body: Body, guard: Guard) -> bool:
    """Does the block only wait for tasks that exist already?

    Then the error may well be the task's own: somebody cancelled it, and waiting for it to end is how that is done.
    `asyncio.wait` and `gather(return_exceptions=True)` never raise a task's own error; around them it takes a
    `cancel()` in the same function to make it plain.
    """
    awaited = [
        node.expression for part in guard.block for node in walk(part, own_children) if isinstance(node, cst.Await)
    ]
    if not awaited or not all(map(_waits_for_existing, awaited)):
        return False
    return not any(map(_keeps_errors, awaited)) or any(call_name(call) == "cancel" for call in body.all_calls())


def _waits_for_existing(awaited: "BaseExpression") -> bool:
    if not isinstance(awaited, cst.Call):
        return bool(code_of(awaited))
    return call_name(awaited) in _WAITS and bool(awaited.args) and _waits_for_existing(awaited.args[0].value)


def _keeps_errors(awaited: "BaseExpression") -> bool:
    if not isinstance(awaited, cst.Call):
        return False
    returned = (code_of(arg.value) for arg in awaited.args if arg.keyword and arg.keyword.value == "return_exceptions")
    return call_name(awaited) == "wait" or "True" in returned
