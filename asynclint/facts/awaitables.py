"""Can it be awaited? Yes, no, or nobody knows; only what is known to fail is ever "no"."""

from collections.abc import Iterable

from asynclint.facts.annotations import promises, sole
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Items, Module, Named
from asynclint.facts.exact import is_exact_call, is_final_class, is_made_here
from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.awaitables import PLAIN_TYPES, gives_plain
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project
from asynclint.facts.protocols import Answer, has_method

_DEEPEST = 5  # calls that return what another call gives


def of_code(project: Project, path: str, scope: int, code: str, depth: int = 0) -> Answer:
    """Can the value of an expression be awaited? `0` is the code of a constant or a display."""
    if code in ("0", "None", "True", "False"):
        return Answer.NO
    if not code or depth > _DEEPEST or "|" in code:
        return Answer.UNKNOWN
    entity = project.evaluate(path, scope, code)
    known = of_entity(project, entity)
    if known is not Answer.UNKNOWN and not isinstance(entity, Items):
        return known
    callee = callee_of(code)
    is_exact = bool(callee) and is_exact_call(project, path, scope, callee)
    if isinstance(entity, Items):
        return known if is_exact or not callee else Answer.UNKNOWN  # an override may be a coroutine function
    if is_exact:
        return of_call(project, project.evaluate(path, scope, callee), depth)
    if isinstance(entity, Instance) and isinstance(entity.of, Class) and is_made_here(project, path, scope, code):
        return of_instance(project, entity.of)
    return Answer.UNKNOWN


def of_entity(project: Project, entity: Entity | None) -> Answer:
    """Can this be awaited, whoever made it? An instance of a class of the project may be of a subclass."""
    match entity:
        case Coroutine():
            return Answer.YES
        case AsyncGenerator() | Items() | Module():
            return Answer.NO
        case Function():
            return Answer.NO if _is_mere_function(project, entity) else Answer.UNKNOWN
        case Named(name=name):
            return Answer.NO if _is_function(name) else Answer.UNKNOWN
        case Instance(of=Named(name=name)):
            return Answer.NO if name in PLAIN_TYPES else _of_stdlib(project, name)
        case Instance(of=Class() as klass) if is_final_class(project, klass):
            return of_instance(project, klass)
    return Answer.UNKNOWN


def _is_mere_function(project: Project, function: Function) -> bool:
    """Is it neither a property nor a declaration that a subclass may fulfil with one?"""
    facts = project.function(function)
    is_declaration = facts.is_stub and not facts.is_async and project.owner(function) is not None
    return project.is_plain(function) and not project.is_property(function) and not is_declaration


def of_instance(project: Project, klass: Class) -> Answer:
    """Can an object of exactly this class be awaited?"""
    return has_method(project, klass, "__await__")


def of_call(project: Project, callee: Entity | None, depth: int = 0) -> Answer:
    """Can what a call of exactly this gives be awaited?"""
    match callee:
        case Class():
            return of_instance(project, callee)
        case Function():
            return _of_result(project, callee, depth)
        case Named(name=name):
            return Answer.NO if gives_plain(name) else Answer.UNKNOWN
    return Answer.UNKNOWN


def _of_result(project: Project, function: Function, depth: int) -> Answer:
    facts = project.function(function)
    if not project.is_plain(function) or project.is_property(function):
        return Answer.UNKNOWN
    if facts.is_async:
        return Answer.NO if facts.is_generator else Answer.YES
    if facts.is_stub:
        return Answer.UNKNOWN
    returned = _all(of_code(project, function.path, function.scope, code, depth + 1) for code in facts.returned)
    if facts.is_generator:
        return Answer.NO
    if not facts.returns or sole(facts.returns) == "None":
        return returned
    return Answer.UNKNOWN if returned is Answer.YES else _of_annotation(project, function)


def _of_annotation(project: Project, function: Function) -> Answer:
    """Is each class the annotation offers one that cannot be awaited?"""
    scope = project.scope(function).parent
    offered = promises(project.function(function).returns)
    entities = [project.evaluate(function.path, scope, promise.name) for promise in offered if not promise.is_class]
    if not offered or len(entities) < len(offered):
        return Answer.UNKNOWN
    plain = all(isinstance(entity, Named) and entity.name in PLAIN_TYPES for entity in entities)
    return Answer.NO if plain else Answer.UNKNOWN


def _all(answers: Iterable[Answer]) -> Answer:
    """What holds on every path; nothing returned is None, which cannot be awaited."""
    found = set(answers)
    return Answer.UNKNOWN if len(found) > 1 else next(iter(found), Answer.NO)


def _of_stdlib(project: Project, name: str) -> Answer:
    return has_method(project, Named(name), "__await__") if name in stdlib().classes else Answer.UNKNOWN


def _is_function(name: str) -> bool:
    """Is it a function or a method of the standard library, not called?"""
    owner, _, method = name.rpartition(".")
    known = stdlib()
    if name in known.functions:
        return True
    return owner in known.classes and method in known.classes[owner].methods
