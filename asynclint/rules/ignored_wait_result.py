from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from asynclint.rule import Body, InTests, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import is_entry_point
from asynclint.rule.outcomes import is_ending
from asynclint.rule.raising import may_fail
from asynclint.rule.succeeding import counts_on_success
from asynclint.rule.waiting import WAIT, Use, Using, Wait, asks_whether_done, is_repeated, uses, waits

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_EARLY = MappingProxyType({"FIRST_COMPLETED": "when the first one is", "FIRST_EXCEPTION": "when the first one fails"})


@rule(
    code="ASL304",
    wants=calls(WAIT),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.wait",
    in_tests=InTests.INFO,
)
def ignored_wait_result(body: Body) -> Iterator[Problem]:
    """`asyncio.wait` is awaited, and nobody looks at what became of the tasks.

    `asyncio.wait` raises nothing that its tasks raise, and cancels nothing when the time is up: it returns the tasks
    that are done and those that are pending, and leaves both to the caller. Where nobody asks the first for their
    `result()` or `exception()`, the program goes on as if they had succeeded; all that remains is the line `Task
    exception was never retrieved` in the log, some time later. Where nobody cancels or awaits the others, they go on
    in the background, with nothing that refers to them. That a failure is only logged is information, unless the
    function goes on to do something after the wait, or stands ready to catch what only the tasks can raise.

    ## Bad

    ```python
    import asyncio

    async def save(name):
        raise OSError(f"no space left for {name}")

    async def save_all():
        tasks = [asyncio.create_task(save(name)) for name in ("a", "b")]
        await asyncio.wait(tasks)  # ASL304
        print("saved")

    async def first_answer(ask):
        tasks = [asyncio.create_task(ask(name)) for name in ("a", "b")]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # ASL304
        return done.pop().result()
    ```

    ## Good

    ```python
    import asyncio

    async def save(name):
        raise OSError(f"no space left for {name}")

    async def save_all():
        tasks = [asyncio.create_task(save(name)) for name in ("a", "b")]
        done, _ = await asyncio.wait(tasks)
        for task in done:
            if error := task.exception():
                print("not saved:", error)

    async def first_answer(ask):
        tasks = [asyncio.create_task(ask(name)) for name in ("a", "b")]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return done.pop().result()
    ```

    ## What to do

    Go over `done` and call `result()`, which raises what the task has raised, or `exception()`. With a `timeout` or a
    `return_when`, cancel what is `pending`. `asyncio.gather` and `asyncio.TaskGroup` do the first by themselves, and
    `asyncio.timeout` around them the second.

    ## Not reported

    Tasks that are not all made in the same function, or that anything else may look after: they are returned, stored,
    handed on, have a callback, belong to a `TaskGroup`, are awaited or waited for again. Exceptions of tasks that were
    cancelled before, or that only wait for an event, a queue or the clock, or handle every exception themselves, or
    that close, stop or release something. Pending tasks that are asked whether they are `done()`, and those of the
    coroutine that a program runs, which ends with it.
    """
    found = list(waits(body)) if body.is_async else []
    for wait in found:
        shared = [other for other in found if other.tasks.names & wait.tasks.names or other is wait]
        of_all = list(uses(body, wait.tasks.names))
        if _is_over(body, wait, of_all):
            continue
        unread = _is_unread(body, wait, shared, of_all)
        left = _is_left(body, wait, shared, of_all)
        if unread is not None or left:
            what = [*([_unread_text(body, unread)] if unread else []), *([_left_text(body, wait.call)] if left else [])]
            remedy = [*(["ask those that are done for their `result()`"] if unread else [])]
            remedy += ["cancel those that are pending"] if left else []
            trace = tuple((made, "this task") for made in wait.tasks.made)
            message = f"{'; '.join(what)}; {' and '.join(remedy)}"
            is_slight = not left and not counts_on_success(body, wait)
            yield Problem(wait.call, message, trace=trace, is_information=is_slight)


def _is_over(body: Body, wait: Wait, of_all: Sequence[Using]) -> bool:
    """Are the tasks looked after elsewhere, or were they told to end before?"""
    place = {id(node): index for index, node in enumerate(body.nodes)}
    before = {id(u.read) for u in of_all if place.get(id(u.read), 0) < place[id(wait.call)]}
    return any(u.use is Use.KEPT or (u.use is Use.CANCELLED and id(u.read) in before) for u in of_all)


def _is_unread(body: Body, wait: Wait, shared: Sequence[Wait], of_all: Sequence[Using]) -> "Call | None":
    """One of the tasks that may fail, when nobody reads their exceptions."""
    done = frozenset(name for each in shared for name in each.done) - wait.tasks.names
    read = any(using.use in (Use.READ, Use.KEPT) for using in (*of_all, *uses(body, done)))
    failing = (m for m in wait.tasks.made if may_fail(body, m.args[0].value) and not is_ending(body, m.args[0].value))
    return None if read else next(failing, None)


def _is_left(body: Body, wait: Wait, shared: Sequence[Wait], of_all: Sequence[Using]) -> bool:
    """Does it return before all are done, with nobody to cancel or await the rest?"""
    if not _may_end_early(body, wait.call) or len(shared) > 1 or _ends_the_program(body):
        return False
    if is_repeated(body, wait) or asks_whether_done(body, wait.tasks.names):
        return False
    of_rest = list(uses(body, wait.pending - wait.tasks.names))
    cancelled = any(using.use in (Use.CANCELLED, Use.KEPT) for using in (*of_all, *of_rest))
    return not cancelled and not any(using.use is Use.WAITED for using in of_rest)


def _ends_the_program(body: Body) -> bool:
    """Is it given to `asyncio.run`, or to what a program runs instead?"""
    sites = (site for site in body.call_sites() if site.inside >= 0)
    return is_entry_point(body) or any("run" in body.facts.calls[site.inside].last_name for site in sites)


def _option(call: "Call", name: str) -> "BaseExpression | None":
    return next((a.value for a in call.args if a.keyword and a.keyword.value == name), None)


def _may_end_early(body: Body, call: "Call") -> bool:
    return _times_out(call) or bool(_early(body, call))


def _times_out(call: "Call") -> bool:
    timeout = _option(call, "timeout")
    return timeout is not None and not (isinstance(timeout, cst.Name) and timeout.value == "None")


def _early(body: Body, call: "Call") -> str:
    """Its `return_when`, where that is not to wait for all."""
    when = _option(call, "return_when")
    if isinstance(when, cst.SimpleString):
        name = str(when.evaluated_value)
    else:
        name = body.name_of(when).rpartition(".")[2] if when is not None else ""
    return name if name in _EARLY else ""


def _unread_text(body: Body, made: "Call") -> str:
    work = made.args[0].value
    shown = f"`{body.text(work.func)}(...)`" if isinstance(work, cst.Call) else f"`{body.text(work)}`"
    return f"when {shown} fails, that is only logged: `asyncio.wait` raises nothing, and nobody reads the exception"


def _left_text(body: Body, call: "Call") -> str:
    when = "at the timeout" if _times_out(call) else _EARLY[_early(body, call)]
    return f"tasks that are not done {when} go on, with nobody to end them"
