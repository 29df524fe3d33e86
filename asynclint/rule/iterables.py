"""How many elements an iterable may have, and what they are, judged by what a body shows of it."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Entity, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, Subscript

MANY = 100
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*")
_PORTION = re.compile(
    r"batch|chunk|page(?!s)|window|slice|workers?|concurren|(?<![a-z])max_|limit|top_|pool|(?<![a-z])cpu|_by_",
    re.IGNORECASE,
)
_CONFIGURED = re.compile(
    r"conf(?:ig\w*|s)?(?![a-z])|(?:agent|adapter|backend|broker|callback|entit(?:y|ies)|extension|field|handler|hook|integration"
    r"|listener|middleware|node|observer|platform|plugin|provider|replica|server|shard|stage|step|tool)s?(?:_ids|_names)?$",
    re.IGNORECASE,
)
_NUMEROUS = re.compile(
    r"(?<![a-z])(?:doc(?:ument)?|file(?:_?name)?|(?:uu|u)?id|line|link|page|path|record|row|ur[il]|user)s(?![a-z])",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"(?<![a-z])(?:all|execute|fetch\w*|find|glob|iterdir|listdir|query|rglob|scan\w*|search|select)(?![a-z])"
)
_ONE_FOR_ONE = frozenset(
    {
        "dict",
        "enumerate",
        "filter",
        "frozenset",
        "iter",
        "list",
        "map",
        "reversed",
        "set",
        "sorted",
        "tuple",
    }
)
_ONE_FOR_ALL = frozenset({"itertools.chain", "itertools.product"})
_VIEWS = frozenset({"copy", "items", "keys", "values"})
_ELEMENT = re.compile(r"(?:\w+\.)*(?:[Ll]ist|[Ss]et|[Dd]eque|Sequence|WeakSet)\[(.+)\]")
_JOINING, _LEAVING = frozenset({"add", "append"}), frozenset({"remove", "discard", "pop"})


def open_ended(body: Body, iterable: "BaseExpression") -> "BaseExpression | None":
    """The part of an iterable that may have any number of elements, or has a hundred; None when nothing shows that.

    Parameters, what calls give and what is built from those may have any number. Literals, constants, slices, batches
    and attributes are held to be small, and so is what is named like a batch or like a part of the program.
    """
    return _open(body, iterable, frozenset())


def is_numerous(body: Body, iterable: "BaseExpression") -> bool:
    """Is there evidence that it has many elements: a number, its name (rows, urls, files, ids), a query it comes from?

    The clients of a server, members that come and go, are as many as there happen to be.
    """
    match iterable:
        case cst.Integer():
            return True
        case cst.Name(value=name):
            return _NUMEROUS.search(name) is not None or any(_comes_from_query(body, v) for v in _assigned(body, name))
    text = body.text(iterable)
    return (
        _NUMEROUS.search(text) is not None
        or _comes_from_query(body, iterable)
        or is_changing_membership(body, iterable)
    )


def _comes_from_query(body: Body, value: "BaseExpression") -> bool:
    called = value.expression if isinstance(value, cst.Await) else value
    return isinstance(called, cst.Call) and _ASKING.search(body.text(called.func).rpartition(".")[2]) is not None


def sources_of(comprehension: "CSTNode") -> "Iterator[BaseExpression]":
    """What a comprehension iterates over, outermost first."""
    part = getattr(comprehension, "for_in", None)
    while part is not None:
        yield part.iter
        part = part.inner_for_in


def is_changing_membership(body: Body, iterable: "BaseExpression") -> bool:
    """Is it an attribute of the object itself that members join and leave while the program runs?"""
    match iterable:
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)):
            return comes_and_goes(body.facts, body.facts.enclosing_class(body.scope), f"{owner}.{name}")
    return False


def comes_and_goes(facts: ModuleFacts, klass: int, code: str) -> bool:
    """Do the methods of a class, which is a scope of a file or -1, both add members to one of its attributes and remove
    some?
    """
    if klass < 0 or code.count(".") != 1:
        return False
    found = (call for call in facts.calls if call.callee.rpartition(".")[0] == code)
    methods = {call.last_name for call in found if facts.scopes[facts.executor(call.scope)].parent == klass}
    return bool(methods & _JOINING) and bool(methods & _LEAVING)


def element_of(body: Body, iterable: "BaseExpression") -> Entity | None:
    """What an element of an attribute of the object is, as its annotation `set[Client]` promises."""
    match iterable:
        case cst.Attribute(value=cst.Name(), attr=cst.Name(value=name)) if body.owner is not None:
            klass = body.project.scope(body.owner).klass
            for binding in klass.attributes.get(name, ()) if klass else ():
                inner = _ELEMENT.fullmatch(binding.value) if binding.bound is Bound.ANNOTATION else None
                if inner:
                    return body.project.annotated(body.facts.path, binding.scope, inner[1])
    return None


def _open(body: Body, node: "BaseExpression | None", seen: frozenset[str]) -> "BaseExpression | None":
    match node:
        case cst.Name():
            return node if _is_open_name(body, node, seen) else None
        case cst.Await(expression=inner) | cst.NamedExpr(value=inner):
            return _open(body, inner, seen)
        case cst.Call():
            return _open_call(body, node, seen)
        case cst.Subscript():
            return _open_subscript(body, node, seen)
        case cst.List() | cst.Tuple() | cst.Set():
            starred = (element.value for element in node.elements if isinstance(element, cst.StarredElement))
            return node if len(node.elements) >= MANY else _first_open(body, starred, seen)
        case cst.BaseComp():
            return _first_open(body, sources_of(node), seen)
        case cst.BinaryOperation() | cst.BooleanOperation():
            return _first_open(body, (node.left, node.right), seen)
        case cst.IfExp():
            return _first_open(body, (node.body, node.orelse), seen)
    return None


def _first_open(body: Body, nodes: "Iterable[BaseExpression]", seen: frozenset[str]) -> "BaseExpression | None":
    return next((found for node in nodes if (found := _open(body, node, seen)) is not None), None)


def _open_call(body: Body, call: "Call", seen: frozenset[str]) -> "BaseExpression | None":
    name = body.name_of(call.func)
    arguments = [argument.value for argument in call.args if argument.keyword is None]
    if name == "builtins.range":
        return _open_range(body, arguments, seen)
    if name == "builtins.zip":
        each = [_open(body, argument, seen) for argument in arguments]
        return each[0] if each and None not in each else None
    if name.removeprefix("builtins.") in _ONE_FOR_ONE or name in _ONE_FOR_ALL:
        return _first_open(body, arguments, seen)
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in _VIEWS:
        return _open(body, call.func.value, seen)
    return None if name == "itertools.islice" or _sounds_small(body, call) else call


def _sounds_small(body: Body, call: "Call") -> bool:
    """Does a call speak of a batch, of configuration or of parts of the program: `chunked(xs)`, `get_plugins()`?"""
    text, callee = body.text(call), body.text(call.func)
    return any(map(re.search, (_PORTION, _CONFIGURED), (text, callee))) or "config" in text.lower()


def _open_range(body: Body, arguments: "list[BaseExpression]", seen: frozenset[str]) -> "BaseExpression | None":
    """A number that somebody chose to pass is a limit itself; the length of something is not."""
    match arguments[-1] if len(arguments) in (1, 2) else None:
        case cst.Integer() as number:
            return number if number.evaluated_value >= MANY else None
        case cst.Call(func=cst.Name(value="len"), args=[measured]):
            return _open(body, measured.value, seen)
    return None


def _open_subscript(body: Body, node: "Subscript", seen: frozenset[str]) -> "BaseExpression | None":
    """A slice without an end, and an element of what was awaited: `answer["items"]`."""
    match node:
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Slice(upper=upper))]):
            return _open(body, node.value, seen) if upper is None else None
        case cst.Subscript(value=cst.Name(value=answer), slice=[cst.SubscriptElement(cst.Index(cst.SimpleString()))]):
            awaited = any(isinstance(value, cst.Await) for value in _assigned(body, answer))
            return node if awaited and not _PORTION.search(body.text(node)) else None
    return None


def _is_open_name(body: Body, name: "cst.Name", seen: frozenset[str]) -> bool:
    text = name.value
    if text in seen or any(sign.search(text) for sign in (_PORTION, _CONFIGURED)) or _CONSTANT.fullmatch(text):
        return False
    bindings = body.here.names.get(text, [])
    if not bindings:
        return _is_outer_parameter(body, text)
    if isinstance(body.resolve(name), Class | Named):  # an Enum
        return False
    if any(binding.bound is Bound.PARAMETER for binding in bindings):
        return not _is_passed_in_portions(body, text)
    values = (*_assigned(body, text), *_filled_from(body, text))
    return _first_open(body, values, seen | {text}) is not None


def _is_outer_parameter(body: Body, name: str) -> bool:
    """Is it a parameter of a function around this one?"""
    scopes, scope = body.facts.scopes, body.here.parent
    while scope > 0 and name not in scopes[scope].names:
        scope = scopes[scope].parent
    return scope > 0 and any(binding.bound is Bound.PARAMETER for binding in scopes[scope].names[name])


def _is_passed_in_portions(body: Body, parameter: str) -> bool:
    """Does a caller in the same file pass a slice, or what it calls a batch?"""
    passed = (argument.removeprefix(f"{parameter}=") for call in body.call_sites() for argument in call.arguments)
    return any(code.endswith("]") or _PORTION.search(code) for code in passed)


def _assigned(body: Body, name: str) -> "Iterator[BaseExpression]":
    """The values assigned to a plain local."""
    for node in body.nodes:
        match node:
            case cst.Assign(targets=targets, value=value):
                if any(isinstance(target.target, cst.Name) and target.target.value == name for target in targets):
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
            case cst.Call(func=cst.Attribute(cst.Name(value=filled), cst.Name(value=method))) if filled == name:
                if method in FILLING:
                    yield from _looped_over(body, node)
                elif method in ("extend", "update") and node.args:
                    yield node.args[0].value
            case cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=filled))) if filled == name:
                yield from _looped_over(body, node)


def _looped_over(body: Body, node: "CSTNode") -> "Iterator[BaseExpression]":
    """What the `for` statements go over whose bodies a node stands in, innermost first."""
    below = node
    for above in body.ancestors(node):
        if isinstance(above, cst.For) and below is above.body:
            yield above.iter
        below = above
