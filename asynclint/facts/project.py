"""Every module joined: what a name, an expression or a call means, read on demand and remembered.

Unknown is a normal answer (None), and the one given whenever two bindings of a name disagree.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from asynclint.facts.annotations import Promise, promises, sole
from asynclint.facts.bindings import Bindings
from asynclint.facts.calls import CallFacts
from asynclint.facts.containers import element, item, listed
from asynclint.facts.decorators import Decorators
from asynclint.facts.entities import (
    Alias,
    AsyncGenerator,
    Class,
    Coroutine,
    Either,
    Entity,
    Function,
    Instance,
    Items,
    Module,
    Named,
    Variable,
    union,
)
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.inheritance import Inheritance
from asynclint.facts.knowledge.blocking import BlockingCalls
from asynclint.facts.knowledge.declared import Declarations, Role
from asynclint.facts.knowledge.passing import PASSING, Passing
from asynclint.facts.library import Library, is_class
from asynclint.facts.members import Members
from asynclint.facts.module import ModuleFacts, Scope
from asynclint.facts.names import Bound, arms, chain, items_of
from asynclint.facts.outside import Outside
from asynclint.facts.questions import Questions
from asynclint.facts.results import CALLABLES, Results
from asynclint.facts.said import Words

_TYPE_VARIABLE = Instance(Named("typing.TypeVar"))
_UNIONS = frozenset({Named("typing.Optional"), Named("typing.Union")})
_NONE = Instance(Named("builtins.None"))
_WITH_MEMBERS = (Instance, Named, Class, Module)


class Project:
    """The linted project as one web of names.

    `load` gives the facts of a path (None when it cannot be read or parsed); `locate` gives the path of a module
    name as the importing path means it (None when it is not part of the project); `blocking` is what keeps it waiting;
    `outside` is asked about other names after the tables; `words` tells where names are said; `declarations` are
    what the user says.
    """

    def __init__(
        self,
        load: Callable[[str], ModuleFacts | None],
        locate: Callable[[str, str], str | None],
        blocking: BlockingCalls | None = None,
        outside: Outside | None = None,
        words: Words | None = None,
        declarations: Declarations | None = None,
    ) -> None:
        self.words = words
        self.blocking = blocking or BlockingCalls()
        self.declarations = declarations or Declarations()
        self._library = Library(outside)
        self._decorators = Decorators(self)
        self._load = load
        self._locate = locate
        self._modules: dict[str, ModuleFacts | None] = {}
        self._entities: dict[tuple[str, int, str], Entity | None] = {}
        self._promises: dict[tuple[str, int, str], Entity | None] = {}  # by path, scope and annotation
        self._calls: dict[str, list[tuple[CallFacts, Entity | None]]] = {}  # by path
        self._module_names: dict[str, tuple[str, ...]] = {}
        self._questions = Questions()
        self._inheritance = Inheritance(self, self._questions)
        self._bindings = Bindings(self, self._decorators, self._library, self._questions, locate)
        self._members = Members(
            self, self._bindings, self._inheritance, self._decorators, self._library, self._questions
        )
        self._results = Results(self, self._inheritance, self._decorators, self._library, self._questions)

    def take_over(self, former: "Project", paths: Collection[str]) -> None:
        """Gives the answers of a former one about what stands in these files, which all that matters to them allows."""
        self._entities |= {key: entity for key, entity in former._entities.items() if key[0] in paths}
        self._module_names |= former._module_names
        self._inheritance.take_over(former._inheritance, paths)

    # modules, functions, classes

    def module(self, path: str) -> ModuleFacts | None:
        """The facts of one file of the project."""
        if path not in self._modules:
            self._modules[path] = self._load(path)
        return self._modules[path]

    def located(self, name: str, importer: str) -> str | None:
        """The file of a module name as a file means it, None when it is not part of the project."""
        return self._locate(name, importer)

    def module_names(self, path: str) -> tuple[str, ...]:
        """The dotted names by which a file of the project can be imported."""
        if path not in self._module_names:
            parts = re.split(r"[\\/]", re.sub(r"([\\/]__init__)?\.pyi?$", "", path))
            names = (".".join(parts[start:]) for start in range(len(parts)))
            self._module_names[path] = tuple(name for name in names if name and self._locate(name, path) == path)
        return self._module_names[path]

    def scope(self, entity: Function | Class) -> Scope:
        """The scope an entity stands for."""
        module = self.module(entity.path)
        assert module is not None
        return module.scopes[entity.scope]

    def qualname(self, entity: Function | Class | Named) -> str:
        """How to name it to the user: `Session.fetch`, `asyncio.sleep`."""
        return entity.name if isinstance(entity, Named) else self.scope(entity).qualname

    def dotted_names(self, entity: Entity | None) -> tuple[str, ...]:
        """The dotted names of a function or class: `shop.store.load`; none for what is neither."""
        if isinstance(entity, Named):
            return (entity.name,)
        if not isinstance(entity, Function | Class):
            return ()
        return tuple(f"{module}.{self.qualname(entity)}" for module in self.module_names(entity.path))

    def function(self, function: Function) -> FunctionFacts:
        """The facts of a function."""
        facts = self.scope(function).function
        assert facts is not None
        return facts

    def owner(self, function: Function) -> Class | None:
        """The class whose body defines the function."""
        module = self.module(function.path)
        index = module.enclosing_class(function.scope) if module else -1
        return Class(function.path, index) if index >= 0 else None

    def lineage(self, klass: Class) -> "tuple[Class | Named | None, ...]":
        """The class and all it inherits from, in the order in which Python looks; None for a base that is not known."""
        return self._inheritance.lineage(klass)

    def bases(self, klass: Class) -> "tuple[Class | Named | None, ...]":
        """The direct bases of a class, None for those that are not known."""
        return self._inheritance.bases(klass)

    # expressions

    def evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        """What the expression `code` means in a scope of a file; see `asynclint.facts.names` for codes."""
        if code.isidentifier():
            return self.lookup(path, scope, code) if code != "None" else None
        key = (path, scope, code)
        if key in self._entities:
            return self._entities[key]
        return self._questions.settled(self._entities, key, None, self._evaluate, path, scope, code)

    def called(self, path: str, call: CallFacts) -> Entity | None:
        """What the call gives."""
        callee = self.call(path, call)
        if isinstance(callee, Function):  # whose result may depend on what it is a method of
            return self.evaluate(path, call.scope, f"{call.callee}()")
        return self._apply(callee, "()")

    def call(self, path: str, call: CallFacts) -> Entity | None:
        """What is called, not what the call gives."""
        return self.evaluate(path, call.scope, call.callee)

    def calls(self, facts: ModuleFacts) -> Sequence[tuple[CallFacts, Entity | None]]:
        """The calls of a file, each with what it calls."""
        path = facts.path
        if path not in self._calls:
            self._calls[path] = [(call, self.evaluate(path, call.scope, call.callee)) for call in facts.calls]
        return self._calls[path]

    def call_sites(self, function: Function) -> Iterator[CallFacts]:
        """The calls of a function in its own file."""
        module = self.module(function.path)
        name = self.scope(function).name
        for call in module.calls if module else ():
            if call.last_name == name and self.call(function.path, call) == function:
                yield call

    def _evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        if not code:
            return None
        if code[0] == "(" and code[-1] != ")":
            return None  # an element of a tuple
        if code[0] == "(":
            return Items(tuple(self.evaluate(path, scope, item) for item in items_of(code)))
        if code[0] == "{":
            promised = self.annotated(path, scope, code[1:-1])
            return Alias(promised) if promised is not None else None
        if "|" in code and len(options := arms(code)) > 1:
            return union(self.evaluate(path, scope, arm) for arm in options if arm != "None")
        root, *postfixes = chain(code) or ("",)
        entity = self.lookup(path, scope, root) if root else None
        if entity == Named("builtins.super") and postfixes[:1] == ["()"]:
            entity, postfixes = self._super(path, scope), postfixes[1:]
        receiver: Entity | None = None
        for place, postfix in enumerate(postfixes):
            owner, receiver = receiver, entity
            if postfix.endswith(">"):
                entity = self._called_with(entity, path, scope, postfix[3:-1], owner)
            elif postfix == "()" and isinstance(entity, Function):
                entity = self._results.of_method(entity, owner)
            else:
                entity = self._apply(entity, postfix)
            if entity is None:
                return None
            is_method = postfix[0] == "." and isinstance(entity, Function | Named | Either)
            if is_method and self._is_replaced(path, scope, [root, *postfixes[: place + 1]]):
                return None
        return entity

    def _is_replaced(self, path: str, scope: int, steps: Sequence[str]) -> bool:
        """Is something else assigned to the attribute, in this scope or around it?"""
        module = self.module(path)
        while module is not None and scope >= 0:
            here = module.scopes[scope]
            if here.replaced and "".join(steps) in here.replaced:
                return True
            scope = here.parent
        return False

    def _called_with(
        self, entity: Entity | None, path: str, scope: int, argument: str, owner: Entity | None
    ) -> Entity | None:
        """What a call gives whose first argument is known; the owner is what a method is called on."""
        if isinstance(entity, Function):
            result = self._results.of_method(entity, owner)
            given = self._given_back(entity, lambda: self.evaluate(path, scope, argument))
            return result if given is None else Coroutine(entity, given) if isinstance(result, Coroutine) else given
        if not isinstance(entity, Named):
            return self._apply(entity, "()")
        if entity.name == "typing.TypeVar":
            return Variable("", self.annotated(path, scope, argument))
        if entity.name == "typing.cast":
            return self.annotated(path, scope, argument)
        if entity.name not in PASSING:
            return self._apply(entity, "()")
        given = self.evaluate(path, scope, argument)
        return self._passed(PASSING[entity.name], entity, given) if given is not None else self._apply(entity, "()")

    def _given_back(self, function: Function, argument: Callable[[], Entity | None]) -> Entity | None:
        """What `def get(kind: type[T]) -> T` and the like make of their first argument, None for other functions."""
        facts, names = self.function(function), self.scope(function).names
        first = next(iter(facts.parameters[1 if self.owner(function) else 0 :]), "")
        taken = promises(next((b.value for b in names.get(first, ()) if b.bound is Bound.PARAMETER), ""))
        returned = promises(facts.returns)
        if len(taken) != 1 or len(returned) != 1 or taken[0].name != returned[0].name or not self.is_plain(function):
            return None
        if not isinstance(self.annotated(function.path, self.scope(function).parent, taken[0].name), Variable):
            return None
        given = argument()
        if taken[0].is_class == returned[0].is_class:
            return given
        return Instance(given) if taken[0].is_class and isinstance(given, Class | Named) else None

    def _passed(self, how: Passing, function: Named, given: Entity) -> Entity | None:
        """What a function gives that passes on what it is given, or something made of it."""
        match how:
            case Passing.SAME:
                return given
            case Passing.RESULT:
                return Coroutine(function, self._apply(given, "!"))
            case Passing.TASK:
                return Instance(Named("asyncio.Task"), arguments=(self._apply(given, "!"),))
            case Passing.ELEMENT:
                return self._apply(given, "*")
            case Passing.LIST:
                return listed(self._apply(given, "*"))
            case Passing.NUMBERED:
                return listed(Items((None, self._apply(given, "*"))))

    def _apply(self, entity: Entity | None, postfix: str) -> Entity | None:
        if isinstance(entity, _WITH_MEMBERS) and postfix[0] == ".":  # mostly
            return self.member(entity, postfix[1:])
        match entity:
            case None:
                return None
            case Variable(bound=bound):
                return self._apply(bound, postfix)
            case Alias(of=Instance(of=klass)):
                return self._apply(klass, postfix)
            case Either(options=options):
                asked = [option for option in options if not self._lacks(option, postfix)]
                return union(self._apply(option, postfix) for option in asked)
        if postfix[0] == ".":
            return self.member(entity, postfix[1:])
        if postfix[0] == "[":
            return self._subscript(entity, int(postfix[1:-1]) if len(postfix) > 2 else None)
        return self._operated(entity, postfix)

    def _operated(self, entity: Entity, postfix: str) -> Entity | None:
        match postfix:
            case "()":
                return self.result(entity)
            case "!":
                return self.awaited(entity)
            case "@" | "@!":
                return self._results.entered(entity, "__aenter__" if postfix == "@!" else "__enter__")
            case "*" | "*!":
                return self._element(entity, is_async=postfix == "*!")
            case "/":
                return self._results.by_method(entity, "__truediv__")
        return None

    def _lacks(self, entity: Entity, postfix: str) -> bool:
        """Is it an object of the project that certainly has no such attribute?"""
        if postfix[0] != "." or not (isinstance(entity, Instance) and isinstance(entity.of, Class)):
            return False
        if self.member(entity, postfix[1:]) is not None or self._members.is_assigned(entity.of, postfix[1:]):
            return False
        scopes = [self.scope(klass) for klass in self.lineage(entity.of) if isinstance(klass, Class)]
        said = any(name in scope.names for scope in scopes for name in (postfix[1:], "__getattr__"))
        return self._inheritance.is_known(entity.of) and not said

    def _subscript(self, entity: Entity, place: int | None) -> Entity | None:
        if isinstance(entity, Class) or (isinstance(entity, Named) and is_class(entity.name)):
            return entity  # a generic class with its arguments
        return item(entity, place) or self._results.by_method(entity, "__getitem__")

    def _element(self, entity: Entity, *, is_async: bool) -> Entity | None:
        """What a loop over the entity gives."""
        if isinstance(entity, AsyncGenerator):
            return self._results.yielded(entity.of) if isinstance(entity.of, Function) else None
        held = element(entity)
        if held is not None or not (isinstance(entity, Instance) and isinstance(entity.of, Class)):
            return held
        iterate = self.member(entity, "__aiter__" if is_async else "__iter__")
        if isinstance(iterate, Function) and self.function(iterate).is_generator and self.is_plain(iterate):
            return self._results.yielded(iterate)
        iterator = self.result(iterate) if isinstance(iterate, Function) else None
        if isinstance(iterator, Instance) and isinstance(iterator.of, Class):
            return self._next(iterator, is_async=is_async)
        return element(iterator) if iterator is not None else None

    def _next(self, iterator: Instance, *, is_async: bool) -> Entity | None:
        step = self.member(iterator, "__anext__" if is_async else "__next__")
        result = self.result(step) if isinstance(step, Function) else None
        return self.awaited(result) if isinstance(result, Coroutine) else result

    def _super(self, path: str, scope: int) -> Entity | None:
        module = self.module(path)
        if module is None:
            return None
        index = module.enclosing_class(module.executor(scope))
        return Instance(Class(path, index), above=True) if index >= 0 else None

    # names, members, results

    def lookup(self, path: str, scope: int, name: str) -> Entity | None:
        """What a plain name means in a scope: the innermost binding, else the module's, else a builtin."""
        return self._bindings.lookup(path, scope, name)

    def member(self, entity: Entity, name: str) -> Entity | None:
        """What `entity.name` means."""
        return self._members.member(entity, name)

    def property(self, entity: Entity | None, name: str) -> Function | None:
        """The function that runs whenever an attribute of an instance is read, None for any but a plain property."""
        return self._members.property(entity, name)

    def result(self, entity: Entity) -> Entity | None:
        """What calling the entity gives."""
        return self._results.result(entity)

    def awaited(self, entity: Entity) -> Entity | None:
        """What awaiting the entity gives."""
        return self._results.awaited(entity)

    def entered(self, entity: Entity, method: str) -> Entity | None:
        """What `with` or `async with` binds after `as`."""
        return self._results.entered(entity, method)

    def is_plain(self, function: Function) -> bool:
        """Do all its decorators leave it what it is?"""
        return self._decorators.leave(function)

    def is_cached(self, function: Function) -> bool:
        """Does it run only once for the same arguments?"""
        return self._decorators.cache(function)

    def is_property(self, function: Function) -> bool:
        """Is it read without being called?"""
        return self._decorators.make_property(function)

    def role(self, path: str, scope: int, decorator: str) -> Role | None:
        """What the user says of a decorator in a scope of a file, None when nothing."""
        return self._decorators.role(path, scope, decorator)

    def decorator_names(self, function: Function) -> Iterator[str]:
        """The dotted names of all that stands on a function."""
        return self._decorators.names(function)

    # annotations

    def annotated(self, path: str, scope: int, text: str) -> Entity | None:
        """The value an annotation promises: `Optional[Queue[int]]` is an instance of Queue."""
        if not text:
            return None
        key = (path, scope, text)
        if key in self._promises:
            return self._promises[key]
        return self._questions.settled(self._promises, key, None, self._annotated, path, scope, text)

    def _annotated(self, path: str, scope: int, text: str) -> Entity | None:
        return union(self._promised(path, scope, promise) for promise in promises(text))

    def _promised(self, path: str, scope: int, promise: Promise) -> Entity | None:
        entity = self.evaluate(path, scope, promise.name)
        if isinstance(entity, Variable) or entity == _TYPE_VARIABLE:
            return Variable(promise.name, entity.bound if isinstance(entity, Variable) else None)
        if isinstance(entity, Alias):
            return entity.of
        if entity in _UNIONS:
            return union(self.annotated(path, scope, argument) for argument in promise.arguments if argument != "None")
        if not isinstance(entity, Class | Named):
            return None
        held = promise.arguments if entity not in CALLABLES or sole("".join(promise.arguments[-1:])) else ()
        arguments = tuple(_NONE if a == "None" else self.annotated(path, scope, a) for a in held)
        return entity if promise.is_class else Instance(entity, arguments=arguments)
