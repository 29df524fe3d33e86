"""Classes whose methods are replaced when the class is made: by a decorator, a metaclass, `__init_subclass__`."""

import re
from collections.abc import Iterator

from asynclint.facts.calls import CallFacts
from asynclint.facts.code import Code
from asynclint.facts.entities import Class, Entity, Function
from asynclint.facts.module import Scope

_SETTERS = frozenset({"setattr", "__setattr__"})
_LOOKING = frozenset({"dir", "getmembers", "vars"})
_DEEPEST = 3  # calls


class Remaking:
    """Answers for the classes of one project."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._remade: dict[Class, bool] = {}
        self._setting: dict[Function, bool] = {}
        self._calls_of: dict[str, dict[int, list[CallFacts]]] = {}  # by path, and the scope of the function

    def remakes(self, klass: Class) -> bool:
        """May a method of the class be another than the one that it defines?"""
        if klass not in self._remade:
            makers = (maker for maker in self._makers(klass) if isinstance(maker, Function))
            self._remade[klass] = any(map(self._sets_methods, makers))
        return self._remade[klass]

    def _makers(self, klass: Class) -> Iterator[Entity | None]:
        """The functions of the project that run when the class is made."""
        scope = self._code.scope(klass)
        for code in scope.klass.decorators if scope.klass else ():
            applied = self._code.evaluate(klass.path, scope.parent, code.removesuffix("()"))
            yield applied
            if code.endswith("()") and isinstance(applied, Function):
                yield from self._returned(applied)
        for position, above in enumerate(self._code.lineage(klass)):
            if isinstance(above, Class):
                yield from self._metaclass(above)
                yield self._own(above, "__init_subclass__") if position else None

    def _returned(self, function: Function) -> Iterator[Entity | None]:
        for code in self._code.function(function).returned:
            yield self._code.evaluate(function.path, function.scope, code)

    def _metaclass(self, klass: Class) -> Iterator[Entity | None]:
        scope = self._code.scope(klass)
        code = scope.klass.metaclass if scope.klass else ""
        metaclass = self._code.evaluate(klass.path, scope.parent, code) if code.strip("?") else None
        for above in self._code.lineage(metaclass) if isinstance(metaclass, Class) else ():
            if isinstance(above, Class):
                yield from (self._own(above, name) for name in ("__new__", "__init__"))

    def _own(self, klass: Class, name: str) -> Function | None:
        bindings = self._code.scope(klass).names.get(name, ())
        targets = [binding.target for binding in bindings if binding.target >= 0]
        module = self._code.module(klass.path)
        is_function = bool(targets) and module is not None and module.scopes[targets[-1]].function is not None
        return Function(klass.path, targets[-1]) if is_function else None

    def _sets_methods(self, maker: Function) -> bool:
        """Does it set attributes whose names it does not spell out, and look at those that are there?"""
        if maker not in self._setting:
            self._setting[maker] = self._looks_and_sets(maker)
        return self._setting[maker]

    def _looks_and_sets(self, maker: Function) -> bool:
        calls = list(self._calls(maker, _DEEPEST))
        if not any(call.last_name in _LOOKING for _, call in calls):
            return False
        return any(_sets_any(call) and not _sets_again(call, scope) for scope, call in calls)

    def _calls(self, maker: Entity | None, depth: int) -> Iterator[tuple[Scope, CallFacts]]:
        """Its calls, and those of what it calls, with the scopes they stand in."""
        module = self._code.module(maker.path) if isinstance(maker, Function) and depth else None
        if module is None or not isinstance(maker, Function):
            return
        if maker.path not in self._calls_of:
            self._calls_of[maker.path] = module.calls_by_function()
        for call in self._calls_of[maker.path].get(maker.scope, ()):
            yield module.scopes[call.scope], call
            yield from self._calls(self._code.evaluate(maker.path, call.scope, call.callee), depth - 1)


def _sets_any(call: CallFacts) -> bool:
    names = call.arguments[-2:-1]
    return call.last_name in _SETTERS and any(names)


def _sets_again(call: CallFacts, scope: Scope) -> bool:
    """Does it only set what it has found there: `for name, value in vars(cls).items(): setattr(cls, name, value)`?"""
    owner, value = (call.arguments[-3:-2] or ("",))[0], call.arguments[-1]
    codes = [binding.value for binding in scope.names.get(value, ())]
    found = [code for code in codes if code.startswith("getattr()") or "*" in code]
    return len(found) == len(codes) == 1 and bool(owner) and re.search(rf"\b{re.escape(owner)}\b", found[0]) is not None
