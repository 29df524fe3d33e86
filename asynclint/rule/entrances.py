"""How the event loop comes to a coroutine function: from what starts a coroutine of its own, down through awaits."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Entity, Function, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.project import Project
from asynclint.rule.deadlines import limits_somewhere

_DEEPEST = 6
_RUNNING = frozenset({"asyncio.run", "asyncio.Runner.run", "anyio.run", "uvloop.run"})
_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_SERVERS = frozenset({"asyncio.start_server"})
_TOGETHER = frozenset({"asyncio.gather", "asyncio.shield", "asyncio.TaskGroup.create_task"})
_ROUTERS = frozenset(
    {
        "aiohttp.web.RouteTableDef",
        "fastapi.APIRouter",
        "fastapi.FastAPI",
        "starlette.applications.Starlette",
        "starlette.routing.Router",
    }
)
_VERBS = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "route", "view"})
_ROUTES = frozenset(
    {
        *(f"aiohttp.web.{verb}" for verb in _VERBS),
        *(f"aiohttp.web_urldispatcher.UrlDispatcher.add_{verb}" for verb in _VERBS),
        *(f"{router}.add_{kind}" for router in _ROUTERS for kind in ("route", "api_route")),
        "starlette.routing.Route",
    }
)


class Kind(StrEnum):
    """What starts a coroutine."""

    PROGRAM = "program"
    TASK = "task"  # in the background: nobody waits for it there
    CONNECTION = "connection"
    REQUEST = "request"


class Step(Struct, frozen=True):
    """A call, or a definition with a decorator, on the way: what is said of it, and where it is, 0-based."""

    message: str
    path: str
    line: int
    column: int


class Entrance(Struct, frozen=True):
    """A way to a function on which no function limits the time: what starts it, and the steps, the lowest first."""

    kind: Kind
    starter: str  # as the user writes it
    function: str  # what it starts
    steps: tuple[Step, ...]


def entrances(project: Project, function: Function) -> Iterator[Entrance]:
    """The ways to a function in its own file, shortest first."""
    layer: list[tuple[Function, tuple[Step, ...]]] = [(function, ())]
    seen = {function}
    for _ in range(_DEEPEST):
        above = []
        for current, steps in layer:
            yield from (_with(found, steps) for found in _started(project, current))
            for caller, step in _callers(project, current):
                if caller not in seen and not limits_somewhere(project, caller):
                    seen.add(caller)
                    above.append((caller, (*steps, step)))
        layer = above


def serves(project: Project, function: Function) -> bool:
    """Is a function run for each connection of a server?"""
    return any(found.kind is Kind.CONNECTION for found in _handed(project, function))


def _with(entrance: Entrance, steps: tuple[Step, ...]) -> Entrance:
    return Entrance(entrance.kind, entrance.starter, entrance.function, (*steps, *entrance.steps))


def _started(project: Project, function: Function) -> Iterator[Entrance]:
    """The ways in which a function itself is started."""
    module = project.module(function.path)
    if module is None:
        return
    yield from _routed(project, module, function)
    if not project.is_plain(function):
        return
    yield from _handed(project, function)
    for site in project.call_sites(function):
        outer = module.calls[site.inside] if site.inside >= 0 else None
        callee = project.call(module.path, outer) if outer else None
        kind = _starting(callee, outer) if outer else None
        if outer and kind:
            yield _entrance(module, function, kind, outer)


def _starting(callee: Entity | None, outer: CallFacts) -> Kind | None:
    name = callee.name if isinstance(callee, Named) else ""
    if name in _RUNNING or name.endswith("Loop.run_until_complete"):
        return Kind.PROGRAM
    is_task = name in _TASKS or name.endswith("Loop.create_task")
    return Kind.TASK if is_task and outer.use in (Use.STATEMENT, Use.STORED) else None


def _routed(project: Project, module: ModuleFacts, function: Function) -> Iterator[Entrance]:
    scope = module.scopes[function.scope]
    for code in scope.function.decorators if scope.function else ():
        decorator = project.evaluate(module.path, scope.parent, code.removesuffix("()"))
        router, _, verb = decorator.name.rpartition(".") if isinstance(decorator, Named) else ("", "", "")
        if router in _ROUTERS and verb in _VERBS:
            step = Step("it is run for each request", module.path, scope.line, scope.column)
            yield Entrance(Kind.REQUEST, code.removesuffix("()"), scope.qualname, (step,))


def _handed(project: Project, function: Function) -> Iterator[Entrance]:
    """Where a function is given away to be run for each connection or request, or as the program."""
    module, name = project.module(function.path), project.scope(function).name
    for call in module.calls if module else ():
        if module and any(_last(argument) == name for argument in call.arguments):
            callee = project.call(module.path, call)
            kind = _KINDS.get(callee.name) if isinstance(callee, Named) else None
            codes = (argument.rpartition("=")[2] for argument in call.arguments)
            if kind and any(project.evaluate(module.path, call.scope, code) == function for code in codes):
                yield _entrance(module, function, kind, call)


_KINDS = {
    **dict.fromkeys(_SERVERS, Kind.CONNECTION),
    **dict.fromkeys(_ROUTES, Kind.REQUEST),
    "anyio.run": Kind.PROGRAM,
}


def _last(argument: str) -> str:
    return argument.rpartition("=")[2].rpartition(".")[2]


def _entrance(module: ModuleFacts, function: Function, kind: Kind, call: CallFacts) -> Entrance:
    name = module.scopes[function.scope].qualname
    message = f"`{call.callee}` is given `{name}` here"
    return Entrance(kind, call.callee, name, (Step(message, module.path, call.line, call.column),))


def _callers(project: Project, function: Function) -> Iterator[tuple[Function, Step]]:
    """The coroutine functions that await a function, each with the place."""
    module = project.module(function.path)
    if module is None or not project.is_plain(function):
        return
    for site in project.call_sites(function):
        outer = module.calls[site.inside] if site.inside >= 0 else None
        callee = project.call(module.path, outer) if outer else None
        is_together = isinstance(callee, Named) and callee.name in _TOGETHER
        if is_together if outer else site.use is Use.AWAITED:
            caller = module.scopes[module.executor(site.scope)]
            if caller.kind is ScopeKind.FUNCTION and caller.function and caller.function.is_async:
                step = Step(f"`{caller.qualname}` waits for it here", module.path, site.line, site.column)
                yield Function(module.path, module.executor(site.scope)), step
