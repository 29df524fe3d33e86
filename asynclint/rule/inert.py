"""What a piece of code leaves as it is: reading state changes nothing, an unknown call may change anything."""

import re
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Function, Instance
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import Attribute, BaseExpression, Call, CSTNode

# Methods without arguments that ask an object for its state, whatever it is.
QUERIES = frozenset(
    {
        *("is_set", "done", "cancelled", "running", "locked", "empty", "full", "qsize"),
        *("is_running", "is_closed", "is_alive", "poll"),
    }
)
CLOCKS = frozenset(
    {
        *(f"time.{name}{unit}" for name in ("time", "monotonic", "perf_counter") for unit in ("", "_ns")),
        *("asyncio.AbstractEventLoop.time", "datetime.datetime.now", "datetime.datetime.utcnow"),
    }
)
_READERS = frozenset(
    {
        *(f"builtins.{name}" for name in ("len", "bool", "int", "float", "str", "repr", "abs", "round", "id", "type")),
        *(f"builtins.{name}" for name in ("isinstance", "callable", "getattr", "hasattr", "all", "any", "min", "max")),
        *("builtins.print", "asyncio.current_task", "asyncio.all_tasks", "asyncio.get_running_loop"),
    }
)
_LOG = re.compile(r"(?:.*\.)?_?(?:log|logger|logging)\.(?:debug|info|warning|error|exception|critical|log)", re.I)
_CHANGING = ("Await", "Yield", "NamedExpr", "Lambda")


def is_inert(body: Body, node: "CSTNode") -> bool:
    """Does evaluating an expression change nothing, as far as it is known?"""
    for inner in walk(node):
        if type(inner).__name__ in _CHANGING or (isinstance(inner, cst.CompFor) and inner.asynchronous is not None):
            return False
        if isinstance(inner, cst.Call) and not _is_inert_call(body, inner):
            return False
        if isinstance(inner, cst.Attribute) and _is_property(body, inner):
            return False
    return True


def asks_for_state(body: Body, node: "CSTNode") -> bool:
    """Does an expression that changes nothing ask for the time, or for what only others change?"""
    calls = (inner for inner in walk(node) if isinstance(inner, cst.Call))
    return any(body.name_of(call.func) in CLOCKS or last_name(call) in QUERIES for call in calls)


def last_name(call: "Call") -> str:
    """`c` of `a.b.c()`."""
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else ""


def reads_clock(body: Body, node: "BaseExpression") -> bool:
    """Does an expression ask what time it is?"""
    return any(isinstance(inner, cst.Call) and body.name_of(inner.func) in CLOCKS for inner in walk(node))


def _is_inert_call(body: Body, call: "Call") -> bool:
    name = body.name_of(call.func)
    if name in CLOCKS or name in _READERS or name.startswith("logging.") or _LOG.fullmatch(code_of(call.func)):
        return True
    is_query = last_name(call) in QUERIES and not call.args
    return is_query and not isinstance(body.resolve(call.func), Function | Class)


def _is_property(body: Body, attribute: "Attribute") -> bool:
    """Does reading it run code of the project?"""
    owner = body.resolve(attribute.value)
    if not isinstance(owner, Instance) or not isinstance(owner.of, Class):
        return False
    member = body.project.member(owner.of, attribute.attr.value)
    return isinstance(member, Function) and body.project.is_property(member)
