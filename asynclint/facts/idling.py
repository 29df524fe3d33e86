"""Loops that may turn without waiting, or do nothing else than wait for the next turn, judged by their statements."""

import ast
from collections.abc import Iterable
from typing import NamedTuple

from asynclint.facts.trees import walk

_CHANGING = ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda
_REFUSING = frozenset({"get_nowait", "put_nowait"})


class _Ways(NamedTuple):
    """Whether a piece of code may come to its end, and to a `continue`, without having waited or changed anything."""

    falls: bool = False
    continues: bool = False


def may_idle(loop: ast.While) -> bool:
    """May all stay as it was in a turn of a loop, as `asynclint.rule.standstill` says, or does it only await a call?

    What its calls do is not asked, and every condition may hold or not.
    """
    return not _changes(loop.test) and (_only_awaits(loop) or any(_through(loop.body)))


def _only_awaits(loop: ast.While) -> bool:
    match [each for each in loop.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]:
        case [ast.Expr(value=ast.Await(value=ast.Call()))]:
            return not isinstance(loop.test, ast.Constant)
    return False


def _changes(node: ast.AST) -> bool:
    return any(isinstance(inner, _CHANGING) for inner in walk(node))


def _through(block: Iterable[ast.stmt]) -> _Ways:
    continues = False
    for statement in block:
        ways = _of(statement)
        continues |= ways.continues
        if not ways.falls:
            return _Ways(continues=continues)
    return _Ways(falls=True, continues=continues)


def _of(statement: ast.stmt) -> _Ways:
    match statement:
        case ast.Continue():
            return _Ways(continues=True)
        case ast.Pass():
            return _Ways(falls=True)
        case ast.Expr(value=value) | ast.AugAssign(target=ast.Name(), value=value):
            return _Ways(falls=not _changes(value))
        case ast.Assign(targets=targets, value=value) if all(isinstance(target, ast.Name) for target in targets):
            return _Ways(falls=not _changes(value))
        case ast.While(test=test, orelse=orelse):
            return _Ways(falls=not _changes(test), continues=_through(orelse).continues)
        case ast.If(test=test, body=body, orelse=orelse) if not _changes(test):
            return _either([_through(body), _through(orelse)])
        case ast.Match(subject=subject, cases=cases) if not _changes(subject):
            return _either([_Ways(falls=True), *(_through(case.body) for case in cases)])
        case ast.Try() | ast.TryStar():
            return _of_try(statement)
    return _Ways()


def _of_try(node: ast.Try | ast.TryStar) -> _Ways:
    final = _through(node.finalbody)
    ways = [_through([*node.body, *node.orelse])]
    if any(isinstance(inner, ast.Attribute) and inner.attr in _REFUSING for part in node.body for inner in walk(part)):
        ways += [_through(handler.body) for handler in node.handlers]
    falls, continues = _either(ways)
    return _Ways(falls and final.falls, (continues and final.falls) or final.continues)


def _either(ways: Iterable[_Ways]) -> _Ways:
    return _Ways(*map(any, zip(*ways, strict=True)))
