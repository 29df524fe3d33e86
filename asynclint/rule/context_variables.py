"""Context managers that reset a context variable when they are left, which only works in the context that set it."""

from collections.abc import Iterator

from asynclint.facts.calls import CallFacts
from asynclint.facts.entities import Class, Context, Entity, Function, Instance, Named
from asynclint.facts.project import Project

_VARIABLE = Instance(Named("contextvars.ContextVar"))
_ENTERING = frozenset({"enter_context", "enter_async_context"})
_DEEPEST = 4


def resets_variable(project: Project, entered: Entity | None, deepest: int = _DEEPEST) -> bool:
    """Does leaving what is entered give a token back, `variable.reset(token)`, itself or by what it enters in turn?"""
    match entered:
        case Instance(of=Class()):
            exits = (project.member(entered, name) for name in ("__exit__", "__aexit__"))
            return any(isinstance(exit_, Function) and _resets(project, exit_, deepest) for exit_ in exits)
        case Context(of=function) if deepest:
            inner = _entered_by(project, function)
            return _resets(project, function, deepest) or any(resets_variable(project, e, deepest - 1) for e in inner)
    return False


def _entered_by(project: Project, function: Function) -> Iterator[Entity | None]:
    """What a generator holds at its `yield`s, with what it has put on an exit stack."""
    codes = [code.rstrip("@!") for held in project.function(function).held for code in held if "@" in code]
    stacked = [
        call.arguments[0] for call in _calls(project, function) if call.last_name in _ENTERING and call.arguments
    ]
    return (project.evaluate(function.path, function.scope, code) for code in dict.fromkeys((*codes, *stacked)) if code)


def _resets(project: Project, function: Function, deepest: int) -> bool:
    """Does a function, or a method that it calls on the same object, reset a context variable?"""
    for call in _calls(project, function):
        if _is_reset(project, function, call):
            return True
        own = project.function(function).parameters[:1]
        if deepest and call.callee in [f"{first}.{call.last_name}" for first in own]:
            called = project.call(function.path, call)
            if isinstance(called, Function) and called != function and _resets(project, called, deepest - 1):
                return True
    return False


def _is_reset(project: Project, function: Function, call: CallFacts) -> bool:
    if call.last_name != "reset" or len(call.arguments) != 1:
        return False
    receiver = project.evaluate(function.path, call.scope, call.callee.rpartition(".")[0])
    return receiver == _VARIABLE or "token" in call.arguments[0].lower()


def _calls(project: Project, function: Function) -> list[CallFacts]:
    module = project.module(function.path)
    return module.calls_by_function().get(function.scope, []) if module is not None else []
