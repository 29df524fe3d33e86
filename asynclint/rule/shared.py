"""What other coroutines see too: attributes, globals, variables of the function around; and what keeps them out."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.calls import Use, WithFacts
from asynclint.facts.entities import Class, Coroutine, Function, Instance, Module, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Binding, Bound
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import Place, place_of
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_SCALARS = frozenset(f"builtins.{name}" for name in ("int", "float", "complex", "bool", "str", "bytes", "tuple"))
_MEASURING = frozenset(f"builtins.{name}" for name in ("len", "int", "float", "str", "bytes", "round", "ord", "hash"))
_IN_PLACE = "AddAssign", "SubtractAssign", "BitOrAssign", "BitAndAssign", "BitXorAssign"
_TAKING = ".acquire"
_EXCLUDES = re.compile(
    r"lock|mutex|sem|cond|guard|exclusive|serial|synchron|transaction|single|once|cache", re.IGNORECASE
)
# A method of one of these names runs once for each object, or at most one at a time.
_ONCE = re.compile(
    r"__\w+__|_*(main|run|start|stop|set_?up|tear_?down|init|initiali[sz]e|open|close|shutdown|serve|loop)(_\w+|forever)?|"
    r"\w+_(loop|forever|locked)|_*async_(setup|start|stop|run|added|will)\w*"
)


def is_shared(body: Body, target: "BaseExpression") -> bool:
    """Is it an attribute of `self`, a declared global or nonlocal variable, or part of what the body did not make?"""
    if isinstance(target, cst.Name):
        return target.value in _declared(body)
    root = _root(target)
    if root is None:
        return False
    if _is_self(body, root):
        return True
    is_local = any(binding.bound is not Bound.IMPORT for binding in body.here.names.get(root, ()))
    return not is_local and _is_known(body, target) and not _is_builtin(body, root)


def is_seen_by_others(body: Body, container: "BaseExpression") -> bool:
    """Is it a variable, or an attribute of anything but an object that the body has just made?"""
    while isinstance(container, cst.Call | cst.Subscript):
        container = container.func if isinstance(container, cst.Call) else container.value
    root = _root(container)
    if root is None or isinstance(container, cst.Name) or root not in body.here.names:
        return root is not None
    return not any(_is_made(binding) for binding in body.here.names[root])


def _is_made(binding: Binding) -> bool:
    return binding.bound is Bound.UNKNOWN or (binding.bound is Bound.VALUE and binding.value.endswith((")", ">", "!")))


def excludes_others(body: Body, node: "CSTNode") -> bool:
    """Is it done by one coroutine at a time, as far as can be told: under a lock, or in what runs only once?"""
    if _ONCE.fullmatch(body.name) or any(code_of(call.func).endswith("acquire") for call in body.all_calls()):
        return True
    if body.function is not None and any(map(_EXCLUDES.search, body.function.decorators)):
        return True
    return any(_takes_lock(body, above) for above in body.ancestors(node)) or _is_called_under_lock(body)


def is_changed_in_place(body: Body, target: "BaseExpression", operator: "CSTNode", value: "BaseExpression") -> bool:
    """May `target += value` change the very object, as with a list, so that nothing is lost? So it is if unknown."""
    if type(operator).__name__ not in _IN_PLACE or _is_scalar(body, value):
        return False
    entity = body.resolve(target)
    if entity is not None:
        return not (isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _SCALARS)
    place = place_of(body.project, body.facts.path, *body.code_at(target))
    return place is None or not _is_plain_value(body, place)


def _is_scalar(body: Body, value: "BaseExpression") -> bool:
    match value:
        case cst.Integer() | cst.Float() | cst.SimpleString() | cst.FormattedString():
            return True
        case cst.Call(func=func) if body.name_of(func) in _MEASURING:
            return True
        case cst.BinaryOperation(left=left, right=right):
            return _is_scalar(body, left) or _is_scalar(body, right)
    entity = body.resolve(value)
    return isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _SCALARS


def _is_plain_value(body: Body, place: Place) -> bool:
    """Is it bound to a number or a text anywhere in the function, module or class that it belongs to?"""
    module = body.project.module(place.path)
    for index, scope in enumerate(module.scopes if module else ()):
        if place.name in scope.plain_values and index == place.scope:
            return True
        if scope.parent == place.scope and any(code.endswith(f".{place.name}") for code in scope.plain_values):
            return True
    return False


def _declared(body: Body) -> frozenset[str]:
    nodes = (node for node in body.nodes if isinstance(node, cst.Global | cst.Nonlocal))
    return frozenset(item.name.value for node in nodes for item in node.names)


def _root(target: "BaseExpression") -> str | None:
    node: CSTNode = target
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None


def _is_self(body: Body, name: str) -> bool:
    if body.owner is None or body.function is None or "staticmethod" in body.function.decorators:
        return False
    return body.function.parameters[:1] == (name,) and len(body.here.names.get(name, ())) == 1


def _is_known(body: Body, target: "BaseExpression") -> bool:
    """Does it belong to a module, a class or an object of one that the project defines, or to a container?"""
    if isinstance(target, cst.Subscript):
        return True
    owner = body.resolve(target.value) if isinstance(target, cst.Attribute) else None
    return isinstance(owner, Module | Class) or (isinstance(owner, Instance) and isinstance(owner.of, Class))


def _is_builtin(body: Body, name: str) -> bool:
    entity = body.project.lookup(body.facts.path, body.scope, name)
    return isinstance(entity, Named) and entity.name.startswith("builtins.")


def locks_above(body: Body, node: "CSTNode") -> Iterator[str]:
    """The last names of what may be locks that the body holds at a node, "" for one without a name."""
    for above in body.ancestors(node):
        if isinstance(above, cst.With):
            yield from (last_name(code_of(item.item)) for item in above.items if _may_be_lock(body, item.item))
    acquired = (code_of(call.func) for call in body.all_calls())
    yield from (last_name(code.removesuffix(_TAKING)) for code in acquired if code.endswith(_TAKING))


def locks_at(project: Project, module: ModuleFacts, scope: int, line: int) -> Iterator[str]:
    """The same for a line of another function."""
    runner = module.executor(scope)
    for item in module.withs:
        is_around = item.line <= line <= item.last_line and module.executor(item.scope) == runner
        if is_around and _is_lock_item(project, module.path, item):
            yield last_name(item.item)
    for call in module.calls:
        if call.callee.endswith(_TAKING) and module.executor(call.scope) == runner:
            yield last_name(call.callee.removesuffix(_TAKING))


def locks_of_callers(project: Project, function: Function, depth: int = 2) -> Iterator[str]:
    """The same for what calls a function in its own file, some calls away."""
    module = project.module(function.path)
    for site in project.call_sites(function) if module else ():
        if module is not None:
            yield from locks_at(project, module, site.scope, site.line)
            caller = module.executor(site.scope)
            if depth > 1 and module.scopes[caller].kind is ScopeKind.FUNCTION and caller != function.scope:
                yield from locks_of_callers(project, Function(module.path, caller), depth - 1)


def last_name(code: str) -> str:
    """`lock` of `self.lock`."""
    return code.rpartition(".")[2]


def _takes_lock(body: Body, node: "CSTNode") -> bool:
    return isinstance(node, cst.With) and any(_may_be_lock(body, item.item) for item in node.items)


def _may_be_lock(body: Body, item: "BaseExpression") -> bool:
    texts = body.text(item), body.type_of(item), body.name_of(item.func) if isinstance(item, cst.Call) else ""
    return any(map(_EXCLUDES.search, texts))


def _is_called_under_lock(body: Body) -> bool:
    """Does a function of its file that calls it enter a lock above the call?"""
    for call in body.call_sites():
        caller = body.facts.executor(call.scope)
        above = (item for item in body.facts.withs if item.line < call.line)
        same = (item for item in above if body.facts.executor(item.scope) == caller)
        if any(_is_lock_item(body.project, body.facts.path, item) for item in same):
            return True
    return False


def _is_lock_item(project: Project, path: str, item: WithFacts) -> bool:
    entity = project.evaluate(path, item.scope, item.item) if item.item else None
    kind = entity.of.name if isinstance(entity, Instance) and isinstance(entity.of, Named) else ""
    return bool(_EXCLUDES.search(item.item) or _EXCLUDES.search(kind))


def targets_of(node: "CSTNode") -> "Iterator[BaseExpression]":
    """What an assignment assigns to, with the elements of tuples one by one."""
    targets: list[BaseExpression] = []
    match node:
        case cst.Assign():
            targets = [target.target for target in node.targets]
        case cst.AugAssign() | cst.AnnAssign():
            targets = [node.target]
    while targets:
        target = targets.pop()
        if isinstance(target, cst.Tuple | cst.List):
            targets.extend(element.value for element in target.elements)
        else:
            yield target


def runs_as_one(body: Body) -> bool:
    """Is it what its file gives to `asyncio.run` and the like?"""
    given = (
        code
        for call in body.facts.calls
        if call.last_name in ("run", "run_until_complete")
        for code in call.arguments[:1]
    )
    return any(body.evaluate(0, code) == Coroutine(Function(body.facts.path, body.scope)) for code in given)


def runs_in_one_task(body: Body) -> bool:
    """Is it private and awaited only in functions that are the loop of one task, so that it never meets itself?"""
    sites = list(body.call_sites()) if body.name.startswith("_") else []
    callers = (body.facts.scopes[body.facts.executor(site.scope)] for site in sites)
    loops = (caller.function is not None and caller.function.has_while for caller in callers)
    return bool(sites) and all(site.use is Use.AWAITED for site in sites) and all(loops)


def names_in(node: "CSTNode") -> frozenset[str]:
    """The variables in an expression."""
    return frozenset(part.value for part in walk(node, _without_labels) if isinstance(part, cst.Name))


def _without_labels(node: "CSTNode") -> "Iterator[CSTNode]":
    return iter([node.value]) if isinstance(node, cst.Attribute) else own_children(node)
