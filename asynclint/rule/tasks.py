"""Calls that start work in the background and give the only handle on it: tasks and futures of asyncio."""

from collections.abc import Iterator
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Entity, Function, Instance, Named
from asynclint.facts.names import Binding, Bound, arms
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.places import bindings, place_of
from asynclint.rule.wants import Want, used_calls

if TYPE_CHECKING:
    from libcst import Arg, BaseExpression, Call, CSTNode

    from asynclint.rule.places import Place


class Kind(Enum):
    """What a call gives that starts something."""

    TASK = "task"
    GROUPED = "future of several"  # `gather`, which the tasks it makes hold as it holds them
    SHIELDED = "future around a task"
    THREADSAFE = "future for another thread"
    EXECUTOR = "future of a thread or process"


_LOOPS = frozenset(
    {
        *(f"asyncio.{name}EventLoop" for name in ("Abstract", "Base", "Selector", "Proactor")),
        *("asyncio.EventLoop", "uvloop.Loop"),
    }
)
_KINDS = {
    "asyncio.create_task": Kind.TASK,
    "asyncio.ensure_future": Kind.TASK,
    "asyncio.Task": Kind.TASK,
    **{f"{loop}.create_task": Kind.TASK for loop in _LOOPS},
    **{f"{loop}.run_in_executor": Kind.EXECUTOR for loop in _LOOPS},
    "asyncio.gather": Kind.GROUPED,
    "asyncio.shield": Kind.SHIELDED,
    "asyncio.run_coroutine_threadsafe": Kind.THREADSAFE,
}
_COROUTINES = frozenset({"typing.Coroutine", "collections.abc.Coroutine", "types.CoroutineType"})
_TAKING_FUTURES = frozenset({"asyncio.ensure_future", "asyncio.shield"})
_OF_LOOPS = {"create_task": Kind.TASK, "run_in_executor": Kind.EXECUTOR}
_FUTURES = frozenset({"asyncio.Task", "asyncio.Future", "concurrent.futures.Future"})


class Started(Struct, frozen=True):
    """Work that a call starts: its kind, and the expression of what runs, None for several."""

    kind: Kind
    work: "BaseExpression | None"


def starting() -> Want:
    """Bodies with a call that may start work in the background, and that is not awaited, given back or handed on."""
    return used_calls([*_KINDS, *_OF_LOOPS], Use.OTHER, Use.STATEMENT, Use.ASSIGNED, Use.STORED, Use.COLLECTED)


def started(body: Body, call: "Call") -> Started | None:
    """What a call starts, None when it is not known to start anything, or gives what exists already."""
    callee, arguments = _unwrapped(body, call)
    kind = _KINDS.get(body.name_of(callee)) or _of_loop(body, callee)
    if kind is Kind.EXECUTOR:
        return Started(kind, arguments[1].value) if len(arguments) > 1 else None
    if kind is Kind.GROUPED:
        is_for_threads = _never_runs(body, call) or any(map(partial(_is_plain, body), arguments))
        return Started(kind, None) if arguments and not is_for_threads else None
    work = arguments[0].value if arguments and not arguments[0].star else None
    if kind is None or work is None or _exists_already(body, callee, work) or _keeps_itself(body, work):
        return None
    return Started(kind, work) if kind is not Kind.SHIELDED or body.coroutine_of(work) else None


def _unwrapped(body: Body, call: "Call") -> "tuple[BaseExpression, list[Arg]]":
    """What is called with which arguments, `create_task` and `work()` in `partial(create_task, work())()` too."""
    match call.func:
        case cst.Call(func=func, args=[first, *bound]) if body.name_of(func) == "functools.partial":
            return first.value, [*bound, *call.args]
    return call.func, list(call.args)


def _exists_already(body: Body, callee: "BaseExpression", work: "BaseExpression") -> bool:
    """Is a future given, or with `ensure_future` what may be one?"""
    kind = body.type_of(work)
    if kind in _COROUTINES or isinstance(work, cst.Call) or body.coroutine_of(work):
        return kind in _FUTURES
    return kind in _FUTURES or body.name_of(callee) in _TAKING_FUTURES


def _never_runs(body: Body, call: "Call") -> bool:
    """Does it stand under `if not IS_SYNC`, where that is True?"""
    below: CSTNode = call
    for above in body.ancestors(call):
        match above:
            case cst.If(test=cst.UnaryOperation(operator=cst.Not(), expression=cst.Name() as flag)):
                if below is above.body and body.name_of(flag) == "builtins.True":
                    return True
        below = above
    return False


def _is_plain(body: Body, argument: "Arg") -> bool:
    """Is it the result of a plain function of the project, as in code that also exists for threads?"""
    value = argument.value.elt if isinstance(argument.value, cst.BaseSimpleComp) else argument.value
    callee = body.resolve(value.func) if isinstance(value, cst.Call) else None
    return isinstance(callee, Function) and body.coroutine_of(value) is None and body.project.is_plain(callee)


def _keeps_itself(body: Body, work: "BaseExpression") -> bool:
    """Does the coroutine ask for its own task, which it then may keep?"""
    coroutine = body.coroutine_of(work)
    function = coroutine.of if isinstance(coroutine, Coroutine) else None
    module = body.project.module(function.path) if isinstance(function, Function) else None
    if module is None or not isinstance(function, Function):
        return False
    asking = (call for call in module.calls if call.scope == function.scope and call.last_name == "current_task")
    return any(body.project.call(module.path, call) == Named("asyncio.current_task") for call in asking)


# loops


def _of_loop(body: Body, callee: "BaseExpression") -> Kind | None:
    """What `loop.create_task` gives, of a loop that is given or else made: `self.loop = loop or get_event_loop()`."""
    match callee:
        case cst.Attribute(value=receiver, attr=cst.Name(value=name)) if name in _OF_LOOPS:
            known = body.resolve(receiver) is not None
            place = None if known else place_of(body.project, body.facts.path, *body.code_at(receiver))
            return _OF_LOOPS[name] if place is not None and _is_loop(body, place) else None
    return None


def _is_loop(body: Body, place: "Place") -> bool:
    known = [entity for entity in _meanings(body, place) if entity is not None]
    return bool(known) and all(_makes_loop(entity) for entity in known)


def _meanings(body: Body, place: "Place") -> Iterator[Entity | None]:
    """What a variable or attribute is bound to, one way at a time."""
    for way in bindings(body.project, place):
        if way.bound is Bound.VALUE:
            yield from (body.project.evaluate(place.path, way.scope, arm) for arm in arms(way.value))
        elif way.bound in (Bound.PARAMETER, Bound.ANNOTATION):
            yield body.project.annotated(place.path, _outside(body, place, way), way.value)


def _outside(body: Body, place: "Place", way: Binding) -> int:
    """The scope in which an annotation is read."""
    module = body.project.module(place.path)
    return module.scopes[way.scope].parent if module and way.bound is Bound.PARAMETER else way.scope


def _makes_loop(entity: Entity) -> bool:
    return isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in _LOOPS
