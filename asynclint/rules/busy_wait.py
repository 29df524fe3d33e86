from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, InTests, Problem, idle_loops, rule
from asynclint.rule import nodes as cst
from asynclint.rule.polling import Watched, watched
from asynclint.rule.trees import statements

if TYPE_CHECKING:
    from libcst import CSTNode, While

_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep"})


@rule(
    code="ASL902",
    default=Default.INFO,
    in_tests=InTests.SILENT,
    on_anyio=True,
    wants=idle_loops(),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html#asyncio.Event",
)
def busy_wait(body: Body) -> Iterator[Problem]:
    """A loop that only sleeps until another task has changed a flag.

    It wakes up again and again only to look, and sees the change as late as the sleep is long. A shorter sleep costs
    more, a longer one makes everything slower. An `asyncio.Event` wakes the task up when there is something to do.

    ## Bad

    ```python
    import asyncio

    class Connection:
        def __init__(self):
            self.is_open = False

        def open(self):
            self.is_open = True

        async def wait(self):
            while not self.is_open:  # ASL902
                await asyncio.sleep(0.01)
    ```

    ## Good

    ```python
    import asyncio

    class Connection:
        def __init__(self):
            self.opened = asyncio.Event()

        def open(self):
            self.opened.set()

        async def wait(self):
            await self.opened.wait()
    ```

    ## What to do

    Make an `asyncio.Event` (or `anyio.Event`) of the flag: `set()` it where it changes, `await event.wait()` where it
    is waited for. For a number or a state use an `asyncio.Condition` and its `wait_for`.

    ## Not reported

    Loops that do anything but sleep; conditions with a call, an `await`, an element or a property, because what they
    ask may be out of this process; attributes and variables that no other function of their own file changes, or that
    a thread or the handler of a signal changes, for which an event of asyncio is not made; threads with a loop. Tests.
    """
    for loop in body.nodes if body.is_async else ():
        if isinstance(loop, cst.While) and _only_sleeps(body, loop):
            for found in watched(body, loop.test)[:1]:
                trace = tuple((changer, "it is changed here") for changer in found.changers)
                yield Problem(loop.test, _message(body, loop, found), trace=trace)


def _only_sleeps(body: Body, loop: "While") -> bool:
    match [statement for statement in statements(loop.body) if not _says_nothing(statement)]:
        case [cst.Expr(value=cst.Await(expression=cst.Call(func=function)))]:
            return loop.orelse is None and body.name_of(function) in _SLEEPS
    return False


def _says_nothing(statement: "CSTNode") -> bool:
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.SimpleString | cst.Ellipsis)


def _message(body: Body, loop: "While", found: Watched) -> str:
    name, changers = body.text(found.part), [f"`{body.project.qualname(changer)}`" for changer in found.changers]
    is_flag = not any(isinstance(node, cst.Comparison) for node in (loop.test, *body.ancestors(found.part)))
    kind, wait = ("Event", "`await event.wait()`") if is_flag else ("Condition", "`await condition.wait_for(...)`")
    who = f"{changers[0]} changes" if len(changers) == 1 else f"{', '.join(changers[:-1])} and {changers[-1]} change"
    where = "there" if len(changers) == 1 else f"wherever `{name}` changes"
    what = f"`while {body.text(loop.test)}` wakes up again and again only to look at `{name}`, which {who}"
    return f"{what}; use an `{body.library}.{kind}` that is told {where}, and {wait} here"
