"""Plain functions that certainly run in another thread than the one of the event loop."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from asynclint.facts.callbacks import callback_of, given
from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class, Entity, Function, Instance, Named
from asynclint.facts.knowledge.callbacks import Caller
from asynclint.facts.knowledge.loops import QUESTIONS, STARTERS
from asynclint.facts.knowledge.threads import LOOKING, OWNING, THREADSAFE, UNSAFE
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import items_of
from asynclint.facts.project import Project
from asynclint.facts.reach import NESTED, is_patched, reach_of

__all__ = [
    "LOOKING",
    "THREADSAFE",
    "UNSAFE",
    "Threaded",
    "argument_for",
    "hands_to_thread",
    "looks_in_vain",
    "threaded",
]

_PROCESSES = ("multiprocessing.", "concurrent.futures.ProcessPoolExecutor")
_POLICIES = (Named("asyncio.set_event_loop_policy"),)
_RUNNERS = ("run_until_complete", "run_forever", "run_sync")
_THREAD = Named("threading.Thread")
_ASKING = QUESTIONS - set(LOOKING)
_IN_THREADS = (Caller.THREAD, Caller.POOL)


class Threaded(Struct, frozen=True):
    """How a function comes to run in a thread: the function the thread begins with, and the call that hands it over.

    There is no such call for the `run` of a `threading.Thread`.
    """

    first: Function
    handing: CallFacts | None


@lru_cache(maxsize=64)
def threaded(project: Project, path: str) -> dict[int, Threaded]:
    """The functions of a file that its threads run, by scope, if they do not run a loop of their own."""
    module, found = project.module(path), dict[int, Threaded]()
    if module is None or is_patched(module):
        return found
    calls = module.calls_by_function()
    for start in _starts(project, module):
        reached = _reached(project, calls, start.first)
        if not any(_has_a_loop(project, path, call) for scope in reached for call in calls.get(scope, ())):
            own = [scope for scope in reached[1:] if not _is_shared(project, calls, path, scope, reached)]
            for scope in (start.first.scope, *own):
                found.setdefault(scope, start)
    return found


def hands_to_thread(project: Project, path: str, call: CallFacts) -> str | None:
    """The code of what a call gives to a thread to be called, None when it gives nothing to one."""
    callee = project.call(path, call)
    callback = callback_of(callee, call.last_name)
    if callback is None or callback.caller not in _IN_THREADS:
        return None
    executor = project.evaluate(path, call.scope, call.arguments[0]) if call.last_name == "run_in_executor" else None
    names = [_name_of_class(executor), callee.name if isinstance(callee, Named) else ""]
    return None if any(name.startswith(_PROCESSES) for name in names) else given(callback, call.arguments)


def argument_for(project: Project, path: str, start: Threaded, parameter: str) -> Entity | None:
    """What the first function of a thread is given for one of its parameters, None when that is not known."""
    call, facts = start.handing, project.function(start.first)
    if call is None or parameter not in facts.parameters:
        return None
    arguments = call.arguments
    packed = next((code.removeprefix("args=") for code in arguments if code.startswith("args=")), "")
    code = hands_to_thread(project, path, call) or ""
    values = (
        items_of(packed) if packed[:1] == "(" else arguments[arguments.index(code) + 1 :] if code in arguments else ()
    )
    place = facts.parameters.index(parameter) - (project.owner(start.first) is not None)
    if not 0 <= place < len(values) or any("=" in value or "*" in value for value in values[: place + 1]):
        return None
    return project.evaluate(path, call.scope, values[place])


def _starts(project: Project, module: ModuleFacts) -> Iterator[Threaded]:
    for call in module.calls:
        code = hands_to_thread(project, module.path, call)
        function = project.evaluate(module.path, call.scope, code) if code else None
        if isinstance(function, Function) and _runs(project, module.path, function):
            yield Threaded(function, call)
    for index, scope in enumerate(module.scopes):
        klass = Class(module.path, module.enclosing_class(index))
        if scope.function is not None and scope.name == "run" and klass.scope >= 0:
            function = Function(module.path, index)
            if _THREAD in project.lineage(klass) and _runs(project, module.path, function):
                yield Threaded(function, None)


def _runs(project: Project, path: str, function: Entity | None) -> bool:
    """Is it a plain function of the file, whose body runs when it is called?"""
    if not isinstance(function, Function) or function.path != path or not project.is_plain(function):
        return False
    facts = project.function(function)
    return not facts.is_async and not facts.is_generator


def _reached(project: Project, calls: dict[int, list[CallFacts]], start: Function) -> list[int]:
    """The function and all of its file that it calls, but not beyond what asks which thread it is in."""
    reached = [start.scope]
    for scope in reached:
        callees = [project.call(start.path, call) for call in calls.get(scope, ())]
        if any(isinstance(callee, Named) and callee.name in _ASKING for callee in callees):
            continue
        for callee in callees:
            if isinstance(callee, Function) and callee.scope not in reached and _runs(project, start.path, callee):
                reached.append(callee.scope)
    return [
        start.scope,
        *(scope for scope in reached[1:] if not _is_shared(project, calls, start.path, scope, reached)),
    ]


def _is_shared(
    project: Project, calls: dict[int, list[CallFacts]], path: str, scope: int, reached: Sequence[int]
) -> bool:
    """Does anything else call a function of that name too, so that it may know of a loop and of threads?"""
    name = project.scope(Function(path, scope)).name
    return any(call.last_name == name for caller, own in calls.items() if caller not in reached for call in own)


def looks_in_vain(project: Project, module: ModuleFacts) -> bool:
    """Does no policy of the file give loops to threads?"""
    return not any(project.call(module.path, call) in _POLICIES for call in module.calls)


def _has_a_loop(project: Project, path: str, call: CallFacts) -> bool:
    """Does a call run a loop, or make one the loop of the thread?"""
    callee = project.call(path, call)
    if call.last_name in _RUNNERS:
        return True
    if isinstance(callee, Named):
        return callee.name in STARTERS or callee.name in OWNING or callee.name == "asyncio.Runner"
    return isinstance(callee, Function) and reach_of(project).way(callee, NESTED) is not None


def _name_of_class(entity: Entity | None) -> str:
    return entity.of.name if isinstance(entity, Instance) and isinstance(entity.of, Named) else ""
