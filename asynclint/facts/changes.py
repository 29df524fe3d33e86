"""Which coroutines loop over something whose elements come and go elsewhere, and wait meanwhile."""

import re
from collections.abc import Iterator

from asynclint.facts.calls import LoopFacts
from asynclint.facts.entities import Class, Instance, Module, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound, callee_of, without_arguments
from asynclint.facts.project import Project

# Methods of sets, dicts, lists and deques.
CHANGING = frozenset(
    {
        *("add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert"),
        *("intersection_update", "pop", "popitem", "popleft", "remove", "setdefault", "update"),
    }
)
_NAME = re.compile(r"[^\W\d]\w*")
# Functions that take one element after the other, with the place of what they take them from.
LAZY = {
    **{f"builtins.{name}": 0 for name in ("enumerate", "iter", "reversed", "zip")},
    **{f"builtins.{name}": 1 for name in ("filter", "map")},
    "itertools.chain": 0,
    "itertools.islice": 0,
    "itertools.cycle": 0,
}
VIEWS = frozenset({"keys", "values", "items"})
_BY_SECOND = ("filter()", "map()")  # take what they iterate over as their second argument
_VIEWS = frozenset({"enumerate", "filter", "items", "iter", "keys", "map", "reversed", "values", "zip", "self"})


def looped_over(project: Project, facts: ModuleFacts) -> Iterator[LoopFacts]:
    """Such loops, as far as can be told by names."""
    for loop in facts.loops:
        if loop.waits and not loop.is_async and loop.iterable != "0":
            function = facts.scopes[facts.executor(loop.scope)].function
            if function is not None and function.is_async and _is_suspect(project, facts, loop.scope, loop.iterable):
                yield loop


def container_in(project: Project, path: str, scope: int, iterable: str) -> str | None:
    """The code of the container that a loop over an iterable goes over; None where it cannot be told from that code."""
    code = iterable
    while callee := callee_of(code):
        owner, _, method = callee.rpartition(".")
        if owner and method in VIEWS:
            code = owner
            break
        function = project.evaluate(path, scope, callee)
        if not isinstance(function, Named) or function.name not in LAZY:
            break
        code = code[len(callee) + 3 : -1] if LAZY[function.name] == 0 else ""
    return without_arguments(code) if code and code[0] not in "({" and "|" not in code else None


def _is_suspect(project: Project, facts: ModuleFacts, scope: int, iterable: str) -> bool:
    is_vague = not iterable or iterable.startswith(_BY_SECOND)
    return is_vague or _may_change(project, facts, scope, iterable)


def _may_change(project: Project, facts: ModuleFacts, scope: int, code: str) -> bool:
    names = set(_names(facts, scope, code)) - _VIEWS
    return any(not names.isdisjoint(_changed(module)) for module in _modules(project, facts, scope, code))


def _modules(project: Project, facts: ModuleFacts, scope: int, code: str) -> Iterator[ModuleFacts]:
    """The files in which the container may be changed."""
    yield facts
    owner = code.rpartition("<")[2].rstrip(">")
    while owner:
        yield from _behind(project, facts, scope, owner)
        owner = owner.rpartition(".")[0]


def _behind(project: Project, facts: ModuleFacts, scope: int, code: str) -> Iterator[ModuleFacts]:
    for name in _NAME.findall(code)[:1]:
        imported = (b.value.partition(":")[0] for b in facts.scopes[0].names.get(name, ()) if b.bound is Bound.IMPORT)
        paths = [path for module in imported if (path := project.located(module, facts.path))]
        yield from filter(None, map(project.module, paths))
    match project.evaluate(facts.path, scope, code):
        case Instance(of=Class() as klass) | (Class() as klass):
            paths = [base.path for base in project.lineage(klass) if isinstance(base, Class)]
            yield from filter(None, map(project.module, paths))
        case Module(path=path):
            yield from filter(None, [project.module(path)])


def _changed(module: ModuleFacts) -> frozenset[str]:
    """The names in what is changed in a file."""
    codes = [(change.scope, change.container) for change in module.changes]
    for call in module.calls:
        for code in (call.callee, *(argument.rpartition("=")[2] for argument in call.arguments)):
            container, _, method = code.rpartition(".")
            if method in CHANGING and container:
                codes.append((call.scope, container))
    return frozenset(name for scope, code in codes for name in _names(module, scope, code))


def _names(module: ModuleFacts, scope: int, code: str) -> Iterator[str]:
    """The names in a code, and in what its variable stands for."""
    found = _NAME.findall(code)
    yield from found
    while scope >= 0 and found:
        for binding in module.scopes[scope].names.get(found[0], ()):
            if binding.bound in (Bound.VALUE, Bound.IMPORT):
                yield from _NAME.findall(binding.value)
        scope = module.scopes[scope].parent
