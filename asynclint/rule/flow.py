"""The paths through a body: in which states every kind of exit is reached.

A rule chooses a small finite set of states ("item taken", "task_done called", ...) and says what one node does to
one state; `explore` follows every path through branches, loops, `try`, `with` and `match`, and answers exactly.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from asynclint.rule import nodes as cst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Handler = cst.ExceptHandler | cst.ExceptStarHandler
    Statement = cst.BaseStatement | cst.BaseSmallStatement

S = TypeVar("S", bound=Hashable)


class Catch(Enum):
    """Whether an exception in flight is stopped here."""

    NEVER = "never"
    MAYBE = "maybe"
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class Semantics(Generic[S]):
    """What a rule says about single nodes, as pure functions of a node and the state before it.

    `step`        the states after a node that went well; none when it never does (`sys.exit()`). A node is a simple
                  statement (`return`, `raise`, `break` and `continue` too, before they leave), a whole `def` or
                  `class`, or a head: the test of `if` and `while`, the iterable of `for` (once) and its target (each
                  pass), a `with` item, a `match` subject, a `case` guard. The `Asynchronous` node of `async for` and
                  `async with` stands for their hidden awaits: each pass and the end; entering and leaving each item.
    `raises`      the states in which a node (as above) may raise by itself; none when it cannot.
    `catches`     whether a handler catches the exception in flight in a state.
    `caught`      the states in which the body of such a handler begins.
    `suppresses`  whether a `with` item swallows the exception in flight in a state.
    `assume`      the states left when a test or guard was true (or false); not asked where a constant decides.
    """

    step: Callable[[cst.CSTNode, S], Iterable[S]] = lambda _, state: (state,)
    raises: Callable[[cst.CSTNode, S], Iterable[S]] = lambda *_: ()
    catches: Callable[[Handler, S], Catch] = lambda handler, _: Catch.MAYBE if handler.type else Catch.ALWAYS
    caught: Callable[[Handler, S], Iterable[S]] = lambda _, state: (state,)
    suppresses: Callable[[cst.WithItem, S], Catch] = lambda *_: Catch.NEVER
    assume: Callable[[cst.BaseExpression, bool, S], Iterable[S]] = lambda _, __, state: (state,)


class Outcomes(NamedTuple, Generic[S]):
    """The states in which a block is left, by kind of exit; `breaks` and `continues` mean the loop around it."""

    falls: frozenset[S] = frozenset()
    returns: frozenset[S] = frozenset()
    breaks: frozenset[S] = frozenset()
    continues: frozenset[S] = frozenset()
    raises: frozenset[S] = frozenset()

    def __or__(self, other: Outcomes[S]) -> Outcomes[S]:
        return Outcomes(*(mine | others for mine, others in zip(self, other, strict=True)))

    def then(self, more: Callable[[frozenset[S]], Outcomes[S]]) -> Outcomes[S]:
        """What falls out goes on through `more`; every other exit stays."""
        return self._replace(falls=frozenset()) | more(self.falls)

    def through(self, last: Callable[[frozenset[S]], Outcomes[S]]) -> Outcomes[S]:
        """Every exit passes `last` on its way out, as through a `finally`: where `last` leaves itself, that wins."""
        passed = [last(states) for states in self]
        kept = Outcomes(*(out.falls for out in passed))
        return reduce(or_, (out._replace(falls=frozenset()) for out in passed), kept)


class _Fork(NamedTuple, Generic[S]):
    into: frozenset[S]
    past: frozenset[S]
    raises: frozenset[S]


def explore(block: Sequence[Statement] | cst.BaseSuite, start: Iterable[S], semantics: Semantics[S]) -> Outcomes[S]:
    """Follow every path through `block` from the states in `start`; nested functions and classes are not entered."""
    out = Outcomes(falls=frozenset(start))
    for statement in block.body if isinstance(block, cst.BaseSuite) else block:
        if not out.falls:
            break
        out = out.then(partial(_statement, statement, semantics))
    return out


def _statement(node: cst.CSTNode, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    match node:
        case cst.SimpleStatementLine():
            return explore(node.body, states, semantics)
        case cst.If():
            return _if(node, semantics, states)
        case cst.While():
            turn = partial(_decide, node.test, semantics)
            return _loop(node, semantics, turn(states), turn)
        case cst.For():
            return _for(node, semantics, states)
        case cst.Try() | cst.TryStar():
            return _try(node, semantics, states)
        case cst.With():
            return _with(node, node.items, semantics, states)
        case cst.Match():
            return _match(node, semantics, states)
    done = _head(node, semantics, states)
    match node:
        case cst.Return():
            return Outcomes(returns=done.falls, raises=done.raises)
        case cst.Break():
            return Outcomes(breaks=done.falls, raises=done.raises)
        case cst.Continue():
            return Outcomes(continues=done.falls, raises=done.raises)
        case cst.Raise():
            return Outcomes(raises=done.falls | done.raises)
    return done


def _head(node: cst.CSTNode | None, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    if node is None:
        return Outcomes(falls=states)
    return Outcomes(
        falls=frozenset(after for state in states for after in semantics.step(node, state)),
        raises=frozenset(at for state in states for at in semantics.raises(node, state)),
    )


def _decide(test: cst.BaseExpression, semantics: Semantics[S], states: frozenset[S]) -> _Fork[S]:
    head, known = _head(test, semantics, states), _constant(test)
    if known is not None:
        return _Fork(head.falls, frozenset(), head.raises) if known else _Fork(frozenset(), head.falls, head.raises)
    into = frozenset(after for state in head.falls for after in semantics.assume(test, True, state))
    past = frozenset(after for state in head.falls for after in semantics.assume(test, False, state))
    return _Fork(into, past, head.raises)


def _constant(test: cst.BaseExpression) -> bool | None:
    match test:
        case cst.Name(value="True" | "False" | "None"):
            return test.value == "True"
        case cst.Integer():
            return test.evaluated_value != 0
        case cst.UnaryOperation(operator=cst.Not()):
            inner = _constant(test.expression)
            return None if inner is None else not inner
        case _:
            return None


def _otherwise(orelse: cst.Else | None, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    return explore(orelse.body, states, semantics) if orelse else Outcomes(falls=states)


def _if(node: cst.If, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    out: Outcomes[S] = Outcomes()
    branch: cst.If | cst.Else | None = node
    while isinstance(branch, cst.If):
        into, states, raises = _decide(branch.test, semantics, states)
        out |= explore(branch.body, into, semantics) | Outcomes(raises=raises)
        branch = branch.orelse
    return out | _otherwise(branch, semantics, states)


def _match(node: cst.Match, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    subject = _head(node.subject, semantics, states)
    out, states = Outcomes(raises=subject.raises), subject.falls
    for case in node.cases:
        into, past = states, frozenset[S]() if _irrefutable(case.pattern) else states
        if case.guard:
            into, refused, raises = _decide(case.guard, semantics, into)
            out, past = out | Outcomes(raises=raises), past | refused
        out, states = out | explore(case.body, into, semantics), past
    return out | Outcomes(falls=states)


def _irrefutable(pattern: cst.MatchPattern) -> bool:
    match pattern:
        case cst.MatchAs():
            return pattern.pattern is None or _irrefutable(pattern.pattern)
        case cst.MatchOr():
            return _irrefutable(pattern.patterns[-1].pattern)
        case _:
            return False


def _for(node: cst.For, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    def turn(at: frozenset[S]) -> _Fork[S]:
        asked = _head(node.asynchronous, semantics, at)
        bound = _head(node.target, semantics, asked.falls)
        return _Fork(bound.falls, asked.falls, asked.raises | bound.raises)

    iterable = _head(node.iter, semantics, states)
    first = turn(iterable.falls)
    if _surely_filled(node.iter):
        first = first._replace(past=frozenset())
    return Outcomes(raises=iterable.raises) | _loop(node, semantics, first, turn)


def _surely_filled(iterable: cst.BaseExpression) -> bool:
    match iterable:
        case cst.Tuple() | cst.List() | cst.Set():
            return any(not isinstance(element, cst.StarredElement) for element in iterable.elements)
        case cst.SimpleString():
            return bool(iterable.evaluated_value)
        case _:
            return False


def _loop(
    node: cst.While | cst.For, semantics: Semantics[S], first: _Fork[S], turn: Callable[[frozenset[S]], _Fork[S]]
) -> Outcomes[S]:
    fork, seen, out = first, frozenset[S](), Outcomes[S]()
    ended = first.past
    while True:
        body = explore(node.body, fork.into, semantics)
        out |= Outcomes(falls=body.breaks, returns=body.returns, raises=body.raises | fork.raises)
        fresh = (body.falls | body.continues) - seen
        if not fresh:
            return out | _otherwise(node.orelse, semantics, ended)
        fork, seen = turn(fresh), seen | fresh
        ended |= fork.past


def _try(node: cst.Try | cst.TryStar, semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    body = explore(node.body, states, semantics)
    out = body._replace(raises=frozenset()).then(partial(_otherwise, node.orelse, semantics))
    if isinstance(node, cst.Try):
        out |= _handlers(node.handlers, semantics, body.raises)
    else:
        out = reduce(or_, (_star_handlers(node.handlers, semantics, state) for state in body.raises), out)
    final = node.finalbody
    return out.through(lambda at: explore(final.body, at, semantics)) if final else out


def _handlers(handlers: Sequence[cst.ExceptHandler], semantics: Semantics[S], flying: frozenset[S]) -> Outcomes[S]:
    out: Outcomes[S] = Outcomes()
    for handler in handlers:
        stopped, flying = _sorted_out(partial(semantics.catches, handler), flying)
        out |= _handle(handler, semantics, stopped)
    return out | Outcomes(raises=flying)


def _star_handlers(handlers: Sequence[cst.ExceptStarHandler], semantics: Semantics[S], thrown: S) -> Outcomes[S]:
    # Each handler runs for its part of the group, also after another one has raised: that is heard after the last.
    flying, stopped = Outcomes(frozenset({thrown})), Outcomes[S]()
    for handler in handlers:
        catch = semantics.catches(handler, thrown)
        if catch is not Catch.NEVER:
            ran = flying.through(partial(_handle, handler, semantics))
            stopped |= ran
            flying = flying | ran if catch is Catch.MAYBE else Outcomes()
    return stopped | Outcomes(raises=flying.falls)


def _handle(handler: Handler, semantics: Semantics[S], flying: frozenset[S]) -> Outcomes[S]:
    return explore(handler.body, (at for state in flying for at in semantics.caught(handler, state)), semantics)


def _sorted_out(verdict: Callable[[S], Catch], flying: frozenset[S]) -> tuple[frozenset[S], frozenset[S]]:
    verdicts = {state: verdict(state) for state in flying}
    stopped = frozenset(state for state, catch in verdicts.items() if catch is not Catch.NEVER)
    return stopped, frozenset(state for state, catch in verdicts.items() if catch is not Catch.ALWAYS)


def _with(node: cst.With, items: Sequence[cst.WithItem], semantics: Semantics[S], states: frozenset[S]) -> Outcomes[S]:
    if not items:
        return explore(node.body, states, semantics)
    hidden = partial(_head, node.asynchronous, semantics)
    opened = _head(items[0], semantics, states).then(hidden)
    inside = _with(node, items[1:], semantics, opened.falls)
    stopped, flying = _sorted_out(partial(semantics.suppresses, items[0]), inside.raises)
    left = inside._replace(falls=inside.falls | stopped, raises=flying).through(hidden)
    return Outcomes(raises=opened.raises) | left
