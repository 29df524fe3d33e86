"""Whether a function counts on the success of the tasks for which it has waited by `asyncio.wait`."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.inert import is_inert
from asynclint.rule.trees import code_of, own_children, walk
from asynclint.rule.waiting import Wait

if TYPE_CHECKING:
    from libcst import Call

_OF_WAITING = frozenset(
    {
        *("asyncio.TimeoutError", "asyncio.CancelledError", "builtins.TimeoutError"),
        *("builtins.Exception", "builtins.BaseException"),
    }
)


def counts_on_success(body: Body, wait: Wait) -> bool:
    """Does it do anything afterwards, or catch what only the tasks can raise?"""
    return _goes_on(body, wait) or _expects_failure(body, wait.call)


def _goes_on(body: Body, wait: Wait) -> bool:
    """Does it call anything that may change something, other than of the tasks themselves?"""
    attempts = [above for above in body.ancestors(wait.call) if isinstance(above, cst.Try)]
    handling = {id(node) for attempt in attempts for handler in attempt.handlers for node in walk(handler)}
    place = {id(node): index for index, node in enumerate(body.nodes)}
    within = {id(node) for node in walk(wait.call)}
    later = [
        node
        for node in body.nodes
        if isinstance(node, cst.Call) and place[id(node)] > place[id(wait.call)] and id(node) not in handling | within
    ]
    return any(not _is_of_tasks(wait, call) and _does_something(body, call) for call in later)


def _is_of_tasks(wait: Wait, call: "Call") -> bool:
    return code_of(call.func).partition(".")[0] in wait.tasks.names | wait.done | wait.pending


def _does_something(body: Body, call: "Call") -> bool:
    return body.name_of(call.func) == "builtins.print" or not is_inert(body, call)


def _expects_failure(body: Body, call: "Call") -> bool:
    """Is there an `except` around it for anything but the end of the waiting?"""
    for attempt in (above for above in body.ancestors(call) if isinstance(above, cst.Try)):
        if any(node is call for node in walk(attempt.body, own_children)):
            caught = [body.caught(handler.type) for handler in attempt.handlers]
            return any(not kinds <= _OF_WAITING or not kinds for kinds in caught)
    return False
