"""Which bodies may start several event loops, one after the other."""

from collections import Counter
from collections.abc import Iterator

from asynclint.facts.entities import Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project

_STARTS = "asyncio.run"


def may_rerun(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The functions and modules, by scope, that call `asyncio.run` twice, or once where they have a loop.

    A `while` of a module is not seen.
    """
    called = project.calls(facts)
    starts = (call for call, callee in called if isinstance(callee, Named) and callee.name == _STARTS)
    for scope, times in Counter(facts.executor(call.scope) for call in starts).items():
        function = facts.scopes[scope].function
        has_while = function is not None and function.has_while
        if times > 1 or has_while or any(facts.executor(loop.scope) == scope for loop in facts.loops):
            yield scope
