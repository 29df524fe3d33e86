"""Fixes for code that gets hold of an event loop."""

from itertools import pairwise
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.fixes import Change, Fix, instead, removed
from asynclint.rule.spelling import spelled

if TYPE_CHECKING:
    from libcst import Assign, Call, CSTNode, SimpleStatementLine

__all__ = ["asked_for_the_running_loop", "run_by_asyncio"]


def asked_for_the_running_loop(body: Body, call: "Call") -> tuple[Fix, ...]:
    """`get_running_loop()` for `get_event_loop()` in a coroutine, where the two give the same."""
    spelling = spelled(body, "asyncio", "get_running_loop", like=call.func)
    if spelling is None:
        return ()
    code, imports = spelling
    return (Fix(f"use `{code}()`", (instead(call.func, code),), is_safe=True, imports=imports),)


def run_by_asyncio(body: Body, call: "Call") -> tuple[Fix, ...]:
    """`asyncio.run(f())` for a loop that only runs one coroutine to its end and may be closed.

    It is another loop, which is closed afterwards with all its tasks cancelled, so the fix is not safe.
    """
    spelling = spelled(body, "asyncio", "run", like=call.func)
    changes = _run(body, call, spelling.code) if spelling is not None else ()
    return (Fix(f"use `{spelling.code}`", changes, imports=spelling.imports),) if spelling and changes else ()


def _run(body: Body, call: "Call", runner: str) -> tuple[Change, ...]:
    assignment = body.parent(call)
    match assignment:
        case cst.Attribute():
            run = _call_of(body, assignment, "run_until_complete")
            return (instead(run.func, runner),) if run is not None and _runs_a_coroutine(body, run) else ()
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]) if body.kind is BodyKind.FUNCTION:
            return _run_of_local(body, assignment, name, runner)
    return ()


def _runs_a_coroutine(body: Body, run: "Call") -> bool:
    return len(run.args) == 1 and not run.args[0].star and body.coroutine_of(run.args[0].value) is not None


def _run_of_local(body: Body, assignment: "Assign", name: str, runner: str) -> tuple[Change, ...]:
    """The one run, made where the loop was got, and nothing else where it stood and where the loop was closed."""
    runs: list[Call] = []
    lines: list[SimpleStatementLine | None] = []
    for read in body.reads(name):
        if (run := _call_of(body, body.parent(read), "run_until_complete")) is not None:
            runs.append(run)
            lines.append(_line_of(body, body.parent(run)))
        elif (close := _call_of(body, body.parent(read), "close")) is not None:
            lines.append(_line_of(body, body.parent(close)))
        else:
            return ()
    gone = [line for line in lines if line is not None]
    if (
        len(runs) != 1
        or len(gone) < len(lines)
        or not _runs_a_coroutine(body, runs[0])
        or not _follows(body, assignment, gone[0])
    ):
        return ()
    statement = body.parent(runs[0])
    given: tuple[str | CSTNode, ...] = (runner, "(", runs[0].args[0].value, ")")
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=target)]):
            given = (target, " = ", *given)
        case cst.Return():
            given = ("return ", *given)
    return instead(assignment, *given), *map(removed, gone)


def _follows(body: Body, assignment: "Assign", line: "SimpleStatementLine") -> bool:
    before = body.parent(assignment)
    block = body.parent(line)
    return isinstance(block, cst.IndentedBlock) and any(pair == (before, line) for pair in pairwise(block.body))


def _call_of(body: Body, attribute: "CSTNode | None", method: str) -> "Call | None":
    call = body.parent(attribute) if attribute is not None else None
    match attribute, call:
        case cst.Attribute(attr=cst.Name(value=name)), cst.Call(func=func) if name == method and func is attribute:
            return call
    return None


def _line_of(body: Body, statement: "CSTNode | None") -> "SimpleStatementLine | None":
    """The line of a statement that is alone on it and not alone in its block."""
    line = body.parent(statement) if statement is not None else None
    block = body.parent(line) if line is not None else None
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(block, cst.IndentedBlock):
        return None
    return line if len(line.body) == 1 and len(block.body) > 1 else None
