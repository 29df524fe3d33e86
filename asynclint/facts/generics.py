"""What the type variables of a generic class stand for, seen from a class that inherits from it.

`class Lamp(Entity[LampCoordinator])` says what `coordinator: T` of `class Entity(Generic[T])` is for a lamp.
"""

from collections.abc import Iterator, Mapping, Sequence

from asynclint.facts.annotations import promises
from asynclint.facts.code import Code
from asynclint.facts.entities import Class, Entity, Variable

Meanings = Mapping[str, Entity | None]
_DECLARING = ("Generic", "Protocol")
_DEEPEST = 20


def meanings(project: Code, klass: Class, arguments: Sequence[Entity | None], definer: Class) -> Meanings:
    """What the type variables of `definer` mean for an instance of `klass[arguments]`, {} when that is not said."""
    outer = dict(zip(parameters(project, klass), arguments, strict=False))
    return next(_inherited(project, klass, outer, definer, 0), {})


def parameters(project: Code, klass: Class) -> list[str]:
    """The names of a class's type variables, in order."""
    facts = project.scope(klass).klass
    if facts is not None and facts.type_parameters:
        return list(facts.type_parameters)
    bases = list(zip(facts.bases, facts.base_arguments, strict=True)) if facts else []
    declared = [arguments for code, arguments in bases if code.rpartition(".")[2] in _DECLARING]
    found = (name for arguments in declared or [a for _, a in bases] for text in arguments for name in _names(text))
    return [name for name in dict.fromkeys(found) if _variable(project, klass, name)]


def _names(text: str) -> Iterator[str]:
    for promise in promises(text):
        yield promise.name
        for argument in promise.arguments:
            yield from _names(argument)


def _variable(project: Code, klass: Class, name: str) -> bool:
    return isinstance(project.annotated(klass.path, klass.scope, name), Variable)


def _inherited(project: Code, klass: Class, outer: Meanings, definer: Class, depth: int) -> Iterator[Meanings]:
    if klass == definer:
        yield outer
        return
    facts = project.scope(klass).klass
    for base, arguments in zip(project.bases(klass), facts.base_arguments if facts else (), strict=False):
        if isinstance(base, Class) and depth < _DEEPEST:
            given = [_said(outer, project.annotated(klass.path, klass.scope, text)) for text in arguments]
            inner = dict(zip(parameters(project, base), given, strict=False))
            yield from _inherited(project, base, inner, definer, depth + 1)


def _said(outer: Meanings, entity: Entity | None) -> Entity | None:
    return outer.get(entity.name) or entity.bound if isinstance(entity, Variable) else entity
