"""Where a file names something: what it calls, gives, inherits from, decorates with, assigns to a name or returns."""

from collections.abc import Iterator

from asynclint.facts.module import ModuleFacts, Scope
from asynclint.facts.names import Bound


def mentions(facts: ModuleFacts) -> Iterator[tuple[int, str]]:
    """Each such expression: the scope in which it is read, and its code."""
    for call in facts.calls:
        yield call.scope, call.callee
        yield from ((call.scope, argument.rpartition("=")[2].lstrip("*")) for argument in call.arguments)
    for index, scope in enumerate(facts.scopes):
        yield from ((scope.parent, code.removesuffix("()")) for code in _heading(scope))
        yield from ((index, code) for code in (scope.function.returned if scope.function else ()))
        attributes = scope.klass.attributes if scope.klass else {}
        for bindings in (*scope.names.values(), *attributes.values()):
            yield from ((b.scope, b.value) for b in bindings if b.bound is Bound.VALUE)


def _heading(scope: Scope) -> Iterator[str]:
    """The codes of decorators and bases, which are read where the function or class is defined."""
    yield from scope.function.decorators if scope.function else ()
    if scope.klass is not None:
        yield from (*scope.klass.decorators, *scope.klass.bases)
