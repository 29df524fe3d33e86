"""Every module joined: what a name, an expression or a call means, read on demand and remembered.

Unknown is a normal answer (None), and the one given whenever two bindings of a name disagree.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from asynclint.facts.annotations import Promise, promises, sole
from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import (
    AsyncGenerator,
    Class,
    Coroutine,
    Entity,
    Function,
    Instance,
    Items,
    Module,
    Named,
    Variable,
)
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.generics import meanings
from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.blocking import blocking
from asynclint.facts.knowledge.decorators import OVERLOADS, PROPERTIES, ROUTES, TRANSPARENT, TRANSPARENT_PREFIXES
from asynclint.facts.knowledge.packages import is_tabled
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound
from asynclint.facts.outside import Outside

_ASYNC_ITERATION = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})
_POSTFIX = re.compile(r"\.\w+|\(\)|\[\]|@!|\*!|[!@*/]")
_SEQUENCES = frozenset(
    {
        *(f"builtins.{name}" for name in ("list", "set", "frozenset", "tuple")),
        *(f"typing.{name}" for name in ("List", "Set", "FrozenSet", "Tuple", "Deque")),
        *(
            f"{module}.{name}"
            for module in ("typing", "collections.abc")
            for name in (
                "Sequence",
                "MutableSequence",
                "Iterable",
                "Iterator",
                "Collection",
                "AbstractSet",
                "Set",
                "MutableSet",
                "AsyncIterable",
                "AsyncIterator",
                "Generator",
                "AsyncGenerator",
            )
        ),
        "collections.deque",
        "builtins.dict_values",
    }
)
_MAPPINGS = frozenset(
    {
        *("builtins.dict", "typing.Dict", "collections.defaultdict", "collections.OrderedDict", "typing.DefaultDict"),
        *(f"{module}.{name}" for module in ("typing", "collections.abc") for name in ("Mapping", "MutableMapping")),
    }
)
_ITEM_METHODS = frozenset({"get", "pop", "popleft", "setdefault"})
_COROUTINE_TYPES = frozenset({"typing.Coroutine", "collections.abc.Coroutine", "types.CoroutineType"})
_SELF_TYPES = frozenset({"typing.Self", "typing_extensions.Self"})
_HARMLESS_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "builtins.Exception"})


class Project:
    """The linted project as one web of names.

    `load` gives the facts of a path (None when it cannot be read or parsed); `locate` gives the path of a module
    name as the importing path means it (None when it is not part of the project); `outside` is asked about other
    names after the tables.
    """

    def __init__(
        self,
        load: Callable[[str], ModuleFacts | None],
        locate: Callable[[str, str], str | None],
        outside: Outside | None = None,
    ) -> None:
        self._load = load
        self._locate = locate
        self._outside = outside
        self._modules: dict[str, ModuleFacts | None] = {}
        self._entities: dict[tuple[str, int, str], Entity | None] = {}
        self._busy: set[tuple[object, ...]] = set()
        self._circular = False

    # modules, functions, classes

    def module(self, path: str) -> ModuleFacts | None:
        """The facts of one file of the project."""
        if path not in self._modules:
            self._modules[path] = self._load(path)
        return self._modules[path]

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
        if key not in self._entities:
            outer, self._circular = self._circular, False
            result = self._guarded(key, lambda: self._evaluate(path, scope, code))
            if self._circular and self._busy:  # perhaps unknown only because a larger question is still open
                return result
            self._entities[key] = result
            self._circular = outer
        return self._entities[key]

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

    def _guarded(self, key: tuple[object, ...], answer: Callable[[], Entity | None]) -> Entity | None:
        """Answers once per question: a name defined through itself is unknown."""
        if key in self._busy:
            self._circular = True
            return None
        self._busy.add(key)
        try:
            return answer()
        finally:
            self._busy.discard(key)

    def _evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        if not code or code == "None":
            return None
        if code[0] == "(":
            return Items(tuple(self.evaluate(path, scope, item) for item in code[1:-1].split(",")))
        if "|" in code:
            return _common({self.evaluate(path, scope, arm) for arm in code.split("|") if arm != "None"})
        root = re.match(r"[^\W\d]\w*", code)
        if root is None:
            return None
        entity, rest = self.lookup(path, scope, root[0]), code[root.end() :]
        if entity == Named("builtins.super") and rest.startswith("()"):
            entity, rest = self._super(path, scope), rest[2:]
        for postfix in _POSTFIX.findall(rest):
            entity = self._apply(entity, postfix)
            if entity is None:
                return None
        return entity

    def _apply(self, entity: Entity | None, postfix: str) -> Entity | None:
        if entity is None:
            return None
        if postfix[0] == ".":
            return self.member(entity, postfix[1:])
        match postfix:
            case "()":
                return self.result(entity)
            case "!":
                return self.awaited(entity)
            case "@" | "@!":
                return self.entered(entity, "__aenter__" if postfix == "@!" else "__enter__")
            case "/":
                return self._by_method(entity, "__truediv__")
            case "[]" if isinstance(entity, Class) or (isinstance(entity, Named) and _is_class_name(entity.name)):
                return entity  # a generic class with its arguments
            case "[]" if _element(entity, subscript=True) is None:
                return self._by_method(entity, "__getitem__")
            case "*" | "*!" | "[]":
                return _element(entity, subscript=postfix == "[]")
        return None

    def _by_method(self, entity: Entity, name: str) -> Entity | None:
        """What an operator that is spelled by this method gives, as far as a library's class says."""
        known = isinstance(entity, Instance) and isinstance(entity.of, Named)
        method = self.member(entity, name) if known else None
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
            if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
                return self._bound(module, index, name)
            index = here.parent
        return self._starred(module, name) if module.stars else Named(f"builtins.{name}")

    def _bound(self, module: ModuleFacts, scope: int, name: str) -> Entity | None:
        """The meaning all bindings of a name agree on."""
        key = (module.path, scope, name, "bound")
        bindings = module.scopes[scope].names[name]
        return self._guarded(key, lambda: self._agreed(module, self._relevant(module, bindings)))

    def _relevant(self, module: ModuleFacts, bindings: Iterable[Binding]) -> list[Binding]:
        """Without `x = None` and without the overloads and setters of a definition that follows."""
        kept = [b for b in bindings if not (b.bound is Bound.VALUE and b.value == "None")]
        definitions = [b for b in kept if b.bound is Bound.DEFINITION]
        if len(definitions) < 2:
            return kept
        return [b for b in kept if b.bound is not Bound.DEFINITION or not self._is_partial(module, b.target)]

    def _is_partial(self, module: ModuleFacts, scope: int) -> bool:
        function = module.scopes[scope].function
        parent = module.scopes[scope].parent
        decorators = function.decorators if function else ()
        return any(
            code.endswith((".setter", ".deleter", ".getter", ".register", ".register()"))
            or self._decorator(module.path, parent, code) in OVERLOADS
            for code in decorators
        )

    def _agreed(self, module: ModuleFacts, bindings: list[Binding]) -> Entity | None:
        meanings = {self._binding(module, binding) for binding in bindings}
        if any(binding.bound is Bound.ANNOTATION for binding in bindings):
            meanings.discard(None)  # a declared type holds for what cannot be seen
        return self._one_coroutine_function(meanings) or _common(meanings)

    def _one_coroutine_function(self, meanings: set[Entity | None]) -> Entity | None:
        """Any of several definitions, as under `if sys.version_info`, when all of them are coroutine functions."""
        functions = [meaning for meaning in meanings if isinstance(meaning, Function)]
        if len(functions) < 2 or len(functions) < len(meanings):
            return None
        same = all(isinstance(self._function_result(function), Coroutine) for function in functions)
        return max(functions, key=lambda function: function.scope) if same else None

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
        decorators = [self._decorator(module.path, klass, code) for code in function.decorators]
        if "builtins.staticmethod" in decorators:
            return None
        owner = Class(module.path, klass)
        is_class = "builtins.classmethod" in decorators or module.scopes[binding.scope].name == "__new__"
        return owner if is_class else Instance(owner)

    def _imported(self, importer: str, value: str) -> Entity | None:
        name, colon, attribute = value.partition(":")
        path = self._locate(name, importer)
        if path is None:
            return None if name.startswith(".") else self._named(f"{name}.{attribute}" if colon else name)
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
        return self._starred(module, name) if module is not None and module.stars else None

    def _starred(self, module: ModuleFacts, name: str) -> Entity | None:
        """A name that `from m import *` may have brought: unknown as soon as one such module is."""

        def search() -> Entity | None:
            for star in reversed(module.stars):
                path = self._locate(star, module.path)
                if path is None:
                    known = self._named(f"{star}.{name}").name
                    if known in stdlib().functions or known in stdlib().classes:
                        return Named(known)
                    if self._outside is not None and self._outside.defines(known):
                        return Named(known)
                    if star.partition(".")[0] in ("asyncio", "typing", "time"):
                        continue
                    return None
                found = None if name.startswith("_") else self._module_member(path, name)
                if found is not None:
                    return found
            return Named(f"builtins.{name}")

        return self._guarded((module.path, name, "star"), search)

    def _named(self, name: str) -> Named:
        return Named(stdlib().aliases.get(name) or blocking().aliases.get(name, name))

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
                if found is None:
                    return self._from_outside(klass, name, skip=int(above))
                return self._meant(found, klass, arguments, name) if isinstance(found, Variable) else found
            case Instance(of=Named(name=klass_name)):
                return self._named_member(klass_name, name)
            case Named(name=outer):
                return self._named(f"{outer}.{name}")
        return None

    def _meant(self, variable: Variable, klass: Class, arguments: Sequence[Entity | None], name: str) -> Entity | None:
        """What a type variable means for the class of an instance whose attribute `name` is declared with it."""
        for current in self.lineage(klass):
            if isinstance(current, Class):
                scope = self.scope(current)
                if name in scope.names or (scope.klass is not None and name in scope.klass.attributes):
                    return meanings(self, klass, arguments, current).get(variable.name)
        return None

    def lineage(self, klass: Class) -> Iterator[Class | Named | None]:
        """The class and all it inherits from, in order; None for a base that is not known."""
        seen: set[Class | Named] = set()
        waiting: list[Class | Named | None] = [klass]
        while waiting:
            current = waiting.pop(0)
            if current in seen:
                continue
            yield current
            if current is not None:
                seen.add(current)
            if isinstance(current, Class):
                waiting[:0] = self.bases(current)

    def bases(self, klass: Class) -> list[Class | Named | None]:
        """The direct bases, None for those that are not known."""
        scope = self.scope(klass)
        bases = scope.klass.bases if scope.klass else ()
        found = [self.evaluate(klass.path, scope.parent, code) for code in bases]
        return [base if isinstance(base, Class | Named) else None for base in found]

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
            elif current.name in stdlib().classes:
                definer = self._definer(current.name, name)
                if definer:
                    return Named(f"{definer}.{name}")
            elif (inherited := f"{current.name}.{name}") in blocking().calls or inherited in blocking().returns:
                return Named(inherited)
            elif current.name not in _HARMLESS_BASES:
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
        return assigned if defined is None else _common({assigned, defined})

    def _from_outside(self, klass: Class, name: str, *, skip: int) -> Entity | None:
        """What a class has from a base outside, the first `skip` of its lineage left out."""
        if self._outside is None:
            return None
        return self._guarded((klass, name, skip, "outside"), lambda: self._inherited(klass, name, skip))

    def _inherited(self, klass: Class, name: str, skip: int) -> Entity | None:
        for current in islice(self.lineage(klass), skip, None):
            if isinstance(current, Named):
                found = self._outside.member(current.name, name) if self._outside is not None else None
                if found is not None or not (current.name in _HARMLESS_BASES or current.name in stdlib().classes):
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
                return self._guarded(key, lambda m=module, b=bindings: self._agreed(m, b))  # type: ignore[misc]
        return None

    def _definer(self, klass: str, name: str) -> str:
        """The class of the standard library that defines method `name` for `klass`, "" if none does."""
        facts = stdlib().classes.get(klass)
        if facts is None:
            return ""
        if name in facts.methods:
            return klass
        return next((found for base in facts.bases if (found := self._definer(base, name))), "")

    def _named_member(self, klass: str, name: str) -> Entity | None:
        definer = self._definer(klass, name) or klass
        typed = blocking().attributes.get(f"{definer}.{name}")
        if typed:
            return Instance(Named(typed))
        facts = stdlib().classes.get(definer)
        if facts is None:
            documented = f"{definer}.{name}"
            found = self._outside.member(klass, name) if self._outside and not is_tabled(documented) else None
            return found if found is not None else Named(documented)
        if name in facts.attributes:
            return Instance(Named(facts.attributes[name]))
        method = facts.methods.get(name)
        if method is not None and method.kind == "property":
            return Instance(Named(method.returns)) if method.returns else None
        return Named(f"{definer}.{name}")

    def result(self, entity: Entity) -> Entity | None:
        """What calling the entity gives."""
        match entity:
            case Class():
                return Instance(entity)
            case Function():
                return self._function_result(entity)
            case Named(name=name):
                return self._named_result(name)
            case Instance(of=Class() as klass):
                method = self._class_member(klass, "__call__")
                return self.result(method) if method is not None else None
            case Instance(of=Named()):
                return self._by_method(entity, "__call__")
        return None

    def _function_result(self, function: Function) -> Entity | None:
        facts = self.function(function)
        if not self.is_plain(function):
            return None
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
        promised = self.evaluate(function.path, scope.parent, sole(returns)) if returns else None
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
            promised = self.annotated(function.path, scope.parent, facts.returns)
            return Instance(owner) if owner and self._is_type_of_self(function, promised) else promised
        returned = {code for code in facts.returned if code != "None"}
        return _common({self.evaluate(function.path, function.scope, code) for code in returned})

    def _is_type_of_self(self, function: Function, promised: Entity | None) -> bool:
        """Is it the type variable that `self` is annotated with, as in `def __enter__(self: T) -> T`?"""
        facts, scope = self.function(function), self.scope(function)
        bindings = scope.names.get(facts.parameters[0], ()) if facts.parameters else ()
        return isinstance(promised, Variable) and any(binding.value == facts.returns for binding in bindings)

    def is_plain(self, function: Function) -> bool:
        """Do all its decorators leave it what it is?"""
        parent = self.scope(function).parent
        facts = self.function(function)
        return all(
            self._is_transparent(function.path, parent, code)
            or self._wraps(self._applied(function.path, parent, code), is_async=facts.is_async)
            for code in facts.decorators
        )

    def _applied(self, path: str, scope: int, code: str) -> Entity | None:
        """The function of the project that a decorator applies: itself, or what `@decorator(...)` returns."""
        entity = self.evaluate(path, scope, code.removesuffix("()"))
        called = code.endswith("()")
        return self._inner(entity) if called and isinstance(entity, Function) else None if called else entity

    def _inner(self, function: Function) -> Entity | None:
        """The function that a function returns."""
        returned = {self.evaluate(function.path, function.scope, code) for code in self.function(function).returned}
        return returned.pop() if len(returned) == 1 else None

    def _wraps(self, decorator: Entity | None, *, is_async: bool) -> bool:
        """Does it give back what it decorates, or for a coroutine function another one that it defines?"""
        if not isinstance(decorator, Function):
            return False
        facts = self.function(decorator)
        if facts.is_async or facts.is_generator or facts.decorators or not facts.returned:
            return False
        if set(facts.returned) == set(facts.parameters[:1]):
            return True
        inner = self._inner(decorator) if is_async else None
        if not isinstance(inner, Function) or self.scope(inner).parent != decorator.scope:
            return False
        return self.function(inner).is_async and not self.function(inner).is_generator and self.is_plain(inner)

    def _is_transparent(self, path: str, scope: int, code: str) -> bool:
        name = self._decorator(path, scope, code)
        if name in TRANSPARENT or name in PROPERTIES or name.startswith(TRANSPARENT_PREFIXES):
            return True
        return code.endswith("()") and "." in code and code[:-2].rpartition(".")[2] in ROUTES

    def _decorator(self, path: str, scope: int, code: str) -> str:
        entity = self.evaluate(path, scope, code.removesuffix("()"))
        return entity.name if isinstance(entity, Named) else ""

    def is_property(self, function: Function) -> bool:
        """Is it read without being called?"""
        parent = self.scope(function).parent
        decorators = self.function(function).decorators
        return any(self._decorator(function.path, parent, code) in PROPERTIES for code in decorators)

    def _named_result(self, name: str) -> Entity | None:
        known = stdlib()
        owner, _, method = name.rpartition(".")
        facts = known.functions.get(name)
        if facts is None and owner in known.classes:
            facts = known.classes[owner].methods.get(method)
        if facts is not None:
            if facts.kind == "coroutine":
                return Coroutine(Named(name))
            return Instance(Named(facts.returns)) if facts.returns else None
        if name in blocking().returns:
            return Instance(Named(blocking().returns[name]))
        if name not in known.classes and self._outside is not None and self._outside.defines(name):
            return self._outside.result(name)
        if name in known.classes or (method[:1].isupper() and not method.isupper()):
            return Instance(Named(name))
        return None

    def awaited(self, entity: Entity) -> Entity | None:
        """What awaiting the entity gives."""
        match entity:
            case Coroutine(of=Function() as function):
                return self._returned(function)
            case Coroutine(of=Named(name=name)):
                owner, _, method = name.rpartition(".")
                facts = stdlib().functions.get(name)
                if facts is None and owner in stdlib().classes:
                    facts = stdlib().classes[owner].methods.get(method)
                if facts is None and self._outside is not None:
                    return self._outside.awaited(name)
                return Instance(Named(facts.returns)) if facts is not None and facts.returns else None
        return None

    def entered(self, entity: Entity, method: str) -> Entity | None:
        """What `with` or `async with` binds after `as`."""
        if not isinstance(entity, Instance):
            return None
        enter = self.member(entity, method)
        is_known = isinstance(entity.of, Named) and entity.of.name in stdlib().classes
        if is_known and (enter is None or isinstance(enter, Named)):
            return entity
        result = self.result(enter) if enter is not None else None
        return self.awaited(result) if isinstance(result, Coroutine) else result

    # annotations

    def annotated(self, path: str, scope: int, text: str) -> Entity | None:
        """The value an annotation promises: `Optional[Queue[int]]` is an instance of Queue."""
        meanings = {self._promised(path, scope, promise) for promise in promises(text)} if text else set()
        return _common(meanings)

    def _promised(self, path: str, scope: int, promise: Promise) -> Entity | None:
        entity = self.evaluate(path, scope, promise.name)
        if entity == Instance(Named("typing.TypeVar")):
            return Variable(promise.name)
        if not isinstance(entity, Class | Named):
            return None
        arguments = tuple(self.annotated(path, scope, argument) for argument in promise.arguments)
        return entity if promise.is_class else Instance(entity, arguments=arguments)


def _common(meanings: set[Entity | None]) -> Entity | None:
    """What all agree on; of instances that differ only in what they hold, the one that says it."""
    if len(meanings) == 1:
        return meanings.pop()
    bare = {Instance(m.of) if isinstance(m, Instance) else m for m in meanings}
    told = [m for m in meanings if isinstance(m, Instance) and any(m.arguments)]
    if len(bare) != 1:
        return None
    return told[0] if len(told) == 1 else bare.pop()


def _is_class_name(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and not last.isupper()


def _element(entity: Entity, *, subscript: bool) -> Entity | None:
    """What iterating over the entity, or a subscript of it, gives."""
    if not isinstance(entity, Instance) or not isinstance(entity.of, Named):
        return None
    position = 1 if subscript and entity.of.name in _MAPPINGS else 0
    holds = entity.of.name in _SEQUENCES | _MAPPINGS and len(entity.arguments) > position
    return entity.arguments[position] if holds else None
