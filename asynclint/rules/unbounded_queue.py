from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, Place, Problem, named_calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.capacity import Capacity, capacity, is_filled_first
from asynclint.rule.queues import Queue
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, For, While

_FULL = frozenset({"asyncio.QueueFull", "builtins.Exception", "builtins.BaseException"})
_LOOKS = frozenset({"full", "qsize"})
_WAITS = frozenset({"get", "get_nowait", "join", "acquire"})  # in the loop itself, for the items or for room


@rule(
    code="ASL702",
    default=Default.OFF,
    wants=named_calls("put", "put_nowait"),
    pitfall="https://docs.python.org/3/library/asyncio-queue.html#asyncio.Queue",
)
def unbounded_queue(body: Body) -> Iterator[Problem]:
    """Nothing slows a producer down: its queue has no `maxsize`, or is full and `put_nowait` raises `QueueFull`.

    `asyncio.Queue()` holds any number of items. When they come faster than they are handled, memory fills up and every
    item waits longer than the one before. With a `maxsize`, `await queue.put(item)` waits until there is room, and so
    passes the pressure on to where the items come from. `put_nowait` cannot wait: in a full queue it raises
    `asyncio.QueueFull`.

    ## Bad

    ```python
    import asyncio

    class Publisher:
        def __init__(self):
            self.events = asyncio.Queue(maxsize=2)

        async def publish(self, event):
            self.events.put_nowait(event)  # ASL702

    class Listener:
        def __init__(self):
            self.messages = asyncio.Queue()

        async def listen(self, socket):
            while True:
                await self.messages.put(await socket.receive())  # ASL702
    ```

    ## Good

    ```python
    import asyncio

    class Publisher:
        def __init__(self):
            self.events = asyncio.Queue(maxsize=2)

        async def publish(self, event):
            await self.events.put(event)
    ```

    ## What to do

    Give the queue a `maxsize` and await `put`. Where a producer must not wait, catch `asyncio.QueueFull` and decide
    what is dropped.

    ## Not reported

    Whether a consumer keeps up cannot be seen, so this rule is off. It speaks of queues that are made in sight, and of
    a `put` in a `while` or `async for` loop that does not itself wait for the items or for a semaphore, or ask how long
    the queue is. A queue whose `maxsize` is chosen elsewhere is left alone, and so is one whose maker awaits the
    producer and takes from it only then, because a full queue would block both for ever.
    """
    for call in body.all_calls() if body.is_async else ():
        match call:
            case cst.Call(
                func=cst.Attribute(value=owner, attr=cst.Name(value="put" | "put_nowait" as method)), args=[_]
            ):
                queue = Queue(body, code_of(owner))
                made = capacity(queue) if queue.code and not _looks(queue) else None
                if made and made.is_bounded and method == "put_nowait" and not _is_caught(body, call):
                    yield Problem(call, _full(body, queue, call), trace=_trace(made))
                elif made and not made.is_bounded and _is_endless(body, queue, made, call):
                    yield Problem(call, _grows(queue, method), trace=_trace(made))


def _looks(queue: Queue) -> bool:
    """Does the body ask how long the queue is?"""
    return any(code_of(call.func) == f"{queue.code}.{name}" for call in queue.body.all_calls() for name in _LOOKS)


def _is_caught(body: Body, call: "Call") -> bool:
    """Is a `QueueFull` caught around the call?"""
    below: CSTNode = call
    for above in body.ancestors(call):
        kinds: list[BaseExpression | None] = []
        match above:
            case cst.Try(body=block, handlers=handlers) if below is block:
                kinds = [handler.type for handler in handlers]
            case cst.With(items=items):
                entered = [item.item for item in items if isinstance(item.item, cst.Call)]
                kinds = [arg.value for each in entered for arg in each.args]
        if any(body.caught(kind) & _FULL for kind in kinds):
            return True
        below = above
    return False


def _is_endless(body: Body, queue: Queue, made: Capacity, put: "Call") -> bool:
    """Does it stand in a loop that may go on for ever, without waiting for anything but the next item?"""
    if code_of(put.args[0].value) == "None" or is_filled_first(queue, made):
        return False
    loops = [above for above in body.ancestors(put) if isinstance(above, cst.While | cst.For)]
    endless = [loop for loop in loops if not _is_finite(loop)]
    return bool(endless) and not any(_waits(queue, node) for loop in loops for node in walk(loop, own_children))


def _is_finite(loop: "While | For") -> bool:
    """Is it an ordinary `for`, or a `while not iterator.done()` that goes on to the next element each time?"""
    if isinstance(loop, cst.For):
        return loop.asynchronous is None
    match loop.test:
        case cst.UnaryOperation(cst.Not(), cst.Call(cst.Attribute(iterator, cst.Name("done")), args=[])):
            advancing = f"{code_of(iterator)}.next"
            calls = (node for node in walk(loop.body, own_children) if isinstance(node, cst.Call))
            return any(code_of(call.func) == advancing for call in calls)
    return False


def _waits(queue: Queue, node: "CSTNode") -> bool:
    if not isinstance(node, cst.Call):
        return False
    owner, _, method = code_of(node.func).rpartition(".")
    return method in _WAITS and (owner == queue.code or method == "acquire")


def _full(body: Body, queue: Queue, call: "Call") -> str:
    item = body.text(call.args[0].value)
    return (
        f"`put_nowait` raises `QueueFull` when `{queue.code}` is full, and nothing here catches it; "
        f"use `await {queue.code}.put({item})` or decide what is dropped"
    )


def _grows(queue: Queue, method: str) -> str:
    awaiting = f" and use `await {queue.code}.put(...)`" if method == "put_nowait" else ""
    return (
        f"`{queue.code}` has no `maxsize`, so `{method}` never waits and the queue grows when items come faster than "
        f"they are handled; give it a `maxsize`{awaiting}"
    )


def _trace(made: Capacity) -> tuple[tuple[Place, str], ...]:
    return ((Place(made.path, made.call.line, made.call.column), "the queue is made here"),)
