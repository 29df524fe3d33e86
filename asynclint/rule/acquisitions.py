"""Taking a lock: what the body does while it holds it, and who else takes the same."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.calls import CallFacts, Use, WithFacts
from asynclint.facts.entities import Coroutine, Function, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Bound, without_arguments
from asynclint.facts.project import Project
from asynclint.rule import Place
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.locks import acquired, is_private, releases
from asynclint.rule.places import Place as Kept
from asynclint.rule.places import home_of, place_of
from asynclint.rule.raising import may_raise
from asynclint.rule.suspension import suspends
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode, ExceptHandler, ExceptStarHandler, With

_DEEPEST = 3


class Taking(NamedTuple):
    """A place where a body takes a lock: the lock, the item of a `with` or the call, and the `with`."""

    lock: "BaseExpression"
    taken: "BaseExpression"
    block: "With | None" = None


class Again(NamedTuple):
    """What takes a lock that is held: the item of a `with`, or a call that leads to the place `inner`."""

    lock: "BaseExpression"
    node: "BaseExpression"
    inner: Place | None = None


def takings(body: Body, kinds: frozenset[str]) -> Iterator[Taking]:
    """Where a body takes a lock of these classes and waits for it as long as it takes."""
    for node in body.nodes:
        if isinstance(node, cst.With):
            for item in node.items:
                kind = body.type_of(item.item)
                if kind in kinds and kind.startswith("asyncio.") == (node.asynchronous is not None):
                    yield Taking(item.item, item.item, node)
        elif (lock := acquired(node)) is not None and body.type_of(lock) in kinds:
            assert isinstance(node, cst.Call)
            if body.type_of(lock).startswith("asyncio.") == isinstance(body.parent(node), cst.Await):
                yield Taking(lock, node)


def is_taken_by_plain_functions(body: Body, lock: "BaseExpression") -> bool:
    """Does a plain function of the same file take it too, so that it has to stay a lock of threads?"""
    held = _place(body, lock)
    entered = ((item.scope, item.item) for item in body.facts.withs if not item.is_async)
    by_hand = ((call.scope, call.callee.removesuffix(".acquire")) for call in body.facts.calls if _acquires(call))
    taken = {scope for scope, code in (*entered, *by_hand) if held and _home_in(body, scope, code) == held}
    functions = (body.facts.scopes[body.facts.executor(scope)].function for scope in taken)
    return any(function is not None and not function.is_async for function in functions)


def _acquires(call: CallFacts) -> bool:
    return call.callee.endswith(".acquire")


def _home_in(body: Body, scope: int, code: str) -> Kept | None:
    return _home(body.project, body.facts.path, scope, code)


def private_takings(body: Body, kinds: frozenset[str]) -> Iterator[Taking]:
    """The first taking of each lock that nobody else can know."""
    seen: set[str] = set()
    for taking in takings(body, kinds):
        text = code_of(taking.lock)
        if is_private(body, taking.lock) and (text not in seen or isinstance(taking.lock, cst.Call)):
            seen.add(text)
            yield taking


def unprotected(body: Body, taking: Taking) -> "CSTNode | None":
    """What may raise, or be cancelled, between `acquire` and a `release` that is then skipped.

    The lock has to be released on every other way out; where it is not, somebody else may be meant to do it.
    """
    code = code_of(taking.lock)
    if not isinstance(body.node, cst.FunctionDef) or not code or _is_released_otherwise(body, code):
        return None

    def step(node: "CSTNode", state: "CSTNode | bool") -> "Iterator[CSTNode | bool]":
        for part in walk(node, own_children):
            if part is taking.taken:
                state = True
            elif releases(part, code):
                state = False
        yield state

    def raises(node: "CSTNode", state: "CSTNode | bool") -> "Iterator[CSTNode | bool]":
        parts = list(walk(node, own_children))
        if any(releases(part, code) for part in parts):
            return
        cause = next((part for part in parts if _may_fail(body, part)), None)
        if cause is not None and state is not False and not _is_cleanup(body, cause):
            yield cause if state is True else state
        elif cause is not None and state is False:
            yield state

    def catches(handler: "ExceptHandler | ExceptStarHandler", state: "CSTNode | bool") -> Catch:
        caught = body.caught(handler.type)
        is_cancelled = isinstance(state, cst.CSTNode) and suspends(body, state)
        is_all = "builtins.BaseException" in caught or ("builtins.Exception" in caught and not is_cancelled)
        return Catch.ALWAYS if is_all else Catch.MAYBE

    ways = explore(body.node.body, [False], Semantics(step=step, raises=raises, catches=catches))
    if any(state is not False for state in ways.falls | ways.returns):
        return None
    causes = {id(state) for state in ways.raises if isinstance(state, cst.CSTNode)}
    return next((node for node in body.nodes if id(node) in causes), None)


def _is_cleanup(body: Body, node: "CSTNode") -> bool:
    return any(isinstance(above, cst.Finally) for above in body.ancestors(node))


def _may_fail(body: Body, node: "CSTNode") -> bool:
    return suspends(body, node) or isinstance(node, cst.Raise) or (isinstance(node, cst.Call) and may_raise(body, node))


def _is_released_otherwise(body: Body, code: str) -> bool:
    """Is it released under a condition, handed on to be released, or not released here at all?"""
    own = [node for node in body.nodes if releases(node, code)]
    mentions = [
        node for node in walk(body.node) if isinstance(node, cst.Attribute) and code_of(node) == f"{code}.release"
    ]
    if not own or len(mentions) != len(own):
        return True
    return any(_is_conditional(body, node) for node in own)


def _is_conditional(body: Body, node: "CSTNode") -> bool:
    """Does it stand under an `if` of a `finally` or of a handler?"""
    above = list(body.ancestors(node))
    last = (cst.Finally, cst.ExceptHandler)
    place = next((index for index, each in enumerate(above) if isinstance(each, last)), 0)
    return any(isinstance(each, cst.If) for each in above[:place])


# taken again


def taken_again(body: Body, taking: Taking) -> Iterator[Again]:
    """What the body of an `async with lock` does that waits for the same lock."""
    held = _place(body, taking.lock)
    if held is None or taking.block is None:
        return
    for node in walk(taking.block.body, own_children):
        match node:
            case cst.With(asynchronous=cst.Asynchronous(), items=items):
                for item in items:
                    if code_of(item.item) == code_of(taking.lock):
                        yield Again(taking.lock, item.item)
            case cst.Await(expression=cst.Call(func=func) as call):
                callee = body.resolve(call)
                if isinstance(callee, Coroutine) and isinstance(callee.of, Function) and _is_on_same(func, taking.lock):
                    inner = _takes(body.project, callee.of, held, _DEEPEST)
                    if inner is not None:
                        yield Again(taking.lock, call, inner)


def may_be_entered_again(project: Project, facts: ModuleFacts, item: WithFacts) -> bool:
    """May a lock that a `with` enters be private, or its block wait for the same lock, as far as facts tell?"""
    code = without_arguments(item.item)
    if not item.first_line or _may_be_private(project, facts, item):
        return True
    held = _home(project, facts.path, facts.executor(item.scope), code) if item.is_async else None
    if held is None:
        return False
    block = range(item.first_line, item.last_line + 1)
    if any(other.is_async and other.line in block and without_arguments(other.item) == code for other in facts.withs):
        return True
    awaited = (call for call in facts.calls if call.use is Use.AWAITED and call.line in block)
    own = (call for call in awaited if without_arguments(call.callee).rpartition(".")[0] == code.rpartition(".")[0])
    made = (project.called(facts.path, call) for call in own)
    functions = (each.of for each in made if isinstance(each, Coroutine) and isinstance(each.of, Function))
    return any(_takes(project, function, held, _DEEPEST) is not None for function in functions)


def _may_be_private(project: Project, facts: ModuleFacts, item: WithFacts) -> bool:
    """As `is_private` says of its node."""
    code = without_arguments(item.item)
    if code.endswith("()"):
        return isinstance(project.evaluate(facts.path, item.scope, code.removesuffix("()")), Named)
    ways = facts.scopes[facts.executor(item.scope)].names.get(code, ())
    return bool(ways) and all(way.bound is Bound.VALUE for way in ways)


def _is_on_same(func: "BaseExpression", lock: "BaseExpression") -> bool:
    """Is a method called on the object whose lock it is, or a lock of the module taken by a function of it?"""
    owner, callee = code_of(lock).rpartition(".")[0], code_of(func).rpartition(".")[0]
    return owner == callee


def _place(body: Body, lock: "BaseExpression") -> Kept | None:
    code = code_of(lock)
    return _home(body.project, body.facts.path, body.scope, code) if code else None


def _home(project: Project, path: str, scope: int, code: str) -> Kept | None:
    place = place_of(project, path, scope, code)
    return home_of(project, place) if place else None


def _takes(project: Project, function: Function, held: Kept, deepest: int) -> Place | None:
    """Where a coroutine function, or what it awaits on the same object, surely takes the lock of this place."""
    module = project.module(function.path)
    if module is None or not deepest or not project.is_plain(function):
        return None
    for item in module.withs:
        if item.is_async and item.certain and module.executor(item.scope) == function.scope:
            is_own = item.item.count(".") == 0 or _starts_with_self(project, function, item.item)
            if is_own and _home(project, module.path, item.scope, item.item) == held:
                return Place(module.path, item.line, item.column)
    for call in module.calls:
        if call.use is Use.AWAITED and call.certain and module.executor(call.scope) == function.scope:
            callee = project.call(module.path, call)
            is_own = call.callee.count(".") == 0 or _starts_with_self(project, function, call.callee)
            if is_own and isinstance(callee, Function) and project.function(callee).is_async:
                inner = _takes(project, callee, held, deepest - 1)
                if inner is not None:
                    return inner
    return None


def _starts_with_self(project: Project, function: Function, code: str) -> bool:
    first = project.function(function).parameters[:1]
    return project.owner(function) is not None and code.count(".") == 1 and code.partition(".")[0] in first
