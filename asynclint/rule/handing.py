"""How to hand plain code to a thread: what else it needs there, and what the thread's runner cannot pass on."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Function
from asynclint.facts.project import Project
from asynclint.facts.reach import Way
from asynclint.rule.body import Body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libcst import Arg

_RUNNERS = {"asyncio": "asyncio.to_thread", "anyio": "anyio.to_thread.run_sync"}
_WRITING = frozenset({"write_bytes", "write_text"})
_MAKING = frozenset({"__init__", "__post_init__"})  # nobody else has the object yet


def runner(body: Body) -> str:
    """What runs plain code in a thread, in terms of the library the body runs on."""
    return _RUNNERS[body.library]


def packing(body: Body, arguments: "Sequence[Arg]") -> str:
    """How to pack the arguments of a call that the runner does not take, "" where it takes all of them."""
    takes_all = body.library == "asyncio" or all(arg.keyword is None and arg.star != "**" for arg in arguments)
    return "" if takes_all else "in a `lambda`, as it passes no keyword arguments on"


def proviso(body: Body, entered: Function, way: Way) -> str:
    """What a function needs in a thread: it may share a file with others, or its object with coroutines."""
    owner = body.project.owner(entered)
    if owner is None and way.steps[-1].callee.rpartition(".")[2] in _WRITING:
        return "under a lock, as it writes a file"
    if owner is None or body.project.scope(entered).name in _MAKING:
        return ""
    changing = next((klass for klass in _lineage(body.project, owner) if _is_changed(body.project, klass)), None)
    if changing is None:
        return "if what it uses may be used there"
    return f"under a lock, with a copy of what coroutines of `{body.project.qualname(changing)}` change meanwhile"


def _lineage(project: Project, klass: Class) -> list[Class]:
    return [each for each in project.lineage(klass) if isinstance(each, Class)]


def _is_changed(project: Project, klass: Class) -> bool:
    """Does a coroutine of the class set an attribute of its object?"""
    module, facts = project.module(klass.path), project.scope(klass).klass
    ways = [way for ways in facts.attributes.values() for way in ways] if facts is not None else []
    setters = [module.scopes[module.executor(way.scope)].function for way in ways] if module is not None else []
    return any(function is not None and function.is_async for function in setters)
