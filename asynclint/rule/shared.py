"""What other coroutines see too: attributes, globals, variables of the function around."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Instance, Module, Named
from asynclint.facts.names import Binding, Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import Place, place_of
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_SCALARS = frozenset(f"builtins.{name}" for name in ("int", "float", "complex", "bool", "str", "bytes", "tuple"))
_MEASURING = frozenset(f"builtins.{name}" for name in ("len", "int", "float", "str", "bytes", "round", "ord", "hash"))
_IN_PLACE = "AddAssign", "SubtractAssign", "BitOrAssign", "BitAndAssign", "BitXorAssign"


def is_shared(body: Body, target: "BaseExpression") -> bool:
    """Is it an attribute of `self`, a declared global or nonlocal variable, or part of what the body did not make?"""
    if isinstance(target, cst.Name):
        return target.value in _declared(body)
    root = _root(target)
    if root is None:
        return False
    if _is_self(body, root):
        return True
    is_local = any(binding.bound is not Bound.IMPORT for binding in body.here.names.get(root, ()))
    return not is_local and _is_known(body, target) and not _is_builtin(body, root)


def is_seen_by_others(body: Body, container: "BaseExpression") -> bool:
    """Is it a variable, or an attribute of anything but an object that the body has just made?"""
    while isinstance(container, cst.Call | cst.Subscript):
        container = container.func if isinstance(container, cst.Call) else container.value
    root = _root(container)
    if root is None or isinstance(container, cst.Name) or root not in body.here.names:
        return root is not None
    return not any(_is_made(binding) for binding in body.here.names[root])


def _is_made(binding: Binding) -> bool:
    return binding.bound is Bound.UNKNOWN or (binding.bound is Bound.VALUE and binding.value.endswith((")", ">", "!")))


def is_changed_in_place(body: Body, target: "BaseExpression", operator: "CSTNode", value: "BaseExpression") -> bool:
    """May `target += value` change the very object, as with a list, so that nothing is lost? So it is if unknown."""
    if type(operator).__name__ not in _IN_PLACE or _is_scalar(body, value):
        return False
    entity = body.resolve(target)
    if entity is not None:
        return not (isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _SCALARS)
    place = place_of(body.project, body.facts.path, *body.code_at(target))
    return place is None or not _is_plain_value(body, place)


def _is_scalar(body: Body, value: "BaseExpression") -> bool:
    match value:
        case cst.Integer() | cst.Float() | cst.SimpleString() | cst.FormattedString():
            return True
        case cst.Call(func=func) if body.name_of(func) in _MEASURING:
            return True
        case cst.BinaryOperation(left=left, right=right):
            return _is_scalar(body, left) or _is_scalar(body, right)
    entity = body.resolve(value)
    return isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _SCALARS


def _is_plain_value(body: Body, place: Place) -> bool:
    """Is it bound to a number or a text anywhere in the function, module or class that it belongs to?"""
    module = body.project.module(place.path)
    for index, scope in enumerate(module.scopes if module else ()):
        if place.name in scope.plain_values and index == place.scope:
            return True
        if scope.parent == place.scope and any(code.endswith(f".{place.name}") for code in scope.plain_values):
            return True
    return _is_declared_plain(body, place)


def _is_declared_plain(body: Body, place: Place) -> bool:
    """Is it an attribute to which a parameter is assigned that is declared to be a number or a text?"""
    module = body.project.module(place.path)
    klass = module.scopes[place.scope].klass if module else None
    for binding in klass.attributes.get(place.name, ()) if klass else ():
        given = (
            body.project.evaluate(place.path, binding.scope, binding.value) if binding.value.isidentifier() else None
        )
        if isinstance(given, Instance) and isinstance(given.of, Named) and given.of.name in _SCALARS:
            return True
    return False


def _declared(body: Body) -> frozenset[str]:
    nodes = (node for node in body.nodes if isinstance(node, cst.Global | cst.Nonlocal))
    return frozenset(item.name.value for node in nodes for item in node.names)


def _root(target: "BaseExpression") -> str | None:
    node: CSTNode = target
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None


def _is_self(body: Body, name: str) -> bool:
    if body.owner is None or body.function is None or "staticmethod" in body.function.decorators:
        return False
    return body.function.parameters[:1] == (name,) and len(body.here.names.get(name, ())) == 1


def _is_known(body: Body, target: "BaseExpression") -> bool:
    """Does it belong to a module, a class or an object of one that the project defines, or to a container?"""
    if isinstance(target, cst.Subscript):
        return True
    owner = body.resolve(target.value) if isinstance(target, cst.Attribute) else None
    return isinstance(owner, Module | Class) or (isinstance(owner, Instance) and isinstance(owner.of, Class))


def _is_builtin(body: Body, name: str) -> bool:
    entity = body.project.lookup(body.facts.path, body.scope, name)
    return isinstance(entity, Named) and entity.name.startswith("builtins.")


def targets_of(node: "CSTNode") -> "Iterator[BaseExpression]":
    """What an assignment assigns to, with the elements of tuples one by one."""
    targets: list[BaseExpression] = []
    match node:
        case cst.Assign():
            targets = [target.target for target in node.targets]
        case cst.AugAssign() | cst.AnnAssign():
            targets = [node.target]
    while targets:
        target = targets.pop()
        if isinstance(target, cst.Tuple | cst.List):
            targets.extend(element.value for element in target.elements)
        else:
            yield target


def names_in(node: "CSTNode") -> frozenset[str]:
    """The variables in an expression."""
    return frozenset(part.value for part in walk(node, _without_labels) if isinstance(part, cst.Name))


def _without_labels(node: "CSTNode") -> "Iterator[CSTNode]":
    return iter([node.value]) if isinstance(node, cst.Attribute) else own_children(node)
