"""What lies below a function: the functions of the project that it calls, and those that they call in their turn."""

from collections.abc import Container, Iterator

from asynclint.facts.blocking import blocked_call
from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Function
from asynclint.facts.project import Project

_MOST = 50  # functions looked at below one


def own_calls(project: Project, function: Function) -> list[CallFacts]:
    """The calls that a function makes itself, those of its comprehensions included."""
    module = project.module(function.path)
    return [call for call in module.calls if module.executor(call.scope) == function.scope] if module else []


def below(project: Project, function: Function, uses: Container[Use] = frozenset(Use)) -> Iterator[Function]:
    """The function and all that it calls, however many calls away, each once and the nearest first.

    Only calls whose result is put to one of these uses are followed.
    """
    found = [function]
    for current in found:  # which grows meanwhile
        yield current
        calls = [call for call in own_calls(project, current) if call.use in uses]
        callees = dict.fromkeys(project.call(current.path, call) for call in calls)
        fresh = [callee for callee in callees if isinstance(callee, Function) and callee not in found]
        found += fresh if len(found) < _MOST else ()


def blocks(project: Project, function: Function) -> bool:
    """Does it make a call that is known to block, or may it come to one, however many calls away?"""
    return any(
        blocked_call(project, module, call) is not None
        for each in below(project, function)
        if not project.function(each).is_async and (module := project.module(each.path)) is not None
        for call in own_calls(project, each)
    )


def reaches(project: Project, function: Function, other: Function) -> bool:
    """Does the first function, or one of those that it calls in its turn, call the other? Each reaches itself."""
    return other in below(project, function)


def runs(project: Project, function: Function) -> Iterator[Function]:
    """The coroutine function and all that it runs by awaiting them."""
    return below(project, function, (Use.AWAITED, Use.RETURNED))
