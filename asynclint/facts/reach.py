"""Which plain functions reach a blocking call, and by which shortest way."""

from collections import deque
from functools import lru_cache

from msgspec import Struct

from asynclint.facts.blocking import blocked_call, declared
from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Entity, Function, Named
from asynclint.facts.knowledge.blocking import Blocked
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project

_DEEPEST = 12  # calls; a longer way is hard to believe and dear to search
# Files and computing block too, but rarely for long; sockets and threads are mostly waited for where it is known that
# there is nothing to wait for (a timeout of zero, a numeric address, a thread that has ended).
_NOT_FOLLOWED = frozenset({"ASL205", "ASL206", "ASL208", "ASL209"})
_LOOP_TESTS = frozenset(
    {
        *("asyncio.get_running_loop", "asyncio._get_running_loop", "asyncio.current_task"),
        *("threading.get_ident", "threading.current_thread", "threading.main_thread"),
    }
)


class Step(Struct, frozen=True):
    """One call on the way: the code of what is called, and its place, with a 0-based UTF-8 offset for a column."""

    callee: str
    path: str
    line: int
    column: int


class Way(Struct, frozen=True):
    """How a function comes to block: its own call first, the blocking one last."""

    steps: tuple[Step, ...]
    blocked: Blocked


class Reach:
    """Answers for one project, remembering what it has seen. Offloaded functions are not called, so not followed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ways: dict[Function, Way | None] = {}
        self._calls: dict[str, dict[int, list[CallFacts]]] = {}

    def way(self, function: Function) -> Way | None:
        """The shortest way from a plain function to a blocking call, None when there is none in sight."""
        if function not in self._ways:
            self._ways[function] = self._shortest(function)
        return self._ways[function]

    def enters(self, callee: Entity | None) -> Function | None:
        """The plain function whose body runs when something is called: itself, or what initialises a class."""
        function = self._project.member(callee, "__init__") if isinstance(callee, Class) else callee
        if not isinstance(function, Function) or declared(self._project, callee) is not None:
            return None
        facts = self._project.function(function)
        plain = not facts.is_async and not facts.is_generator and self._project.is_plain(function)
        return function if plain else None

    def _shortest(self, start: Function) -> Way | None:
        waiting: deque[tuple[Function, tuple[Step, ...]]] = deque([(start, ())])
        seen = {start}
        while waiting:
            function, steps = waiting.popleft()
            calls = [call for call in self._own_calls(function) if call.use is not Use.AWAITED]
            if self._asks_for_a_loop(function, calls):
                continue
            for call in calls:
                if blocked := self._blocked(function.path, call):
                    return Way((*steps, _step(function.path, call)), blocked)
            if len(steps) < _DEEPEST:
                for call in calls:
                    callee = self.enters(self._project.call(function.path, call))
                    if callee is not None and callee not in seen:
                        seen.add(callee)
                        waiting.append((callee, (*steps, _step(function.path, call))))
        return None

    def _blocked(self, path: str, call: CallFacts) -> Blocked | None:
        module = self._project.module(path)
        blocked = blocked_call(self._project, module, call) if module else None
        is_followed = blocked is not None and (blocked.declared or blocked.code not in _NOT_FOLLOWED)
        return blocked if is_followed else None

    def _asks_for_a_loop(self, function: Function, calls: list[CallFacts]) -> bool:
        """Does it find out first which thread or loop it runs in, and so knows not to block it?"""
        callees = (self._project.call(function.path, call) for call in calls)
        return any(isinstance(callee, Named) and callee.name in _LOOP_TESTS for callee in callees)

    def _own_calls(self, function: Function) -> list[CallFacts]:
        if function.path not in self._calls:
            module = self._project.module(function.path)
            self._calls[function.path] = _by_executor(module) if module else {}
        return self._calls[function.path].get(function.scope, [])


@lru_cache(maxsize=4)
def reach_of(project: Project) -> Reach:
    """The one `Reach` of a project."""
    return Reach(project)


def _by_executor(module: ModuleFacts) -> dict[int, list[CallFacts]]:
    grouped: dict[int, list[CallFacts]] = {}
    for call in module.calls:
        grouped.setdefault(module.executor(call.scope), []).append(call)
    return grouped


def _step(path: str, call: CallFacts) -> Step:
    return Step(call.callee, path, call.line, call.column)
