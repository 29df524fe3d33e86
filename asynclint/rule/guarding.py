"""What may be a lock, by its type or its name, and which of them are held at a place."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.calls import WithFacts
from asynclint.facts.entities import Function, Instance, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode

_TAKING = ".acquire"
_SOUNDS_EXCLUSIVE = re.compile(
    r"lock|mutex|sem|cond|guard|exclusive|serial|synchron|transaction|single|once|cache", re.IGNORECASE
)


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
        if is_around and is_lock_item(project, module.path, item):
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


def sounds_exclusive(text: str) -> bool:
    """Does a name or an expression speak of a lock, or of one at a time: `self._lock`, `run_once`?"""
    return _SOUNDS_EXCLUSIVE.search(text) is not None


def takes_lock(body: Body, node: "CSTNode") -> bool:
    """Is it a `with` that enters what may be a lock?"""
    return isinstance(node, cst.With) and any(_may_be_lock(body, item.item) for item in node.items)


def _may_be_lock(body: Body, item: "BaseExpression") -> bool:
    texts = body.text(item), body.type_of(item), body.name_of(item.func) if isinstance(item, cst.Call) else ""
    return any(map(sounds_exclusive, texts))


def is_lock_item(project: Project, path: str, item: WithFacts) -> bool:
    """The same of one item of a `with` in a file."""
    entity = project.evaluate(path, item.scope, item.item) if item.item else None
    kind = entity.of.name if isinstance(entity, Instance) and isinstance(entity.of, Named) else ""
    return sounds_exclusive(item.item) or sounds_exclusive(kind)
