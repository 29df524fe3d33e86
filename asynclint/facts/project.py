"""Every module joined: what a name, an expression or a call means, read on demand and remembered.

Unknown is a normal answer (None), and the one given whenever two bindings of a name disagree.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from asynclint.facts.annotations import Promise, promises, sole
from asynclint.facts.calls import CallFacts
from asynclint.facts.containers import element, item, listed, method, taken
from asynclint.facts.decorators import Decorators
from asynclint.facts.entities import (
    Alias,
    AsyncGenerator,
    Class,
    Context,
    Coroutine,
    Either,
    Entity,
    Function,
    Instance,
    Items,
    Module,
    Named,
    Taken,
    Variable,
    union,
)
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.generics import meanings
from asynclint.facts.inheritance import Inheritance, class_of
from asynclint.facts.knowledge.blocking import BlockingCalls
from asynclint.facts.knowledge.passing import PASSING, Passing
from asynclint.facts.library import Library, canonical, is_class, is_wholly_known
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound, arms, chain, items_of
from asynclint.facts.outside import Outside
from asynclint.facts.questions import Questions

_ASYNC_ITERATION = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})
_COROUTINE_TYPES = frozenset({"typing.Coroutine", "collections.abc.Coroutine", "types.CoroutineType"})
_AWAITABLES = frozenset({"typing.Awaitable", "collections.abc.Awaitable"})
_CALLABLES = frozenset({Named("typing.Callable"), Named("collections.abc.Callable")})
_TYPE_VARIABLE = Instance(Named("typing.TypeVar"))
_UNIONS = frozenset({Named("typing.Optional"), Named("typing.Union")})
_GENERATORS = frozenset({Named("typing.Generator"), Named("collections.abc.Generator")})
_NONE = Instance(Named("builtins.None"))
_SELF_TYPES = frozenset({"typing.Self", "typing_extensions.Self"})


class Project:
    """The linted project as one web of names.

    `load` gives the facts of a path (None when it cannot be read or parsed); `locate` gives the path of a module
    name as the importing path means it (None when it is not part of the project); `blocking` is what keeps it waiting;
    `outside` is asked about other names after the tables.
    """

    def __init__(
        self,
        load: Callable[[str], ModuleFacts | None],
        locate: Callable[[str, str], str | None],
        blocking: BlockingCalls | None = None,
        outside: Outside | None = None,
    ) -> None:
        self.blocking = blocking or BlockingCalls()
        self._library = Library(outside)
        self._decorators = Decorators(self)
        self._load = load
        self._locate = locate
        self._modules: dict[str, ModuleFacts | None] = {}
        self._entities: dict[tuple[str, int, str], Entity | None] = {}
        self._module_names: dict[str, tuple[str, ...]] = {}
        self._questions = Questions()
        self._inheritance = Inheritance(self, self._questions)

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

    def owner(self, function: Function) -> Class | None:
        """The class whose body defines the function."""
        module = self.module(function.path)
        index = module.enclosing_class(function.scope) if module else -1
        return Class(function.path, index) if index >= 0 else None

    # expressions

    def evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        """What the expression `code` means in a scope of a file; see `asynclint.facts.names` for codes."""
        key = (path, scope, code)
        if key in self._entities:
            return self._entities[key]
        return self._questions.settled(self._entities, key, None, lambda: self._evaluate(path, scope, code))

    def call(self, path: str, call: CallFacts) -> Entity | None:
        """What is called, not what the call gives."""
        return self.evaluate(path, call.scope, call.callee)

    def call_sites(self, function: Function) -> Iterator[CallFacts]:
        """The calls of a function in its own file."""
        module = self.module(function.path)
        name = self.scope(function).name
        for call in module.calls if module else ():
            if call.last_name == name and self.call(function.path, call) == function:
                yield call

    def _evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        if not code or code == "None":
            return None
        if code[0] == "(" and code[-1] != ")":
            return None  # an element of a tuple
        if code[0] == "(":
            return Items(tuple(self.evaluate(path, scope, item) for item in items_of(code)))
        if code[0] == "{":
            promised = self.annotated(path, scope, code[1:-1])
            return Alias(promised) if promised is not None else None
        if len(options := arms(code)) > 1:
            return union(self.evaluate(path, scope, arm) for arm in options if arm != "None")
        root, *postfixes = chain(code) or ("",)
        entity = self.lookup(path, scope, root) if root else None
        if entity == Named("builtins.super") and postfixes[:1] == ["()"]:
            entity, postfixes = self._super(path, scope), postfixes[1:]
        for place, postfix in enumerate(postfixes):
            if postfix.endswith(">"):
                entity = self._called_with(entity, path, scope, postfix[3:-1])
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

    def _called_with(self, entity: Entity | None, path: str, scope: int, argument: str) -> Entity | None:
        """What a call gives whose first argument is known."""
        if isinstance(entity, Function):
            result = self._function_result(entity)
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
                return self.entered(entity, "__aenter__" if postfix == "@!" else "__enter__")
            case "*" | "*!":
                return self._element(entity, is_async=postfix == "*!")
            case "/":
                return self._by_method(entity, "__truediv__")
        return None

    def _lacks(self, entity: Entity, postfix: str) -> bool:
        """Is it an object of the project that certainly has no such attribute?"""
        if postfix[0] != "." or not (isinstance(entity, Instance) and isinstance(entity.of, Class)):
            return False
        if self.member(entity, postfix[1:]) is not None or self._is_assigned(entity.of, postfix[1:]):
            return False
        lineage = list(self.lineage(entity.of))
        scopes = [self.scope(klass) for klass in lineage if isinstance(klass, Class)]
        known = all(isinstance(k, Class) or (k is not None and is_wholly_known(k.name)) for k in lineage)
        return known and not any(name in scope.names for scope in scopes for name in (postfix[1:], "__getattr__"))

    def _subscript(self, entity: Entity, place: int | None) -> Entity | None:
        if isinstance(entity, Class) or (isinstance(entity, Named) and is_class(entity.name)):
            return entity  # a generic class with its arguments
        return item(entity, place) or self._by_method(entity, "__getitem__")

    def _element(self, entity: Entity, *, is_async: bool) -> Entity | None:
        """What a loop over the entity gives."""
        if isinstance(entity, AsyncGenerator):
            return self._yielded(entity.of) if isinstance(entity.of, Function) else None
        held = element(entity)
        if held is not None or not (isinstance(entity, Instance) and isinstance(entity.of, Class)):
            return held
        iterate = self.member(entity, "__aiter__" if is_async else "__iter__")
        if isinstance(iterate, Function) and self.function(iterate).is_generator and self.is_plain(iterate):
            return self._yielded(iterate)
        iterator = self.result(iterate) if isinstance(iterate, Function) else None
        if isinstance(iterator, Instance) and isinstance(iterator.of, Class):
            return self._next(iterator, is_async=is_async)
        return element(iterator) if iterator is not None else None

    def _next(self, iterator: Instance, *, is_async: bool) -> Entity | None:
        step = self.member(iterator, "__anext__" if is_async else "__next__")
        result = self.result(step) if isinstance(step, Function) else None
        return self.awaited(result) if isinstance(result, Coroutine) else result

    def _yielded(self, generator: Function) -> Entity | None:
        """What a generator function yields: as annotated, else what all its `yield`s agree on."""
        facts, scope = self.function(generator), self.scope(generator)
        if facts.returns:
            promised = self.annotated(generator.path, scope.parent, facts.returns)
            return element(promised) if promised is not None else None
        return union(self.evaluate(generator.path, generator.scope, code) for code in facts.yielded if code != "None")

    def _by_method(self, entity: Entity, name: str) -> Entity | None:
        """What an operator that is spelled by this method gives."""
        method = self.member(entity, name) if isinstance(entity, Instance) else None
        return self.result(method) if method is not None else None

    def _super(self, path: str, scope: int) -> Entity | None:
        module = self.module(path)
        if module is None:
            return None
        index = module.enclosing_class(module.executor(scope))
        return Instance(Class(path, index), above=True) if index >= 0 else None

    # names

    def lookup(self, path: str, scope: int, name: str) -> Entity | None:
        """What a plain name means in a scope: the innermost binding, else the module's, else a builtin."""
        module = self.module(path)
        if module is None:
            return None
        index = scope
        while index >= 0:
            here = module.scopes[index]
            if here.klass is not None and name in here.klass.type_parameters:
                return Variable(name, self.annotated(path, index, here.klass.type_parameters[name]))
            if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
                return self._bound(module, index, name)
            index = here.parent
        builtin = Named(f"builtins.{name}")
        return self._starred(module, name, builtin) if module.stars else builtin

    def _bound(self, module: ModuleFacts, scope: int, name: str) -> Entity | None:
        """The meaning all bindings of a name agree on."""
        key = (module.path, scope, name, "bound")
        bindings = module.scopes[scope].names[name]
        return self._questions.asked(key, None, lambda: self._agreed(module, self._relevant(module, bindings)))

    def _relevant(self, module: ModuleFacts, bindings: Iterable[Binding]) -> list[Binding]:
        """Without `x = None` and without the overloads and setters of a definition that follows."""
        kept = [b for b in bindings if not (b.bound is Bound.VALUE and b.value == "None")]
        definitions = [b for b in kept if b.bound is Bound.DEFINITION]
        if len(definitions) < 2:
            return kept
        functions = [b for b in definitions if module.scopes[b.target].function is not None]
        parts = [b for b in functions if self._decorators.make_part(Function(module.path, b.target))]
        return [b for b in kept if b not in parts]

    def _agreed(self, module: ModuleFacts, bindings: list[Binding]) -> Entity | None:
        declared = union(self._binding(module, b) for b in bindings if b.bound is Bound.ANNOTATION)
        if declared is not None:
            return declared  # holds for what cannot be seen
        meanings = [self._binding(module, b) for b in bindings if b.bound is not Bound.ANNOTATION]
        return self._declared(module, bindings, meanings) or union(meanings)

    def _declared(self, module: ModuleFacts, bindings: list[Binding], meanings: list[Entity | None]) -> Entity | None:
        """The class a parameter is declared to be of when all it is bound to is: `if db is None: db = SqliteDb()`."""
        declaring = (b for b in bindings if b.bound is Bound.PARAMETER and b.value and len(bindings) > 1)
        declared = next((self._binding(module, binding) for binding in declaring), None)
        if not isinstance(declared, Instance) or not isinstance(declared.of, Class):
            return None
        of = (meaning.of if isinstance(meaning, Instance) else None for meaning in meanings)
        return declared if all(isinstance(k, Class) and declared.of in self.lineage(k) for k in of) else None

    def _binding(self, module: ModuleFacts, binding: Binding) -> Entity | None:
        match binding.bound:
            case Bound.IMPORT:
                return self._imported(module.path, binding.value)
            case Bound.DEFINITION:
                made = Class if module.scopes[binding.target].klass else Function
                return made(module.path, binding.target)
            case Bound.VALUE:
                return self.evaluate(module.path, binding.scope, binding.value)
            case Bound.ANNOTATION:
                return self.annotated(module.path, binding.scope, binding.value)
            case Bound.PARAMETER:
                return self._parameter(module, binding)
        return None

    def _parameter(self, module: ModuleFacts, binding: Binding) -> Entity | None:
        promised = self.annotated(module.path, module.scopes[binding.scope].parent, binding.value)
        klass = module.enclosing_class(binding.scope)
        if binding.value and not (isinstance(promised, Variable) and binding.target == 0 and klass >= 0):
            return promised
        function = module.scopes[binding.scope].function
        if binding.target != 0 or klass < 0 or function is None:
            return None
        decorators = [self._decorators.name(module.path, klass, code) for code in function.decorators]
        if "builtins.staticmethod" in decorators:
            return None
        owner = Class(module.path, klass)
        is_class = "builtins.classmethod" in decorators or module.scopes[binding.scope].name == "__new__"
        return owner if is_class else Instance(owner)

    def _imported(self, importer: str, value: str) -> Entity | None:
        name, colon, attribute = value.partition(":")
        path = self._locate(name, importer)
        if path is None:
            return None if name.startswith(".") else canonical(f"{name}.{attribute}" if colon else name)
        if colon and path == importer:  # `from . import x` in a package binds the very name it would be looked up by
            submodule = self._locate(f".{attribute}", path)
            return Module(submodule) if submodule else None
        return self._module_member(path, attribute) if colon else Module(path)

    def _module_member(self, path: str, name: str) -> Entity | None:
        module = self.module(path)
        if module is not None and name in module.scopes[0].names:
            return self._bound(module, 0, name)
        submodule = self._locate(f".{name}", path) if path.endswith(("__init__.py", "__init__.pyi")) else None
        if submodule is not None:
            return Module(submodule)
        return self._starred(module, name, None) if module is not None and module.stars else None

    def _starred(self, module: ModuleFacts, name: str, otherwise: Entity | None) -> Entity | None:
        """A name that `from m import *` may have brought: unknown as soon as one such module is."""

        def search() -> Entity | None:
            for star in reversed(module.stars):
                path = self._locate(star, module.path)
                if path is None:
                    known = canonical(f"{star}.{name}")
                    if self._library.is_known(known.name):
                        return known
                    if star.partition(".")[0] in ("asyncio", "typing", "time"):
                        continue
                    return None
                found = None if name.startswith("_") else self._module_member(path, name)
                if found is not None:
                    return found
            return otherwise

        return self._questions.asked((module.path, name, "star"), None, search)

    # members, results

    def member(self, entity: Entity, name: str) -> Entity | None:
        """What `entity.name` means."""
        match entity:
            case Module(path=path):
                return self._module_member(path, name)
            case Class():
                found = self._class_member(entity, name)
                return found if found is not None else self._from_outside(entity, name, skip=0)
            case Instance(of=Class() as klass, above=above, arguments=arguments):
                found = self._instance_member(klass, name, above)
                if found is None or (not above and self._is_declaration(found)):
                    found = (None if above else self._overrides(klass, name)) or found
                if found is None:
                    return self._from_outside(klass, name, skip=int(above))
                return self._meant(found, klass, arguments, name) if isinstance(found, Variable) else found
            case Instance(of=Named(name=klass_name)):
                return method(entity, name) or self._library.member(klass_name, name)
            case Named(name=outer):
                return self._library.inherited(outer, name) or canonical(f"{outer}.{name}")
        return None

    def property(self, entity: Entity | None, name: str) -> Function | None:
        """The function that runs whenever an attribute of an instance is read, None for any but a plain property."""
        if not isinstance(entity, Instance) or not isinstance(entity.of, Class):
            return None
        found = self._class_member(entity.of, name, above=entity.above)
        is_read = isinstance(found, Function) and self._decorators.make_plain_property(found)
        return found if isinstance(found, Function) and is_read else None

    def _meant(self, variable: Variable, klass: Class, arguments: Sequence[Entity | None], name: str) -> Entity | None:
        """What a type variable means for the class of an instance whose attribute `name` is declared with it."""
        for current in self.lineage(klass):
            if isinstance(current, Class):
                scope = self.scope(current)
                if name in scope.names or (scope.klass is not None and name in scope.klass.attributes):
                    return meanings(self, klass, arguments, current).get(variable.name) or variable.bound
        return variable.bound

    def lineage(self, klass: Class) -> "tuple[Class | Named | None, ...]":
        """The class and all it inherits from, in the order in which Python looks; None for a base that is not known."""
        return self._inheritance.lineage(klass)

    def bases(self, klass: Class) -> "tuple[Class | Named | None, ...]":
        """The direct bases of a class, None for those that are not known."""
        return self._inheritance.bases(klass)

    def _is_declaration(self, entity: Entity) -> bool:
        """Is it a plain method without a body of its own, to be overridden?"""
        facts = self.function(entity) if isinstance(entity, Function) else None
        return facts is not None and facts.is_stub and not facts.is_async and not facts.returns

    def _overrides(self, klass: Class, name: str) -> Entity | None:
        """The coroutine function that all classes of the same file make of a method they inherit or should inherit."""
        if not all(isinstance(c, Class) or (c is not None and is_wholly_known(c.name)) for c in self.lineage(klass)):
            return None
        below = (other for other in self._inheritance.below(klass) if name in self.scope(other).names)
        found = [self._class_member(other, name) for other in below]
        functions = [f for f in found if isinstance(f, Function) and self._makes_coroutine(f)]
        return functions[0] if functions and len(functions) == len(found) else None

    def _makes_coroutine(self, function: Function) -> bool:
        return isinstance(self._function_result(function), Coroutine)

    def _class_member(self, klass: Class, name: str, *, above: bool = False) -> Entity | None:
        for current in self.lineage(klass):
            if above and current == klass:
                continue
            if isinstance(current, Class):
                module, scope = self.module(current.path), self.scope(current)
                if module is not None and name in scope.names:
                    return self._bound(module, current.scope, name)
            elif current is None:
                return None
            elif self.blocking.declared(f"{current.name}.{name}") is not None:
                return Named(f"{current.name}.{name}")
            elif (inherited := self._library.inherited(current.name, name)) is not None:
                return inherited
            elif not is_wholly_known(current.name):
                return None
        return None

    def _instance_member(self, klass: Class, name: str, above: bool) -> Entity | None:
        defined = self._class_member(klass, name, above=above)
        if isinstance(defined, Function) and self.is_property(defined):
            return self.result(defined)
        if above or not self._is_assigned(klass, name):
            return defined
        assigned = self._attribute(klass, name)
        if assigned is None and isinstance(defined, Instance):  # declared in the class body, set by what cannot be seen
            return defined if self._is_declared(klass, name) else None
        return assigned if defined is None else union((assigned, defined))

    def _from_outside(self, klass: Class, name: str, *, skip: int) -> Entity | None:
        """What a class has from a base outside, the first `skip` of its lineage left out."""
        if self._library.outside is None:
            return None
        question = (klass, name, skip, "outside")
        return self._questions.asked(question, None, lambda: self._inherited(klass, name, skip))

    def _inherited(self, klass: Class, name: str, skip: int) -> Entity | None:
        for current in islice(self.lineage(klass), skip, None):
            if isinstance(current, Named):
                found = self._library.outside.member(current.name, name) if self._library.outside else None
                if found is not None or not is_wholly_known(current.name):
                    return found
            elif current is None or self._says_something_of(current, name):
                return None
        return None

    def _says_something_of(self, klass: Class, name: str) -> bool:
        scope = self.scope(klass)
        return name in scope.names or (scope.klass is not None and name in scope.klass.attributes)

    def _is_declared(self, klass: Class, name: str) -> bool:
        scopes = (self.scope(current) for current in self.lineage(klass) if isinstance(current, Class))
        return any(b.bound is Bound.ANNOTATION for scope in scopes for b in scope.names.get(name, ()))

    def _is_assigned(self, klass: Class, name: str) -> bool:
        return any(
            isinstance(c, Class) and (k := self.scope(c).klass) is not None and name in k.attributes
            for c in self.lineage(klass)
        )

    def _attribute(self, klass: Class, name: str) -> Entity | None:
        """What the methods of the class, or of a base, assign to `self.name`."""
        for current in self.lineage(klass):
            if not isinstance(current, Class):
                continue
            facts, module = self.scope(current).klass, self.module(current.path)
            if facts is not None and module is not None and name in facts.attributes:
                bindings = self._relevant(module, facts.attributes[name])
                key = (current, name, "attribute")
                found = self._questions.asked(key, None, partial(self._agreed, module, bindings))
                return None if found is not None and self._loses_methods(found, name, facts.replaced) else found
        return None

    def _loses_methods(self, entity: Entity, name: str, replaced: Iterable[str]) -> bool:
        """Are methods of what the attribute `name` holds replaced one by one?"""
        names = [code.rpartition(".")[2] for code in replaced if code.startswith(f"{name}.") and code.count(".") == 1]
        match entity:
            case Instance(of=Class() as klass):  # not its attributes, which may lead back to here
                return any(isinstance(self._class_member(klass, method), Function | Named) for method in names)
        return any(isinstance(self.member(entity, method), Function | Named) for method in names)

    def result(self, entity: Entity) -> Entity | None:
        """What calling the entity gives."""
        match entity:
            case Class():
                return Instance(entity)
            case Function():
                return self._function_result(entity)
            case Named(name=name):
                return self._library.result(name)
            case Instance(of=Named() as klass, arguments=(_, returned)) if klass in _CALLABLES:
                return _made(returned)
            case Instance():
                return self._by_method(entity, "__call__")
            case Taken():
                return taken(entity)
            case Either(options=options):
                return union(self.result(option) for option in options)
        return None

    def _function_result(self, function: Function) -> Entity | None:
        facts = self.function(function)
        if not self.is_plain(function):
            return (
                Context(function, facts.is_async)
                if facts.is_generator and self._decorators.make_context(function)
                else None
            )
        if facts.is_async and not facts.is_generator and not facts.returned and self._promises_iteration(function):
            return None  # a stub: its overrides may be generators
        if facts.is_async:
            return AsyncGenerator(function) if facts.is_generator else Coroutine(function)
        if self._promises_only(function, _COROUTINE_TYPES):
            return Coroutine(function)
        return self._returned(function)

    def _promises_only(self, function: Function, types: frozenset[str]) -> bool:
        """Is the return value annotated as one of these types and nothing else?"""
        returns, scope = self.function(function).returns, self.scope(function)
        promised = class_of(self.evaluate(function.path, scope.parent, sole(returns))) if returns else None
        return isinstance(promised, Named) and promised.name in types

    def _promises_iteration(self, function: Function) -> bool:
        scope, returns = self.scope(function).parent, self.function(function).returns
        promised = (self.evaluate(function.path, scope, promise.name) for promise in promises(returns))
        return any(isinstance(p, Named) and p.name.rpartition(".")[2] in _ASYNC_ITERATION for p in promised)

    def function(self, function: Function) -> FunctionFacts:
        """The facts of a function."""
        facts = self.scope(function).function
        assert facts is not None
        return facts

    def _returned(self, function: Function) -> Entity | None:
        """The return value as annotated, `Self` being the class of the method, else what all `return`s agree on."""
        facts, scope = self.function(function), self.scope(function)
        owner = self.owner(function)
        if owner is not None and self._promises_only(function, _SELF_TYPES):
            return Instance(owner)
        if facts.returns or facts.is_generator:
            promised = _kept(self.annotated(function.path, scope.parent, facts.returns))
            return Instance(owner) if owner and self._is_type_of_self(function, promised) else promised
        returned = {code for code in facts.returned if code != "None"}
        return union(self.evaluate(function.path, function.scope, code) for code in sorted(returned))

    def _is_type_of_self(self, function: Function, promised: Entity | None) -> bool:
        """Is it the type variable that `self` is annotated with, as in `def __enter__(self: T) -> T`?"""
        facts, scope = self.function(function), self.scope(function)
        bindings = scope.names.get(facts.parameters[0], ()) if facts.parameters else ()
        return isinstance(promised, Variable) and any(binding.value == facts.returns for binding in bindings)

    def is_plain(self, function: Function) -> bool:
        """Do all its decorators leave it what it is?"""
        return self._decorators.leave(function)

    def is_cached(self, function: Function) -> bool:
        """Does it run only once for the same arguments?"""
        return self._decorators.cache(function)

    def is_property(self, function: Function) -> bool:
        """Is it read without being called?"""
        return self._decorators.make_property(function)

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
                return _returned_by(self._by_method(entity, "__await__"))
        return None

    def entered(self, entity: Entity, method: str) -> Entity | None:
        """What `with` or `async with` binds after `as`."""
        if isinstance(entity, Context):
            return self._yielded(entity.of) if entity.is_async == (method == "__aenter__") else None
        if not isinstance(entity, Instance):
            return None
        enter = self.member(entity, method)
        result = self.result(enter) if enter is not None else None
        given = self.awaited(result) if isinstance(result, Coroutine) else result
        is_known = isinstance(entity.of, Named) and self._library.is_known(entity.of.name)
        return entity if given is None and is_known else given

    # annotations

    def annotated(self, path: str, scope: int, text: str) -> Entity | None:
        """The value an annotation promises: `Optional[Queue[int]]` is an instance of Queue."""
        return union(self._promised(path, scope, promise) for promise in promises(text)) if text else None

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
        held = promise.arguments if entity not in _CALLABLES or sole("".join(promise.arguments[-1:])) else ()
        arguments = tuple(_NONE if a == "None" else self.annotated(path, scope, a) for a in held)
        return entity if promise.is_class else Instance(entity, arguments=arguments)


def _kept(promised: Entity | None) -> Entity | None:
    """What a function returns, but not what a callable gives that it returns: decorators are annotated loosely."""
    return Instance(promised.of) if isinstance(promised, Instance) and promised.of in _CALLABLES else promised


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
