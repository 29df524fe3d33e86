"""What tests put into the place of something else: `patch.object(Repo, "save", Mock())` and its like."""

import ast

from asynclint.facts.names import plain_code_of

_CALLS = frozenset({"setattr", "object", "patch"})
_KEYWORDS = ("new", "new_callable", "value")


def patched(call: ast.Call, callee: str) -> tuple[str, str] | None:
    """The last name of what a call replaces, and the code of what takes its place; None where it does no such thing.

    Where nothing is given, the mock is made after what it replaces: that of a coroutine function gives a coroutine.
    """
    owner, _, last = callee.rpartition(".")
    if last not in _CALLS or not (owner or last == "patch"):
        return None
    place = next((place for place, argument in enumerate(call.args[:2]) if _text(argument)), None)
    if place is None:
        return None
    given = [*call.args[place + 1 : place + 2], *(k.value for k in call.keywords if k.arg in _KEYWORDS)]
    outer, _, name = _text(call.args[place]).rpartition(".")
    is_name = name.isidentifier() and bool(outer) == (place == 0)
    return (name, plain_code_of(given[0])) if given and is_name else None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
