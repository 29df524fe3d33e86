"""Async generators that are left in the middle, and what they still hold there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.entities import AsyncGenerator, Class, Context, Entity, Function, Instance, Named
from asynclint.facts.held import AWAITING_FINALLY, FINALLY
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import own_children

if TYPE_CHECKING:
    from libcst import AssignTarget, BaseExpression, Break, CSTNode, For, Return

# Entered without anything to be left for, or closing as it should be.
_TRIVIAL = frozenset(
    {
        *("contextlib.suppress", "contextlib.nullcontext", "contextlib.aclosing", "contextlib.closing"),
        "async_generator.aclosing",
        *("io.BytesIO", "io.StringIO"),  # memory, which goes with the last that knows of it
    }
)
_DEEPEST = 3
_GIVEN = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Abandoned:
    """A generator that nobody closes: where it is made, where it is left, and what it holds there."""

    made: "BaseExpression"
    left: "CSTNode"
    generator: Function
    held: str  # a code as in `asynclint.facts.held`


def abandoned(body: Body) -> Iterator[Abandoned]:
    """The generators of the project that a body leaves in the middle."""
    for node in body.nodes:
        if isinstance(node, cst.For) and node.asynchronous is not None:
            way_out = next(_ways_out(node), None)
            found = _held_by(body, node.iter) if way_out is not None and _is_only_here(body, node.iter) else None
            if way_out is not None and found:
                yield Abandoned(node.iter, way_out, *found)
        elif isinstance(node, cst.Await) and (one := _only_asked_once(body, node.expression)):
            found = _held_by(body, one)
            if found:
                yield Abandoned(one, node, *found)


# where it is left


def _ways_out(loop: "For") -> "Iterator[Break | Return]":
    """The `break`s of a loop and the `return`s inside of it."""
    yield from _leaving(loop.body, is_own=True)


def _leaving(node: "CSTNode", *, is_own: bool) -> "Iterator[Break | Return]":
    for child in own_children(node):
        match child:
            case cst.Return():
                yield child
            case cst.Break():
                if is_own:
                    yield child
            case cst.For(body=body, orelse=orelse) | cst.While(body=body, orelse=orelse):
                yield from _leaving(body, is_own=False)
                if orelse is not None:
                    yield from _leaving(orelse, is_own=is_own)
            case cst.FunctionDef() | cst.ClassDef() | cst.BaseExpression():
                pass
            case _:
                yield from _leaving(child, is_own=is_own)


def _only_asked_once(body: Body, awaited: "BaseExpression") -> "BaseExpression | None":
    """The generator that is made in `await anext(...)` or `await ....__anext__()` for one item."""
    match awaited:
        case cst.Call(func=cst.Attribute(value=cst.Call() as made, attr=cst.Name(value="__anext__"))):
            return made
        case cst.Call(func=func, args=[cst.Arg(value=cst.Call() as made), *_]):
            return made if body.name_of(func) == "builtins.anext" else None
    return None


def _is_only_here(body: Body, iterated: "BaseExpression") -> bool:
    """Has nobody else a reference: is it made in the head of the loop, or in a variable that only the loop reads?"""
    match iterated:
        case cst.Call():
            return True
        case cst.Name(value=name):
            made = [node for node in body.nodes if isinstance(node, cst.Assign) and _binds(node.targets, name)]
            return len(made) == 1 and isinstance(made[0].value, cst.Call) and len(list(body.reads(name))) == 1
    return False


def _binds(targets: "Sequence[AssignTarget]", name: str) -> bool:
    return any(isinstance(each.target, cst.Name) and each.target.value == name for each in targets)


# what it holds


def _held_by(body: Body, made: "BaseExpression") -> tuple[Function, str] | None:
    """The function of a generator, and what is left when it is closed, wherever it waits."""
    generator = _generator(body, made)
    if generator is None:
        return None
    project = body.project
    codes = [_worst(project, generator, held) for held in project.function(generator).held]
    return (generator, codes[0]) if codes and all(codes) else None


def _generator(body: Body, made: "BaseExpression") -> Function | None:
    match body.resolve(made):
        case AsyncGenerator(of=Function() as function):
            return function
        case Instance(of=Class()) as iterable:
            method = body.project.member(iterable, "__aiter__")
            made_by_it = body.project.result(method) if isinstance(method, Function) else None
            return method if isinstance(method, Function) and made_by_it == AsyncGenerator(method) else None
    return None


def _worst(project: Project, generator: Function, held: tuple[str, ...]) -> str:
    """What matters most of all that is held at one `yield`, "" when nothing does."""
    serious = [code for code in held if not _is_trivial(project, generator, code)]
    awaiting = [code for code in serious if code.endswith("!")]
    return next(iter([*awaiting, *serious]), "")


def _is_trivial(project: Project, generator: Function, code: str) -> bool:
    if code in (FINALLY, AWAITING_FINALLY):
        return False
    entered = code.rstrip("@!")
    callee = callee_of(entered)
    named = project.evaluate(generator.path, generator.scope, callee) if callee else None
    return has_nothing_to_leave(project, named, project.evaluate(generator.path, generator.scope, entered))


def has_nothing_to_leave(
    project: Project, callee: Entity | None, entered: Entity | None, deepest: int = _DEEPEST
) -> bool:
    """Does leaving what is entered do nothing: `suppress`, or a context manager of the project that only hands on?

    `aclosing` has something to leave, but is what is asked for.
    """
    if isinstance(callee, Named) and callee.name in _TRIVIAL:
        return True
    if isinstance(callee, Function) and project.scope(callee).name == "aclosing":
        return True  # one that is older than Python's own
    if not isinstance(entered, Context) or not deepest:
        return False
    held = {code for codes in project.function(entered.of).held for code in codes}
    return not any(_holds(project, entered.of, code, deepest - 1) for code in held)


def _holds(project: Project, function: Function, code: str, deepest: int) -> bool:
    if "@" not in code:
        return True
    inner = project.evaluate(function.path, function.scope, code.rstrip("@!"))
    callee = callee_of(code.rstrip("@!"))
    named = project.evaluate(function.path, function.scope, callee) if callee else None
    return not has_nothing_to_leave(project, named, inner, deepest)


def shown(held: str) -> str:
    """`finally`, `async with pool.acquire(...)`."""
    if held in (FINALLY, AWAITING_FINALLY):
        return FINALLY
    kind = "async with" if held.endswith("!") else "with"
    code = _GIVEN.sub("", held.rstrip("@!")).replace("()", "(...)")
    return f"{kind} {code}" if code and code[0] not in "({" and "|" not in code else kind
