from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from asynclint.rule import Body, InTests, Problem, left_finallies, rule
from asynclint.rule import nodes as cst
from asynclint.rule.cancellation import awaits
from asynclint.rule.trees import call_name, own_children, walk

if TYPE_CHECKING:
    from libcst import Break, Continue, CSTNode, Return, Try, TryStar

    Exit: TypeAlias = Return | Break | Continue
    Guarded: TypeAlias = Try | TryStar


@rule(
    code="ASL403",
    wants=left_finallies(),
    pitfall="https://peps.python.org/pep-0765/",
    in_tests=InTests.INFO,
    on_anyio=True,
)
def finally_swallows(body: Body) -> Iterator[Problem]:
    """A `return`, `break` or `continue` in a `finally` throws away the cancellation (asyncio and anyio).

    Leaving a `finally` by a statement of its own drops the exception that is on its way. Around an `await` that may be
    the cancellation: a timeout no longer ends the block, a task group waits for ever, a loop cannot be stopped. Every
    other exception is lost the same way. Python 3.14 warns of it (PEP 765).

    ## Bad

    ```python
    async def fetch(client):
        pages = []
        try:
            pages.append(await client.get())
        finally:
            client.close()
            return pages  # ASL403

    async def poll(client):
        while True:
            try:
                await client.get()
            finally:
                continue  # ASL403
    ```

    ## Good

    ```python
    async def fetch(client):
        pages = []
        try:
            pages.append(await client.get())
        finally:
            client.close()
        return pages

    async def poll(client):
        while True:
            try:
                await client.get()
            except OSError:
                continue
    ```

    ## What to do

    Move the statement behind the `try`, where it is reached when nothing was raised. To go on after an error, name the
    error in an `except`.

    ## Not reported

    A `try` without any `await`; `break` and `continue` of a loop inside the `finally`; statements under a condition
    that says how the `try` ended: a variable that the `try` sets, or `sys.exc_info()`.
    """
    if not body.is_async:
        return
    leaving = (node for statement in body.nodes for node in _leaving(body, statement))
    for node in {id(node): node for node in leaving}.values():
        yield Problem(node, _message(body, node))


def _leaving(body: Body, statement: "CSTNode") -> "Iterator[Exit]":
    """What leaves the `finally` of a `try` in which a cancellation can arrive."""
    if isinstance(statement, cst.Try | cst.TryStar) and statement.finalbody and _awaits(statement):
        told = _set_names(statement)
        for node in _exits(statement.finalbody):
            if not _is_told_apart(body, node, statement, told):
                yield node


def _awaits(statement: "Guarded") -> bool:
    """Can a cancellation arrive before the `finally`?"""
    return any(awaits(part) for part in (statement.body, *statement.handlers, *filter(None, [statement.orelse])))


def _exits(block: "CSTNode") -> "Iterator[Exit]":
    """The statements that leave a block: not those of a function or a loop inside it."""
    waiting = [(block, False)]
    while waiting:
        node, in_loop = waiting.pop()
        if isinstance(node, cst.Return) or (isinstance(node, cst.Break | cst.Continue) and not in_loop):
            yield node
        for child in own_children(node):
            if not isinstance(child, cst.BaseExpression | cst.FunctionDef | cst.ClassDef):
                is_turn = isinstance(node, cst.While | cst.For) and child is node.body
                waiting.append((child, in_loop or is_turn))


def _set_names(statement: "Guarded") -> frozenset[str]:
    """The variables and attributes that the `try` sets, by their last names."""
    parts = (statement.body, *statement.handlers, *filter(None, [statement.orelse]))
    setting = (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)
    nodes = (node for part in parts for node in walk(part, own_children))
    targets = (node.target for node in nodes if isinstance(node, setting))
    return frozenset(name.value for target in targets for name in walk(target) if isinstance(name, cst.Name))


def _is_told_apart(body: Body, node: "Exit", statement: "Guarded", told: frozenset[str]) -> bool:
    """Does it stand under a condition that knows how the `try` ended?"""
    for above in body.ancestors(node):
        if above is statement:
            return False
        if isinstance(above, cst.If | cst.While) and _knows(above.test, told):
            return True
        if isinstance(above, cst.Match) and _knows(above.subject, told):
            return True
    return False


def _knows(test: "CSTNode", told: frozenset[str]) -> bool:
    parts = list(walk(test, own_children))
    asks = any(isinstance(part, cst.Call) and call_name(part) in ("exc_info", "exception") for part in parts)
    return asks or any(isinstance(part, cst.Name) and part.value in told for part in parts)


def _message(body: Body, node: "Exit") -> str:
    word = type(node).__name__.lower()
    remedy = "name the errors to go on after in an `except`" if word == "continue" else "move it behind the `try`"
    return (
        f"when `{body.name}` is cancelled, this `{word}` in a `finally` throws the cancellation away, like every other "
        f"exception; {remedy}"
    )
