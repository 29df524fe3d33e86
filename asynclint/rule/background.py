"""Fixes that keep a task: in the task group that is open around it, or in a set until it is done."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Function
from asynclint.facts.module import ScopeKind
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import added_await
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.fixes import Change, Fix, before, instead, line_below
from asynclint.rule.groups import group_of
from asynclint.rule.places import bindings, place_of
from asynclint.rule.spelling import is_free, spelled, unused
from asynclint.rule.tasks import Kind, Started
from asynclint.rule.trees import call_name

if TYPE_CHECKING:
    from libcst import Call, SimpleStatementLine

    from asynclint.rule.fixes import Code

__all__ = ["kept"]

_VARIABLES = "task", "background_task", "new_task"
_SETS = "background_tasks", "_background_tasks", "running_tasks"
_CALLBACKS = "background_task_done", "_background_task_done", "running_task_done"
_DEFINITION = """\
{tasks}: set[{task}[object]] = set()


def {callback}(task: {task}[object]) -> None:
    {tasks}.discard(task)
    if not task.cancelled():
        task.result()  # the event loop logs what this raises"""
_OF_GROUPS = frozenset({"name", "context"})  # what `create_task` of a group takes besides the coroutine
# What a callback may do that serves any task, besides discarding it.
_OF_ANY_TASK = frozenset({"discard", "cancelled", "exception", "result", "get_name", "getLogger", "error", "critical"})


def kept(body: Body, call: "Call", start: Started) -> tuple[Fix, ...]:
    """The fixes for a call whose task or future is lost, the one that changes more first where both are to be had."""
    if start.kind is Kind.TASK:
        return (*_in_group(body, call, start), *_in_set(body, call))
    is_statement = isinstance(body.parent(call), cst.Expr | cst.Assign | cst.AnnAssign)
    return added_await(body, call, is_safe=False) if start.kind is not Kind.THREADSAFE and is_statement else ()


def _in_group(body: Body, call: "Call", start: Started) -> tuple[Fix, ...]:
    around = list(body.ancestors(call))
    found = (group for above in around if (group := group_of(body, above)) and group.block.body in around)
    group = next(found, None)
    is_direct = call_name(call) == "create_task" or body.name_of(call.func) in (
        "asyncio.create_task",
        "asyncio.ensure_future",
    )
    if group is None or not group.name or not is_direct or not body.coroutine_of(call.args[0].value):
        return ()
    if any(argument.keyword is None or argument.keyword.value not in _OF_GROUPS for argument in call.args[1:]):
        return ()
    return (Fix(f"start it in `{group.name}`", (instead(call.func, f"{group.name}.create_task"),)),)


# a set


class _Keeper(NamedTuple):
    """A set of tasks, the callback that takes them out, and what has to be added to the file for them."""

    tasks: str
    callback: str
    definitions: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


class _Held(NamedTuple):
    """The variable that holds a task: its name, the line that binds it, and what makes both so.

    `rest` is what the line did with the task besides, to be done below.
    """

    name: str
    line: "SimpleStatementLine"
    changes: tuple[Change, ...] = ()
    rest: "tuple[Code, ...]" = ()


def _in_set(body: Body, call: "Call") -> tuple[Fix, ...]:
    keeper = _known_keeper(body) or _new_keeper(body)
    held = _held(body, call)
    if keeper is None or held is None or body.kind is BodyKind.MODULE:
        return ()
    keeping = (f"{keeper.tasks}.add({held.name})",), (f"{held.name}.add_done_callback({keeper.callback})",), held.rest
    changes = (*held.changes, *(line_below(held.line, *code) for code in keeping if code))
    title = f"keep it in `{keeper.tasks}` until it is done"
    return (Fix(title, changes, is_safe=True, imports=keeper.imports, definitions=keeper.definitions),)


def _held(body: Body, call: "Call") -> _Held | None:
    """The variable a task is in, or will be; None where the call is part of something larger."""
    free = unused(body, *_VARIABLES)
    statement = body.parent(call)
    line = body.parent(statement) if statement is not None else None
    match statement:
        case cst.Expr() if free and isinstance(line, cst.SimpleStatementLine):
            return _Held(free, line, (before(line, f"{free} = "),))
        case (
            cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name) as target)])
            | cst.AnnAssign(target=cst.Name(value=name) as target)
        ) if isinstance(line, cst.SimpleStatementLine):
            is_dummy = name == "_" and free and not any(body.reads(name))
            return _Held(free, line, (instead(target, free),)) if is_dummy else _Held(name, line)
        case cst.Attribute(attr=method) if free:
            return _without_method(body, call, method.value, free)
    return None


def _without_method(body: Body, call: "Call", method: str, name: str) -> _Held | None:
    """`name = create_task(...)` and `name.method(argument)` for `create_task(...).method(argument)`."""
    attribute = body.parent(call)
    whole = body.parent(attribute) if attribute is not None else None
    statement = body.parent(whole) if whole is not None else None
    line = body.parent(statement) if statement is not None else None
    match whole:
        case cst.Call(args=[cst.Arg(value=argument, keyword=None, star="")]) if isinstance(statement, cst.Expr):
            if isinstance(line, cst.SimpleStatementLine):
                changes = before(line, f"{name} = "), instead(whole, call)
                return _Held(name, line, changes, (f"{name}.{method}(", argument, ")"))
    return None


# what keeps it


def _new_keeper(body: Body) -> _Keeper | None:
    spelling = spelled(body, "asyncio", "Task", at_the_top=True)
    pairs = zip(_SETS, _CALLBACKS, strict=True)
    free = next((pair for pair in pairs if all(is_free(body, name) for name in pair)), None)
    if spelling is None or free is None:
        return None
    tasks, callback = free
    definition = _DEFINITION.format(tasks=tasks, callback=callback, task=spelling.code)
    return _Keeper(tasks, callback, (definition,), spelling.imports)


def _known_keeper(body: Body) -> _Keeper | None:
    """What other code of the object, or else of the file, keeps its tasks with, if it serves any task."""
    adding = (call for call in body.facts.calls if call.last_name == "add_done_callback" and len(call.arguments) == 1)
    known = [keeper for call in adding for keeper in _keepers(body, call)]
    return min(known, key=lambda keeper: "." not in keeper.tasks, default=None)


def _keepers(body: Body, adding: CallFacts) -> Iterator[_Keeper]:
    callback = adding.arguments[0]
    owner, _, method = callback.rpartition(".")
    if method == "discard" and _is_lasting_set(body, adding.scope, owner):
        yield _Keeper(owner, callback)
    function = body.evaluate(adding.scope, callback)
    if not isinstance(function, Function) or body.evaluate(body.scope, callback) != function:
        return
    calls = [call for call in body.facts.calls if function == Function(body.facts.path, call.scope)]
    if all(call.last_name in _OF_ANY_TASK for call in calls):
        sets = (call.callee.rpartition(".")[0] for call in calls if call.last_name == "discard")
        yield from (_Keeper(tasks, callback) for tasks in sets if _is_lasting_set(body, function.scope, tasks))


def _is_lasting_set(body: Body, scope: int, code: str) -> bool:
    """Is it a set of the module or of an object, and the same one here and in another scope of the file?"""
    there, here = (place_of(body.project, body.facts.path, at, code) for at in (scope, body.scope))
    if here is None or here != there or here.path != body.facts.path:
        return False
    kind = body.facts.scopes[here.scope].kind
    values = [way.assigned or way.value for way in bindings(body.project, here)]
    return kind in (ScopeKind.MODULE, ScopeKind.CLASS) and bool(values) and all(v == "set()" for v in values)
