"""What a coroutine waits for at another machine, for as long as that takes."""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.calls import Use
from asynclint.facts.entities import Coroutine, Function, Named
from asynclint.facts.names import Binding, Bound, callee_of, chain
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.deadlines import limits_somewhere
from asynclint.rule.entrances import serves
from asynclint.rule.places import Place, bindings, given_to, place_of
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import Call, CSTNode

READS = frozenset({"read", "readexactly", "readline", "readuntil"})
QUEUE = "asyncio.Queue.get"
_STREAMS = "asyncio.open_connection"
_LOOPS = "asyncio.AbstractEventLoop", "asyncio.BaseEventLoop"
_OPENINGS = frozenset({_STREAMS, "anyio.connect_tcp", *(f"{loop}.create_connection" for loop in _LOOPS)})
_RECEIVING = frozenset(f"{loop}.{method}" for loop in _LOOPS for method in ("sock_recv", "sock_recv_into"))
# Clients that wait without end unless they are told otherwise, with the argument that does.
_CLIENTS = {
    "aio_pika.connect": "timeout",
    "aio_pika.connect_robust": "timeout",
    "aiomysql.connect": "connect_timeout",
}
WAITS = frozenset({QUEUE, *_OPENINGS, *_RECEIVING, *_CLIENTS})
_DEEPEST = 4


class What(StrEnum):
    """What is waited for."""

    CONNECTION = "connection"
    DATA = "data"  # of a connection made here
    REQUEST = "request"  # data of a client that has connected
    ITEM = "item"


class Wait(Struct, frozen=True):
    """A wait without a timeout of its own.

    `option` is the argument that would give it one, `stream` what is read, `end` where in another file it waits, with
    the name of what is called there, and the name of what is waited for.
    """

    node: "CSTNode"
    what: What
    option: str = ""
    stream: str = ""
    end: "End | None" = None


class End(Struct, frozen=True):
    """A call in another file that opens a connection: what is called, and where, 0-based."""

    callee: str
    path: str
    line: int
    column: int


class _Origin(StrEnum):
    CLIENT = "client"
    SERVER = "server"
    UNKNOWN = "unknown"


def waits(body: Body) -> Iterator[Wait]:
    """The waits for others in a body, wherever they stand."""
    for node in body.nodes:
        match node:
            case cst.Await(expression=cst.Call() as call):
                yield from _of_call(body, call)
            case cst.For(asynchronous=cst.Asynchronous(), iter=iterable):
                what = _data_of(body, code_of(iterable))
                if what is not None:
                    yield Wait(iterable, what, stream=code_of(iterable))


def _of_call(body: Body, call: "Call") -> Iterator[Wait]:
    name = body.name_of(call.func)
    if name == QUEUE:
        yield Wait(call, What.ITEM)
    elif name in _CLIENTS:
        if not any(a.star == "**" or (a.keyword and "timeout" in a.keyword.value) for a in call.args):
            yield Wait(call, What.CONNECTION, _CLIENTS[name])
    elif name in _OPENINGS:
        if not any(a.keyword and a.keyword.value == "sock" for a in call.args):  # which is connected
            yield Wait(call, What.CONNECTION)
    elif name in _RECEIVING:
        yield Wait(call, What.DATA)
    elif isinstance(call.func, cst.Attribute) and call.func.attr.value in READS:
        what = _data_of(body, code_of(call.func.value))
        if what is not None:
            yield Wait(call, what, stream=code_of(call.func.value))
    else:
        made = body.coroutine_of(call)
        function = made.of if made is not None and isinstance(made.of, Function) else None
        if function is not None and function.path != body.facts.path and (end := opened_by(body.project, function)):
            yield Wait(call, What.CONNECTION, end=end)


@lru_cache(maxsize=4096)
def opened_by(project: Project, function: Function, deepest: int = _DEEPEST) -> End | None:
    """Where a coroutine function opens a connection, itself or by what it awaits, without any limit of time."""
    module = project.module(function.path)
    if module is None or not deepest or not project.is_plain(function) or limits_somewhere(project, function):
        return None
    for call in module.calls:
        if call.use is Use.AWAITED and module.executor(call.scope) == function.scope:
            callee = project.call(module.path, call)
            has_socket = any(argument.startswith("sock=") for argument in call.arguments)  # which is connected
            if isinstance(callee, Named) and callee.name in _OPENINGS and not has_socket:
                return End(call.callee, module.path, call.line, call.column)
            made = project.called(module.path, call)
            if isinstance(made, Coroutine) and isinstance(made.of, Function):
                end = opened_by(project, made.of, deepest - 1)
                if end is not None:
                    return end
    return None


def chosen_streams(body: Body) -> frozenset[str]:
    """The streams of which some reads are limited by `wait_for`, so that others are not on purpose."""
    return frozenset(
        code_of(inner.func.value)
        for call in body.calls("asyncio.wait_for")
        for inner in (argument.value for argument in call.args[:1])
        if isinstance(inner, cst.Call) and isinstance(inner.func, cst.Attribute) and inner.func.attr.value in READS
    )


def _data_of(body: Body, code: str) -> What | None:
    """What a stream gives: data of a server or of a client, None when it is not known to be of the network."""
    place = place_of(body.project, body.facts.path, body.scope, code) if code else None
    origins = set(_origins(body.project, place, {place})) if place else set()
    if not origins or _Origin.UNKNOWN in origins:
        return None
    return What.REQUEST if _Origin.SERVER in origins else What.DATA


def _origins(project: Project, place: Place, seen: set[Place]) -> Iterator[_Origin]:
    for binding in bindings(project, place):
        value = binding.assigned if binding.bound is Bound.ANNOTATION else binding.value
        match binding.bound:
            case Bound.VALUE | Bound.ANNOTATION if value in ("", "None"):
                if binding.bound is Bound.VALUE and not value:
                    yield _Origin.UNKNOWN
            case Bound.VALUE | Bound.ANNOTATION:
                if _is_opened(project, place.path, binding, value):
                    yield _Origin.CLIENT
                else:
                    yield from _of_place(project, place_of(project, place.path, binding.scope, value), seen)
            case Bound.PARAMETER:
                yield from _of_parameter(project, place, binding, seen)
            case _:
                yield _Origin.UNKNOWN


def _of_place(project: Project, place: Place | None, seen: set[Place]) -> Iterator[_Origin]:
    if place is None:
        yield _Origin.UNKNOWN
    elif place not in seen:
        seen.add(place)
        yield from _origins(project, place, seen)


def _of_parameter(project: Project, place: Place, binding: Binding, seen: set[Place]) -> Iterator[_Origin]:
    function = Function(place.path, place.scope)
    first = 0 if project.owner(function) is None or "staticmethod" in project.function(function).decorators else 1
    is_served = binding.target == first and serves(project, function)
    given = list(given_to(project, place, function))
    if is_served:
        yield _Origin.SERVER
    elif not given:
        yield _Origin.UNKNOWN
    for each in given:
        yield from _of_place(project, each, seen)


def _is_opened(project: Project, path: str, binding: Binding, code: str) -> bool:
    """Is it the reader of `reader, writer = await open_connection(...)`, in a `wait_for` or not?"""
    made, taken = chain(code)[:-2], chain(code)[-2:]
    if taken != ("!", "[0]") or not made:
        return False
    called = project.evaluate(path, binding.scope, callee_of("".join(made)))
    if called == Named("asyncio.wait_for"):
        inner = made[-1].removeprefix("()<").removesuffix(">")
        called = project.evaluate(path, binding.scope, callee_of(inner))
    return called == Named(_STREAMS)
