"""How many elements an iterable may have, judged by what the body shows of it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Entity, Named
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, For, Subscript

MANY = 100
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*")
_PART = re.compile(r"batch|chunk|page(?!s)|window|slice|workers?|concurren|(?<![a-z])max_|limit|top_|pool|(?<![a-z])cpu|_by_", re.IGNORECASE)
_THROUGH = frozenset(
    "dict enumerate filter frozenset list map reversed set sorted tuple".split()
)
_ELEMENT = re.compile(r"(?:\w+\.)*(?:[Ll]ist|[Ss]et|[Dd]eque|Sequence|WeakSet)\[(.+)\]")
_JOINING, _LEAVING = frozenset({"add", "append"}), frozenset({"remove", "discard", "pop"})
_VIEWS = frozenset({"copy", "items", "keys", "values"})


def open_ended(body: Body, iterable: "BaseExpression") -> "BaseExpression | None":
    """The part of an iterable that may have any number of elements, or has a hundred; None when nothing shows that."""
    return _open(body, iterable, frozenset())


def _open(body: Body, node: "BaseExpression | None", seen: frozenset[str]) -> "BaseExpression | None":
    match node:
        case cst.Name():
            return _open_name(body, node, seen)
        case cst.Await(expression=inner):
            return _open(body, inner, seen)
        case cst.NamedExpr(value=inner):
            return _open(body, inner, seen)
        case cst.Call():
            return _open_call(body, node, seen)
        case cst.List() | cst.Tuple() | cst.Set():
            inside = [element.value for element in node.elements if isinstance(element, cst.StarredElement)]
            return node if len(node.elements) >= MANY else _first_open(body, inside, seen)
        case cst.ListComp() | cst.SetComp() | cst.GeneratorExp() | cst.DictComp():
            return _first_open(body, list(sources_of(node)), seen)
        case cst.BinaryOperation() | cst.BooleanOperation():
            return _first_open(body, [node.left, node.right], seen)
        case cst.IfExp():
            return _first_open(body, [node.body, node.orelse], seen)
        case cst.Subscript():
            return _open_subscript(body, node, seen)
    return None


def _first_open(
    body: Body, nodes: "list[BaseExpression]", seen: frozenset[str]
) -> "BaseExpression | None":
    return next((found for node in nodes if (found := _open(body, node, seen)) is not None), None)


def sources_of(comprehension: "CSTNode") -> "Iterator[BaseExpression]":
    """What a comprehension iterates over, outermost first."""
    part = getattr(comprehension, "for_in", None)
    while part is not None:
        yield part.iter
        part = part.inner_for_in


def _open_call(body: Body, call: "Call", seen: frozenset[str]) -> "BaseExpression | None":
    name = body.name_of(call.func)
    arguments = [argument.value for argument in call.args if argument.keyword is None]
    if name == "builtins.range":
        return _open_range(body, arguments, seen)
    if name.removeprefix("builtins.") in _THROUGH:
        return _first_open(body, arguments, seen)
    if name in ("builtins.zip", "itertools.product", "itertools.chain"):
        return _first_open(body, arguments, seen) if name != "builtins.zip" or all(
            _open(body, a, seen) is not None for a in arguments) else None
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in _VIEWS:
        return _open(body, call.func.value, seen)
    if name == "itertools.islice" or _PART.search(body.text(call)):
        return None
    return call


def _open_range(
    body: Body, arguments: "list[BaseExpression]", seen: frozenset[str]
) -> "BaseExpression | None":
    if len(arguments) > 2:
        return None
    match arguments[-1] if arguments else None:
        case cst.Integer() as number:
            return number if number.evaluated_value >= MANY else None
        case cst.Call(func=cst.Name(value="len"), args=[measured]):
            return _open(body, measured.value, seen)
    return None


def _open_subscript(body: Body, node: "Subscript", seen: frozenset[str]) -> "BaseExpression | None":
    match node:
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Slice(upper=upper))]):
            return _open(body, node.value, seen) if upper is None else None
        case cst.Subscript(value=cst.Name(value=name), slice=[cst.SubscriptElement(slice=cst.Index(cst.SimpleString()))]):
            answers = any(isinstance(value, cst.Await) for value in _assigned(body, name))
            return node if answers and not _PART.search(body.text(node)) else None
    return None


def _open_name(body: Body, name: "cst.Name", seen: frozenset[str]) -> "BaseExpression | None":
    text = name.value
    if text in seen or _CONSTANT.fullmatch(text) or _PART.search(text) or _is_enum(body, name):
        return None
    bindings = body.here.names.get(text, [])
    if not bindings:
        return name if _is_outer_parameter(body, text) else None
    if any(binding.bound is Bound.PARAMETER for binding in bindings):
        return name
    values = [*_assigned(body, text), *_filled_from(body, text)]
    return name if _first_open(body, values, seen | {text}) is not None else None


def _is_enum(body: Body, name: "cst.Name") -> bool:
    return isinstance(body.resolve(name), Class | Named)


def _is_outer_parameter(body: Body, name: str) -> bool:
    scope = body.here.parent
    while scope > 0:
        outer = body.facts.scopes[scope]
        if name in outer.names:
            return any(binding.bound is Bound.PARAMETER for binding in outer.names[name])
        scope = outer.parent
    return False


def _assigned(body: Body, name: str) -> "Iterator[BaseExpression]":
    """The values assigned to a plain local."""
    for node in body.nodes:
        match node:
            case cst.Assign(targets=targets, value=value):
                if any(isinstance(t.target, cst.Name) and t.target.value == name for t in targets):
                    yield value
            case cst.AnnAssign(target=cst.Name(value=bound), value=value) if bound == name and value is not None:
                yield value
            case cst.NamedExpr(target=cst.Name(value=bound), value=value) if bound == name:
                yield value
            case cst.AugAssign(target=cst.Name(value=bound), value=value) if bound == name:
                yield value


def _filled_from(body: Body, name: str) -> "Iterator[BaseExpression]":
    """What the loops go over that fill a local list, set or dict, and what extends it."""
    for node in body.nodes:
        match node:
            case cst.Call(func=cst.Attribute(value=cst.Name(value=filled), attr=cst.Name(value=method))) if filled == name:
                if method in FILLING:
                    yield from (loop.iter for loop in loops_around(body, node))
                elif method in ("extend", "update") and node.args:
                    yield node.args[0].value
            case cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=filled))) if filled == name:
                yield from (loop.iter for loop in loops_around(body, node))


def loops_around(body: Body, node: "CSTNode") -> "Iterator[For]":
    """The `for` statements whose body a node stands in, innermost first."""
    below = node
    for above in body.ancestors(node):
        if isinstance(above, cst.For) and below is above.body:
            yield above
        below = above


def is_changing_membership(body: Body, attribute: "BaseExpression") -> bool:
    """Is it an attribute of the object itself that members join and leave while the program runs?"""
    match attribute:
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)):
            methods = _methods_called_on(body, f"{owner}.{name}")
            return bool(methods & _JOINING) and bool(methods & _LEAVING)
    return False


def _methods_called_on(body: Body, code: str) -> frozenset[str]:
    """The names of what the methods of the body's class call on one of its attributes."""
    if body.owner is None:
        return frozenset()
    found = (call for call in body.facts.calls if call.callee.rpartition(".")[0] == code)
    scopes = body.facts.scopes
    return frozenset(c.last_name for c in found if scopes[body.facts.executor(c.scope)].parent == body.owner.scope)


def element_of(body: Body, iterable: "BaseExpression") -> Entity | None:
    """What the elements of an attribute of the object are, as its annotation `set[Client]` promises."""
    match iterable:
        case cst.Attribute(value=cst.Name(), attr=cst.Name(value=name)) if body.owner is not None:
            klass = body.project.scope(body.owner).klass
            for binding in klass.attributes.get(name, ()) if klass else ():
                inner = _ELEMENT.fullmatch(binding.value) if binding.bound is Bound.ANNOTATION else None
                if inner:
                    return body.project.annotated(body.facts.path, binding.scope, inner[1])
    return None
