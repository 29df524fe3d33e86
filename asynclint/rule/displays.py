"""Values written out on the spot: lists, texts, numbers, comprehensions."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_NOUNS = {
    "a list": ("List", "ListComp"),
    "a set": ("Set", "SetComp"),
    "a dict": ("Dict", "DictComp"),
    "a tuple": ("Tuple",),
    "a generator": ("GeneratorExp",),
    "a text": ("SimpleString", "FormattedString", "ConcatenatedString"),
    "a constant": ("Integer", "Float", "Imaginary", "Ellipsis"),
    "a function": ("Lambda",),
}
_NOUN_OF = {kind: noun for noun, kinds in _NOUNS.items() for kind in kinds}


def noun(display: "CSTNode") -> str:
    """What to call it: "a list"."""
    return _NOUN_OF[type(display).__name__]


def display_of(body: Body, expression: "BaseExpression") -> "CSTNode | None":
    """The display or constant that an expression is, or that a local variable of this body always holds."""
    if type(expression).__name__ in _NOUN_OF:
        return expression
    if not isinstance(expression, cst.Name) or body.code_at(expression)[1] != expression.value:
        return None
    held = [_held(node, expression.value) for node in body.nodes]
    values = [value for value in held if value is not None]
    bindings = body.here.names.get(expression.value, ())
    all_displays = all(type(value).__name__ in _NOUN_OF for value in values)
    return values[0] if values and all_displays and len(values) == len(bindings) else None


def _held(node: "CSTNode", name: str) -> "BaseExpression | None":
    match node:
        case cst.Assign(targets=targets, value=value) if any(_is_name(target.target, name) for target in targets):
            return value
        case cst.AnnAssign(target=target, value=value) if _is_name(target, name):
            return value
    return None


def _is_name(target: "CSTNode", name: str) -> bool:
    return isinstance(target, cst.Name) and target.value == name
