"""Which special methods an object has, as Python looks them up: on its class."""

from collections.abc import Iterator
from enum import StrEnum

from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Items, Named
from asynclint.facts.exact import is_exact_call, is_exact_object
from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.awaitables import (
    PLAIN_BASES,
    PLAIN_CLASS_DECORATORS,
    PLAIN_METACLASSES,
)
from asynclint.facts.knowledge.declared import Role
from asynclint.facts.knowledge.protocols import (
    ABSTRACT,
    CONTEXT_MANAGER_MAKERS,
    PLAIN_CONTEXT_MANAGERS,
    PLAIN_ITERABLES,
)
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project


class Answer(StrEnum):
    """What is known of a question."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def has_method(project: Project, klass: Class | Named, method: str) -> Answer:
    """Do instances of exactly this class have a special method? "No" only when all its bases are known."""
    return _first(_class_has(project, current, method) for current in _lineage(project, klass))


def _lineage(project: Project, klass: Class | Named) -> Iterator[Class | Named | None]:
    if isinstance(klass, Class):
        yield from project.lineage(klass)
    else:
        yield klass


def _first(answers: Iterator[Answer]) -> Answer:
    return next((answer for answer in answers if answer is not Answer.NO), Answer.NO)


def _class_has(project: Project, klass: Class | Named | None, method: str) -> Answer:
    if klass is None:
        return Answer.UNKNOWN
    if isinstance(klass, Named):
        return _library_class_has(klass.name, method)
    scope, facts = project.scope(klass), project.scope(klass).klass
    if method in scope.names:
        return Answer.YES
    is_ordinary = facts is not None and "__new__" not in scope.names and _is_ordinary(project, klass)
    return Answer.NO if is_ordinary else Answer.UNKNOWN


def _is_ordinary(project: Project, klass: Class) -> bool:
    """Is there no metaclass and no decorator that may have changed it?"""
    scope = project.scope(klass)
    assert scope.klass is not None
    named = [
        (project.evaluate(klass.path, scope.parent, code.removesuffix("()")), PLAIN_CLASS_DECORATORS)
        for code in scope.klass.decorators
    ]
    if scope.klass.metaclass:
        named.append((project.evaluate(klass.path, scope.parent, scope.klass.metaclass), PLAIN_METACLASSES))
    return all(isinstance(entity, Named) and entity.name in allowed for entity, allowed in named)


def _library_class_has(name: str, method: str) -> Answer:
    facts = stdlib().classes.get(name)
    if facts is None:
        return Answer.NO if name in PLAIN_BASES else Answer.UNKNOWN
    if method in facts.methods:
        return Answer.YES
    return _first(_library_class_has(base, method) for base in facts.bases)


# entering and iterating


def is_wrong_item(project: Project, path: str, scope: int, code: str, *, is_async: bool) -> bool:
    """Is it an object that `with` (or `async with`) refuses and the other would take, a coroutine or a generator?"""
    wanted, other = ("__aenter__", "__enter__") if is_async else ("__enter__", "__aenter__")
    entity = project.evaluate(path, scope, code) if code else None
    if isinstance(entity, Coroutine | AsyncGenerator):
        return True
    function = called(project, path, scope, code)
    made = manager(project, function) if function else ""
    if made or not _may_say(project, path, scope, code, entity, is_async=is_async):
        return made == other
    return _has_only(project, entity, (other, wanted))


def is_wrong_iterable(project: Project, path: str, scope: int, code: str, *, is_async: bool) -> bool:
    """Is it an object that `for` (or `async for`) refuses and the other would take? Coroutines are none."""
    entity = project.evaluate(path, scope, code) if code else None
    if isinstance(entity, AsyncGenerator):
        return not is_async
    if is_async and (code == "0" or isinstance(entity, Items) or _is_plain_call(project, path, scope, code)):
        return True
    if not _may_say(project, path, scope, code, entity, is_async=is_async):
        return False
    methods = ("__iter__", "__aiter__") if is_async else ("__aiter__", "__iter__", "__getitem__")
    return _has_only(project, entity, methods)


def _may_say(project: Project, path: str, scope: int, code: str, entity: Entity | None, *, is_async: bool) -> bool:
    """Is what its class lacks lacking? Where the code says `async`, a declared type is believed less than the code."""
    return not (is_async and isinstance(entity, Instance)) or is_exact_object(project, path, scope, code)


def called(project: Project, path: str, scope: int, code: str) -> Function | None:
    """The very function of the project that `f()` calls, None when an override may run instead of it."""
    callee = callee_of(code)
    entity = project.evaluate(path, scope, callee) if callee else None
    return entity if isinstance(entity, Function) and is_exact_call(project, path, scope, callee) else None


def is_generator(project: Project, path: str, scope: int, code: str) -> bool:
    """Is it a call that gives a plain generator?"""
    function = called(project, path, scope, code)
    if function is None or not project.is_plain(function):
        return False
    return project.function(function).is_generator and not project.function(function).is_async


def _is_plain_call(project: Project, path: str, scope: int, code: str) -> bool:
    """Is it a call of a generator function, or of `range` and its like?"""
    callee = project.evaluate(path, scope, callee_of(code))
    is_builtin = isinstance(callee, Named) and callee.name in PLAIN_ITERABLES
    return is_builtin or is_generator(project, path, scope, code)


def manager(project: Project, function: Function) -> str:
    """`__enter__` or `__aenter__` for a generator function made into a context manager, "" for any other."""
    parent, decorators = project.scope(function).parent, project.function(function).decorators
    if [project.role(function.path, parent, code) for code in decorators] == [Role.CONTEXT_MANAGER]:
        return "__aenter__" if project.function(function).is_async else "__enter__"
    found = [project.evaluate(function.path, parent, code) for code in decorators]
    names = [entity.name if isinstance(entity, Named) else "" for entity in found]
    return CONTEXT_MANAGER_MAKERS.get(names[0], "") if len(names) == 1 else ""


def _has_only(project: Project, entity: Entity | None, methods: tuple[str, ...]) -> bool:
    """Is it certain to have the first of these special methods and none of the others?"""
    match entity:
        case Instance(of=Named(name=name)) if name in PLAIN_CONTEXT_MANAGERS or name in PLAIN_ITERABLES:
            plain = PLAIN_CONTEXT_MANAGERS if methods[0] == "__enter__" else PLAIN_ITERABLES
            return name in plain and methods[0] in ("__enter__", "__iter__")
        case Instance(of=Named(name=name)) if name in ABSTRACT:
            return False
        case Instance(of=owner, above=False):
            has, *lacks = (has_method(project, owner, method) for method in methods)
            return has is Answer.YES and all(answer is Answer.NO for answer in lacks)
    return False
