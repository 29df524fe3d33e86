"""`sleep(0)`: a turn for the other tasks of the event loop, and what gives them one anyway."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Entity, Function, Named
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.inert import is_inert
from asynclint.rule.numbers import number
from asynclint.rule.trees import own_children, statements, walk

if TYPE_CHECKING:
    from libcst import Await, BaseExpression, Call, CSTNode

SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep"})
_REQUESTS = "delete", "get", "head", "options", "patch", "post", "put", "request"
# What always waits for another thread, another process or another machine. A queue, a stream or a lock does not: what
# they are asked for may be there already.
_SURE = frozenset(
    {
        "anyio.run_process",
        "anyio.to_thread.run_sync",
        "asyncio.AbstractEventLoop.run_in_executor",
        "asyncio.BaseEventLoop.run_in_executor",
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "asyncio.open_connection",
        "asyncio.to_thread",
        *(f"{client}.{verb}" for client in ("aiohttp.ClientSession", "httpx.AsyncClient") for verb in _REQUESTS),
    }
)
_CONDITIONAL = ("IfExp", "BooleanOperation", "ListComp", "SetComp", "DictComp")
_DEEPEST = 3


def seconds_of(body: Body, call: "Call") -> float | None:
    """How long a `sleep` of asyncio or anyio sleeps, None for other calls and where it is not known."""
    if body.name_of(call.func) not in SLEEPS:
        return None
    given = next((a.value for a in call.args if a.keyword is None or a.keyword.value == "delay"), None)
    return number(body, given) if given is not None else None


def is_yield(body: Body, expression: "CSTNode") -> bool:
    """Is it `await sleep(0)`?"""
    if not isinstance(expression, cst.Await) or not isinstance(expression.expression, cst.Call):
        return False
    seconds = seconds_of(body, expression.expression)
    return seconds is not None and seconds <= 0


def waits_beside(body: Body, pause: "CSTNode") -> "Await | CSTNode | None":
    """What surely waits right before or right after a statement in every turn of the loop around it."""
    line = body.parent(pause)
    block = body.parent(line) if line is not None else None
    if not isinstance(block, cst.IndentedBlock) or not _in_loop(body, block):
        return None
    around = list(statements(block))
    place = next((index for index, each in enumerate(around) if each is pause), None)
    if place is None:
        return None
    before, after = around[:place][::-1], around[place + 1 :]
    if _turns_directly(body, block):  # after the last statement comes the first one again
        before, after = before + after[::-1], after + before[::-1]
    return _first_wait(body, before) or _first_wait(body, after)


def _in_loop(body: Body, node: "CSTNode") -> bool:
    return any(isinstance(above, cst.For | cst.While) for above in body.ancestors(node))


def _turns_directly(body: Body, block: "CSTNode") -> bool:
    """Is it the block of a loop that does nothing between two turns?"""
    match body.parent(block):
        case cst.While(test=test, body=inner):
            return inner is block and is_inert(body, test)
        case cst.For(asynchronous=None, body=inner):
            return inner is block
    return False


def _first_wait(body: Body, following: "Sequence[CSTNode]") -> "CSTNode | None":
    """What surely waits in the first of these statements that takes any time."""
    for statement in following:
        found = next(_sure_waits(body, statement), None)
        if found is not None or not _takes_no_time(body, statement):
            return found
    return None


def _takes_no_time(body: Body, statement: "CSTNode") -> bool:
    match statement:
        case cst.Expr(value=value) | cst.AugAssign(value=value):
            return is_inert(body, value)
        case cst.Assign(value=value) | cst.AnnAssign(value=cst.BaseExpression() as value):
            return is_inert(body, value)
    return isinstance(statement, cst.Pass)


def _sure_waits(body: Body, statement: "CSTNode") -> "Iterator[CSTNode]":
    match statement:
        case cst.With(items=[first, *_], asynchronous=cst.Asynchronous()):
            if isinstance(first.item, cst.Call) and _surely_waits(body.project, body.resolve(first.item.func)):
                yield first.item
        case cst.BaseSmallStatement():
            for node in walk(statement, own_children):
                if isinstance(node, cst.Await) and _is_sure(body, node.expression) and not _is_chosen(body, node):
                    yield node


def _is_chosen(body: Body, node: "CSTNode") -> bool:
    """Is it awaited only under a condition?"""
    for above in body.ancestors(node):
        if isinstance(above, cst.BaseSmallStatement):
            return False
        if type(above).__name__ in _CONDITIONAL:
            return True
    return False


def _is_sure(body: Body, awaited: "BaseExpression") -> bool:
    if not isinstance(awaited, cst.Call):
        return False
    seconds = seconds_of(body, awaited)
    if seconds is not None:
        return seconds > 0
    callee = body.resolve(awaited.func)
    return _surely_waits(body.project, callee) or _leads_to_a_wait(body.project, body.resolve(awaited), _DEEPEST)


def _surely_waits(project: Project, callee: Entity | None) -> bool:
    return isinstance(callee, Named) and callee.name in _SURE


def _leads_to_a_wait(project: Project, awaited: Entity | None, deepest: int) -> bool:
    """Is it a coroutine of the project that waits whenever it runs?"""
    if not isinstance(awaited, Coroutine) or not isinstance(awaited.of, Function) or not deepest:
        return False
    function, module = awaited.of, project.module(awaited.of.path)
    facts = project.function(function)
    if module is None or not facts.is_async or not project.is_plain(function) or project.owner(function) is not None:
        return False
    for call in module.calls:
        if call.certain and call.use is Use.AWAITED and module.executor(call.scope) == function.scope:
            result = project.called(module.path, call)
            if _surely_waits(project, project.call(module.path, call)) or _leads_to_a_wait(
                project, result, deepest - 1
            ):
                return True
    return False
