"""What a name means: the one meaning that everything it is bound to agrees on, through imports and stars."""

from collections.abc import Callable, Iterable

from asynclint.facts.code import Code
from asynclint.facts.decorators import Decorators
from asynclint.facts.entities import Class, Entity, Function, Instance, Module, Named, Variable, union
from asynclint.facts.library import Library, canonical
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Binding, Bound
from asynclint.facts.questions import Questions


class Bindings:
    """Answers for the names of one project; `locate` gives the path of a module name as the importing path means it."""

    def __init__(
        self,
        code: Code,
        decorators: Decorators,
        library: Library,
        questions: Questions,
        locate: Callable[[str, str], str | None],
    ) -> None:
        self._code = code
        self._decorators = decorators
        self._library = library
        self._questions = questions
        self._locate = locate
        self._meanings: dict[tuple[str, int, str], Entity | None] = {}  # by path, scope and name

    def lookup(self, path: str, scope: int, name: str) -> Entity | None:
        """What a plain name means in a scope: the innermost binding, else the module's, else a builtin."""
        module = self._code.module(path)
        if module is None:
            return None
        index = scope
        while index >= 0:
            here = module.scopes[index]
            if here.klass is not None and name in here.klass.type_parameters:
                return Variable(name, self._code.annotated(path, index, here.klass.type_parameters[name]))
            if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
                return self.bound(module, index, name)
            index = here.parent
        builtin = Named(f"builtins.{name}")
        return self._starred(module, name, builtin) if module.stars else builtin

    def bound(self, module: ModuleFacts, scope: int, name: str) -> Entity | None:
        """The meaning all bindings of a name agree on."""
        key = (module.path, scope, name)
        if key in self._meanings:
            return self._meanings[key]
        bindings = module.scopes[scope].names[name]
        if len(bindings) == 1 and bindings[0].bound is Bound.DEFINITION:  # which leads nowhere else
            self._meanings[key] = self._binding(module, bindings[0])
            return self._meanings[key]
        return self._questions.settled(self._meanings, key, None, self._meaning, module, scope, name)

    def _meaning(self, module: ModuleFacts, scope: int, name: str) -> Entity | None:
        bindings = module.scopes[scope].names[name]
        if len(bindings) == 1 and bindings[0].bound is not Bound.ANNOTATION:  # mostly, so nothing has to agree
            return self._binding(module, bindings[0])
        return self._agreed(module, self._relevant(module, bindings))

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
        if declared is not None:  # which holds for what cannot be seen
            return self._narrowed(module, declared, bindings) or declared
        meanings = [self._binding(module, b) for b in bindings if b.bound is not Bound.ANNOTATION]
        return self._declared(module, bindings, meanings) or union(meanings)

    def _narrowed(self, module: ModuleFacts, declared: Entity, bindings: Iterable[Binding]) -> Entity | None:
        """What `x: Base = Derived()` is, None where that is not seen."""
        if not isinstance(declared, Instance) or not isinstance(declared.of, Class):
            return None
        codes = [(b.scope, b.value if b.bound is Bound.VALUE else b.assigned) for b in bindings]
        held = [self._code.evaluate(module.path, scope, code) for scope, code in codes if code]
        of = [value.of if isinstance(value, Instance) else None for value in held]
        return union(held) if all(isinstance(k, Class) and declared.of in self._code.lineage(k) for k in of) else None

    def _declared(self, module: ModuleFacts, bindings: list[Binding], meanings: list[Entity | None]) -> Entity | None:
        """The class a parameter is declared to be of when all it is bound to is: `if db is None: db = SqliteDb()`."""
        declaring = (b for b in bindings if b.bound is Bound.PARAMETER and b.value and len(bindings) > 1)
        declared = next((self._binding(module, binding) for binding in declaring), None)
        if not isinstance(declared, Instance) or not isinstance(declared.of, Class):
            return None
        of = (meaning.of if isinstance(meaning, Instance) else None for meaning in meanings)
        return declared if all(isinstance(k, Class) and declared.of in self._code.lineage(k) for k in of) else None

    def _binding(self, module: ModuleFacts, binding: Binding) -> Entity | None:
        match binding.bound:
            case Bound.IMPORT:
                return self._imported(module.path, binding.value)
            case Bound.DEFINITION:
                made = Class if module.scopes[binding.target].klass else Function
                return made(module.path, binding.target)
            case Bound.VALUE:
                return self._code.evaluate(module.path, binding.scope, binding.value)
            case Bound.ANNOTATION:
                return self._code.annotated(module.path, binding.scope, binding.value)
            case Bound.PARAMETER:
                return self._parameter(module, binding)
        return None

    def _parameter(self, module: ModuleFacts, binding: Binding) -> Entity | None:
        promised = self._code.annotated(module.path, module.scopes[binding.scope].parent, binding.value)
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
        return self.of_module(path, attribute) if colon else Module(path)

    def of_module(self, path: str, name: str) -> Entity | None:
        """What a name means as an attribute of a module."""
        module = self._code.module(path)
        if module is not None and name in module.scopes[0].names:
            return self.bound(module, 0, name)
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
                found = None if name.startswith("_") else self.of_module(path, name)
                if found is not None:
                    return found
            return otherwise

        return self._questions.asked((module.path, name, "star"), None, search)

    def attribute(self, klass: Class, module: ModuleFacts, name: str, bindings: Iterable[Binding]) -> Entity | None:
        """The meaning that all assignments to an attribute in the methods of a class agree on."""
        relevant = self._relevant(module, bindings)
        return self._questions.asked((klass, name, "attribute"), None, lambda: self._agreed(module, relevant))
