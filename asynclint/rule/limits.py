"""What limits how much runs at once: semaphores, locks, pools and their like, found by type or by name."""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import TypeGuard

from asynclint.facts.calls import CallFacts, Use, WithFacts
from asynclint.facts.entities import Class, Context, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project

LIMITERS = frozenset(
    {
        "asyncio.Semaphore",
        "asyncio.BoundedSemaphore",
        "asyncio.Lock",
        "asyncio.Condition",
        "anyio.Semaphore",
        "anyio.Lock",
        "anyio.CapacityLimiter",
        "aiolimiter.AsyncLimiter",
    }
)
_SOUNDS_LIMITED = re.compile(
    r"(?<![a-z])sem(?!antic|ver)|(?<!de)limit|throttl|(?<![bc])lock(?!ing)|slot|pool|mutex|capacity|concurren|acquire|bounded"
    r"|parallelism|max_parallel|aiometer|batch|chunk|(?<![a-z])workers?(?![a-z])",
    re.IGNORECASE,
)
_SOUNDS_OFFLOADED = re.compile(r"executor|thread|process_pool", re.IGNORECASE)
_CLIENT_LIMITS = {"aiohttp.TCPConnector": ("limit", "limit_per_host"), "httpx.Limits": ("max_connections",)}
_CONSUMING = frozenset({"asyncio.Queue.get", "asyncio.Queue.join"})
_OUTSIDE = frozenset(
    {
        "api",
        "client",
        "conn",
        "connection",
        "database",
        "db",
        "http",
        "redis",
        "s3",
        "session",
        "socket",
        "websocket",
        "ws",
    }
)
_REACHING_OUT = frozenset(
    {
        "connect",
        "download",
        "execute",
        "executemany",
        "fetch",
        "fetchall",
        "fetchrow",
        "fetchval",
        "open",
        "query",
        "read",
        "readline",
        "recv",
        "request",
        "scrape",
        "send",
        "sendall",
        "upload",
        "urlopen",
        "write",
        "acall",
        "achat",
        "acomplete",
        "aembed",
        "agenerate",
        "ainvoke",
        "apredict",
        "aquery",
    }
)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_VERBS = "delete", "get", "head", "options", "patch", "post", "put", "request"
_CONNECTING = frozenset(
    {
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "asyncio.open_connection",
        "asyncio.open_unix_connection",
        *(f"{client}.{verb}" for client in ("aiohttp.ClientSession", "httpx.AsyncClient") for verb in _VERBS),
    }
)
_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep"})
_HARMLESS = frozenset(
    {
        "asyncio.Event.wait",
        "asyncio.Queue.put",
        "asyncio.as_completed",
        "asyncio.gather",
        "asyncio.shield",
        "asyncio.timeout",
        "asyncio.timeout_at",
        "asyncio.wait",
        "asyncio.wait_for",
        "async_timeout.timeout",
    }
)
_DEEPEST = 3


class Workload(IntEnum):
    """What one call of a coroutine function costs while it waits; the largest of its parts counts."""

    IDLE = 0  # computes, or waits for nothing that is known to lie outside the program
    BUSY = 1  # waits for a connection, a file, a query, a clock: and nothing in sight limits how many do
    LIMITED = 2


def sounds_limited(text: str) -> bool:
    """Does a name or an expression speak of a limit: `self._semaphore`, `max_concurrency`, `pool`?"""
    return _SOUNDS_LIMITED.search(text) is not None


def is_limiter(project: Project, entity: Entity | None) -> bool:
    """Is it a semaphore, lock or capacity limiter of a known library, or what the user declares to be one?"""
    if isinstance(entity, Instance) and isinstance(entity.of, Named) and entity.of.name in LIMITERS:
        return True
    made = entity.of if isinstance(entity, Instance | Coroutine | Context) else entity
    return made is not None and _is_declared(project, project.dotted_names(made))


def limits_in(project: Project, module: ModuleFacts, scope: int) -> bool:
    """Does a function enter or call what the user declares to limit, or does such a thing stand on it?"""
    if project.declarations.limiters.is_empty:
        return False
    entered = [(item.scope, item.item) for item in module.withs if module.executor(item.scope) == scope]
    called = [(call.scope, call.callee) for call in module.calls if module.executor(call.scope) == scope]
    if any(is_limiter(project, project.evaluate(module.path, *each)) for each in (*entered, *called)):
        return True
    is_function = module.scopes[scope].function is not None
    names = project.decorator_names(Function(module.path, scope)) if is_function else ()
    return any(_is_declared(project, (name,)) for name in names)


def _is_declared(project: Project, names: Iterable[str]) -> bool:
    """Does the user declare one of these names to limit, or the class whose method it is?"""
    asked = [each for name in names for each in (name, name.rpartition(".")[0])]
    return project.declarations.limiters.of(asked) is not None


