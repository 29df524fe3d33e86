"""One body as a rule sees it: a function's or a module's own nodes, and what their names mean."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Items, Named
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.module import ModuleFacts, Scope
from asynclint.facts.project import Project
from asynclint.facts.runtime import runtime_of
from asynclint.rule import nodes as cst
from asynclint.rule.trees import code_of, own_children, parents, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libcst import BaseExpression, Call, CSTNode, Global, Name, Nonlocal


_NEVER = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING", "builtins.False"})
_ROOT = re.compile(r"\w+")
_DEFINITIONS = frozenset({"ClassDef", "FunctionDef"})
_INNER = frozenset({"Lambda", "ListComp", "SetComp", "DictComp", "GeneratorExp"})


Kind = TypeVar("Kind", bound="CSTNode")


class BodyKind(StrEnum):
    """What runs the body."""

    MODULE = "module"
    FUNCTION = "function"
    COROUTINE = "coroutine"
    ASYNC_GENERATOR = "async generator"


class Target:
    """The Python versions the linted code has to run on, oldest and newest: (3, 11), (3, 14)."""

    __slots__ = ("newest", "oldest")

    def __init__(self, oldest: tuple[int, int], newest: tuple[int, int]) -> None:
        self.oldest = oldest
        self.newest = newest


class Body:
    """A function or a module, without the bodies of the functions, lambdas and generator expressions inside it.

    `node` is its libcst tree (a `FunctionDef` or a `Module`), `scope` its place in the facts of its file.
    """

    def __init__(
        self, node: "CSTNode", facts: ModuleFacts, scope: int, project: Project, target: Target, *, is_test: bool
    ) -> None:
        self.node = node
        self.facts = facts
        self.scope = scope
        self.project = project
        self.target = target
        self.is_test = is_test
        self._codes: dict[int, tuple[int, str]] = {}

    # what it is

    @property
    def here(self) -> Scope:
        """Its scope in the facts."""
        return self.facts.scopes[self.scope]

    @property
    def name(self) -> str:
        """`fetch`, "" for a module."""
        return self.here.name

    @property
    def function(self) -> FunctionFacts | None:
        """Its signature in the facts, None for a module."""
        return self.here.function

    @property
    def entity(self) -> Function:
        """The body as something that is called."""
        return Function(self.facts.path, self.scope)

    @property
    def kind(self) -> BodyKind:
        """What runs it."""
        if self.function is None:
            return BodyKind.MODULE
        if not self.function.is_async:
            return BodyKind.FUNCTION
        return BodyKind.ASYNC_GENERATOR if self.function.is_generator else BodyKind.COROUTINE

    @property
    def is_async(self) -> bool:
        """May it await?"""
        return self.kind in (BodyKind.COROUTINE, BodyKind.ASYNC_GENERATOR)

    @property
    def owner(self) -> Class | None:
        """The class it is a method of."""
        index = self.facts.enclosing_class(self.scope)
        return Class(self.facts.path, index) if index >= 0 else None

    @property
    def library(self) -> str:
        """The library its async code runs on, to be named in messages: `asyncio` or `anyio`."""
        return runtime_of(self.project, self.facts, self.scope).value

    # its nodes

    @cached_property
    def nodes(self) -> "tuple[CSTNode, ...]":
        """Its own nodes, parents first."""
        start = self.node.body if isinstance(self.node, cst.FunctionDef) else self.node
        return tuple(walk(start, self._live_children))

    def _live_children(self, node: "CSTNode") -> "list[CSTNode]":
        """Without what stands under `if TYPE_CHECKING:` or under a constant that is False, or beside its opposite."""
        if type(node) is cst.If:
            if self._never_holds(node.test):
                return [node.orelse] if node.orelse else []
            if self._always_holds(node.test):
                return [node.body]
        return own_children(node)

    def every(self, kind: "type[Kind]") -> "Sequence[Kind]":
        """Its own nodes of one class, which is no base of others, parents first."""
        return self._by_kind.get(kind, ())  # type: ignore[return-value]

    @cached_property
    def _by_kind(self) -> "dict[type, list[CSTNode]]":
        grouped: dict[type, list[CSTNode]] = {}
        for node in self.nodes:
            grouped.setdefault(type(node), []).append(node)
        return grouped

    @cached_property
    def declared(self) -> frozenset[str]:
        """The variables it declares global or nonlocal."""
        declaring: list[Global | Nonlocal] = [*self.every(cst.Global), *self.every(cst.Nonlocal)]
        return frozenset(item.name.value for node in declaring for item in node.names)

    def _always_holds(self, test: "BaseExpression") -> bool:
        match test:
            case cst.UnaryOperation(operator=cst.Not(), expression=opposite):
                return self._never_holds(opposite)
        return False

    def _never_holds(self, test: "BaseExpression") -> bool:
        if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
            return self._never_holds(test.left) or self._never_holds(test.right)
        name = self.name_of(test)
        # an attribute that is False where it is set may be True by the time it is asked for
        return name in _NEVER and (name != "builtins.False" or isinstance(test, cst.Name))

    @cached_property
    def _parents(self) -> "dict[int, CSTNode]":
        return parents(self.node)

    def parent(self, node: "CSTNode") -> "CSTNode | None":
        """The node directly above, None for the body itself."""
        return self._parents.get(id(node))

    def ancestors(self, node: "CSTNode") -> "Iterator[CSTNode]":
        """The nodes above, innermost first, up to the function or module."""
        parents = self._parents
        above = parents.get(id(node))
        while above is not None:
            yield above
            above = parents.get(id(above))

    def text(self, node: "CSTNode") -> str:
        """The source of a node on one line."""
        return " ".join(cst.Module([]).code_for_node(node).split())

    def reads(self, name: str) -> "Iterator[Name]":
        """Every place that reads (or deletes, or declares) a variable, functions inside included."""
        return (node for node in self._names.get(name, ()) if not self._is_bound_or_label(node))

    @cached_property
    def _names(self) -> "dict[str, list[Name]]":
        found: dict[str, list[Name]] = {}
        for node in walk(self.node):
            if type(node) is cst.Name:
                found.setdefault(node.value, []).append(node)
        return found

    def is_label(self, name: "Name") -> bool:
        """Is it the name of an attribute or of a keyword, and no variable?"""
        above = self.parent(name)
        return isinstance(above, cst.Attribute | cst.Arg) and above.value is not name

    def _is_bound_or_label(self, node: "CSTNode") -> bool:
        above = self.parent(node)
        if isinstance(above, cst.Element | cst.StarredElement):
            display = self.parent(above)
            return isinstance(display, cst.Tuple | cst.List) and self._is_bound_or_label(display)
        return any(getattr(above, field) is node for field in _LABELS.get(type(above).__name__, ()))

    # what its names mean

    def resolve(self, expression: "BaseExpression") -> Entity | None:
        """What an expression of this body means, None when that is not known."""
        scope, code = self.code_at(expression)
        return self.project.evaluate(self.facts.path, scope, code) if code else None

    def code_at(self, expression: "BaseExpression") -> tuple[int, str]:
        """Where an expression of this body is read in the facts, and its code, "" when it has none."""
        known = self._codes.get(id(expression))
        if known is None:
            known = self._scope_at(expression), self._code(expression)
            if id(expression) in self._parents:  # else it may not live as long as the body
                self._codes[id(expression)] = known
        return known

    def _code(self, expression: "BaseExpression") -> str:
        """Its code, with the variable of a comprehension spelled as the element it stands for."""
        code = code_of(expression)
        root = _ROOT.match(code)
        for inner in self._inner_scopes(expression):
            if root and root[0] in _inner_names(inner):
                iterable = _iterated(inner, root[0])
                outer = self._code(iterable) if iterable is not None else ""
                return f"{outer}*{code[root.end() :]}" if outer else ""
        return code

    def name_of(self, expression: "BaseExpression") -> str:
        """The documented name of what an expression means, "" when it is not known or of the project."""
        entity = self.resolve(expression)
        return entity.name if isinstance(entity, Named) else ""

    def type_of(self, expression: "BaseExpression") -> str:
        """The documented name of the class an expression is an instance of, "" when it is not known."""
        entity = self.resolve(expression)
        return entity.of.name if isinstance(entity, Instance) and isinstance(entity.of, Named) else ""

    def all_calls(self) -> "Sequence[Call]":
        """Every call of its own."""
        return self.every(cst.Call)

    def calls(self, *names: str) -> "Iterator[Call]":
        """Its own calls of what is documented under one of these names."""
        return (call for call in self.all_calls() if self.name_of(call.func) in names)

    def coroutine_of(self, expression: "BaseExpression") -> Coroutine | None:
        """The coroutine an expression makes, None when it makes none that is known."""
        entity = self.resolve(expression)
        return entity if isinstance(entity, Coroutine) else None

    def caught(self, kind: "BaseExpression | None") -> frozenset[str]:
        """The documented names of the exceptions an `except` or a `suppress` argument stands for."""
        if kind is None:
            return frozenset({"builtins.BaseException"})
        entity = self.resolve(kind)
        items = entity.items if isinstance(entity, Items) else (entity,)
        return frozenset(item.name for item in items if isinstance(item, Named))

    def suppressed(self, item: "BaseExpression") -> "tuple[BaseExpression, ...]":
        """The arguments of a `contextlib.suppress(...)`, none where a `with` enters anything else."""
        if not isinstance(item, cst.Call) or self.name_of(item.func) != "contextlib.suppress":
            return ()
        return tuple(argument.value for argument in item.args if not argument.star)

    # what the rest of its file does

    def call_sites(self) -> Iterator[CallFacts]:
        """Where its own file calls it."""
        return self.project.call_sites(self.entity)

    def evaluate(self, scope: int, code: str) -> Entity | None:
        """What a code means in another scope of its file."""
        return self.project.evaluate(self.facts.path, scope, code)

    def _inner_scopes(self, node: "CSTNode") -> "Iterator[CSTNode]":
        """The comprehensions and lambdas between a node and the body whose names it sees."""
        path = [node, *self.ancestors(node)]
        for position, above in enumerate(path):
            if type(above).__name__ not in _INNER:
                continue
            if isinstance(above, cst.Lambda):
                yield above
            elif isinstance(above, cst.BaseComp) and position:
                # the first iterable is evaluated outside the comprehension
                first = path[position - 1] is above.for_in and position > 1 and path[position - 2] is above.for_in.iter
                if not first:
                    yield above

    def _scope_at(self, node: "CSTNode") -> int:
        """The scope whose names a node sees first: a class statement in this body, or the body."""
        outer = [above for above in self.ancestors(node) if type(above).__name__ in _DEFINITIONS]
        if isinstance(self.node, cst.FunctionDef) and outer and outer[-1] is self.node:
            outer.pop()
        scope = self.scope
        for definition in reversed(outer):
            assert isinstance(definition, cst.ClassDef | cst.FunctionDef)
            scope = self._definition_scope(scope, definition.name.value)
        return scope

    def _definition_scope(self, parent: int, name: str) -> int:
        scopes = self.facts.scopes
        found = (i for i, s in enumerate(scopes) if s.parent == parent and s.name == name)
        return next(found, parent)


_LABELS = {
    "AssignTarget": ("target",),
    "AnnAssign": ("target",),
    "For": ("target",),
    "CompFor": ("target",),
    "NamedExpr": ("target",),
    "AsName": ("name",),
    "MatchAs": ("name",),
    "MatchStar": ("name",),
    "Attribute": ("attr",),
    "Arg": ("keyword",),
    "Param": ("name",),
    "FunctionDef": ("name",),
    "ClassDef": ("name",),
    "ImportAlias": ("name",),
    "MatchKeywordElement": ("key",),
}


def _inner_names(scope: "CSTNode") -> frozenset[str]:
    """The names a comprehension or a lambda binds for itself."""
    if isinstance(scope, cst.Lambda):
        return frozenset(node.name.value for node in walk(scope.params) if isinstance(node, cst.Param))
    targets = (node.target for node in walk(scope) if isinstance(node, cst.CompFor))
    return frozenset(node.value for target in targets for node in walk(target) if isinstance(node, cst.Name))


def _iterated(scope: "CSTNode", name: str) -> "BaseExpression | None":
    """What a comprehension takes the variable `name` from, None when it is no plain element."""
    loops = (node for node in walk(scope) if isinstance(node, cst.CompFor) and node.asynchronous is None)
    return next((loop.iter for loop in loops if isinstance(loop.target, cst.Name) and loop.target.value == name), None)
