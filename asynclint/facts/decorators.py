"""What decorators make of the functions they stand on."""

from collections.abc import Iterator

from asynclint.facts.annotations import keeps_kind
from asynclint.facts.code import Code
from asynclint.facts.entities import Entity, Function, Named, Variable
from asynclint.facts.knowledge.declared import Role
from asynclint.facts.knowledge.decorators import (
    CACHES,
    CONTEXTS,
    OVERLOADS,
    PROPERTIES,
    PROPERTY_NAMES,
    ROUTES,
    TRANSPARENT,
    TRANSPARENT_PREFIXES,
)
from asynclint.facts.module import ScopeKind
from asynclint.facts.names import Binding, Bound, callee_of
from asynclint.facts.remaking import Remaking
from asynclint.facts.spelling import written

_PARTS = (".setter", ".deleter", ".getter", ".register", ".register()")


class Decorators:
    """Answers for the functions of one project."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._remaking = Remaking(code)

    def leave(self, function: Function) -> bool:
        """Do all of them leave the function what it is, and so does what makes its class?"""
        owner = self._code.owner(function)
        if owner is not None and self._remaking.remakes(owner):
            return False
        parent, facts = self._code.scope(function).parent, self._code.function(function)
        return all(self._leaves(function.path, parent, code, is_async=facts.is_async) for code in facts.decorators)

    def _leaves(self, path: str, scope: int, code: str, *, is_async: bool) -> bool:
        role = self.role(path, scope, code)
        if role is not None:
            return role in (Role.TRANSPARENT, Role.PROPERTY) or (role is Role.CACHE and not is_async)
        return (
            self._is_transparent(path, scope, code)
            or (not is_async and self.name(path, scope, code) in CACHES)
            or self._wraps(self._applied(path, scope, code), is_async=is_async)
        )

    def change(self, function: Function) -> Role | None:
        """What the user says that the only decorator makes of the function that does not leave it what it is."""
        path, parent, facts = function.path, self._code.scope(function).parent, self._code.function(function)
        changing = [c for c in facts.decorators if not self._leaves(path, parent, c, is_async=facts.is_async)]
        return self.role(path, parent, changing[0]) if len(changing) == 1 else None

    def make_property(self, function: Function) -> bool:
        """Is the function read without being called?"""
        parent, decorators = self._code.scope(function).parent, self._code.function(function).decorators
        return any(self._makes_property(function.path, parent, code) for code in decorators)

    def _makes_property(self, path: str, scope: int, code: str) -> bool:
        role = self.role(path, scope, code)
        return role is Role.PROPERTY if role else _is_property(code) or self.name(path, scope, code) in PROPERTIES

    def make_plain_property(self, function: Function) -> bool:
        """Does `property` alone stand on it, so that it runs whenever it is read?"""
        parent, decorators = self._code.scope(function).parent, self._code.function(function).decorators
        return [self.name(function.path, parent, code) for code in decorators] == ["builtins.property"]

    def cache(self, function: Function) -> bool:
        """Does the function run only once for the same arguments?"""
        parent, decorators = self._code.scope(function).parent, self._code.function(function).decorators
        return any(
            role is Role.CACHE if (role := self.role(function.path, parent, code)) else name in CACHES
            for code in decorators
            for name in [self.name(function.path, parent, code)]
        )

    def make_context(self, function: Function) -> bool:
        """Do they make the function a context manager and nothing else?"""
        parent, decorators = self._code.scope(function).parent, self._code.function(function).decorators
        others = [code for code in decorators if not self._makes_context(function.path, parent, code)]
        alone = len(others) + 1 == len(decorators)
        return alone and all(self._keeps(function.path, parent, code) for code in others)

    def _makes_context(self, path: str, scope: int, code: str) -> bool:
        role = self.role(path, scope, code)
        return role is Role.CONTEXT_MANAGER if role else self.name(path, scope, code) in CONTEXTS

    def _keeps(self, path: str, scope: int, code: str) -> bool:
        role = self.role(path, scope, code)
        return role is Role.TRANSPARENT if role else self._is_transparent(path, scope, code)

    def make_part(self, function: Function) -> bool:
        """Is the function only a part of another one: an overload, a setter?"""
        parent, decorators = self._code.scope(function).parent, self._code.function(function).decorators
        return any(c.endswith(_PARTS) or self.name(function.path, parent, c) in OVERLOADS for c in decorators)

    def role(self, path: str, scope: int, code: str) -> Role | None:
        """What the user says of a decorator, None when nothing."""
        declared = self._code.declarations.decorators
        return None if declared.is_empty else declared.of(self._names(path, scope, code))

    def names(self, function: Function) -> Iterator[str]:
        """The dotted names of all of them."""
        parent = self._code.scope(function).parent
        for code in self._code.function(function).decorators:
            yield from self._names(function.path, parent, code)

    def _names(self, path: str, scope: int, code: str) -> Iterator[str]:
        """What the user may call a decorator: as what it is documented, is defined, is imported and is written."""
        plain = code.removesuffix("()")
        yield from self._code.dotted_names(self._code.evaluate(path, scope, plain))
        yield from written(self._code, path, scope, plain)

    def name(self, path: str, scope: int, code: str) -> str:
        """The documented name of a decorator, "" when it is not known or of the project."""
        entity = self._code.evaluate(path, scope, code.removesuffix("()"))
        return entity.name if isinstance(entity, Named) else ""

    def _is_transparent(self, path: str, scope: int, code: str) -> bool:
        name = self.name(path, scope, code)
        if name in TRANSPARENT or name in PROPERTIES or _is_property(code) or name.startswith(TRANSPARENT_PREFIXES):
            return True
        is_route = code.endswith("()") and "." in code and code[:-2].rpartition(".")[2] in ROUTES
        return is_route and not isinstance(self._applied(path, scope, code), Function)  # what is seen decides

    def _applied(self, path: str, scope: int, code: str) -> Entity | None:
        """The function of the project that a decorator applies: itself, or what `@decorator(...)` returns."""
        entity = self._code.evaluate(path, scope, code.removesuffix("()"))
        called = code.endswith("()")
        return self._inner(entity) if called and isinstance(entity, Function) else None if called else entity

    def _inner(self, function: Function) -> Entity | None:
        """The function that a function returns."""
        codes = self._code.function(function).returned
        returned = {self._code.evaluate(function.path, function.scope, code) for code in codes}
        return returned.pop() if len(returned) == 1 else None

    def _wraps(self, decorator: Entity | None, *, is_async: bool) -> bool:
        """Does it give back what it decorates, or for a coroutine function another one that it defines?"""
        if not isinstance(decorator, Function):
            return False
        facts = self._code.function(decorator)
        if facts.is_async or facts.is_generator or facts.decorators:
            return False
        taken = facts.parameters[:1]
        is_rebound = any(len(self._code.scope(decorator).names[name]) > 1 for name in taken)
        if set(facts.returned) == set(taken) and not is_rebound:
            return True
        if self._is_typed_as_identity(decorator):
            return not (is_async and self._makes_plain(decorator))
        inner = self._inner(decorator) if is_async else None
        if not isinstance(inner, Function) or self._code.scope(inner).parent != decorator.scope:
            return False
        made = self._code.function(inner)
        return made.is_async and not made.is_generator and self.leave(inner)

    def _makes_plain(self, decorator: Function) -> bool:
        """Does it visibly give back a plain function that does more than call what it decorates?

        Type checkers let `F` for `F` pass with `Any` and casts, even where a coroutine function becomes a plain one.
        """
        facts, module = self._code.function(decorator), self._code.module(decorator.path)
        inner = [
            Function(decorator.path, index)
            for index, scope in enumerate(module.scopes if module else ())
            if scope.parent == decorator.scope and scope.kind is ScopeKind.FUNCTION
        ]
        wrapper = self._inner(decorator)
        wrappers = [wrapper] if isinstance(wrapper, Function) and wrapper in inner else inner
        if any(self._code.function(made).is_async for made in wrappers):
            return False
        is_lambda = "0" in facts.returned
        return is_lambda or not all(self._passes_on(made, facts.parameters[0]) for made in wrappers)

    def _passes_on(self, wrapper: Function, name: str) -> bool:
        """Is what the wrapper gives always what a call of `name` gives?"""
        facts, names = self._code.function(wrapper), self._code.scope(wrapper).names
        codes = [b.value for code in facts.returned for b in names.get(code, (Binding(Bound.VALUE, code, 0),))]
        return not facts.is_generator and bool(codes) and all(callee_of(code) == name for code in codes)

    def _is_typed_as_identity(self, decorator: Function) -> bool:
        """Is it annotated to return the very type it takes: `F` for `F`, `Callable[P, R]` for `Callable[P, R]`?"""
        facts, scope = self._code.function(decorator), self._code.scope(decorator)
        taken = {b.value for b in scope.names.get(facts.parameters[0], ())} if facts.parameters else set()
        if len(taken) != 1 or not facts.returns:
            return False

        def is_variable(name: str) -> bool:
            return isinstance(self._code.annotated(decorator.path, scope.parent, name), Variable)

        return keeps_kind(taken.pop(), facts.returns, is_variable)


def _is_property(decorator: str) -> bool:
    """Is it called like one? Libraries and projects have many of their own."""
    last = decorator.removesuffix("()").rpartition(".")[2]
    return last.endswith("property") or last in PROPERTY_NAMES
