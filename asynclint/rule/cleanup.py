"""What the tasks that a body cancels have still to do, and whether one of them is the task that cancels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.descent import runs
from asynclint.facts.entities import Class, Coroutine, Function, Items, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Binding, Bound, callee_of
from asynclint.facts.project import Project
from asynclint.rule.body import Body
from asynclint.rule.cancellation import CANCELLATION
from asynclint.rule.tasks import Kind, started

if TYPE_CHECKING:
    from libcst import BaseExpression


def local_tasks_clean_up(body: Body) -> bool:
    """May any of the tasks that the body starts have something to do once it is cancelled?"""
    starts = (started(body, call) for call in body.all_calls())
    works = [start.work for start in starts if start is not None and start.kind is Kind.TASK and start.work is not None]
    return not works or any(_may_clean_up(body.project, _run_by(body, work)) for work in works)


def kept_task_cleans_up(body: Body, attribute: str) -> bool:
    """May the body wait for a task that its object keeps, and has that something to do once it is cancelled?

    A task that runs the body itself, as one of its own calls, can never wait for its own end.
    """
    works = list(_kept(body, attribute))
    if any(work is not None and body.entity in runs(body.project, work) for work in works):
        return False
    return not works or any(_may_clean_up(body.project, work) for work in works)


def _run_by(body: Body, work: "BaseExpression") -> Function | None:
    coroutine = body.coroutine_of(work)
    return coroutine.of if coroutine is not None and isinstance(coroutine.of, Function) else None


def _kept(body: Body, attribute: str) -> Iterator[Function | None]:
    """What the tasks run that the class binds to an attribute, None where that is not known."""
    lineage = body.project.lineage(body.owner) if body.owner is not None else ()
    for klass in (each for each in lineage if isinstance(each, Class)):
        module, facts = body.project.module(klass.path), body.project.scope(klass).klass
        if module is not None and facts is not None:
            for way in facts.attributes.get(attribute, ()):
                yield from _bound_to(body.project, module, way)


def _bound_to(project: Project, module: ModuleFacts, way: Binding) -> Iterator[Function | None]:
    value = way.assigned if way.bound is Bound.ANNOTATION else way.value
    if value == "None" or (way.bound is Bound.ANNOTATION and not value):
        return
    starter = callee_of(value)
    starts = [i for i, c in enumerate(module.calls) if starter and c.callee == starter and c.scope == way.scope]
    given = (call for call in module.calls if call.inside in starts)
    made = [project.called(module.path, call) for call in given]
    works = [coroutine.of for coroutine in made if isinstance(coroutine, Coroutine)]
    yield from (work if isinstance(work, Function) else None for work in works or (None,))


def _may_clean_up(project: Project, work: Function | None) -> bool:
    """Is it not known, or is there anything in it, or below it, that a cancellation sets going?"""
    return work is None or any(_finishes(project, function) for function in runs(project, work))


def _finishes(project: Project, function: Function) -> bool:
    """Is it a coroutine function with a `finally`, a `with`, or an `except` for the cancellation?"""
    module, facts = project.module(function.path), project.function(function)
    if not facts.is_async:
        return False
    if module is None or facts.is_stub or facts.has_finally or not project.is_plain(function):
        return True
    handlers = (handler for handler in module.handlers if handler.scope == function.scope)
    entered = any(module.executor(item.scope) == function.scope for item in module.withs)
    return entered or any(_catches_cancellation(project, function, handler.type) for handler in handlers)


def _catches_cancellation(project: Project, function: Function, code: str | None) -> bool:
    kind = project.evaluate(function.path, function.scope, code) if code else None
    kinds = kind.items if isinstance(kind, Items) else (kind,)
    return not code or any(isinstance(each, Named) and each.name in CANCELLATION for each in kinds)
