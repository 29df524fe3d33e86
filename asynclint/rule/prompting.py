"""Whether others wait while a coroutine asks the user."""

from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from libcst import CSTNode

_STARTING = frozenset(
    {
        *("TaskGroup", "create_task", "create_task_group", "ensure_future", "gather", "open_nursery", "start_soon"),
        *("create_server", "create_unix_server", "run_forever", "serve", "serve_forever", "start_server"),
        *("start_unix_server",),
    }
)


def holds_up_nobody(body: Body, node: "CSTNode") -> bool:
    """Is it done once, in a file that starts no tasks and no server?"""
    loops = (above for above in body.ancestors(node) if isinstance(above, cst.For | cst.While | cst.CompFor))
    is_repeated = any(True for _ in loops) or any(isinstance(above, cst.BaseComp) for above in body.ancestors(node))
    return not is_repeated and not any(call.last_name in _STARTING for call in body.facts.calls)
