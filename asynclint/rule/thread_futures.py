"""Code that may ask the future of a thread for its result."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Named
from asynclint.facts.project import Project
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import call_name, code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode

_ASKING = frozenset({"result", "exception", "as_completed", "results"})
_OF_TASKS = frozenset({"asyncio.Task", "asyncio.Future"})
_ERROR = Named("concurrent.futures.CancelledError")
_DEEPEST = 3


def may_ask_threads(body: Body, block: "CSTNode") -> bool:
    """May it raise `concurrent.futures.CancelledError`: by its own hand, by asking a future, or in what it calls?

    Only a future that is known to be of asyncio asks no thread. Awaiting an unknown object is believed to ask none,
    except in a file that makes such errors itself.
    """
    if _makes_such_errors(body):
        return True
    for node in walk(block, own_children):
        if isinstance(node, cst.Raise) and node.exc is not None and "Cancel" in body.text(node.exc):
            return True
        if isinstance(node, cst.Call) and (_asks(body, node) or _is_given_functions(body, node)):
            return True
    return False


def _makes_such_errors(body: Body) -> bool:
    """Does its file derive a class from the error of threads, or call one to raise it?"""
    scopes = range(len(body.facts.scopes))
    classes = [Class(body.facts.path, n) for n in scopes if body.facts.scopes[n].klass is not None]
    if any(_ERROR in body.project.lineage(klass) for klass in classes):
        return True
    calls = (body.project.call(body.facts.path, call) for call in body.facts.calls if "Cancel" in call.last_name)
    return any(
        callee == _ERROR or (isinstance(callee, Class) and _ERROR in body.project.lineage(callee)) for callee in calls
    )


def _asks(body: Body, call: "Call") -> bool:
    callee = body.resolve(call.func)
    if isinstance(callee, Named) and callee.name.startswith("concurrent.futures."):
        return True
    if call_name(call) in _ASKING:
        return not _is_of_tasks(body, call)
    return isinstance(callee, Function) and _may_ask(body.project, callee, _DEEPEST)


def _is_of_tasks(body: Body, call: "Call") -> bool:
    name = body.name_of(call.func)
    if name.startswith("asyncio."):
        return True
    if not isinstance(call.func, cst.Attribute):
        return False
    owner = call.func.value
    if body.type_of(owner) in _OF_TASKS:
        return True
    # `log.exception("...")` asks nobody
    return call_name(call) == "exception" and any(isinstance(a.value, cst.BaseString) for a in call.args)


def _is_given_functions(body: Body, call: "Call") -> bool:
    """Is it given a function of the project that asks threads?"""
    if _starts_a_thread(body, call):
        return False  # asyncio translates the error on its way back
    given = (body.resolve(argument.value) for argument in call.args if code_of(argument.value))
    return any(isinstance(entity, Function) and _may_ask(body.project, entity, _DEEPEST) for entity in given)


def _starts_a_thread(body: Body, call: "Call") -> bool:
    return call_name(call) == "run_in_executor" or body.name_of(call.func) == "asyncio.to_thread"


def _may_ask(project: Project, function: Function, deepest: int) -> bool:
    """Does the function ask a future of whatever kind, some calls away?"""
    module = project.module(function.path)
    if module is None or not deepest:
        return False
    for call in module.calls:
        if module.executor(call.scope) == function.scope:
            if call.last_name in _ASKING - {"exception"} and not _is_known(project.call(module.path, call)):
                return True
            callee = project.call(module.path, call)
            if isinstance(callee, Function) and callee != function and _may_ask(project, callee, deepest - 1):
                return True
    return False


def _is_known(callee: Entity | None) -> bool:
    return isinstance(callee, Coroutine | Instance) or (
        isinstance(callee, Named) and callee.name.startswith("asyncio.")
    )
