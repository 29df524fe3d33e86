from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Default, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.anchors import is_held
from asynclint.rule.raising import may_fail
from asynclint.rule.values import Fate, destination
from asynclint.rule.waiting import task_maker

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_SHIELD = "asyncio.shield"
_WAITED = (Fate.AWAITED, Fate.ARGUMENT, Fate.BOUND, Fate.RETURNED)


@rule(
    code="ASL308",
    wants=calls(_SHIELD),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#asyncio.shield",
    default=Default.INFO,
)
def unreferenced_shield(body: Body) -> Iterator[Problem]:
    """A coroutine is shielded in place: once the waiting is cancelled, nothing refers to its task any more.

    `asyncio.shield(save())` makes a task of the coroutine and waits for it. When the waiting is cancelled, by a timeout
    or at shutdown, the task goes on, which is what the shield is for. But then only the event loop knows of it, by a
    weak reference: the garbage collector may end it half-way (`Task was destroyed but it is pending!`), nobody can wait
    for it, and when it fails nobody hears of it.

    ## Bad

    ```python
    import asyncio

    async def save(disk):
        await disk.flush()
        print("saved")

    async def store(disk):
        await asyncio.shield(save(disk))  # ASL308

    async def store_soon(disk):
        await asyncio.wait_for(asyncio.shield(save(disk)), timeout=5)  # ASL308
    ```

    ## Good

    ```python
    import asyncio

    background = set()

    async def save(disk):
        await disk.flush()
        print("saved")

    async def store(disk):
        task = asyncio.create_task(save(disk))
        background.add(task)
        task.add_done_callback(background.discard)
        await asyncio.shield(task)

    async def store_soon(disk):
        task = asyncio.create_task(save(disk))
        try:
            await asyncio.wait_for(asyncio.shield(task), timeout=5)
        except TimeoutError:
            print("this takes long")
            await task
    ```

    ## What to do

    Make the task first, and keep it where it outlives the function: in a set, from which it removes itself when it is
    done, or in an attribute. Or catch the cancellation, wait for the task, and raise again.

    ## Not reported

    Whatever has a name, an attribute or a collection, the `shield` itself included when an object keeps it; calls that
    may give a future which somebody keeps; a `shield` that nobody waits for, which is a task dropped at once. A
    coroutine that never fails, and waits only for the clock or for a queue or lock that others refer to.
    """
    for call in body.calls(_SHIELD) if body.is_async else ():
        work = _made_in_place(body, call)
        risks = _risks(body, work) if work is not None and destination(body, call).fate in _WAITED else []
        if work is not None and risks:
            made = f"task = asyncio.create_task({body.text(work)})"
            message = f"when the waiting is cancelled, nothing refers to the task of `{_shown(body, work)}`"
            remedy = f"make the task first, `{made}`, keep it in an attribute or a set, and shield that"
            yield Problem(call, f"{message}: {', and '.join(risks)}; {remedy}")


def _risks(body: Body, work: "BaseExpression") -> list[str]:
    """What may become of the task then, unless what it waits for holds it, and nothing in it fails."""
    vanishing = "" if is_held(body, work) else "it may vanish half-way"
    failing = "its exception is only logged" if may_fail(body, work) else ""
    return [risk for risk in (vanishing, failing) if risk]


def _made_in_place(body: Body, call: "Call") -> "BaseExpression | None":
    """The coroutine that is made within the call."""
    if len(call.args) != 1 or not isinstance(given := call.args[0].value, cst.Call):
        return None
    maker = task_maker(body, given)
    if maker is not None:
        return maker.args[0].value
    return given if isinstance(body.resolve(given), Coroutine) else None


def _shown(body: Body, work: "BaseExpression") -> str:
    return f"{body.text(work.func)}(...)" if isinstance(work, cst.Call) else body.text(work)
