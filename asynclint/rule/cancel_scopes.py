"""What cancels the task that entered it: task groups and timeouts, also inside context managers of the project."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Context, Entity, Function, Instance, Named
from asynclint.facts.names import callee_of
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode, With, WithItem

_GROUPS = frozenset({"asyncio.TaskGroup", "anyio.create_task_group", "anyio.abc.TaskGroup"})
_TIMEOUTS = frozenset(
    {
        *("asyncio.timeout", "asyncio.timeout_at", "asyncio.Timeout", "asyncio.timeouts.Timeout"),
        *("async_timeout.timeout", "async_timeout.timeout_at", "async_timeout.Timeout"),
        *("anyio.fail_after", "anyio.move_on_after", "anyio.CancelScope"),
    }
)
_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})
_PUSHING = frozenset({"enter_async_context", "enter_context"})
_DEEPEST = 3


@dataclass(frozen=True)
class CancelScope:
    """A task group or a timeout that is open: what enters it, its documented name, and through which code."""

    node: "CSTNode"
    name: str
    through: Function | None = None

    @property
    def is_group(self) -> bool:
        """Is it a task group?"""
        return self.name in _GROUPS


def scope_of(body: Body, block: "With", item: "WithItem", inside: "CSTNode") -> CancelScope | None:
    """The scope that an item of a `with` keeps open for a node inside of its block."""
    own = _named(body, item.item)
    if own:
        return CancelScope(item.item, own) if not _never_ends(item.item, own, body) else None
    entity = body.resolve(item.item)
    if isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _STACKS:
        return _pushed(body, block, item, inside)
    hidden = next(_hidden(body.project, entity, _DEEPEST), None)
    return CancelScope(item.item, hidden[0], hidden[1]) if hidden else None


def is_cancel_scope(body: Body, item: "WithItem") -> bool:
    """Is it a task group or a timeout, though perhaps one that never ends?"""
    return _named(body, item.item) != ""


def _named(body: Body, entered: "BaseExpression") -> str:
    """The name of the scope that an expression is, "" when it is none."""
    name = body.name_of(entered.func) if isinstance(entered, cst.Call) else ""
    return next((known for known in (name, body.type_of(entered)) if known in _GROUPS | _TIMEOUTS), "")


def _never_ends(entered: "BaseExpression", name: str, body: Body) -> bool:
    """Is it `asyncio.timeout(None)`, with nothing in the block that could set a time?"""
    match entered:
        case cst.Call(args=[cst.Arg(value=cst.Name(value="None"))]) if name in _TIMEOUTS:
            return not any(isinstance(n, cst.Attribute) and n.attr.value == "reschedule" for n in body.nodes)
    return False


def _pushed(body: Body, block: "With", item: "WithItem", inside: "CSTNode") -> CancelScope | None:
    """The scope that is entered on a stack before the node."""
    stack = code_of(item.asname.name) if item.asname and isinstance(item.asname.name, cst.Name) else ""
    own = list(body.nodes)
    before = own[next(i for i, n in enumerate(own) if n is block) : next(i for i, n in enumerate(own) if n is inside)]
    for node in before if stack else ():
        match node:
            case cst.Call(func=cst.Attribute(value=cst.Name(value=owner), attr=method), args=[cst.Arg(value=entered)]):
                if owner == stack and method.value in _PUSHING and (name := _named(body, entered)):
                    return CancelScope(entered, name)
    return None


def _hidden(project: Project, entity: Entity | None, deepest: int) -> Iterator[tuple[str, Function]]:
    """The scopes that a context manager of the project keeps open, with the function that does."""
    match entity:
        case Context(of=function, is_async=True) if deepest:
            codes = {code.rstrip("@!") for held in project.function(function).held for code in held if "@" in code}
            yield from _entered(project, function, sorted(codes), deepest)
        case Instance(of=Class()) if deepest:
            enter = project.member(entity, "__aenter__")
            if isinstance(enter, Function):
                yield from _entered(project, enter, _entered_by_hand(project, enter), deepest)


def _entered_by_hand(project: Project, function: Function) -> list[str]:
    """`x` of `x.__aenter__()` and of `stack.enter_async_context(x)`."""
    module = project.module(function.path)
    own = [call for call in module.calls if module.executor(call.scope) == function.scope] if module else []
    direct = [owner for call in own for owner, _, name in [call.callee.rpartition(".")] if name == "__aenter__"]
    return direct + [code for call in own if call.last_name in _PUSHING for code in call.arguments[:1]]


def _entered(project: Project, function: Function, codes: list[str], deepest: int) -> Iterator[tuple[str, Function]]:
    for code in codes:
        callee = project.evaluate(function.path, function.scope, callee_of(code)) if callee_of(code) else None
        entity = project.evaluate(function.path, function.scope, code) if code else None
        made = entity.of if isinstance(entity, Instance) else None
        names = [known.name for known in (callee, made) if isinstance(known, Named)]
        found = next((name for name in names if name in _GROUPS | _TIMEOUTS), "")
        if found:
            yield found, function
        elif function != getattr(entity, "of", None):
            yield from ((name, function) for name, _ in _hidden(project, entity, deepest - 1))
