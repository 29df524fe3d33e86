"""Functions that a call takes to call them later or elsewhere, and what calling them makes."""

from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.callbacks import callback_of
from asynclint.facts.entities import AsyncGenerator, Coroutine
from asynclint.facts.knowledge.callbacks import Callback, Caller
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.coroutines import is_certain
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

__all__ = ["Caller", "Handed", "Made", "handed", "made_by"]

_PARTIAL = "functools.partial"


class Handed(Struct, frozen=True):
    """A function given to be called: by whom, and where it stands in the call."""

    caller: Caller
    function: "BaseExpression"


class Made(Struct, frozen=True):
    """What a function makes when it is called, or what stands in its place: `by` is the part that says so."""

    coroutine: Coroutine | AsyncGenerator
    by: "BaseExpression"
    is_function: bool = True


def handed(body: Body, call: "Call") -> Handed | None:
    """The function that a call takes, None when it takes none or that is not known."""
    known = callback_of(body.resolve(call.func), code_of(call.func).rpartition(".")[2])
    function = _given(known, call) if known is not None else None
    return Handed(known.caller, function) if known is not None and function is not None else None


def _given(known: Callback, call: "Call") -> "BaseExpression | None":
    before = call.args[: known.position + 1]
    if before and len(before) == known.position + 1 and not any(other.star or other.keyword for other in before):
        return before[-1].value
    named = (argument for argument in call.args if argument.keyword and argument.keyword.value == known.keyword)
    return next((argument.value for argument in named), None)


def made_by(body: Body, function: "BaseExpression") -> Made | None:
    """The coroutine that calling an expression makes, or that it already is; through `partial` and `lambda`."""
    match function:
        case cst.Call(args=[cst.Arg(value=inner, keyword=None), *_]) if body.name_of(function.func) == _PARTIAL:
            return made_by(body, inner)
        case cst.Lambda(body=cst.Call() as inner):
            coroutine = body.resolve(inner)
            return Made(coroutine, inner) if is_certain(coroutine) else None
    entity = body.resolve(function)
    if is_certain(entity):
        return Made(entity, function, is_function=False)
    result = body.project.result(entity) if entity is not None else None
    return Made(result, function) if is_certain(result) else None
