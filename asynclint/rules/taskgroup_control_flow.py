import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import Body, Default, Problem, entering, rule
from asynclint.rule import nodes as cst
from asynclint.rule.blocks import effective, ends_block
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.groups import GROUP, Group, groups
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode

# Whether tasks of the group may be running; the statement that leaves while they are is a state too.
_IDLE, _RUNNING = "idle", "running"
State: TypeAlias = "str | CSTNode"
_ENDING = re.compile(r"cancel|^set$|close|stop|shut_?down|abort|terminate|kill|^put_nowait$|^put$")
_JOINS = frozenset({"asyncio.gather", "asyncio.wait", "asyncio.wait_for", "asyncio.as_completed", "asyncio.shield"})


@rule(
    code="ASL307",
    wants=entering(GROUP),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.TaskGroup",
    default=Default.INFO,
)
def taskgroup_control_flow(body: Body) -> Iterator[Problem]:
    """A `return` or `break` seems to leave a task group, which first waits for its tasks; or a group has one task only.

    Leaving the block of a `TaskGroup` cancels nothing, except by an exception: the group waits until the last of its
    tasks has ended. A `return` in the middle of the block reads as if the function ended there, and may wait for ever
    when one of the tasks goes on until it is told to stop.

    A group with a single task, in which nothing else happens, only waits for it, as `await` does.

    ## Bad

    ```python
    import asyncio

    async def beat(send):
        while True:
            await send("alive")
            await asyncio.sleep(0.1)

    async def serve(receive, send):
        async with asyncio.TaskGroup() as group:
            group.create_task(beat(send))
            while True:
                message = await receive()
                if message is None:
                    return  # ASL307
                await send(message)

    async def announce(send):
        async with asyncio.TaskGroup() as group:  # ASL307
            group.create_task(send("hello"))
    ```

    ## Good

    ```python
    import asyncio

    async def beat(send):
        while True:
            await send("alive")
            await asyncio.sleep(0.1)

    async def serve(receive, send):
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(beat(send))
            while True:
                message = await receive()
                if message is None:
                    beating.cancel()
                    return
                await send(message)

    async def announce(send):
        await send("hello")
    ```

    ## What to do

    Cancel the tasks that are still needed for nothing, and then leave; or leave at the end of the block, where nobody
    is surprised that it waits. Await a single task's coroutine itself: what it raises then comes as it is, and not in
    an `ExceptionGroup`.

    ## Not reported

    Ways out before any task is started, or after tasks were cancelled, awaited, or told to end (`stop.set()`,
    `queue.put(...)`, `close()`); a `return` where the block ends anyway; an exception, which cancels the tasks. Groups
    that are handed on, so that others may start tasks in them; a single task with a name or a context.
    """
    for group in groups(body) if body.is_async else ():
        if group.name:
            yield from _early_exits(body, group)
            yield from _single(body, group)


def _early_exits(body: Body, group: Group) -> Iterator[Problem]:
    semantics: Semantics[State] = Semantics(step=partial(_step, body, group), raises=_raises)
    out = explore(group.block.body, [_IDLE], semantics)
    leaving = {id(s) for states in (out.returns, out.breaks, out.continues) for s in states if not isinstance(s, str)}
    started = tuple((c, "this task") for c in _spawns(group, group.block.body))[:1]
    for node in body.nodes:
        if id(node) in leaving and not ends_block(body, node, group.block.body):
            word = type(node).__name__.lower()
            message = f"this `{word}` leaves only when every task of `{group.name}` has ended"
            yield Problem(node, f"{message}; cancel those that are still running before it", trace=started)


def _step(body: Body, group: Group, node: "CSTNode", state: State) -> tuple[State]:
    running = state != _IDLE
    if any(_ends_tasks(body, part) for part in walk(node, own_children)):
        running = False
    running = running or next(_spawns(group, node), None) is not None
    if running and isinstance(node, cst.Return | cst.Break | cst.Continue):
        return (node,)
    return (_RUNNING if running else _IDLE,)


def _raises(node: "CSTNode", state: State) -> tuple[State, ...]:
    waits = any(isinstance(part, cst.Call | cst.Await) for part in walk(node, own_children))
    return (state if state == _IDLE else _RUNNING,) if waits or isinstance(node, cst.Asynchronous) else ()


def _ends_tasks(body: Body, node: "CSTNode") -> bool:
    """Does it wait for tasks that exist already, or tell something to end?"""
    match node:
        case cst.Call(func=function):
            return _ENDING.search(code_of(function).rpartition(".")[2]) is not None
        case cst.Await(expression=cst.Call(func=function)):
            return body.name_of(function) in _JOINS
    return isinstance(node, cst.Await)


def _spawns(group: Group, node: "CSTNode") -> "Iterator[Call]":
    for part in walk(node, own_children):
        if isinstance(part, cst.Call) and code_of(part.func) == f"{group.name}.create_task":
            yield part


def _single(body: Body, group: Group) -> Iterator[Problem]:
    """The group of a block that consists of a single `create_task`, and that nothing else knows."""
    calls = list(_spawns(group, group.block.body))
    known = [read for read in body.reads(group.name) if read is not group.item.item]
    if len(calls) != 1 or len(known) != 1 or len(calls[0].args) != 1 or not _is_all(body, group, calls[0]):
        return
    work = body.text(calls[0].args[0].value)
    message = f"`{group.name}` has a single task, and the block does nothing but wait for it"
    yield Problem(group.item.item, f"{message}; write `await {work}`", trace=((calls[0], "the only task"),))


def _is_all(body: Body, group: Group, call: "Call") -> bool:
    inner = effective(group.block.body)
    statement = next(inner, None)
    match statement:
        case cst.Expr(value=value) | cst.Assign(value=value) if next(inner, None) is None:
            return value is call or (isinstance(value, cst.Await) and value.expression is call)
    return False
