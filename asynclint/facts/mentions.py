"""Where a file names something: what it calls, gives, inherits from, decorates with, assigns to a name or returns."""

from collections.abc import Iterator

from asynclint.facts.module import ModuleFacts, Scope
from asynclint.facts.names import Bound


def mentions(facts: ModuleFacts) -> Iterator[tuple[int, str]]:
    """Each such expression: the scope in which it is read, and its code."""
    for call in facts.calls:
        yield call.scope, call.callee
        for argument in call.arguments:
            yield call.scope, argument.rpartition("=")[2].lstrip("*")
    for index, scope in enumerate(facts.scopes):
        for code in _heading(scope):
            yield scope.parent, code.removesuffix("()")
        for code in scope.function.returned if scope.function else ():
            yield index, code
        for bindings in (*scope.names.values(), *(scope.klass.attributes.values() if scope.klass else ())):
            for binding in bindings:
                if binding.bound is Bound.VALUE and binding.value:
                    yield binding.scope, binding.value


def _heading(scope: Scope) -> Iterator[str]:
    """The codes of decorators and bases, which are read where the function or class is defined."""
    yield from scope.function.decorators if scope.function else ()
    if scope.klass is not None:
        yield from (*scope.klass.decorators, *scope.klass.bases)
