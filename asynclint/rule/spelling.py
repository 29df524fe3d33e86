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

__all__ = ["Spelling", "spelled"]


class Spelling(NamedTuple):
    """Code that means the name here, and the modules that have to be imported for it."""

    code: str
    imports: tuple[str, ...] = ()


def spelled(body: Body, module: str, attribute: str, like: "BaseExpression | None" = None) -> Spelling | None:
    """`asyncio.sleep`, `aio.sleep` or `sleep`; None where the module's own name means something else here.

    Where it takes the place of `like`, `aio.run`, it is written like that.
    """
    meant = Named(f"{module}.{attribute}")
    beside = [f"{code_of(like.value)}.{attribute}"] if isinstance(like, cst.Attribute) else []
    for code in (*beside, *_candidates(body, module, attribute)):
        if body.evaluate(body.scope, code) == meant:
            return Spelling(code)
    return Spelling(meant.name, (module,)) if _is_free(body, module) else None


def _candidates(body: Body, module: str, attribute: str) -> Iterator[str]:
    """What the imports in sight offer, those of the module itself first."""
    if module not in body.facts.imports:
        return
    offered = list(_imported(body))
    yield from (f"{name}.{attribute}" for name, value in offered if value == module)
    yield from (name for name, value in offered if value == f"{module}:{attribute}")


def _imported(body: Body) -> Iterator[tuple[str, str]]:
    for scope in _in_sight(body):
        for name, bindings in body.facts.scopes[scope].names.items():
            if len(bindings) == 1 and bindings[0].bound is Bound.IMPORT and _is_bound_by_then(body, scope):
                yield name, bindings[0].value


def _is_bound_by_then(body: Body, scope: int) -> bool:
    """Names of the module are; in the function itself an import may come after, so it has to stand first."""
    return scope != body.scope or scope == 0 or _begins_with_imports(body)


def _begins_with_imports(body: Body) -> bool:
    statements = body.node.body.body if isinstance(body.node, cst.FunctionDef) else ()
    imports = [n for n in body.nodes if isinstance(n, cst.Import | cst.ImportFrom)]
    first = [s for s in statements[: len(imports) + 1] if isinstance(s, cst.SimpleStatementLine)]
    return all(any(node in line.body for line in first) for node in imports)


def _is_free(body: Body, name: str) -> bool:
    """Is the name bound nowhere in sight, so that an import at the top of the file would give it?"""
    return not any(name in body.facts.scopes[scope].names for scope in _in_sight(body)) and not body.facts.stars


def _in_sight(body: Body) -> Iterator[int]:
    """The scopes whose names the body sees, innermost first."""
    scope = body.scope
    while scope >= 0:
        if scope == body.scope or body.facts.scopes[scope].kind is not ScopeKind.CLASS:
            yield scope
        scope = body.facts.scopes[scope].parent
