"""Whether facts that were read from somewhere fit together as those that are made here do."""

from collections.abc import Iterator

from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound


def is_sound(facts: ModuleFacts) -> bool:
    """Does every number in it point to something, and every scope lie in one before it?"""
    scopes = facts.scopes
    if not scopes or scopes[0].kind is not ScopeKind.MODULE or scopes[0].parent != -1:
        return False
    kept = (facts.calls, facts.handlers, facts.withs, facts.loops, facts.awaits, facts.patches, facts.changes)
    nested = all(0 <= scope.parent < index and _is_whole(scope) for index, scope in enumerate(scopes[1:], 1))
    placed = all(0 <= each.scope < len(scopes) for part in kept for each in part)
    inside = all(-1 <= call.inside < index for index, call in enumerate(facts.calls))
    return nested and placed and inside and all(_fits(scopes, b) for scope in scopes for b in _bindings(scope))


def _is_whole(scope: Scope) -> bool:
    kinds = {ScopeKind.CLASS: scope.klass, ScopeKind.FUNCTION: scope.function, ScopeKind.LAMBDA: scope.function}
    return scope.kind is not ScopeKind.MODULE and (scope.kind not in kinds or kinds[scope.kind] is not None)


def _bindings(scope: Scope) -> Iterator[Binding]:
    attributes = scope.klass.attributes if scope.klass else {}
    for bindings in (*scope.names.values(), *attributes.values()):
        yield from bindings


def _fits(scopes: list[Scope], binding: Binding) -> bool:
    if not 0 <= binding.scope < len(scopes):
        return False
    if binding.bound is not Bound.DEFINITION:
        return True
    return 0 <= binding.target < len(scopes) and scopes[binding.target].kind in (ScopeKind.CLASS, ScopeKind.FUNCTION)
