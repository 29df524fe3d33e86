"""Which plain functions reach a blocking call or start an event loop, and by which way."""

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from heapq import heapify, heappop, heappush

from msgspec import Struct

from asynclint.facts.blocking import blocked_call, declared
from asynclint.facts.callbacks import callback_of, given
from asynclint.facts.calls import CallFacts, Use, WithFacts
from asynclint.facts.entities import Class, Context, Entity, Function, Instance, Named
from asynclint.facts.knowledge.callbacks import RUN_ON_LOOP
from asynclint.facts.knowledge.loops import PATCHES, QUESTIONS, STARTERS
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project

NESTED = frozenset({"ASL212"})  # the ends of a way: the rule that speaks of such a call where a coroutine makes it
_CONFIGURED = "blocking-calls"  # the end that the configuration declares
# Thread primitives (ASL206) are mostly waited for where it is known that there is nothing to wait for: an event that is
# set, a thread that has ended.
GRAVE = frozenset({"ASL201", "ASL202", "ASL203", "ASL204", "ASL205", _CONFIGURED})
# Files and computing are mostly quick, and a program that prompts its user seldom does anything else meanwhile.
SLIGHT = frozenset({"ASL207", "ASL208", "ASL209"})
_DEEPEST = 12  # calls; a longer way is hard to believe
_CONTEXT_MANAGER = ("__enter__", "__exit__")


class Step(Struct, frozen=True):
    """One call on the way, or the read of a property: the code, and its place with a 0-based UTF-8 offset."""

    callee: str
    path: str
    line: int
    column: int
    is_read: bool = False


class Way(Struct, frozen=True):
    """How a function comes to its end: its own call first, the blocking one last.

    It is taken whenever the function runs: none of its calls depends on a condition. `end` is the code of the rule
    that speaks of the last call.
    """

    steps: tuple[Step, ...]
    end: str


class _Edge(Struct, frozen=True):
    """One certain call of a function: what it enters, or the code of the rule that speaks of it."""

    step: Step
    end: str = ""
    callee: Function | None = None


