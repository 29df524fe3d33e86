"""Fixes that leave the event loop free where a call keeps it waiting."""

import re
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import awaited, may_await
from asynclint.rule.body import Body
from asynclint.rule.fixes import Change, Fix, before, between, instead
from asynclint.rule.spelling import spelled
from asynclint.rule.trees import call_name

if TYPE_CHECKING:
    from libcst import Arg, Call

__all__ = ["unblocked"]

_SLEEP = "time.sleep"
_IN_A_THREAD = {"asyncio": "to_thread", "anyio": "to_thread.run_sync"}
_LAZY = frozenset({"glob", "iglob", "rglob", "iterdir", "scandir", "walk"})  # the work is done by who goes over it
_BEARS_A_THREAD = re.compile(r"to_thread|create_subprocess|\b(httpx|aiohttp)\.")  # of what is said to be better


def unblocked(body: Body, call: "Call", better: str) -> tuple[Fix, ...]:
    """The fix for a blocking call of a coroutine; none where what the message says is `better` needs more thought.

    A sleep that lets the others run is a safe fix. In a thread a call may meet others of its kind, so that is not.
    """
    above = body.parent(call)
    is_used_up_here = isinstance(above, cst.WithItem | cst.For | cst.CompFor) or call_name(call) in _LAZY
    if not may_await(body, call) or is_used_up_here:
        return ()
    if body.name_of(call.func) == _SLEEP:
        return _asleep(body, call)
    return _in_a_thread(body, call) if _BEARS_A_THREAD.search(better) and not call.func.lpar else ()


def _asleep(body: Body, call: "Call") -> tuple[Fix, ...]:
    spelling = spelled(body, body.library, "sleep", like=call.func)
    if spelling is None:
        return ()
    changes = (*awaited(body, call), instead(call.func, spelling.code))
    return (Fix(f"use `await {spelling.code}`", changes, is_safe=True, imports=spelling.imports),)


def _in_a_thread(body: Body, call: "Call") -> tuple[Fix, ...]:
    spelling = spelled(body, body.library, _IN_A_THREAD[body.library])
    takes_keywords = body.library == "asyncio"
    if spelling is None or not (takes_keywords or all(map(_is_positional, call.args))):
        return ()
    changes = (*awaited(body, call), *_handed_to(spelling.code, call))
    return (Fix(f"run it in a thread with `await {spelling.code}`", changes, imports=spelling.imports),)


def _is_positional(argument: "Arg") -> bool:
    return argument.keyword is None and argument.star != "**"


def _handed_to(runner: str, call: "Call") -> tuple[Change, ...]:
    """`f(a)` as `runner(f, a)`."""
    if not call.args:
        return (instead(call, f"{runner}(", call.func, ")"),)
    return before(call.func, f"{runner}("), between(call.func, call.args[0], ", ")
