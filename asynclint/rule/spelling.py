"""How a body may write a name of a library, in the file's own way of importing it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Named
from asynclint.facts.module import ScopeKind
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression

__all__ = ["Spelling", "is_free", "spelled", "unused"]


class Spelling(NamedTuple):
    """Code that means the name here, and the modules that have to be imported for it."""

    code: str
    imports: tuple[str, ...] = ()


def spelled(
    body: Body, module: str, attribute: str, like: "BaseExpression | None" = None, *, at_the_top: bool = False
) -> Spelling | None:
    """`asyncio.sleep`, `aio.sleep` or `sleep`; None where the module's own name means something else here.

    Where it takes the place of `like`, `aio.run`, it is written like that; `at_the_top` of the file it is as there.
    """
    meant, scope = Named(f"{module}.{attribute}"), 0 if at_the_top else body.scope
    beside = [f"{code_of(like.value)}.{attribute}"] if isinstance(like, cst.Attribute) else []
    for code in (*beside, *_candidates(body, scope, module, attribute)):
        if body.evaluate(scope, code) == meant:
            return Spelling(code)
    return Spelling(meant.name, (module,)) if is_free(body, module) else None


def is_free(body: Body, name: str) -> bool:
    """Is the name bound nowhere in sight, so that an import or a definition at the top of the file would give it?"""
    return not any(name in body.facts.scopes[at].names for at in _in_sight(body, body.scope)) and not body.facts.stars


def unused(body: Body, *names: str) -> str:
    """The first of these names that the body does not use for anything, "" when it uses them all."""
    return next((name for name in names if name not in body.here.names and not any(body.reads(name))), "")


def _candidates(body: Body, scope: int, module: str, attribute: str) -> Iterator[str]:
    """What the imports in sight offer, those of the module itself first."""
    if module not in body.facts.imports:
        return
    offered = list(_imported(body, scope))
    yield from (f"{name}.{attribute}" for name, value in offered if value == module)
    yield from (name for name, value in offered if value == f"{module}:{attribute}")


def _imported(body: Body, innermost: int) -> Iterator[tuple[str, str]]:
    for scope in _in_sight(body, innermost):
        for name, bindings in body.facts.scopes[scope].names.items():
            values = {binding.value if binding.bound is Bound.IMPORT else "" for binding in bindings}
            if len(values) == 1 and "" not in values and _is_bound_by_then(body, scope):
                yield name, bindings[0].value


def _is_bound_by_then(body: Body, scope: int) -> bool:
    """Names of the module are; in the function itself an import may come after, so it has to stand first."""
    return scope != body.scope or scope == 0 or _begins_with_imports(body)


def _begins_with_imports(body: Body) -> bool:
    statements = body.node.body.body if isinstance(body.node, cst.FunctionDef) else ()
    imports = [n for n in body.nodes if isinstance(n, cst.Import | cst.ImportFrom)]
    first = [s for s in statements[: len(imports) + 1] if isinstance(s, cst.SimpleStatementLine)]
    return all(any(node in line.body for line in first) for node in imports)


def _in_sight(body: Body, innermost: int) -> Iterator[int]:
    """The scopes whose names code in a scope sees, innermost first."""
    scope = innermost
    while scope >= 0:
        if scope == innermost or body.facts.scopes[scope].kind is not ScopeKind.CLASS:
            yield scope
        scope = body.facts.scopes[scope].parent
