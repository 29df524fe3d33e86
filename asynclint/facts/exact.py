"""What is exactly the thing that its name says, and not a subclass or an override that only runs instead of it."""

from asynclint.facts.entities import Class, Entity, Function, Instance, Module, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Binding, Bound, callee_of
from asynclint.facts.project import Project

_FINAL = frozenset({"typing.final", "typing_extensions.final"})


def is_exact_call(project: Project, path: str, scope: int, callee: str) -> bool:
    """Does a call of this code run the very function or class it resolves to?

    A method found through `self` or through a declared type may be overridden in a subclass, which is not looked for;
    a library's method of a class of the project may call what that class overrides.
    """
    entity = project.evaluate(path, scope, callee)
    receiver, _, method = callee.rpartition(".")
    if isinstance(entity, Named):
        return not _is_of_project(project.evaluate(path, scope, receiver))
    if _is_static(project, path, scope, callee):
        return True
    if not isinstance(entity, Function) or project.owner(entity) is None:
        return False
    is_private = method.startswith("__") and not method.endswith("__")  # mangled with the name of its class
    return is_private or _is_final_method(project, entity) or _is_exact_receiver(project, path, scope, receiver)


def _is_of_project(receiver: Entity | None) -> bool:
    return isinstance(receiver, Class) or (isinstance(receiver, Instance) and isinstance(receiver.of, Class))


def is_made_here(project: Project, path: str, scope: int, name: str) -> bool:
    """Does a variable, or an attribute of `self`, hold nothing but objects made by naming their class?"""
    module = project.module(path)
    bindings = _bindings(module, scope, name) if module else []
    values = [binding for binding in bindings if binding.value != "None"]
    return bool(values) and all(_is_construction(project, path, binding) for binding in values)


def is_exact_object(project: Project, path: str, scope: int, code: str) -> bool:
    """Is it an object made by naming its class, here or where its variable is bound?"""
    return _is_constructor_call(project, path, scope, code) or is_made_here(project, path, scope, code)


def is_final_class(project: Project, klass: Class) -> bool:
    """Is it declared to have no subclasses?"""
    facts = project.scope(klass).klass
    return facts is not None and _has_final(project, klass, facts.decorators)


def _is_final_method(project: Project, function: Function) -> bool:
    owner = project.owner(function)
    is_final = _has_final(project, function, project.function(function).decorators)
    return is_final or (owner is not None and is_final_class(project, owner))


def _has_final(project: Project, entity: Function | Class, decorators: tuple[str, ...]) -> bool:
    parent = project.scope(entity).parent
    found = (project.evaluate(entity.path, parent, code) for code in decorators)
    return any(isinstance(decorator, Named) and decorator.name in _FINAL for decorator in found)


def _is_exact_receiver(project: Project, path: str, scope: int, receiver: str) -> bool:
    if _is_static(project, path, scope, receiver) or _is_constructor_call(project, path, scope, receiver):
        return True
    return is_made_here(project, path, scope, receiver)


def _is_construction(project: Project, path: str, binding: Binding) -> bool:
    return binding.bound is Bound.VALUE and _is_constructor_call(project, path, binding.scope, binding.value)


def _is_constructor_call(project: Project, path: str, scope: int, code: str) -> bool:
    """Is it a call of a class by its name, or of anything that a library defines?"""
    callee = callee_of(code)
    entity = project.evaluate(path, scope, callee) if callee else None
    return isinstance(entity, Named) or (isinstance(entity, Class) and _is_static(project, path, scope, callee))


def _is_static(project: Project, path: str, scope: int, code: str) -> bool:
    """Is it a dotted name that leads through modules and classes, from an import or a definition?"""
    if not code or not code.replace(".", "").isidentifier():
        return False
    module, root = project.module(path), code.partition(".")[0]
    bindings = _bindings(module, scope, root) if module else []
    if not bindings or any(binding.bound not in (Bound.IMPORT, Bound.DEFINITION) for binding in bindings):
        return False
    return all(_leads_on(project.evaluate(path, scope, prefix)) for prefix in _prefixes(code))


def _prefixes(code: str) -> list[str]:
    parts = code.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _leads_on(entity: Entity | None) -> bool:
    return isinstance(entity, Module | Class)


def _bindings(module: ModuleFacts, scope: int, name: str) -> list[Binding]:
    """The bindings of a plain name, or of `self.name` in a method."""
    root, _, attribute = name.partition(".")
    if attribute:
        return _attribute_bindings(module, scope, root, attribute)
    index = scope
    while index >= 0:
        here = module.scopes[index]
        if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
            return here.names[name]
        index = here.parent
    return []


def _attribute_bindings(module: ModuleFacts, scope: int, root: str, attribute: str) -> list[Binding]:
    method = module.executor(scope)
    owner = module.enclosing_class(method)
    function = module.scopes[method].function
    if owner < 0 or function is None or function.parameters[:1] != (root,):
        return []
    klass = module.scopes[owner]
    return klass.klass.attributes.get(attribute, []) if klass.klass and attribute not in klass.names else []
