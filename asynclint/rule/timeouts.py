"""Where a timeout of asyncio may run out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Function, Named
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

CONTEXTS = frozenset({"asyncio.timeout", "asyncio.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at"})
_DEEPEST = 3


@dataclass(frozen=True)
class Expiry:
    """A call that ends with `asyncio.TimeoutError` when it takes too long: as written, and what raises in the end."""

    node: "CSTNode"
    text: str
    raiser: str


def expiries(body: Body, block: "CSTNode") -> Iterator[Expiry]:
    """The awaited calls and entered timeouts of a block that raise asyncio's own error before Python 3.11."""
    for node in walk(block, own_children):
        match node:
            case cst.Await(expression=cst.Call() as call):
                raiser = _raiser(body, call)
                if raiser:
                    yield Expiry(call, body.text(call.func), raiser)
            case cst.With():
                for item in node.items:
                    name = _entered(body, item.item)
                    if name in CONTEXTS and "async_timeout" in name:
                        yield Expiry(item.item, body.text(item.item), name)


def _entered(body: Body, item: "BaseExpression") -> str:
    """The documented name of the timeout that a `with` item makes."""
    return body.name_of(item.func) if isinstance(item, cst.Call) and not has_no_limit(item) else ""


def has_no_limit(call: "Call") -> bool:
    """Is it told `None` for the seconds to wait?"""
    return any(isinstance(argument.value, cst.Name) and argument.value.value == "None" for argument in call.args)


def _raiser(body: Body, call: "Call") -> str:
    if body.name_of(call.func) == "asyncio.wait_for":
        return "" if has_no_limit(call) else "asyncio.wait_for"
    made = body.coroutine_of(call)
    return _raised_in(body.project, made.of, _DEEPEST) if made is not None and isinstance(made.of, Function) else ""


def _raised_in(project: Project, function: Function, deepest: int) -> str:
    """What raises in a coroutine function that catches nothing itself."""
    module = project.module(function.path)
    if module is None or not deepest or any(module.executor(h.scope) == function.scope for h in module.handlers):
        return ""
    mine = [item for item in module.withs if module.executor(item.scope) == function.scope]
    if any(not item.is_async for item in mine):
        return ""  # which may suppress it
    for item in mine:
        callee = project.evaluate(function.path, item.scope, item.item.removesuffix("()"))
        if isinstance(callee, Named) and callee.name in CONTEXTS and "async_timeout" in callee.name:
            return callee.name
    for call in module.calls:
        if module.executor(call.scope) == function.scope and call.use is Use.AWAITED:
            callee = project.call(function.path, call)
            if callee == Named("asyncio.wait_for") and not {"None", "timeout=None"} & {*call.arguments}:
                return "asyncio.wait_for"
            made = project.called(function.path, call)
            if isinstance(made, Coroutine) and isinstance(made.of, Function) and made.of != function:
                raiser = _raised_in(project, made.of, deepest - 1)
                if raiser:
                    return raiser
    return ""
