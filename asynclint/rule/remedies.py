"""What to advise where a handler catches a cancellation among other things."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Items, Named
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import BaseExpression

_CANCELLED = Named("asyncio.CancelledError")
_COUNTS_CANCELLATIONS = (3, 11)  # the oldest Python with `Task.cancelling()`


def names_cancellation(body: Body, kind: "BaseExpression | None") -> bool:
    """Does an `except` of this kind speak of `CancelledError` itself, and not only of a class above it?"""
    return _CANCELLED.name in body.caught(kind)


def names_only_cancellation(body: Body, kind: "BaseExpression | None") -> bool:
    """Does an `except` of this kind catch `CancelledError` and nothing else?"""
    entity = body.resolve(kind) if kind is not None else None
    return all(item == _CANCELLED for item in (entity.items if isinstance(entity, Items) else (entity,)))


def let_through(body: Body) -> str:
    """How a handler lets its own task's cancellation through and still answers what fails in what it awaits.

    A library may cancel a future of its own when a connection is lost: then the error is a failure like any other.
    """
    if body.target.oldest < _COUNTS_CANCELLATIONS:
        return "let `CancelledError` through: put `except asyncio.CancelledError: raise` before it"
    own = "let `CancelledError` through when it is meant for this task"
    return f"{own}: `if asyncio.current_task().cancelling(): raise`"
