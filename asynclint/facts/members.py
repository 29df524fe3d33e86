"""What an attribute means: of a module, a class, an object, with all they inherit."""

from collections.abc import Iterable, Sequence
from itertools import islice

from asynclint.facts.bindings import Bindings
from asynclint.facts.code import Code
from asynclint.facts.containers import method
from asynclint.facts.decorators import Decorators
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Module, Named, Variable, union
from asynclint.facts.generics import meanings
from asynclint.facts.inheritance import Inheritance
from asynclint.facts.library import Library, canonical, is_wholly_known
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound
from asynclint.facts.questions import Questions


class Members:
    """Answers for the modules and classes of one project."""

    def __init__(
        self,
        code: Code,
        bindings: Bindings,
        inheritance: Inheritance,
        decorators: Decorators,
        library: Library,
        questions: Questions,
    ) -> None:
        self._code = code
        self._bindings = bindings
        self._inheritance = inheritance
        self._decorators = decorators
        self._library = library
        self._questions = questions
        self._assigned: dict[str, dict[str, list[tuple[int, str]]]] = {}
        self._known: dict[tuple[Entity, str], Entity | None] = {}

    def member(self, entity: Entity, name: str) -> Entity | None:
        """What `entity.name` means."""
        key = (entity, name)
        if key in self._known:
            return self._known[key]
        return self._questions.settled(self._known, key, None, self._member, entity, name)

    def _member(self, entity: Entity, name: str) -> Entity | None:
        match entity:
            case Module(path=path):
                return self._bindings.of_module(path, name)
            case Class():
                found = self._of_class(entity, name)
                return found if found is not None else self._from_outside(entity, name, skip=0)
            case Instance(of=Class() as klass, above=above, arguments=arguments):
                found = self._of_instance(klass, name, above)
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
        found = self._of_class(entity.of, name, above=entity.above)
        is_read = isinstance(found, Function) and self._decorators.make_plain_property(found)
        return found if isinstance(found, Function) and is_read else None

    def _meant(self, variable: Variable, klass: Class, arguments: Sequence[Entity | None], name: str) -> Entity | None:
        """What a type variable means for the class of an instance whose attribute `name` is declared with it."""
        for current in self._code.lineage(klass):
            if isinstance(current, Class):
                scope = self._code.scope(current)
                if name in scope.names or (scope.klass is not None and name in scope.klass.attributes):
                    return meanings(self._code, klass, arguments, current).get(variable.name) or variable.bound
        return variable.bound

    def _is_declaration(self, entity: Entity) -> bool:
        """Is it a plain method without a body of its own, to be overridden?"""
        facts = self._code.function(entity) if isinstance(entity, Function) else None
        return facts is not None and facts.is_stub and not facts.is_async and not facts.returns

    def _overrides(self, klass: Class, name: str) -> Entity | None:
        """The coroutine function that all classes of the same file make of a method they inherit or should inherit."""
        if not all(
            isinstance(c, Class) or (c is not None and is_wholly_known(c.name)) for c in self._code.lineage(klass)
        ):
            return None
        below = (other for other in self._inheritance.below(klass) if name in self._code.scope(other).names)
        found = [self._of_class(other, name) for other in below]
        functions = [f for f in found if isinstance(f, Function) and self._makes_coroutine(f)]
        return functions[0] if functions and len(functions) == len(found) else None

    def _makes_coroutine(self, function: Function) -> bool:
        return isinstance(self._code.result(function), Coroutine)

    def _of_class(self, klass: Class, name: str, *, above: bool = False) -> Entity | None:
        for current in self._code.lineage(klass):
            if above and current == klass:
                continue
            if isinstance(current, Class):
                module, scope = self._code.module(current.path), self._code.scope(current)
                if module is not None and name in scope.names:
                    is_replaced = self._is_replaced(current, module, name)
                    return None if is_replaced else self._bindings.bound(module, current.scope, name)
            elif current is None:
                return None
            elif self._code.blocking.declared(f"{current.name}.{name}") is not None:
                return Named(f"{current.name}.{name}")
            elif (inherited := self._library.inherited(current.name, name)) is not None:
                return inherited
            elif not is_wholly_known(current.name):
                return None
        return None

    def _is_replaced(self, klass: Class, module: ModuleFacts, name: str) -> bool:
        """Does the module of a class assign this attribute of it from outside of it: `Store.save = f`?"""
        if module.path not in self._assigned:
            self._assigned[module.path] = _assigned(module)
        owners = self._assigned[module.path].get(name, ())
        return any(self._code.evaluate(module.path, scope, owner) == klass for scope, owner in owners)

    def _of_instance(self, klass: Class, name: str, above: bool) -> Entity | None:
        defined = self._of_class(klass, name, above=above)
        if isinstance(defined, Function) and self._code.is_property(defined):
            return self._code.result(defined)
        if above or not self.is_assigned(klass, name):
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
        for current in islice(self._code.lineage(klass), skip, None):
            if isinstance(current, Named):
                found = self._library.outside.member(current.name, name) if self._library.outside else None
                if found is not None or not is_wholly_known(current.name):
                    return found
            elif current is None or self._says_something_of(current, name):
                return None
        return None

    def _says_something_of(self, klass: Class, name: str) -> bool:
        scope = self._code.scope(klass)
        return name in scope.names or (scope.klass is not None and name in scope.klass.attributes)

    def _is_declared(self, klass: Class, name: str) -> bool:
        scopes = (self._code.scope(current) for current in self._code.lineage(klass) if isinstance(current, Class))
        return any(b.bound is Bound.ANNOTATION for scope in scopes for b in scope.names.get(name, ()))

    def is_assigned(self, klass: Class, name: str) -> bool:
        """Do the methods of the class, or of a base, set this attribute of their objects?"""
        return any(
            isinstance(c, Class) and (k := self._code.scope(c).klass) is not None and name in k.attributes
            for c in self._code.lineage(klass)
        )

    def _attribute(self, klass: Class, name: str) -> Entity | None:
        """What the methods of the class, or of a base, assign to `self.name`."""
        for current in self._code.lineage(klass):
            if not isinstance(current, Class):
                continue
            facts, module = self._code.scope(current).klass, self._code.module(current.path)
            if facts is not None and module is not None and name in facts.attributes:
                bindings = facts.attributes[name]
                if self._inheritance.redefines(klass, current, (b.value for b in bindings if b.bound is Bound.VALUE)):
                    return None
                found = self._bindings.attribute(current, module, name, bindings)
                return None if found is not None and self._loses_methods(found, name, facts.replaced) else found
        return None

    def _loses_methods(self, entity: Entity, name: str, replaced: Iterable[str]) -> bool:
        """Are methods of what the attribute `name` holds replaced one by one?"""
        names = [code.rpartition(".")[2] for code in replaced if code.startswith(f"{name}.") and code.count(".") == 1]
        match entity:
            case Instance(of=Class() as klass):  # not its attributes, which may lead back to here
                return any(isinstance(self._of_class(klass, method), Function | Named) for method in names)
        return any(isinstance(self.member(entity, method), Function | Named) for method in names)


def _assigned(module: ModuleFacts) -> dict[str, list[tuple[int, str]]]:
    """Where attributes of other objects are assigned, by name: the scope and the code of the object."""
    found: dict[str, list[tuple[int, str]]] = {}
    for index, scope in enumerate(module.scopes):
        for code in scope.replaced:
            owner, _, name = code.rpartition(".")
            found.setdefault(name, []).append((index, owner))
    return found
