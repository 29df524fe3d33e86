"""The sieve: which bodies could break which rule, judged from the facts alone."""

from collections.abc import Iterator, Sequence

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import AsyncGenerator, Coroutine, Items, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.rule import Rule
from asynclint.rule.wants import Want

_DROPPING = frozenset({Use.STATEMENT, Use.ASSIGNED, Use.COLLECTED})


def candidates(
    project: Project, facts: ModuleFacts, rules: Sequence[Rule], *, sieve: bool = True
) -> dict[int, list[Rule]]:
    """For each body worth reading, by scope: the rules to read it for. Without the sieve: all bodies, all rules."""
    if not sieve:
        return {scope: list(rules) for scope in _bodies(facts)}
    found: dict[int, dict[str, Rule]] = {}
    for rule in rules:
        for scope in _wanted(project, facts, rule.wants):
            body = facts.executor(scope)
            if facts.scopes[body].kind is not ScopeKind.LAMBDA:
                found.setdefault(body, {})[rule.code] = rule
    return {scope: [rule for rule in rules if rule.code in found[scope]] for scope in sorted(found)}


def _bodies(facts: ModuleFacts) -> Iterator[int]:
    kinds = ScopeKind.MODULE, ScopeKind.FUNCTION
    return (index for index, scope in enumerate(facts.scopes) if scope.kind in kinds)


def _wanted(project: Project, facts: ModuleFacts, want: Want) -> Iterator[int]:
    """The scopes in which something of what is wanted stands."""
    for call in facts.calls:
        if _is_wanted(project, facts, want, call):
            yield call.scope
    if want.handlers:
        for handler in facts.handlers:
            caught = _caught(project, facts, handler.scope, handler.type)
            if caught & want.handlers and _is_async(facts, handler.scope):
                yield handler.scope


def _is_wanted(project: Project, facts: ModuleFacts, want: Want, call: CallFacts) -> bool:
    if want.awaited_methods and call.use is Use.AWAITED and call.last_name in want.awaited_methods:
        return True
    if call.last_name in want.bare_methods and not call.arguments and _is_async(facts, call.scope):
        return True
    if want.dropped_coroutines and call.use in _DROPPING:
        result = project.evaluate(facts.path, call.scope, f"{call.callee}()" if call.callee else "")
        if isinstance(result, Coroutine | AsyncGenerator):
            return True
    names = want.calls | want.coroutine_calls if _is_async(facts, call.scope) else want.calls
    if not names:
        return False
    callee = project.call(facts.path, call)
    return isinstance(callee, Named) and callee.name in names


def _is_async(facts: ModuleFacts, scope: int) -> bool:
    function = facts.scopes[facts.executor(scope)].function
    return function is not None and function.is_async


def _caught(project: Project, facts: ModuleFacts, scope: int, code: str | None) -> set[str]:
    if code is None:
        return {"builtins.BaseException"}
    entity = project.evaluate(facts.path, scope, code)
    items = entity.items if isinstance(entity, Items) else (entity,)
    return {item.name for item in items if isinstance(item, Named)}
