"""What comes of using something: of calling, awaiting, entering it."""

import re

from asynclint.facts.annotations import promises, sole
from asynclint.facts.code import Code
from asynclint.facts.containers import element, taken
from asynclint.facts.decorators import Decorators
from asynclint.facts.entities import (
    AsyncGenerator,
    Class,
    Context,
    Coroutine,
    Either,
    Entity,
    Function,
    Instance,
    Named,
    Taken,
    Variable,
    union,
)
from asynclint.facts.inheritance import Inheritance, class_of
from asynclint.facts.knowledge.declared import Role
from asynclint.facts.library import Library
from asynclint.facts.questions import Questions

_ASYNC_ITERATION = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})
_COROUTINE_TYPES = frozenset({"typing.Coroutine", "collections.abc.Coroutine", "types.CoroutineType"})
_AWAITABLES = frozenset({"typing.Awaitable", "collections.abc.Awaitable"})
CALLABLES = frozenset({Named("typing.Callable"), Named("collections.abc.Callable")})
_GENERATORS = frozenset({Named("typing.Generator"), Named("collections.abc.Generator")})
_SELF_TYPES = frozenset({"typing.Self", "typing_extensions.Self"})


class Results:
    """Answers for the functions and objects of one project."""

    def __init__(
        self, code: Code, inheritance: Inheritance, decorators: Decorators, library: Library, questions: Questions
    ) -> None:
        self._code = code
        self._questions = questions
        self._known: dict[Function, Entity | None] = {}
        self._inheritance = inheritance
        self._decorators = decorators
        self._library = library

    def result(self, entity: Entity) -> Entity | None:
        """What calling the entity gives."""
        match entity:
            case Class():
                return Instance(entity)
            case Function():
                return self._questions.settled(self._known, entity, None, self._of_function, entity)
            case Named(name=name):
                return self._library.result(name)
            case Instance(of=Named() as klass, arguments=(_, returned)) if klass in CALLABLES:
                return _made(returned)
            case Instance():
                return self.by_method(entity, "__call__")
            case Taken():
                return taken(entity)
            case Either(options=options):
                return union(self.result(option) for option in options)
        return None

    def of_method(self, function: Function, receiver: Entity | None) -> Entity | None:
        """What calling a method gives on this object or class, which may inherit it and override what it uses."""
        result, owner, klass = self.result(function), self._code.owner(function), _class_of_receiver(receiver)
        if result is None or owner is None or klass is None or klass == owner:
            return result
        if self._gives_receiver(function):
            return Coroutine(function, Instance(klass)) if isinstance(result, Coroutine) else Instance(klass)
        facts = self._code.function(function)
        inherits = facts.is_async or facts.returns or not self._inheritance.redefines(klass, owner, facts.returned)
        return result if inherits else None

    def _gives_receiver(self, function: Function) -> bool:
        """Does a method return the object it is called on, or a class method a new one?"""
        facts = self._code.function(function)
        if facts.is_generator or not facts.parameters:
            return False
        own = re.compile(rf"{re.escape(facts.parameters[0])}(\(\)(<.*>)?)?")
        returned = [code for code in facts.returned if code != "None"]
        return self._promises_receiver(function) or (bool(returned) and all(map(own.fullmatch, returned)))

    def _promises_receiver(self, function: Function) -> bool:
        facts, scope = self._code.function(function), self._code.scope(function)
        if self._promises_only(function, _SELF_TYPES):
            return True
        promised = self._code.annotated(function.path, scope.parent, facts.returns) if facts.returns else None
        return self._is_type_of_self(function, promised)

    def _of_function(self, function: Function) -> Entity | None:
        facts = self._code.function(function)
        if not self._decorators.leave(function):
            return self._changed(function)
        if facts.is_async and not facts.is_generator and not facts.returned and self._promises_iteration(function):
            return None  # a stub: its overrides may be generators
        if facts.is_async:
            return AsyncGenerator(function) if facts.is_generator else Coroutine(function)
        if self._promises_only(function, _COROUTINE_TYPES):
            return Coroutine(function)
        return self._returned(function)

    def _changed(self, function: Function) -> Entity | None:
        """What calling a function gives that a decorator has changed."""
        facts = self._code.function(function)
        if facts.is_generator:
            return Context(function, facts.is_async) if self._decorators.make_context(function) else None
        match self._decorators.change(function):
            case Role.ASYNC:
                return Coroutine(function)
            case Role.SYNC:
                return self._returned(function)
        return None

    def _promises_only(self, function: Function, types: frozenset[str]) -> bool:
        """Is the return value annotated as one of these types and nothing else?"""
        returns, scope = self._code.function(function).returns, self._code.scope(function)
        promised = class_of(self._code.evaluate(function.path, scope.parent, sole(returns))) if returns else None
        return isinstance(promised, Named) and promised.name in types

    def _promises_iteration(self, function: Function) -> bool:
        scope, returns = self._code.scope(function).parent, self._code.function(function).returns
        promised = (self._code.evaluate(function.path, scope, promise.name) for promise in promises(returns))
        return any(isinstance(p, Named) and p.name.rpartition(".")[2] in _ASYNC_ITERATION for p in promised)

    def _returned(self, function: Function) -> Entity | None:
        """The return value as annotated, `Self` being the class of the method, else what all `return`s agree on."""
        facts, scope = self._code.function(function), self._code.scope(function)
        owner = self._code.owner(function)
        if owner is not None and self._promises_only(function, _SELF_TYPES):
            return Instance(owner)
        if facts.returns or facts.is_generator:
            promised = _kept(self._code.annotated(function.path, scope.parent, facts.returns))
            return Instance(owner) if owner and self._is_type_of_self(function, promised) else promised
        returned = {code for code in facts.returned if code != "None"}
        return union(self._code.evaluate(function.path, function.scope, code) for code in sorted(returned))

    def _is_type_of_self(self, function: Function, promised: Entity | None) -> bool:
        """Is it the type variable that `self` is annotated with, as in `def __enter__(self: T) -> T`?"""
        facts, scope = self._code.function(function), self._code.scope(function)
        bindings = scope.names.get(facts.parameters[0], ()) if facts.parameters else ()
        return isinstance(promised, Variable) and any(binding.value == facts.returns for binding in bindings)

    def awaited(self, entity: Entity) -> Entity | None:
        """What awaiting the entity gives."""
        match entity:
            case Coroutine(gives=gives) if gives is not None:
                return gives
            case Instance(of=Named(name="asyncio.Task" | "asyncio.Future"), arguments=(result,)):
                return result
            case Coroutine(of=Function() as function):
                return self._returned(function)
            case Coroutine(of=Named(name=name)):
                return self._library.awaited(name)
            case Instance():
                return _returned_by(self.by_method(entity, "__await__"))
        return None

    def entered(self, entity: Entity, method: str) -> Entity | None:
        """What `with` or `async with` binds after `as`."""
        if isinstance(entity, Context):
            return self.yielded(entity.of) if entity.is_async == (method == "__aenter__") else None
        if not isinstance(entity, Instance):
            return None
        enter = self._code.member(entity, method)
        result = self.of_method(enter, entity) if isinstance(enter, Function) else self.result(enter) if enter else None
        given = self.awaited(result) if isinstance(result, Coroutine) else result
        if isinstance(entity.of, Class) and isinstance(given, Instance) and isinstance(given.of, Named):
            return entity if given.of in self._code.lineage(entity.of) else given
        is_known = isinstance(entity.of, Named) and self._library.is_known(entity.of.name)
        return entity if given is None and is_known else given

    def yielded(self, generator: Function) -> Entity | None:
        """What a generator function yields: as annotated, else what all its `yield`s agree on."""
        facts, scope = self._code.function(generator), self._code.scope(generator)
        if facts.returns:
            promised = self._code.annotated(generator.path, scope.parent, facts.returns)
            return element(promised) if promised is not None else None
        return union(
            self._code.evaluate(generator.path, generator.scope, code) for code in facts.yielded if code != "None"
        )

    def by_method(self, entity: Entity, name: str) -> Entity | None:
        """What an operator that is spelled by this method gives."""
        method = self._code.member(entity, name) if isinstance(entity, Instance) else None
        return self.result(method) if method is not None else None


def _class_of_receiver(receiver: Entity | None) -> Class | None:
    match receiver:
        case Instance(of=Class() as klass) | (Class() as klass):
            return klass
    return None


def _kept(promised: Entity | None) -> Entity | None:
    """What a function returns, but not what a callable gives that it returns: decorators are annotated loosely."""
    return Instance(promised.of) if isinstance(promised, Instance) and promised.of in CALLABLES else promised


def _returned_by(generator: Entity | None) -> Entity | None:
    """What `yield from` gives of a `Generator[Y, S, R]`; a table says it of `__await__` itself."""
    match generator:
        case Instance(of=Named() as klass, arguments=(_, _, returned)) if klass in _GENERATORS:
            return returned
    return generator


def _made(returned: Entity | None) -> Entity | None:
    """What a callable gives that is annotated to return this: a coroutine, where the annotation says so."""
    match returned:
        case Instance(of=Named(name=name), arguments=(gives,)) if name in _AWAITABLES:
            return Coroutine(Named(name), gives)
        case Instance(of=Named(name=name), arguments=arguments) if name in _COROUTINE_TYPES:
            return Coroutine(Named(name), arguments[2] if len(arguments) > 2 else None)
    return returned
