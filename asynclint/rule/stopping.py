"""Flags that say that a cancellation was meant: set where the task is cancelled, asked where the error arrives."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Function
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.changing import changes, home_scope
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import Attribute, BaseExpression, CSTNode, Name

_LEAVING = "Return", "Break", "Raise"


def asks_whether_to_stop(body: Body, test: "BaseExpression", handler: "CSTNode | None") -> bool:
    """Does a handler that may leave ask a flag which another function sets before it calls `cancel()`?"""
    if handler is None or not any(above is handler for above in body.ancestors(test)):
        return False
    leaves = any(type(node).__name__ in _LEAVING for node in walk(handler, own_children))
    return leaves and any(_is_set_by_canceller(body, flag) for flag in _flags(body, test))


def _flags(body: Body, test: "BaseExpression") -> "Iterator[Name | Attribute]":
    parts = (part for part in walk(test, own_children) if isinstance(part, cst.Name | cst.Attribute))
    return (part for part in parts if part is test or not isinstance(body.parent(part), cst.Attribute))


def _is_set_by_canceller(body: Body, flag: "Name | Attribute") -> bool:
    return any(_cancels(body, setter) for setter in _setters(body, flag) if setter != body.entity)


def _setters(body: Body, flag: "Name | Attribute") -> list[Function]:
    """The functions that set it; the one it belongs to only where it does so again after its first value."""
    functions = [change.function for change in changes(body, flag) or ()]
    if isinstance(flag, cst.Name):
        home = Function(body.facts.path, home_scope(body, flag.value))
        if functions.count(home) < 2:
            functions = [function for function in functions if function != home]
    return functions


def _cancels(body: Body, function: Function) -> bool:
    module = body.project.module(function.path)
    calls = module.calls_by_function().get(function.scope, ()) if module else ()
    return any(call.last_name == "cancel" for call in calls)
