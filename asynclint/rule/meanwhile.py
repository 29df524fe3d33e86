"""Which other code may run while a coroutine waits, and change what it is iterating over."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Function
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.containers import Change, Container
from asynclint.rule.guarding import locks_above, locks_at, locks_of_callers
from asynclint.rule.trees import argument_codes, code_of, walk

if TYPE_CHECKING:
    from libcst import CSTNode

_DEEPEST = 3  # calls
_BEFORE = re.compile(r"__(init|new|post_init|init_subclass|set_name|setstate|copy|deepcopy)__")
# What fills a container before anything else can run.
_SETS_UP = re.compile(
    r"__a?enter__|_*(async_|a)?(set_?up|init|initiali[sz]e|start|startup|build|load|configure|restore|prepare)(_\w+)?"
)
# What empties a container once nothing else runs any more.
_ENDS = re.compile(
    r"__a?exit__|_*(async_|a)?(clean_?up|close|end|finish|free|quit|reset|shut_?down|stop|tear_?down|terminate)(_\w+)?"
)
_CALLING_LATER = frozenset({"add_done_callback", "call_soon", "call_later", "call_at", "call_soon_threadsafe"})
_ROOT = re.compile(r"[^\W\d]\w*")


def may_happen_meanwhile(body: Body, loop: "CSTNode", container: Container, change: Change) -> bool:
    """May a change happen while a loop of the body waits?"""
    module, runner = change.module, change.module.executor(change.scope)
    function = Function(module.path, runner)
    if _SETS_UP.fullmatch(body.name) or _is_kept_out(body, loop, change):
        return False
    is_local = container.place.path == body.facts.path and container.place.scope == body.scope
    if change.is_handed:
        return True
    if function == body.entity:
        return not is_local and _is_for_each_call(body, loop, change)
    kind = module.scopes[runner].kind
    if kind is ScopeKind.FUNCTION:
        return _may_run(body, loop, function, change, is_local=is_local)
    return kind is ScopeKind.LAMBDA and _is_called_later(module, runner)


def _is_kept_out(body: Body, loop: "CSTNode", change: Change) -> bool:
    """Do both hold the same lock, as far as can be told?"""
    mine = {*locks_above(body, loop), *locks_of_callers(body.project, body.entity)}
    if not mine:
        return False
    project, module, runner = body.project, change.module, change.module.executor(change.scope)
    theirs = {*locks_at(project, module, change.scope, change.line)}
    if module.scopes[runner].kind is ScopeKind.FUNCTION:
        theirs |= {*locks_of_callers(project, Function(module.path, runner))}
    return bool(theirs) and ("" in mine | theirs or not theirs.isdisjoint(mine))


def _is_for_each_call(body: Body, loop: "CSTNode", change: Change) -> bool:
    """Is it what a call of the same body does with something of its own, so that another call may do it meanwhile?"""
    is_inside = any(_is_written(node, change) for node in walk(loop))
    return not is_inside and _takes_parameter(body.project, body.entity, change.arguments)


def _is_written(node: "CSTNode", change: Change) -> bool:
    match node:
        case cst.Call(func=func):
            return code_of(func) == change.code and tuple(argument_codes(node)) == change.arguments
        case cst.AssignTarget(target=cst.Subscript(value=container)):
            return code_of(container) == change.code
        case cst.AugAssign(target=target):
            return code_of(target) == change.code
    return isinstance(node, cst.Del)


def _takes_parameter(project: Project, function: Function, arguments: "tuple[str, ...]") -> bool:
    """Is one of the arguments made of a parameter of the function, `self` not counted?"""
    facts = project.function(function)
    parameters = {*facts.parameters[int(project.owner(function) is not None) :], *facts.keywords}
    return any(root and root[0] in parameters for root in map(_ROOT.match, map(_value, arguments)))


def _value(argument: str) -> str:
    return argument.rpartition("=")[2].lstrip("*")


def _is_called_later(module: ModuleFacts, scope: int) -> bool:
    """Is a lambda given to the loop or to a task?"""
    here = module.scopes[scope]
    later = (call for call in module.calls if call.scope == here.parent and call.last_name in _CALLING_LATER)
    return any("" in map(_value, call.arguments) and call.line <= here.line <= call.line + 2 for call in later)


def _may_run(body: Body, loop: "CSTNode", function: Function, change: Change, *, is_local: bool) -> bool:
    project, name = body.project, body.project.scope(function).name
    is_first, is_last = _SETS_UP.fullmatch(name), _ENDS.fullmatch(name)
    if _BEFORE.fullmatch(name) or is_first or (change.empties and is_last) or _is_around(body, function, change):
        return False
    if _is_handed(project, function) or (not change.grows and _is_returned(project, function)):
        return True
    is_own = not is_local and _takes_parameter(project, function, change.arguments)
    if _comes_in_turn(body, function, is_own=is_own) or _is_ended_before(body, function):
        return False
    if project.function(function).is_async or any(_run_by_coroutines(project, function, _DEEPEST)):
        return True
    is_offered = not name.startswith("_") and not list(project.call_sites(function))
    return is_offered and not change.grows and _calls_elements(loop)


def _is_around(body: Body, function: Function, change: Change) -> bool:
    """Does the function around the body make the change, before it defines the body?"""
    outer = body.here.parent
    while outer > function.scope:
        outer = body.facts.scopes[outer].parent
    return function == Function(body.facts.path, outer) and change.line < body.here.line


def _calls_elements(loop: "CSTNode") -> bool:
    """Does the loop call its elements, which may well ask to be taken out?"""
    target = getattr(loop, "target", None)
    names = {part.value for part in walk(target) if isinstance(part, cst.Name)} if target is not None else set()
    awaited = (node.expression for node in walk(loop) if isinstance(node, cst.Await))
    called = (node.func for node in awaited if isinstance(node, cst.Call))
    return any(isinstance(function, cst.Name) and function.value in names for function in called)


def _is_ended_before(body: Body, function: Function) -> bool:
    """Does it run in a task that is kept in an attribute, of which the body makes use, as to cancel and await it?"""
    owner = body.owner
    klass = body.project.scope(owner).klass if owner else None
    made = f".{body.project.scope(function).name}()"
    attributes = klass.attributes.items() if klass else ()
    kept = {name for name, ways in attributes if any(made in way.value for way in ways)}
    return any(isinstance(node, cst.Attribute) and node.attr.value in kept for node in body.nodes)


def _is_handed(project: Project, function: Function) -> bool:
    """Is a function given to something that may call it later?"""
    module, name = project.module(function.path), project.scope(function).name
    for call in module.calls if module else ():
        for argument in map(_value, call.arguments):
            if argument.rpartition(".")[2] == name:
                found = project.evaluate(function.path, call.scope, argument)
                if found == function:
                    return True
    return False


def _is_returned(project: Project, function: Function) -> bool:
    """Does the function around return it, as what ends a subscription?"""
    module, name = project.module(function.path), project.scope(function).name
    outer = project.scope(function).parent
    around = module.scopes[outer].function if module else None
    return around is not None and name in around.returned


def _run_by_coroutines(project: Project, function: Function, depth: int) -> Iterator[Function]:
    """The coroutine functions of its file that call a plain function, some calls away."""
    for caller, _ in _callers(project, function) if depth else ():
        if project.function(caller).is_async:
            yield caller
        elif caller != function:
            yield from _run_by_coroutines(project, caller, depth - 1)


def _callers(project: Project, function: Function) -> Iterator[tuple[Function, CallFacts]]:
    module = project.module(function.path)
    for site in project.call_sites(function) if module else ():
        caller = module.executor(site.scope) if module else 0
        if module and module.scopes[caller].kind is ScopeKind.FUNCTION:
            yield Function(function.path, caller), site


def _comes_in_turn(body: Body, function: Function, *, is_own: bool) -> bool:
    """Is it only called by what also awaits the body, or by what the body awaits, so that one comes after the other?

    Not where each call of that has something of its own to put in and to take out: there may be several at once.
    """
    steps = _awaiting(body.project, body.entity)
    return function in steps or _is_step(body, function, steps, is_own, _DEEPEST)


def _awaiting(project: Project, function: Function) -> frozenset[Function]:
    """A function and those that await it, some calls away; a method may be called by the name it has in a base."""
    found, layer = {function}, {function}
    for _ in range(_DEEPEST):
        asked = {same for each in layer for same in (each, *_overridden(project, each))}
        sites = (pair for each in asked for pair in _callers(project, each))
        layer = {caller for caller, site in sites if site.use is Use.AWAITED} - found
        found |= layer
    return frozenset(found)


def _overridden(project: Project, function: Function) -> Iterator[Function]:
    owner, name = project.owner(function), project.scope(function).name
    for base in project.lineage(owner)[1:] if owner else ():
        member = project.member(base, name) if isinstance(base, Class) else None
        if isinstance(member, Function):
            yield member


def _is_step(body: Body, function: Function, steps: frozenset[Function], is_own: bool, depth: int) -> bool:
    project = body.project
    sites, callers = list(project.call_sites(function)), list(_callers(project, function))
    if not sites:
        return _awaits(body, project.scope(function).name)
    if len(callers) < len(sites) or not depth:
        return False
    for caller, site in callers:
        if caller == function:
            continue
        if project.function(function).is_async and site.use is not Use.AWAITED:
            return False
        handed_on = is_own and _takes_parameter(project, caller, site.arguments)
        if (caller in steps and handed_on) or (
            caller not in steps and not _is_step(body, caller, steps, handed_on, depth - 1)
        ):
            return False
    return True


def _awaits(body: Body, name: str) -> bool:
    """Does the body await something of this name, perhaps of a class above?"""
    own = (call for call in body.facts.calls if body.facts.executor(call.scope) == body.scope)
    return any(call.use is Use.AWAITED and call.last_name == name for call in own)
