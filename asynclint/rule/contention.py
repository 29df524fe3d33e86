"""Locks of asyncio that nobody ever has to wait for, because nobody waits while holding them."""

from typing import TYPE_CHECKING

from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression

_LOCKS = frozenset({"asyncio.Lock", "asyncio.Condition"})


def is_always_free(body: Body, entered: "BaseExpression") -> bool:
    """Is it a lock of this object that is free whenever `async with` asks for it, so that asking never waits?

    All of its file counts as a holder that enters something of this name: unknown means that there is waiting.
    """
    code = code_of(entered)
    owner, _, name = code.rpartition(".")
    own = body.function is not None and body.owner is not None and body.function.parameters[:1] == (owner,)
    if not own or body.type_of(entered) not in _LOCKS:
        return False
    holders = [item for item in body.facts.withs if item.is_async and _last(item.item) == name]
    return not any(holder.waits for holder in holders) and not _is_lent(body, name)


def _is_lent(body: Body, name: str) -> bool:
    """Is it acquired by hand, made of a lock that has a name of its own, or given to somebody?"""
    for call in body.facts.calls:
        if call.last_name == "acquire" and _last(call.callee.removesuffix(".acquire")) == name:
            return True
        if call.last_name == "Condition" and call.arguments:
            return True
        if any(_last(argument.rpartition("=")[2]) == name for argument in call.arguments):
            return True
    return False


def _last(code: str) -> str:
    return code.rpartition(".")[2]
