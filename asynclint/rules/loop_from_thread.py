from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Function, Instance, Named, Place, Problem, named_calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.callbacks import Caller, handed
from asynclint.rule.loops import expects_failure
from asynclint.rule.threads import (
    LOOKING,
    THREADSAFE,
    UNSAFE,
    Threaded,
    argument_for,
    hands_to_thread,
    looks_in_vain,
    threaded,
)
from asynclint.rule.trees import argument_codes, code_of, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

_HANDING = ("Thread", "Timer", "run_in_executor", "to_thread", "submit", "run_sync", "run_in_threadpool")
_TOUCHING = frozenset(name.rpartition(".")[2] for name in (*UNSAFE, *LOOKING))


@rule(
    code="ASL604",
    wants=named_calls(*_TOUCHING, *_HANDING),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    preview=True,
)
def loop_from_thread(body: Body) -> Iterator[Problem]:
    """An event loop, or a queue, event, task or future of asyncio, is touched by another thread.

    Nothing of asyncio is thread-safe but `call_soon_threadsafe` and `run_coroutine_threadsafe`. What another thread
    puts into a queue is there, but the loop is asleep and is not told: the task that waits for the item goes on
    waiting until something else happens to wake the loop. `asyncio.create_task` and its like find no loop in another
    thread and raise `RuntimeError`.

    ## Bad

    ```python
    import asyncio
    import threading

    async def main(read):
        queue = asyncio.Queue()

        def reader():
            queue.put_nowait(read())  # ASL604

        threading.Thread(target=reader, daemon=True).start()
        print(await queue.get())
    ```

    ## Good

    ```python
    import asyncio
    import threading

    async def main(read):
        queue = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def reader():
            loop.call_soon_threadsafe(queue.put_nowait, read())

        threading.Thread(target=reader, daemon=True).start()
        print(await queue.get())
    ```

    ## What to do

    Ask for the loop before the thread begins, and hand over to it: `loop.call_soon_threadsafe(function, argument)`
    calls a function there, `asyncio.run_coroutine_threadsafe(coroutine(), loop)` runs a coroutine and gives a future
    of `concurrent.futures`, whose `result()` the thread may wait for.

    ## Not reported

    Functions that asynclint does not see given to a thread, in their own file, by `threading.Thread`, `Timer`,
    `asyncio.to_thread`, `run_in_executor` or an executor's `submit`, and what they call in other files. Threads that
    run a loop of their own; code that asks which thread it is in, or that also has a branch with
    `call_soon_threadsafe`; objects that the thread has made itself or whose class is not known; helpers that other
    code of the file calls too; files that set an event loop policy; processes.

    The rule is a preview until it has shown itself on more code.
    """
    start = threaded(body.project, body.facts.path).get(body.scope)
    if start is not None and not body.is_async:
        yield from _touches(body, start)
    for call in body.all_calls():
        yield from _handed_over(body, call)


def _touches(body: Body, start: Threaded) -> Iterator[Problem]:
    """What a function that runs in a thread does to the loop and its like."""
    for call in body.all_calls():
        name = _touched(body, start, call)
        if (name in UNSAFE and not _knows_better(body, call)) or (name in LOOKING and not _is_expected(body, call)):
            yield Problem(call, _message(body, call.func, name, _where(body, start)), trace=_trace(body, start))


def _knows_better(body: Body, call: "Call") -> bool:
    """Does the function do the same in the way that is meant, perhaps in the other branch of an `if`?"""
    safe = [other for other in body.all_calls() if _last(other.func) in THREADSAFE]
    told = {code for other in safe for code in argument_codes(other)}
    conditional = cst.If, cst.IfExp, cst.ExceptHandler
    return code_of(call.func) in told or (
        bool(safe) and any(isinstance(above, conditional) for above in body.ancestors(call))
    )


def _is_expected(body: Body, call: "Call") -> bool:
    """Is it given the loop, or is the `RuntimeError` handled?"""
    given = (argument.keyword for argument in call.args if argument.keyword is not None)
    has_loop = any(keyword.value == "loop" for keyword in given)
    return has_loop or expects_failure(body, call) or not looks_in_vain(body.project, body.facts)


def _touched(body: Body, start: Threaded, call: "Call") -> str:
    """The documented name of what a call does to something that was not made here, "" when that is not known."""
    method = call.func
    if _last(method) not in _TOUCHING:
        return ""
    if not isinstance(method, cst.Attribute) or not isinstance(method.value, cst.Name):
        return body.name_of(method)
    receiver = method.value.value
    bindings = body.here.names.get(receiver, [])
    if any(binding.value.endswith(("()", ">")) for binding in bindings):
        return ""
    if start.first == body.entity and bindings and all(not binding.value for binding in bindings):
        given = argument_for(body.project, body.facts.path, start, receiver)
        found = body.project.member(given, method.attr.value) if isinstance(given, Instance) else None
        return found.name if isinstance(found, Named) else ""
    return body.name_of(method)


def _handed_over(body: Body, call: "Call") -> Iterator[Problem]:
    """What is touched by a lambda, or by a method of asyncio itself, that a call gives to a thread."""
    given = handed(body, call)
    if given is None or given.caller not in (Caller.THREAD, Caller.POOL):
        return
    facts = next((c for c in body.facts.calls if _is_of(body, c, call)), None)
    if facts is None or hands_to_thread(body.project, body.facts.path, facts) is None:
        return
    where = f"by a thread of `{body.text(call.func)}`"
    touched = [n.func for n in walk(given.function) if isinstance(n, cst.Call)] if _is_lambda(given.function) else []
    for method in touched or [given.function]:
        name = body.name_of(method)
        if name in UNSAFE or (name in LOOKING and touched and not _is_expected(body, call)):
            yield Problem(method, _message(body, method, name, where))


def _is_of(body: Body, facts: object, call: "Call") -> bool:
    codes = getattr(facts, "callee", None), list(getattr(facts, "arguments", ()))
    return codes == (code_of(call.func), argument_codes(call))


def _is_lambda(node: "CSTNode") -> bool:
    return isinstance(node, cst.Lambda)


def _last(method: "BaseExpression") -> str:
    return code_of(method).rpartition(".")[2]


def _where(body: Body, start: Threaded) -> str:
    if start.first != body.entity:
        return f"by a thread, which runs `{body.name}` by way of `{body.project.qualname(start.first)}`"
    return f"by a thread, which runs `{body.name}`"


def _trace(body: Body, start: Threaded) -> "tuple[tuple[Function | Place, str], ...]":
    if start.handing is None:
        return ((start.first, "the thread begins here"),)
    place = Place(body.facts.path, start.handing.line, start.handing.column)
    return ((place, f"`{body.project.qualname(start.first)}` is given to a thread here"),)


def _message(body: Body, method: "BaseExpression", name: str, where: str) -> str:
    text = body.text(method)
    on_loop = name.startswith(("asyncio.AbstractEventLoop.", "asyncio.BaseEventLoop."))
    loop = body.text(method.value) if on_loop and isinstance(method, cst.Attribute) else "loop"
    instead = (UNSAFE.get(name) or LOOKING[name]).format(loop=loop, method=text)
    if name in LOOKING:
        return f"`{text}` is called {where}: no event loop runs there and it raises RuntimeError; {instead}"
    return f"`{text}` is called {where}: it is not thread-safe and does not wake the event loop; {instead}"
