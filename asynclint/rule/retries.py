"""Libraries that run a coroutine function again after an error, and may do so after a cancellation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.cancellation import CANCELLATION
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import Arg, BaseExpression, Call

# tenacity catches BaseException and asks its `retry` what to do.
TENACITY = frozenset({"tenacity.retry", "tenacity.AsyncRetrying", "tenacity.asyncio.AsyncRetrying"})
BACKOFF = "backoff.on_exception"
_ON_THESE = "tenacity.retry_if_exception_type"
_ON_OTHERS = frozenset({"tenacity.retry_if_not_exception_type", "tenacity.retry_unless_exception_type"})


@dataclass(frozen=True)
class Retry:
    """The part of a call that makes a library run something again when it is cancelled."""

    node: "BaseExpression"
    library: str


def retries_of_cancellation(body: Body) -> Iterator[Retry]:
    """Those that stand on the function itself or are made in it."""
    decorators = body.node.decorators if isinstance(body.node, cst.FunctionDef) else ()
    outside = (decorator.decorator for decorator in decorators)
    for call in [*(made for made in outside if isinstance(made, cst.Call)), *body.all_calls()]:
        name = body.name_of(call.func)
        if name in TENACITY:
            yield from _of_tenacity(body, call)
        elif name == BACKOFF and len(call.args) > 1:
            kind = _argument(call, 1, "exception").value
            if body.caught(kind) & CANCELLATION:
                yield Retry(kind, "backoff")


def _argument(call: "Call", place: int, name: str) -> "Arg":
    return next((arg for arg in call.args if arg.keyword and arg.keyword.value == name), call.args[place])


def _of_tenacity(body: Body, call: "Call") -> Iterator[Retry]:
    given = next((arg.value for arg in call.args if arg.keyword and arg.keyword.value == "retry"), None)
    if given is None or any(isinstance(part, cst.BitAnd) for part in walk(given)):
        return
    for part in walk(given, own_children):
        if isinstance(part, cst.Call):
            name = body.name_of(part.func)
            if name == "tenacity.retry_all":
                return
            includes = any(body.caught(arg.value) & CANCELLATION for arg in part.args)
            if (name == _ON_THESE and includes) or (name in _ON_OTHERS and _lets_it_through(body, part)):
                yield Retry(part, "tenacity")


def _lets_it_through(body: Body, call: "Call") -> bool:
    """Is it known to except only errors that are no cancellation?"""
    kinds = [body.caught(arg.value) for arg in call.args]
    return bool(kinds) and all(kinds) and not any(kind & CANCELLATION for kind in kinds)
