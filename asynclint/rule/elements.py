"""What a collection is seen to hold: the expressions of its elements."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Entity
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_COPIES = frozenset(f"builtins.{name}" for name in ("frozenset", "list", "set", "tuple"))


class Element(NamedTuple):
    """One element, or what makes each of them: where it stands, what it is, and how to write it."""

    node: "CSTNode"
    entity: Entity | None
    text: str


def elements(body: Body, collection: "BaseExpression") -> Iterator[Element]:
    """The elements of a collection, as far as they can be seen; nothing of one whose elements may be exchanged.

    Looks through displays, comprehensions, sums, copies, `map` and a local variable that is filled by `append`.
    """
    match collection:
        case cst.List() | cst.Tuple() | cst.Set():
            for element in collection.elements:
                yield from _of_display(body, element)
        case cst.ListComp(elt=element) | cst.SetComp(elt=element) | cst.GeneratorExp(elt=element):
            yield _element(body, element)
        case cst.BinaryOperation(left=left, right=right):
            yield from elements(body, left)
            yield from elements(body, right)
        case cst.Call(func=function, args=[cst.Arg(value=inner, star="")]) if body.name_of(function) in _COPIES:
            yield from elements(body, inner)
        case cst.Call(func=function, args=[cst.Arg(value=each), *_]) if body.name_of(function) == "builtins.map":
            called = body.resolve(each)
            given = body.project.result(called) if called is not None else None
            yield Element(each, given, f"{body.text(each)}(...)")
        case cst.Name(value=name):
            yield from _of_variable(body, name)


def _element(body: Body, node: "BaseExpression") -> Element:
    text = f"{body.text(node.func)}(...)" if isinstance(node, cst.Call) else body.text(node)
    return Element(node, body.resolve(node), text)


def _of_display(body: Body, element: "CSTNode") -> Iterator[Element]:
    match element:
        case cst.StarredElement(value=inner):
            yield from elements(body, inner)
        case cst.Element(value=value):
            yield _element(body, value)


def _of_variable(body: Body, name: str) -> Iterator[Element]:
    values = [value for node in body.nodes if (value := _bound(node, name)) is not None]
    rests = sum(_is_rest_of(node, name) for node in body.nodes)
    if len(values) != 1 or len(body.here.names.get(name, ())) != 1 + rests:
        return
    if isinstance(values[0], cst.Name) or not all(_leaves_elements(body, read) for read in body.reads(name)):
        return
    yield from elements(body, values[0])
    for read in body.reads(name):
        if filling := _filling(body, read):
            yield _element(body, filling)


def _bound(node: "CSTNode", name: str) -> "BaseExpression | None":
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if target == name:
            return value
        case cst.AnnAssign(target=cst.Name(value=target), value=value) if target == name:
            return value
    return None


def _is_rest_of(node: "CSTNode", name: str) -> bool:
    """Is it `done, name = await wait(name)`, which only takes from the collection?"""
    match node:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Tuple(elements=bound))],
            value=cst.Await(expression=cst.Call(args=[cst.Arg(value=cst.Name(value=given)), *_])),
        ):
            return given == name and any(isinstance(e.value, cst.Name) and e.value.value == name for e in bound)
    return False


def _leaves_elements(body: Body, read: "CSTNode") -> bool:
    """Does a use of the variable leave the collection's elements in place, but for one more or less?"""
    above = body.parent(read)
    match above:
        case cst.Attribute(attr=cst.Name(value=method)):
            return method in FILLING
        case cst.Subscript():
            return not isinstance(body.parent(above), cst.AssignTarget)
    return True


def _filling(body: Body, read: "CSTNode") -> "BaseExpression | None":
    """`x` of `name.append(x)`."""
    match attribute := body.parent(read):
        case cst.Attribute(attr=cst.Name(value=method)) if method in FILLING:
            call = body.parent(attribute)
            return call.args[-1].value if isinstance(call, cst.Call) and call.args else None
    return None
