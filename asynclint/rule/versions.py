"""API that comes and goes with the versions of Python, and code that knows of several."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Module
from asynclint.facts.knowledge.removals import KEYWORDS, LIVES, Life, Version
from asynclint.facts.names import Bound, is_version
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, Try

__all__ = ["KEYWORDS", "LIVES", "Aged", "Life", "aged", "spelled"]

_MISSING = "AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "TypeError"
_REFUSED = frozenset(f"builtins.{name}" for name in _MISSING)
_ANY = frozenset({"builtins.Exception", "builtins.BaseException"})
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "assertWarns", "deprecated_call"})
_SUPPRESS = "contextlib.suppress"
_ASKING = frozenset({"hasattr", "getattr"})


class Aged:
    """A use of API that has come to age: the node, its documented name, the keyword if it is one, and its life."""

    __slots__ = ("keyword", "life", "name", "node")

    def __init__(self, node: "CSTNode", name: str, life: Life, keyword: str = "") -> None:
        self.node = node
        self.name = name
        self.life = life
        self.keyword = keyword


def spelled(version: Version) -> str:
    """`3.11`."""
    return ".".join(map(str, version))


def aged(body: Body) -> Iterator[Aged]:
    """All uses in a body of what is in the tables, but not where the code knows what it does."""
    found = [*_named(body), *_keywords(body)]
    if found and not _is_for_one_version(body):
        yield from (use for use in found if not _is_guarded(body, use.node))


def _named(body: Body) -> Iterator[Aged]:
    for node in body.nodes:
        if isinstance(node, cst.Name | cst.Attribute) and _is_mentioned(body, node):
            name = body.name_of(node)
            if name in LIVES and not _is_ours(body, node):
                yield Aged(node, name, LIVES[name])


def _is_mentioned(body: Body, node: "CSTNode") -> bool:
    """Is it called, given, decorated with, inherited from, assigned to a name or returned?"""
    match body.parent(node):
        case cst.Call(func=used) | cst.Decorator(decorator=used) | cst.Arg(value=used) | cst.Return(value=used):
            return used is node
        case cst.Assign(value=used, targets=[cst.AssignTarget(target=cst.Name())]):
            return used is node
    return False


def _is_ours(body: Body, node: "BaseExpression") -> bool:
    """Is it a name of the project that stands for it, perhaps only where an import has failed?"""
    if isinstance(node, cst.Attribute):
        return isinstance(body.resolve(node.value), Module)
    scope = body.scope
    while scope >= 0 and isinstance(node, cst.Name):
        bindings = body.facts.scopes[scope].names.get(node.value)
        if bindings:
            return len(bindings) > 1 or not bindings[0].value.startswith("asyncio") or bindings[0].bound != Bound.IMPORT
        scope = body.facts.scopes[scope].parent
    return "asyncio" not in body.facts.stars


def _keywords(body: Body) -> Iterator[Aged]:
    for call in body.all_calls():
        for argument in call.args:
            if argument.keyword is None:
                continue
            keyword = argument.keyword.value
            name = body.name_of(call.func) or _initialised(body, call)
            if (name, keyword) in KEYWORDS:
                yield Aged(argument.keyword, name, KEYWORDS[name, keyword], keyword)


def _initialised(body: Body, call: "Call") -> str:
    """The class outside the project whose `__init__` is called by `super().__init__(...)`."""
    if code_of(call.func) != "super().__init__" or body.owner is None or body.resolve(call.func) is not None:
        return ""
    base = next((base for base in body.project.lineage(body.owner) if not isinstance(base, Class)), None)
    return base.name if base is not None else ""


def _is_for_one_version(body: Body) -> bool:
    """Does a function ask which Python runs, or stand where that is known?"""
    here = body.here
    if any(first <= here.first_line <= last for first, last in body.facts.by_version if here.function is not None):
        return True
    if not isinstance(body.node, cst.FunctionDef):
        return False
    return any(_asks(node) for node in (*body.nodes, *(part for d in body.node.decorators for part in walk(d))))


def _asks(node: "CSTNode") -> bool:
    return isinstance(node, cst.Name) and is_version(node.value)


def _is_guarded(body: Body, node: "CSTNode") -> bool:
    """Does the code around it ask for the version, or whether there is such API, or handle that there is not?"""
    for below, above in pairwise([node, *body.ancestors(node)]):
        match above:
            case cst.If() | cst.IfExp() | cst.BooleanOperation() | cst.Assert():
                test = above.left if isinstance(above, cst.BooleanOperation) else above.test
                if any(_asks(part) or _asks_for_attribute(part) for part in walk(test)):
                    return True
            case cst.Try():
                if _is_handled(body, above, below):
                    return True
            case cst.With():
                if any(_expects(body, item.item) for item in above.items):
                    return True
    return False


def _asks_for_attribute(node: "CSTNode") -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _ASKING


def _is_handled(body: Body, statement: "Try", part: "CSTNode") -> bool:
    """Is it tried, with a handler for its absence, or used in the handler for the absence of something newer?"""
    if part is statement.body:
        caught = frozenset(name for handler in statement.handlers for name in body.caught(handler.type))
        return bool(caught & _REFUSED) or (bool(caught & _ANY) and len(statement.body.body) == 1)
    return isinstance(part, cst.ExceptHandler) and bool(body.caught(part.type) & _REFUSED)


def _expects(body: Body, entered: "BaseExpression") -> bool:
    if not isinstance(entered, cst.Call):
        return False
    last = entered.func.attr.value if isinstance(entered.func, cst.Attribute) else getattr(entered.func, "value", "")
    return last in _EXPECTING or body.name_of(entered.func) == _SUPPRESS
