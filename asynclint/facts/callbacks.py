"""Which argument of a call is a function that somebody will call."""

from collections.abc import Sequence

from asynclint.facts.entities import Entity, Named
from asynclint.facts.knowledge.callbacks import CALLBACKS, UNMISTAKABLE, Callback


def callback_of(callee: Entity | None, last_name: str = "") -> Callback | None:
    """Where what is called takes a plain function; by its last name when nothing is known of it."""
    if callee is None:
        return UNMISTAKABLE.get(last_name)
    return CALLBACKS.get(callee.name) if isinstance(callee, Named) else None


def given(callback: Callback, arguments: Sequence[str]) -> str:
    """The code of the function among the codes of the arguments, "" when it is not there or has none."""
    label = f"{callback.keyword}=" if callback.keyword else "="
    by_keyword = next((code.removeprefix(label) for code in arguments if code.startswith(label)), "")
    before = arguments[: callback.position + 1]
    by_position = len(before) == callback.position + 1 and not any("*" in code or "=" in code for code in before)
    return before[-1] if before and by_position else by_keyword