class Reach:
    """Answers for one project, remembering what it has seen. Offloaded functions are not called, so not followed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._edges: dict[Function, list[_Edge]] = {}
        self._entered: dict[Entity, Function | None] = {}
        self._calls: dict[str, dict[int, list[CallFacts]]] = {}
        self._searches: dict[frozenset[str], _Search] = {}

    def take_over(self, former: "Reach", paths: Collection[str]) -> None:
        """Remembers what a former one has seen in these files."""
        self._edges |= {function: edges for function, edges in former._edges.items() if function.path in paths}
        self._calls |= {path: calls for path, calls in former._calls.items() if path in paths}

    def way(self, function: Function, ends: frozenset[str]) -> Way | None:
        """The shortest way from a plain function to one of these ends."""
        if ends not in self._searches:
            self._searches[ends] = _Search(self._edges_of, ends)
        return self._searches[ends].way(function)

    def enters(self, callee: Entity | None) -> Function | None:
        """The plain function whose body runs when something is called: itself, or what initialises a class."""
        if not isinstance(callee, Function | Class):
            return None
        if callee not in self._entered:
            self._entered[callee] = self._body(callee)
        return self._entered[callee]

    def _body(self, callee: Function | Class) -> Function | None:
        function: Entity | None = callee
        if isinstance(callee, Class):
            made = (self._project.member(callee, name) for name in ("__init__", "__post_init__"))
            function = next((method for method in made if isinstance(method, Function)), None)
        if not isinstance(function, Function) or declared(self._project, callee) is not None:
            return None
        facts = self._project.function(function)
        runs = not facts.is_async and not facts.is_generator and not self._project.is_cached(function)
        return function if runs and self._project.is_plain(function) else None

    def handed(self, path: str, call: CallFacts) -> Function | None:
        """The plain function that a call hands to the event loop to be run."""
        callback = callback_of(self._project.call(path, call))
        if callback is None or callback.caller not in RUN_ON_LOOP:
            return None
        return self.enters(self._project.evaluate(path, call.scope, given(callback, call.arguments)))

    def managed(self, path: str, item: WithFacts) -> Iterator[Function]:
        """The plain functions that run when an item of a plain `with` is entered and left."""
        manager = None if item.is_async else self._project.evaluate(path, item.scope, item.item)
        if isinstance(manager, Context) and not manager.is_async:
            yield manager.of
        if isinstance(manager, Instance) and isinstance(manager.of, Class):
            for name in _CONTEXT_MANAGER:
                method = self.enters(self._project.member(manager, name))
                if method is not None:
                    yield method

    def property(self, path: str, scope: int, code: str) -> Function | None:
        """The plain function that runs when an attribute is read, None when it is no property of the project."""
        owner, _, name = code.rpartition(".")
        found = self._project.property(self._project.evaluate(path, scope, owner), name) if owner else None
        return self.enters(found) if found is not None else None

    def _edges_of(self, function: Function) -> list[_Edge]:
        if function not in self._edges:
            self._edges[function] = list(self._edges_from(function))
        return self._edges[function]

    def _edges_from(self, function: Function) -> Iterator[_Edge]:
        module = self._project.module(function.path)
        calls = [call for call in self._own_calls(function) if call.use is not Use.AWAITED]
        callees = [self._project.call(function.path, call) for call in calls]
        if module is None or any(isinstance(callee, Named) and callee.name in QUESTIONS for callee in callees):
            return  # it finds out first which thread or loop it runs in
        for call, callee in zip(calls, callees, strict=True):
            if not call.certain:
                continue
            step = Step(call.callee, function.path, call.line, call.column)
            if end := self._end(module, call, callee):
                yield _Edge(step, end=end)
            elif entered := self.enters(callee):
                yield _Edge(step, callee=entered)
        yield from self._with_edges(module, function)
        for code, (line, column) in self._project.function(function).reads.items():
            if read := self.property(function.path, function.scope, code):
                yield _Edge(Step(code, function.path, line, column, is_read=True), callee=read)

    def _with_edges(self, module: ModuleFacts, function: Function) -> Iterator[_Edge]:
        for item in module.withs:
            if item.certain and module.executor(item.scope) == function.scope:
                for method in self.managed(module.path, item):
                    name = self._project.scope(method).name
                    entered = f"{item.item}.{name}" if name in _CONTEXT_MANAGER else callee_of(item.item)
                    yield _Edge(Step(entered, module.path, item.line, item.column), callee=method)

    def _end(self, module: ModuleFacts, call: CallFacts, callee: Entity | None) -> str:
        if isinstance(callee, Named) and callee.name in STARTERS:
            return "" if is_patched(module) else "ASL212"
        blocked = blocked_call(self._project, module, call)
        if blocked is None or blocked.is_quick:
            return ""
        return _CONFIGURED if blocked.declared else blocked.code

    def _own_calls(self, function: Function) -> list[CallFacts]:
        if function.path not in self._calls:
            module = self._project.module(function.path)
            self._calls[function.path] = module.calls_by_function() if module else {}
        return self._calls[function.path].get(function.scope, [])


class _Search:
    """The best way of every function that was asked for, and of all it calls: each is looked at once.

    What is settled does not depend on the order of the questions: the costs are the lengths of the ways, and of
    equal ones the first in the function's own text is taken.
    """

    def __init__(self, edges_of: Callable[[Function], list[_Edge]], ends: frozenset[str]) -> None:
        self._edges_of = edges_of
        self._ends = ends
        self._best: dict[Function, tuple[int, _Edge] | None] = {}

    def way(self, function: Function) -> Way | None:
        if function not in self._best:
            self._settle(self._unsettled(function))
        steps: list[Step] = []
        current: Function | None = function
        while current is not None and (best := self._best[current]) is not None:
            steps.append(best[1].step)
            if best[1].callee is None:
                return Way(tuple(steps), best[1].end) if len(steps) <= _DEEPEST else None
            current = best[1].callee
        return None

    def _unsettled(self, start: Function) -> set[Function]:
        """All that can be reached and was not looked at before."""
        waiting, found = [start], {start}
        while waiting:
            for edge in self._edges_of(waiting.pop()):
                callee = edge.callee
                if callee is not None and callee not in found and callee not in self._best:
                    found.add(callee)
                    waiting.append(callee)
        return found

    def _settle(self, functions: set[Function]) -> None:
        """Dijkstra's algorithm, from the ends backwards; what no end reaches backwards has no way."""
        callers: dict[Function, list[tuple[Function, int]]] = {}
        heap: list[tuple[int, str, int, int]] = []
        for function in functions:
            for index, edge in enumerate(self._edges_of(function)):
                if edge.callee in functions:
                    callers.setdefault(edge.callee, []).append((function, index))
                elif (cost := self._cost_beyond(edge)) is not None:
                    heap.append((cost + 1, function.path, function.scope, index))
        heapify(heap)
        while heap:
            cost, path, scope, index = heappop(heap)
            function = Function(path, scope)
            if function not in self._best:
                self._best[function] = cost, self._edges_of(function)[index]
                for caller, position in callers.get(function, ()):
                    heappush(heap, (cost + 1, caller.path, caller.scope, position))
        self._best.update({function: None for function in functions if function not in self._best})

    def _cost_beyond(self, edge: _Edge) -> int | None:
        if edge.callee is None:
            return 0 if edge.end in self._ends else None
        settled = self._best.get(edge.callee)
        return settled[0] if settled is not None else None


@lru_cache(maxsize=4)
def reach_of(project: Project) -> Reach:
    """The one `Reach` of a project."""
    return Reach(project)


def is_patched(module: ModuleFacts) -> bool:
    """Does the file patch asyncio so that loops may nest?"""
    return any(name.partition(".")[0] in PATCHES for name in module.imports)
