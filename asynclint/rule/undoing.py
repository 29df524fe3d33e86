"""What a context manager undoes after its `yield`, and whether that is also done when its block raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.generators import entered_around
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Assign, BaseExpression, CSTNode, ExceptHandler, ExceptStarHandler, WithItem, Yield

# Calls whose names say that something is given up.
_RELEASING = re.compile(
    r"_*(?:(?:force_)?a?close|cancel|stop|shut_?down|disconnect|release|terminate|kill|unlink|rmtree|clean_?up|"
    r"tear_?down|unsubscribe|unregister|dispose|logout|unlock)(?:_\w+)?|wait_closed"
)
_GIVING_UP = re.compile(r"_*(?:abort|rollback|reset|fail|invalidate)(?:_\w+)?")  # enough after an exception
_ADDING = frozenset({"add", "append", "appendleft", "insert", "setdefault", "push"})
_REMOVING = frozenset({"remove", "discard", "pop", "popleft"})
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})


@dataclass(frozen=True)
class Skipped:
    """An undoing that an exception at the `yield` skips."""

    given: "Yield"
    undoing: "CSTNode"


@dataclass(frozen=True)
class _Given:
    """The state after a `yield`; `thrown` when an exception came out of it."""

    by: "Yield"
    thrown: bool = False


_State: TypeAlias = "_Given | None"


def skipped(body: Body) -> Iterator[Skipped]:
    """For each `yield`, the first undoing below it that an exception of the block skips."""
    assert isinstance(body.node, cst.FunctionDef)
    given = [node for node in body.nodes if isinstance(node, cst.Yield)]
    done: set[int] = set()
    for undoing in _undoings(body, given) if given else ():
        for by in sorted(_skipping(body, undoing), key=lambda node: _place(body, node)):
            if id(by) not in done:
                done.add(id(by))
                yield Skipped(by, undoing)


def _place(body: Body, node: "CSTNode") -> int:
    return next(index for index, other in enumerate(body.nodes) if other is node)


# what undoes


def _undoings(body: Body, given: "list[Yield]") -> "Iterator[CSTNode]":
    """The calls and assignments after a `yield` that give up what was taken, or restore what was changed before."""
    first = _place(body, given[0])
    before, after = body.nodes[:first], body.nodes[first + 1 :]
    handed = {code_of(node.value) for node in before if isinstance(node, cst.Arg)}  # as to a stack's `callback`
    for node in after:
        if isinstance(node, cst.Call) and code_of(node.func) in handed - {""}:
            continue
        if (_releases(node) and _is_done_for_itself(body, node)) or any(
            _undoes(body, node, earlier) for earlier in before
        ):
            yield node


def _releases(node: "CSTNode") -> bool:
    return isinstance(node, cst.Call) and _RELEASING.fullmatch(code_of(node.func).rpartition(".")[2]) is not None


def _is_done_for_itself(body: Body, call: "CSTNode") -> bool:
    """Is it a statement, or part of one, whose result nobody asks for?"""
    statement = next((above for above in body.ancestors(call) if isinstance(above, cst.BaseSmallStatement)), None)
    headed = any(isinstance(above, cst.IfExp | cst.NamedExpr | cst.Comparison) for above in body.ancestors(call))
    return isinstance(statement, cst.Expr) and not headed


def _undoes(body: Body, node: "CSTNode", earlier: "CSTNode") -> bool:
    """Does a node take back what an earlier one did to the same object?"""
    match node, earlier:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="reset"))), cst.Assign(value=cst.Call(func=setter)):
            kept = [code_of(target.target) for target in earlier.targets]
            owner = code_of(node.func).rpartition(".")[0]
            return code_of(setter) == f"{owner}.set" and [code_of(arg.value) for arg in node.args] == kept
        case cst.AugAssign(operator=cst.SubtractAssign()), cst.AugAssign(operator=cst.AddAssign()):
            return _is_kept_outside(node.target) and code_of(node.target) == code_of(earlier.target) != ""
        case cst.Call(func=func), cst.Call(func=other):
            owner, _, removing = code_of(func).rpartition(".")
            taken, _, adding = code_of(other).rpartition(".")
            if removing in _REMOVING and adding in _ADDING:
                return owner == taken != ""
            return owner == taken and body.name_of(func) == body.name_of(other) == "os.chdir"
        case cst.Call() | cst.Del(), cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript() as entry)]):
            return _is_kept_outside(entry.value) and _taken_out(body, node) == body.text(entry)
        case cst.Assign(targets=[cst.AssignTarget(target=target)]), cst.Assign(
            targets=[cst.AssignTarget(target=other)]
        ):
            return _restores(target, node.value, other, earlier.value)
    return False


def _taken_out(body: Body, node: "CSTNode") -> str:
    """`x.y[key]` for what takes this entry out, "" for anything else."""
    match node:
        case cst.Del(target=cst.Subscript() as entry):
            return body.text(entry)
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value="pop")), args=[key, *_]) if isinstance(
            body.parent(node), cst.Expr
        ):
            return f"{body.text(container)}[{body.text(key.value)}]"
    return ""


def _is_kept_outside(target: "BaseExpression") -> bool:
    return isinstance(target, cst.Attribute)


def _restores(
    target: "BaseExpression", value: "BaseExpression", other: "BaseExpression", earlier: "BaseExpression"
) -> bool:
    """`x.y = before` after `before = x.y`; `x.y = False` after `x.y = True`."""
    if not _is_kept_outside(target):
        return False
    if isinstance(other, cst.Name) and isinstance(value, cst.Name):
        return other.value == value.value and code_of(target) == code_of(earlier) != ""
    said = (code_of(earlier), code_of(value))
    return code_of(target) == code_of(other) != "" and said in (("True", "False"), ("False", "True"))


# the paths


def _skipping(body: Body, undoing: "CSTNode") -> "set[Yield]":
    """The `yield`s after which it is done, but not when the block raises."""
    assert isinstance(body.node, cst.FunctionDef)
    what, followed, undone = _key(undoing), set[int](), set[int]()

    def through(node: "CSTNode", state: _State) -> _State:
        for part in walk(node, own_children):
            if isinstance(part, cst.Yield):
                state = _Given(part)
            elif isinstance(state, _Given) and state.thrown and (_key(part) == what or _gives_up(part)):
                undone.add(id(state.by))
                state = None
            elif isinstance(state, _Given) and part is undoing:
                followed.add(id(state.by))
                state = None
        return state

    def raises(node: "CSTNode", _: _State) -> Iterator[_State]:
        yield from (_Given(part, thrown=True) for part in walk(node, own_children) if isinstance(part, cst.Yield))

    outcomes = explore(
        body.node.body,
        [None],
        Semantics[_State](
            step=lambda node, state: (through(node, state),),
            raises=raises,
            catches=lambda handler, _: _catches(body, handler),
            suppresses=lambda item, _: _suppresses(body, item),
        ),
    )
    ends = outcomes.raises | outcomes.falls | outcomes.returns
    missed = {state.by for state in ends if state and state.thrown}
    return {by for by in missed if id(by) in followed - undone and not _is_left_to_a_with(body, by, undoing)}


def _is_left_to_a_with(body: Body, by: "Yield", undoing: "CSTNode") -> bool:
    """Does a `with` around the `yield` do it: close what it has opened, cancel the tasks of its group?"""
    owner = code_of(undoing.func).partition(".")[0] if isinstance(undoing, cst.Call) else ""
    made_by = {code_of(n.value).partition(".")[0] for n in body.nodes if _assigns(n, owner)}
    cancels = "cancel" in _key(undoing)
    for _, item in entered_around(body, by):
        name = code_of(item.asname.name) if item.asname is not None else ""
        if name and (name == owner or (cancels and name in made_by)):
            return True
    return False


def _assigns(node: "CSTNode", name: str) -> "TypeGuard[Assign]":
    return isinstance(node, cst.Assign) and any(code_of(target.target) == name for target in node.targets)


def _key(node: "CSTNode") -> str:
    """What tells one undoing from another: the function that is called, or what is assigned."""
    match node:
        case cst.Call(func=func):
            return f"{code_of(func)}()" if code_of(func) else ""
        case cst.Assign(targets=[cst.AssignTarget(target=target)]) | cst.AugAssign(target=target):
            return code_of(target)
        case cst.Del(target=cst.Subscript(value=container)):
            return f"del {code_of(container)}"
    return ""


def _gives_up(node: "CSTNode") -> bool:
    called = code_of(node.func).rpartition(".")[2] if isinstance(node, cst.Call) else ""
    return _releases(node) or _GIVING_UP.fullmatch(called) is not None


def _catches(body: Body, handler: "ExceptHandler | ExceptStarHandler") -> Catch:
    if handler.type is None or body.caught(handler.type) & _BROAD:
        return Catch.ALWAYS
    return Catch.NEVER if body.resolve(handler.type) is not None else Catch.MAYBE


def _suppresses(body: Body, item: "WithItem") -> Catch:
    if isinstance(item.item, cst.Call) and body.name_of(item.item.func) == "contextlib.suppress":
        return Catch.ALWAYS if any(body.caught(arg.value) & _BROAD for arg in item.item.args) else Catch.NEVER
    return Catch.NEVER
