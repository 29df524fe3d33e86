"""What ends before a coroutine that is returned out of it begins: handlers, `finally`, `with`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of, own_children, statements, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode, ExceptHandler, ExceptStarHandler, Finally, Return, With, WithItem

# Entered for what happens inside while it runs, so for whatever is awaited there.
_LIMITS = frozenset(
    {
        *(
            "asyncio.timeout",
            "asyncio.timeout_at",
            "asyncio.Timeout",
            "async_timeout.timeout",
            "async_timeout.timeout_at",
        ),
        *("anyio.fail_after", "anyio.move_on_after", "anyio.CancelScope"),
    }
)
_LOCKS = frozenset({f"asyncio.{name}" for name in ("Lock", "Semaphore", "BoundedSemaphore", "Condition")})
_LOGGER = re.compile(r"(?i)(?:.*\.)?_?log(?:ger|ging)?\.(?:debug|info|warning|error|exception|critical|log)")
_SUPPRESS = "contextlib.suppress"
_PASSING_ON = frozenset({"contextlib.nullcontext"})
# What looking up and calling a function may raise by itself, before anything of it runs.
_LOOKUP = frozenset(
    f"builtins.{name}"
    for name in (
        "AttributeError",
        "ImportError",
        "ModuleNotFoundError",
        "NameError",
        "NotImplementedError",
        "TypeError",
    )
)
_BROAD = frozenset({"builtins.BaseException", "builtins.Exception"})


@dataclass(frozen=True)
class Ended:
    """Something a returned coroutine has left: the node to show, its name, and what that means for the coroutine."""

    node: "CSTNode"
    name: str
    means: str


def ended(body: Body, leave: "Return", call: "Call") -> Iterator[Ended]:
    """All that a `return` of an un-awaited call leaves and that was meant for the run of the coroutine."""
    below: CSTNode = leave
    for above in body.ancestors(leave):
        if isinstance(above, cst.Try | cst.TryStar):
            if below is above.body:
                yield from _handlers(body, above.body, above.handlers, call)
            if above.finalbody is not None and below is not above.finalbody:
                yield from _final(body, below, above.finalbody, call)
        elif isinstance(above, cst.With):
            for item in above.items:
                yield from _item(body, above, item, call)
        below = above


# handlers


def _handlers(
    body: Body, block: "CSTNode", handlers: "Sequence[ExceptHandler] | Sequence[ExceptStarHandler]", call: "Call"
) -> Iterator[Ended]:
    alone = is_alone(body, block, call)
    for handler in handlers:
        caught = body.caught(handler.type)
        broad = body.is_async and bool(caught & _BROAD)
        if (broad or (alone and caught and not caught <= _LOOKUP)) and not _only_raises(handler):
            name = f"`except {body.text(handler.type)}`" if handler.type is not None else "the bare `except`"
            yield Ended(handler.type or handler, name, "catches nothing of what it raises")
            return


def _only_raises(handler: "ExceptHandler | ExceptStarHandler") -> bool:
    said = [node for node in statements(handler.body) if not isinstance(node, cst.Expr | cst.Pass) or _calls(node)]
    return bool(said) and all(isinstance(node, cst.Raise) and node.exc is None for node in said)


def _calls(node: "CSTNode") -> bool:
    return any(isinstance(part, cst.Call | cst.Await) for part in walk(node, own_children))


def is_alone(body: Body, block: "CSTNode", call: "Call") -> bool:
    """Is making the coroutine all that happens in a block, so that what protects it can only be meant for its run?"""
    active = cst.Call, cst.Await, cst.Asynchronous, cst.Subscript, cst.BinaryOperation, cst.Raise, cst.For, cst.With
    return not any(
        isinstance(node, active) and not (isinstance(node, cst.Call) and body.coroutine_of(node))
        for node in walk(block, own_children)
        if node is not call
    )


# finally


def _final(body: Body, block: "CSTNode", final: "Finally", call: "Call") -> Iterator[Ended]:
    undoing = list(_undoing(body, final))
    if (
        undoing
        and (body.is_async or is_alone(body, block, call))
        and (is_alone(body, block, call) or _shared(undoing, call))
    ):
        yield Ended(undoing[0], f"the `finally` with `{body.text(undoing[0])}`", "has run by then")


def _undoing(body: Body, node: "CSTNode") -> "Iterator[CSTNode]":
    """What a `finally` does, without what it only logs, which may well be that the coroutine was made."""
    if isinstance(node, cst.Call) and _logs(body, node):
        return
    if isinstance(node, cst.Call | cst.Assign | cst.Del):
        yield node
    for child in own_children(node):
        yield from _undoing(body, child)


def _logs(body: Body, call: "Call") -> bool:
    name = body.name_of(call.func)
    return name == "builtins.print" or name.startswith("logging.") or _LOGGER.fullmatch(code_of(call.func)) is not None


def _shared(undoing: "Sequence[CSTNode]", call: "Call") -> bool:
    """Does `finally` close something that the coroutine is given, or is a method of?"""
    methods = (node.func for node in undoing if isinstance(node, cst.Call))
    closed = {code_of(method.value) for method in methods if isinstance(method, cst.Attribute)}
    return bool(closed & set(_used(call)) - {"self", "cls", ""})


def _used(call: "Call") -> list[str]:
    """The codes of the objects that a call hands to a coroutine: its arguments and the owner of the method."""
    owner = code_of(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    return [code for code in (owner, *(code_of(argument.value) for argument in call.args)) if code]


# with


def _item(body: Body, block: "With", item: "WithItem", call: "Call") -> Iterator[Ended]:
    entered = item.item
    kind = body.name_of(entered.func) if isinstance(entered, cst.Call) else body.type_of(entered)
    name = f"`{body.text(entered)}`"
    if kind in _PASSING_ON:
        return
    if kind in _LIMITS:
        yield Ended(entered, name, "limits nothing of its run")
    elif kind in _LOCKS:
        yield Ended(entered, name, "is released by then")
    elif kind == _SUPPRESS:
        yield from _suppressed(body, block, entered, call)
    elif (held := _held(body, item)) and held & set(_used(call)):
        shown = min(held & set(_used(call)))
        yield Ended(entered, f"`{shown}`", "has been left by then")


def _suppressed(body: Body, block: "With", entered: "CSTNode", call: "Call") -> Iterator[Ended]:
    assert isinstance(entered, cst.Call)
    caught = frozenset(name for argument in entered.args for name in body.caught(argument.value))
    broad = body.is_async and bool(caught & _BROAD)
    if broad or (is_alone(body, block.body, call) and caught and not caught <= _LOOKUP):
        yield Ended(entered, f"`{body.text(entered)}`", "suppresses nothing of what it raises")


def _held(body: Body, item: "WithItem") -> set[str]:
    """What stands for the entered object inside: the name after `as`, or the object itself."""
    bound = item.asname.name if item.asname is not None else item.item
    return {code_of(bound)} - {"", "self", "cls"} if isinstance(bound, cst.Name | cst.Attribute) else set()
