"""Calls that never raise in practice, though a task may be cancelled while it waits in one."""

import re
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, Call

_SURE = frozenset(
    {
        "asyncio.Queue.put",
        "asyncio.Queue.put_nowait",
        "asyncio.create_task",
        "asyncio.current_task",
        "asyncio.ensure_future",
        "asyncio.get_event_loop",
        "asyncio.get_running_loop",
        "asyncio.iscoroutine",
        "asyncio.iscoroutinefunction",
        "asyncio.sleep",
        "asyncio.wait",
        "builtins.abs",
        "builtins.bool",
        "builtins.callable",
        "builtins.dict",
        "builtins.enumerate",
        "builtins.hasattr",
        "builtins.id",
        "builtins.isinstance",
        "builtins.issubclass",
        "builtins.len",
        "builtins.list",
        "builtins.object",
        "builtins.print",
        "builtins.range",
        "builtins.repr",
        "builtins.round",
        "builtins.set",
        "builtins.str",
        "builtins.super",
        "builtins.tuple",
        "builtins.type",
        "builtins.zip",
        "contextlib.AsyncExitStack",
        "contextlib.ExitStack",
        "contextlib.nullcontext",
        "contextlib.suppress",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "functools.partial",
        "traceback.format_exc",
        "traceback.print_exc",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
_SURE_WAITS = frozenset({"asyncio.Queue.get", "asyncio.Queue.join", "asyncio.Server.wait_closed"})
_SURE_PREFIXES = (
    "time.",
    "logging.",
    "random.",
    "warnings.",
    "asyncio.Event.",
    "asyncio.Lock.",
    "asyncio.Semaphore.",
    "asyncio.Condition.",
    "asyncio.timeout",
)
_SURE_METHODS = frozenset(
    {
        "acquire",
        "add",
        "add_done_callback",
        "append",
        "appendleft",
        "cancel",
        "cancelled",
        "clear",
        "copy",
        "create_task",
        "dec",
        "discard",
        "empty",
        "endswith",
        "ensure_future",
        "extend",
        "format",
        "full",
        "hexdigest",
        "inc",
        "is_set",
        "isoformat",
        "items",
        "keys",
        "locked",
        "lower",
        "observe",
        "qsize",
        "release",
        "set",
        "setdefault",
        "startswith",
        "strip",
        "time",
        "upper",
        "values",
    }
)
_LOGGING = frozenset(
    {
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "log",
        "success",
        "trace",
    }
)
_LOGGER = re.compile(r"(?:.*[._])?log(?:s|ger|ging)?", re.IGNORECASE)
_ANYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
_LOGS = re.compile(r"_*log(?:_\w+)?", re.IGNORECASE)
_QUEUE = re.compile(r"queue|(?:^|[._])q$", re.IGNORECASE)
_DEEPEST = 3


def may_raise(body: Body, call: "Call") -> bool:
    """Can a call end in an exception other than a cancellation? A coroutine that nobody awaits yet cannot."""
    if _is_started_apart(body, call):
        return False
    if body.name_of(call.func) == "asyncio.gather" and "return_exceptions=True" in body.text(call):
        return False
    entity, code = body.resolve(call.func), code_of(call.func)
    if entity is None and code.endswith(".put") and len(call.args) == 1:  # elsewhere it takes an address too
        return False
    return not _is_sure(body.project, entity, code, _DEEPEST)


def may_fail(body: Body, coroutine: "BaseExpression") -> bool:
    """Can a coroutine that runs as a task end in an exception other than a cancellation?"""
    if not isinstance(coroutine, cst.Call):
        return True
    entity, code = body.resolve(coroutine.func), code_of(coroutine.func)
    if isinstance(entity, Named) and entity.name in _SURE_WAITS:
        return False
    if entity is None and code.rpartition(".")[2] in ("wait", "join"):  # of an event, a process, a queue
        return False
    return not _is_sure(body.project, entity, code, _DEEPEST)


def _is_started_apart(body: Body, call: "Call") -> bool:
    """Is it only made here, as the coroutine of a task?"""
    arg = body.parent(call)
    outer = body.parent(arg) if isinstance(arg, cst.Arg) else None
    if isinstance(outer, cst.Call):
        starts = code_of(outer.func).rpartition(".")[2] in ("create_task", "ensure_future")
        return starts or (isinstance(body.resolve(call), Coroutine) and not isinstance(body.parent(outer), cst.Await))
    return False


def _is_sure(project: Project, callee: Entity | None, code: str, deepest: int) -> bool:
    owner, _, method = code.rpartition(".")
    if _LOGS.fullmatch(method):
        return True
    match callee:
        case Named(name=name):
            if name in _SURE or name.startswith(_SURE_PREFIXES):
                return True
        case Function():
            return _cannot_raise(project, callee, deepest)
        case Class():
            made = project.member(callee, "__init__")
            return not isinstance(made, Function) or _cannot_raise(project, made, deepest)
    if isinstance(callee, Instance) or not owner:
        return callee is None and f"builtins.{method}" in _SURE  # any `import *` may have brought another one
    if method == "put_nowait":
        return _QUEUE.search(owner) is not None
    return method in _SURE_METHODS or (method in _LOGGING and _LOGGER.fullmatch(owner) is not None)


def _cannot_raise(project: Project, function: Function, deepest: int) -> bool:
    """Does it handle every exception itself, or call nothing that raises? One that calls nothing may be a stub."""
    module = project.module(function.path)
    if module is None or not deepest:
        return False
    handlers = (handler for handler in module.handlers if handler.scope == function.scope)
    if any(_is_broad(project, function, handler.type) for handler in handlers):
        return True
    calls = [call for call in module.calls if module.executor(call.scope) == function.scope]
    return bool(calls) and all(
        _is_sure(project, project.call(module.path, call), call.callee, deepest - 1) for call in calls
    )


def _is_broad(project: Project, function: Function, kind: str | None) -> bool:
    entity = project.evaluate(function.path, function.scope, kind) if kind else None
    return kind is None or (isinstance(entity, Named) and entity.name in _ANYTHING)
