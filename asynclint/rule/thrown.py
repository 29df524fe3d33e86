"""What a `raise` throws, told apart from a cancellation."""

from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Entity, Instance, Items, Named
from asynclint.facts.library import is_class
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import code_of

if TYPE_CHECKING:
    from libcst import BaseExpression

_CANCELLED = "asyncio.CancelledError"
_ENDING = frozenset({"builtins.SystemExit", "builtins.KeyboardInterrupt", "builtins.GeneratorExit"})
_MAY_BE_A_CANCELLATION = frozenset({_CANCELLED, "builtins.BaseException", "builtins.BaseExceptionGroup"})


def other_exception(body: Body, thrown: "BaseExpression") -> str:
    """The user's word for what is thrown, "" unless it is known to be neither a cancellation nor the program's end.

    A class that says it is a cancellation is taken for one: a library's own, raised on purpose.
    """
    entity = body.resolve(thrown)
    kind = entity.of if isinstance(entity, Instance) else entity
    if not isinstance(kind, Class | Named) or not _is_other(body, kind):
        return ""
    return body.project.qualname(kind).removeprefix("builtins.")


def _is_other(body: Body, kind: Class | Named) -> bool:
    lineage = body.project.lineage(kind) if isinstance(kind, Class) else (kind,)
    return all(base is not None and _is_other_name(body.project.qualname(base)) for base in lineage) and (
        isinstance(kind, Class) or is_class(kind.name)
    )


def _is_other_name(name: str) -> bool:
    return name not in _MAY_BE_A_CANCELLATION | _ENDING and "cancel" not in name.lower()


def raises_cancellation(body: Body) -> bool:
    """Does the body cancel itself, or raise a `CancelledError` of its own, having taken note of the one it caught?"""
    raised = (node.exc for node in body.nodes if isinstance(node, cst.Raise) and node.exc is not None)
    if any("CancelledError" in code_of(thrown) and not other_exception(body, thrown) for thrown in raised):
        return True
    cancels = (call.func for call in body.all_calls() if code_of(call.func).endswith(".cancel"))
    return any(_is_own_task(body, func.value) for func in cancels if isinstance(func, cst.Attribute))


def _is_own_task(body: Body, task: "BaseExpression") -> bool:
    if isinstance(task, cst.Name):
        codes = [binding.value for binding in body.here.names.get(task.value, ())]
        return any(code.endswith("current_task()") for code in codes)
    return isinstance(task, cst.Call) and body.name_of(task.func) == "asyncio.current_task"


def is_of_kind(body: Body, test: "BaseExpression", name: str) -> bool | None:
    """What `isinstance(name, ...)` answers for a cancellation that `name` holds, None when that is not known."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        opposite = is_of_kind(body, test.expression, name)
        return None if opposite is None else not opposite
    if not isinstance(test, cst.Call) or body.name_of(test.func) != "builtins.isinstance" or len(test.args) != 2:
        return None
    if code_of(test.args[0].value) != name:
        return None
    return _includes_cancellation(body, body.resolve(test.args[1].value))


def _includes_cancellation(body: Body, kind: Entity | None) -> bool | None:
    match kind:
        case Items(items=items):
            answers = {_includes_cancellation(body, item) for item in items}
            return True if True in answers else None if None in answers else False
        case Named(name=name) if name in _MAY_BE_A_CANCELLATION:
            return name != "builtins.BaseExceptionGroup"
        case Named(name=name) if name in _ENDING:
            return False
        case Class() | Named():
            return False if _is_other(body, kind) else None
    return None