def workload(
    project: Project, function: Function | Named, receiver: Class | None = None, depth: int = _DEEPEST
) -> Workload:
    """What a coroutine function does, followed through the coroutine functions of the project that it calls.

    `receiver` is the class of the object it is called on, where that is known: it may override what it inherits.
    """
    if isinstance(function, Named):
        return Workload.BUSY if connects(function) else Workload.IDLE
    module = project.module(function.path)
    if module is None:
        return Workload.BUSY
    if limits_in(project, module, function.scope):
        return Workload.LIMITED
    parts = (*_of_withs(project, module, function), *_of_calls(project, module, function, receiver, depth))
    return max(parts, default=Workload.IDLE)


def connects(entity: Entity) -> TypeGuard[Named]:
    """Is it something outside the project that opens a connection or a process each time it is called?"""
    return isinstance(entity, Named) and entity.name in _CONNECTING


def limits_a_client(project: Project, module: ModuleFacts, scopes: Iterable[int]) -> bool:
    """Is a client made in one of these scopes whose number of connections was chosen?"""
    chosen = frozenset(scopes)
    return any(_limits_a_client(project, module.path, call) for call in module.calls if call.scope in chosen)


def _limits_a_client(project: Project, path: str, call: CallFacts) -> bool:
    callee = project.call(path, call)
    wanted = _CLIENT_LIMITS.get(callee.name, ()) if isinstance(callee, Named) else ()
    return any(argument.partition("=")[0] in wanted for argument in call.arguments)


def _of_withs(project: Project, module: ModuleFacts, function: Function) -> Iterator[Workload]:
    for item in module.withs:
        if item.is_async and module.executor(item.scope) == function.scope:
            yield _of_with(project, module.path, item)


def _of_with(project: Project, path: str, item: WithFacts) -> Workload:
    if is_limiter(project, project.evaluate(path, item.scope, item.item)):
        return Workload.LIMITED
    called = project.evaluate(path, item.scope, item.item.removesuffix("()"))
    return _by_name(called.name if isinstance(called, Named) else item.item, item.item)


def _of_calls(
    project: Project, module: ModuleFacts, function: Function, receiver: Class | None, depth: int
) -> Iterator[Workload]:
    own = next(iter(project.function(function).parameters), "") if receiver else ""
    for call in module.calls:
        if module.executor(call.scope) == function.scope:
            is_own = own != "" and call.callee == f"{own}.{call.last_name}"
            yield _of_call(project, module.path, call, receiver if is_own else None, depth)


def _of_call(project: Project, path: str, call: CallFacts, receiver: Class | None, depth: int) -> Workload:
    found = project.member(Instance(receiver), call.last_name) if receiver else None
    callee = found if isinstance(found, Function) else project.call(path, call)
    if isinstance(callee, Function) and isinstance(project.result(callee), Coroutine):
        klass = receiver or class_of(project, path, call.scope, call.callee)
        deeper = workload(project, callee, klass, depth - 1) if depth else Workload.IDLE
        return Workload.LIMITED if sounds_limited(call.callee) else deeper
    if call.use is not Use.AWAITED:
        return Workload.IDLE
    if isinstance(callee, Named) and callee.name in _SLEEPS:
        return Workload.IDLE if call.arguments[:1] == ("0",) else Workload.BUSY
    return _by_name(callee.name if isinstance(callee, Named) else call.callee, call.callee)


def class_of(project: Project, path: str, scope: int, callee: str) -> Class | None:
    """The class of the object whose method is called."""
    owner = project.evaluate(path, scope, callee.rpartition(".")[0])
    return owner.of if isinstance(owner, Instance) and isinstance(owner.of, Class) else None


def _by_name(name: str, written: str) -> Workload:
    """By the documented name of what is called, and the way it is written."""
    if name in _CONSUMING or sounds_limited(name):
        return Workload.LIMITED
    if name in _HARMLESS or _SOUNDS_OFFLOADED.search(name):
        return Workload.IDLE
    return Workload.BUSY if _reaches_out(name, written) else Workload.IDLE


def _reaches_out(name: str, written: str) -> bool:
    """Is it called on a client or a connection, or by a name that says what it does: `download_file`?

    Of a documented name only the class says so: the word in the name of a package is about all there is in it.
    """
    receiver, _, method = name.removesuffix("()").rpartition(".")
    verbs = [word for word in _WORD.findall(method) if word != "async"]
    klass = receiver.rpartition(".")[2]
    owners = (klass if klass[:1].isupper() else "", written.removesuffix("()").rpartition(".")[0])
    words = (word.lower() for owner in owners for word in _WORD.findall(owner))
    return verbs[:1] != [] and (verbs[0] in _REACHING_OUT or any(word in _OUTSIDE for word in words))
