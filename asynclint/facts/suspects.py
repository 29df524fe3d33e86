"""The places of a file where something may be awaited, entered, iterated over or called in vain, judged from facts.

More places than there are mistakes, and never fewer.
"""

from collections.abc import Iterator, Sequence

from asynclint.facts.awaitables import of_code
from asynclint.facts.callbacks import callback_of, given
from asynclint.facts.calls import AwaitFacts, CallFacts, Use, WithFacts
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.held import AWAITING_FINALLY, FINALLY
from asynclint.facts.knowledge.awaitables import TAKES_ALL, TAKES_FIRST
from asynclint.facts.knowledge.decorators import KEEPERS
from asynclint.facts.knowledge.protocols import ITERATES
from asynclint.facts.module import ASYNC_GENERATOR, ModuleFacts, ScopeKind
from asynclint.facts.names import Bound, callee_of
from asynclint.facts.project import Project
from asynclint.facts.protocols import Answer, is_wrong_item, is_wrong_iterable

_TASK = Named("asyncio.Task")


def wrong_awaits(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes with an `await`, or a call that awaits its arguments, of what may be no awaitable."""
    for awaited in facts.awaits:
        if _is_suspect(project, facts, awaited.scope, awaited.awaited):
            yield awaited.scope
    for call, callee in project.calls(facts):
        is_open = call.use is Use.AWAITED and not _makes_coroutine(project, callee)
        if is_open and _is_suspect(project, facts, call.scope, f"{call.callee}()"):
            yield call.scope
        if isinstance(callee, Named) and call.arguments:
            taken = _taken(callee.name, call.arguments)
            yield from (call.scope for code in taken if _is_suspect(project, facts, call.scope, code))


def _makes_coroutine(project: Project, entity: Entity | None) -> bool:
    return entity is not None and isinstance(project.result(entity), Coroutine)


def _taken(callee: str, arguments: Sequence[str]) -> list[str]:
    """The codes of the arguments that a call awaits, `0` for those that have none."""
    taken = arguments if callee in TAKES_ALL else arguments[:1] if callee in TAKES_FIRST else ()
    return [code or "0" for code in taken if "*" not in code and "=" not in code]


def _is_suspect(project: Project, facts: ModuleFacts, scope: int, code: str) -> bool:
    return of_code(project, facts.path, scope, code) is Answer.NO or _is_bound_to_no_code(facts, scope, code)


def _is_bound_to_no_code(facts: ModuleFacts, scope: int, name: str) -> bool:
    """Is it a variable that may hold a display?"""
    bindings = facts.scopes[facts.executor(scope)].names.get(name, ())
    return bool(bindings) and all(binding.bound in (Bound.UNKNOWN, Bound.ANNOTATION) for binding in bindings)


def wrong_protocols(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes that enter or iterate over something in a way it may not offer."""
    for item in facts.withs:
        if is_wrong_item(project, facts.path, item.scope, item.item, is_async=item.is_async):
            yield item.scope
    for loop in facts.loops:
        if is_wrong_iterable(project, facts.path, loop.scope, loop.iterable, is_async=loop.is_async):
            yield loop.scope
    yield from (
        scope.parent
        for scope in facts.scopes
        if scope.kind is ScopeKind.COMPREHENSION and scope.name == ASYNC_GENERATOR
    )
    yield from _unrolled(project, facts)


def _unrolled(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes that unpack what may be an async generator, or give it to a builtin which iterates over it."""
    for call, callee in project.calls(facts):
        if call.use is Use.STORED and isinstance(project.called(facts.path, call), AsyncGenerator):
            yield call.scope
        first = call.arguments[0] if call.arguments else ""
        if not first.startswith("*") and not (isinstance(callee, Named) and callee.name in ITERATES):
            continue
        if is_wrong_iterable(project, facts.path, call.scope, first.lstrip("*"), is_async=False):
            yield call.scope


def cached_coroutines(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes that give a coroutine function to a cache: `cache(f)`, `lru_cache(maxsize=1)(f)`."""
    for call, callee in project.calls(facts):
        if len(call.arguments) == 1 and "=" not in call.arguments[0]:
            maker = callee_of(call.callee)
            cache = project.evaluate(facts.path, call.scope, maker) if maker else callee
            if isinstance(cache, Named) and cache.name in KEEPERS:
                given = project.evaluate(facts.path, call.scope, call.arguments[0].lstrip("*"))
                if _is_or_makes_coroutine(project, given):
                    yield call.scope


def generator_loops(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes with an `async for` over an async generator that holds something whenever it waits, or may be one."""
    for loop in facts.loops:
        match project.evaluate(facts.path, loop.scope, loop.iterable) if loop.is_async else None:
            case AsyncGenerator(of=Function() as function) if all(project.function(function).held):
                yield loop.scope
            case Instance(of=Class()):
                yield loop.scope


def cancels(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The coroutines that cancel what may be a task of their own, or one that their object keeps."""
    for call in facts.calls:
        if call.use is Use.STATEMENT and call.callee.endswith(".cancel"):
            body = facts.executor(call.scope)
            function = facts.scopes[body].function
            if function is not None and function.is_async and _may_be_own_task(project, facts, call, body):
                yield body


def _may_be_own_task(project: Project, facts: ModuleFacts, cancel: CallFacts, body: int) -> bool:
    here, task = facts.scopes[body], cancel.callee.removesuffix(".cancel")
    if task.isidentifier():
        bindings = here.names.get(task, ())
        return not bindings or any(binding.bound is not Bound.PARAMETER for binding in bindings)
    if here.function is None or task.rpartition(".")[0] not in here.function.parameters[:1]:
        return False
    kept = project.evaluate(facts.path, cancel.scope, task)
    return isinstance(kept, Instance) and kept.of == _TASK


def yields_in_blocks(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The async generators that yield in the block of a `with`, and that no decorator makes anything else of."""
    for scope, here in enumerate(facts.scopes):
        if here.function is not None and here.function.is_async and here.function.held:
            around = (code for held in here.function.held for code in held)
            is_inside = any(code not in (FINALLY, AWAITING_FINALLY) for code in around)
            if is_inside and project.is_plain(Function(facts.path, scope)):
                yield scope


def surely_waits(project: Project, facts: ModuleFacts, item: WithFacts) -> bool:
    """Is there anything in the block of a `with` that certainly waits? A coroutine of the project need not do so."""

    def is_inside(place: AwaitFacts | CallFacts | WithFacts) -> bool:
        return place.scope == item.scope and item.first_line <= place.line <= item.last_line

    if not item.first_line:
        return False
    if any(map(is_inside, facts.awaits)) or any(other.is_async and is_inside(other) for other in facts.withs):
        return True
    awaited = (call for call in facts.calls if call.use is Use.AWAITED and is_inside(call))
    results = (project.called(facts.path, call) for call in awaited)
    return any(not isinstance(result, Coroutine) or not isinstance(result.of, Function) for result in results)


def wrong_callbacks(project: Project, facts: ModuleFacts) -> Iterator[int]:
    """The scopes that give a coroutine, or what makes one, to a call that takes a plain function."""
    for call, callee in project.calls(facts):
        callback = callback_of(callee, call.last_name) if call.arguments else None
        if callback is not None:
            function = project.evaluate(facts.path, call.scope, given(callback, call.arguments))
            if _is_or_makes_coroutine(project, function):
                yield call.scope
        if call.use is Use.RETURNED and _is_or_makes_coroutine(project, callee):
            around = facts.scopes[facts.executor(call.scope)]
            if around.kind is ScopeKind.LAMBDA:
                yield around.parent


def _is_or_makes_coroutine(project: Project, entity: Entity | None) -> bool:
    kinds = Coroutine | AsyncGenerator
    return isinstance(entity, kinds) or (entity is not None and isinstance(project.result(entity), kinds))
