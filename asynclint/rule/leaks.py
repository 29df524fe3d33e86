"""The paths on which a function loses what it has opened without closing it."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.closing import STATES, Effect, effect, is_bound, never_goes_on, reads_in, rebinds
from asynclint.rule.conditions import NOTHING, Facts, forget, learn
from asynclint.rule.faults import first_fault
from asynclint.rule.flow import Catch, Semantics, explore
from asynclint.rule.openings import Opening, contains
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, CSTNode, ExceptHandler, ExceptStarHandler, Raise, WithItem

    Handler = ExceptHandler | ExceptStarHandler

_MOST_TESTS = 12  # paths double with every condition
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
_TIMEOUTS = frozenset({"asyncio.TimeoutError", "builtins.TimeoutError"})
_LOST_CONNECTION = frozenset(
    f"builtins.{name}"
    for name in ("OSError", "ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError")
)


class Held(Enum):
    """Whether the thing is open and ours."""

    NO = "no"
    OPEN = "open"
    LOST = "lost"  # the variable has got another value; the path is over


class Path(NamedTuple):
    """What a path has come to: `fault` is what has raised since it was opened, `last` the statement that left it."""

    held: Held = Held.NO
    seen: Facts = NOTHING
    fault: "CSTNode | None" = None
    last: "CSTNode | None" = None


class Way(Enum):
    """How something open is lost, worst first."""

    REPLACED = "replaced"  # the variable is given another
    LEFT = "left"  # by a `return`, a `raise` or the end of the function
    HANDLED = "handled"  # the same, after an exception that the function has caught
    UNHANDLED = "unhandled"  # by an exception that it does not catch


class Leak(NamedTuple):
    """One way to lose it: the statement that does (None: the end of the function), and the exception before it."""

    way: Way
    last: "CSTNode | None" = None
    fault: "CSTNode | None" = None


def leak(body: Body, opening: Opening) -> Leak | None:
    """The worst way in which a function loses what it holds in a variable, None when it closes it on every path."""
    assert isinstance(body.node, cst.FunctionDef)
    course = _Course(body, opening)
    ends = explore(body.node.body, [Path()], course.semantics)
    found = [
        *(Leak(Way.REPLACED, path.last) for path in ends.falls | ends.returns if path.held is Held.LOST),
        *(_left(path) for path in ends.falls | ends.returns if path.held is Held.OPEN),
        *(_thrown(path) for path in ends.raises if path.held is Held.OPEN and _is_in_the_way(body, path.fault)),
    ]
    worst = [candidate for way in Way for candidate in found if candidate.way is way]
    order = {id(node): place for place, node in enumerate(body.nodes)}
    same = [candidate for candidate in worst if candidate.way is worst[0].way]
    return min(same, key=lambda one: (order.get(id(one.fault), -1), order.get(id(one.last), len(order))), default=None)


def _is_in_the_way(body: Body, fault: "CSTNode | None") -> bool:
    """Is it a `raise`, or awaited while work is done, not while another exception, or the end, is dealt with?"""
    dealing = cst.ExceptHandler | cst.ExceptStarHandler | cst.Finally
    is_awaited = isinstance(fault, cst.Await | cst.Asynchronous)
    return isinstance(fault, cst.Raise) or (
        fault is not None and is_awaited and not any(isinstance(above, dealing) for above in body.ancestors(fault))
    )


def is_ever_let_go(body: Body, opening: Opening) -> bool:
    """Does the function close it, or hand it over, anywhere at all?"""
    assert isinstance(body.node, cst.FunctionDef)
    return effect(body, opening, body.node.body) is not Effect.USED


def _left(path: Path) -> Leak:
    return Leak(Way.HANDLED if path.fault is not None else Way.LEFT, path.last, path.fault)


def _thrown(path: Path) -> Leak:
    if path.last is path.fault and isinstance(path.fault, cst.Raise):
        return Leak(Way.LEFT, path.last)
    return Leak(Way.UNHANDLED, path.last, path.fault)


class _Course:
    """What single nodes of a function do to one thing that it opens."""

    def __init__(self, body: Body, opening: Opening) -> None:
        self.body = body
        self.opening = opening
        self.semantics = Semantics(
            step=self.step,
            raises=self.raises,
            catches=self.catches,
            caught=self.caught,
            suppresses=self.suppresses,
            assume=self.assume,
        )
        self._effects: dict[int, Effect] = {}
        self._faults: dict[int, CSTNode | None] = {}

    def step(self, node: "CSTNode", path: Path) -> Iterator[Path]:
        if path.held is Held.LOST:
            yield path
        elif not (isinstance(node, cst.Expr | cst.Assign | cst.Return) and never_goes_on(self.body, node)):
            yield from self._opened(node, self._used(node, path))

    def raises(self, node: "CSTNode", path: Path) -> Iterator[Path]:
        fault = self._fault(node)
        if path.held is Held.LOST or (fault is None and not isinstance(node, cst.Raise)):
            return
        if path.held is Held.OPEN and self._effect(node) is Effect.CLOSED_IF_IN_TIME:
            yield path._replace(fault=fault)
        elif fault is not None:
            after = self._used(node, path)
            yield after._replace(fault=fault) if after.held is Held.OPEN else after

    def catches(self, handler: "Handler", path: Path) -> Catch:
        if path.held is Held.LOST:
            return Catch.NEVER
        caught = self.body.caught(handler.type)
        if caught & _TIMEOUTS and path.fault and self._effect(path.fault) is Effect.CLOSED_IF_IN_TIME:
            return Catch.ALWAYS
        if isinstance(path.last, cst.Raise) and caught & _raised(self.body, path.last):
            return Catch.ALWAYS
        # a cancellation is no Exception, but mostly comes when the program ends
        return Catch.ALWAYS if caught & _BROAD else Catch.MAYBE

    def suppresses(self, item: "WithItem", path: Path) -> Catch:
        call = item.item
        if path.held is Held.LOST or not isinstance(call, cst.Call):
            return Catch.NEVER
        if self.body.name_of(call.func) != "contextlib.suppress":
            return Catch.NEVER
        caught = frozenset(name for argument in call.args for name in self.body.caught(argument.value))
        is_closed = self.opening.resource.breaks and caught <= _LOST_CONNECTION
        return Catch.ALWAYS if caught & _BROAD else Catch.NEVER if is_closed else Catch.MAYBE

    def caught(self, handler: "Handler", path: Path) -> Iterator[Path]:
        kinds = self.body.caught(handler.type)
        if self.opening.resource.breaks and kinds and kinds <= _LOST_CONNECTION:
            yield path._replace(held=Held.NO, last=None)
        else:
            yield path._replace(last=None)

    def assume(self, test: "BaseExpression", outcome: bool, path: Path) -> Iterator[Path]:
        if path.held is Held.LOST:
            yield path
            return
        seen: Facts | None = path.seen
        if _names(test) & self._repeated:
            seen = learn(test, outcome, path.seen)
        if seen is not None:
            is_over = path.held is Held.OPEN and (
                self._says_closed(test, outcome) or self._is_decided_elsewhere(test, outcome)
            )
            yield path._replace(seen=seen, held=Held.NO if is_over else path.held)

    # what a node does

    def _used(self, node: "CSTNode", path: Path) -> Path:
        if path.held is Held.OPEN and self._effect(node) is not Effect.USED:
            return path._replace(held=Held.NO, fault=None)
        if path.held is Held.OPEN and isinstance(node, cst.Return):
            return path._replace(last=node)
        if path.held is Held.OPEN and isinstance(node, cst.Raise):
            return path._replace(last=node, fault=path.fault or node)
        return path

    def _opened(self, node: "CSTNode", path: Path) -> Iterator[Path]:
        name, is_new = self.opening.name, contains(node, self.opening.call)
        seen = forget(_bound_names(self.body, node), path.seen) if path.seen else path.seen
        if is_new or rebinds(self.body, self.opening, node):
            if path.held is Held.OPEN and not self.opening.resource.is_lasting:
                yield Path(Held.LOST, last=node)
                return
            path = Path()
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=flag))], value=cst.Name(value=value)):
                if value in ("True", "False") and flag in self._repeated:
                    seen |= {(flag, value == "True")}
        if is_new:
            yield Path(Held.OPEN, seen | {(name, True), (f"{name} is None", False)})
        else:
            yield path._replace(seen=seen)

    def _effect(self, node: "CSTNode") -> Effect:
        if id(node) not in self._effects:
            self._effects[id(node)] = effect(self.body, self.opening, node)
        return self._effects[id(node)]

    def _fault(self, node: "CSTNode") -> "CSTNode | None":
        if id(node) not in self._faults:
            self._faults[id(node)] = first_fault(self.body, self.opening, node)
        return self._faults[id(node)]

    # what conditions say

    @cached_property
    def _tests(self) -> "list[BaseExpression]":
        return [node.test for node in self.body.nodes if isinstance(node, cst.If | cst.While)]

    @cached_property
    def _repeated(self) -> frozenset[str]:
        """The variables that more than one condition reads, or that are set to say whether it was opened here."""
        found = Counter(name for test in self._tests for name in _names(test))
        chosen = {name for name, times in found.items() if times > 1 or name in self._flags} | {self.opening.name}
        return frozenset(chosen if len(self._tests) <= _MOST_TESTS else {self.opening.name})

    @cached_property
    def _flags(self) -> frozenset[str]:
        assigned = (node for node in self.body.nodes if isinstance(node, cst.Assign))
        return frozenset(name for node in assigned for name in _bound_names(self.body, node))

    def _says_closed(self, test: "BaseExpression", outcome: bool) -> bool:
        """Does a condition with this outcome mean that it is closed already, or leave that open?"""
        match test:
            case cst.UnaryOperation(operator=cst.Not(), expression=opposite):
                return self._says_closed(opposite, not outcome)
            case cst.BooleanOperation(left=left, right=right):
                return self._says_closed(left, outcome) or self._says_closed(right, outcome)
            case cst.Call(func=cst.Attribute(attr=cst.Name(value=state)) as asked) if state in STATES:
                return outcome and self._is_of_it(asked.value)
            case cst.Attribute(value=owner, attr=cst.Name(value=state)) if state in STATES:
                return outcome and self._is_of_it(owner)
            case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator)]):
                asks_for_code = code_of(left) == f"{self.opening.name}.returncode"
                is_none = isinstance(operator, cst.Is)
                return (asks_for_code and (not is_none or not outcome)) or self._asks_for_sockets(left)
        return code_of(test) == f"{self.opening.name}.returncode" or self._asks_for_sockets(test)

    def _asks_for_sockets(self, node: "BaseExpression") -> bool:
        """Is it asked for its sockets, as a server that has none is closed?"""
        return code_of(node) == f"{self.opening.name}.sockets"

    def _is_of_it(self, node: "BaseExpression") -> bool:
        return code_of(node) == self.opening.name

    def _is_decided_elsewhere(self, test: "BaseExpression", outcome: bool) -> bool:
        """Is it closed, or handed over, where another condition holds that may always hold when it is open?"""
        branch = self.body.parent(test)
        if not isinstance(branch, cst.If) or not (self._is_conditional or len(self._tests) > _MOST_TESTS):
            return False
        if any(True for _ in reads_in(self.body, self.opening, test)):
            return False
        taken, other = (branch.body, branch.orelse) if outcome else (branch.orelse, branch.body)
        return other is not None and self._lets_go(other) and not (taken is not None and self._lets_go(taken))

    def _lets_go(self, node: "CSTNode") -> bool:
        return self._effect(node) is not Effect.USED

    @cached_property
    def _is_conditional(self) -> bool:
        """Is it only opened under a condition?"""
        under = cst.If | cst.Match | cst.ExceptHandler | cst.ExceptStarHandler
        return any(isinstance(above, under) for above in self.body.ancestors(self.opening.call))


def _raised(body: Body, statement: "Raise") -> frozenset[str]:
    """The name of what is raised, as far as it is known."""
    raised = statement.exc.func if isinstance(statement.exc, cst.Call) else statement.exc
    return body.caught(raised) if raised is not None else frozenset()


def _names(node: "CSTNode") -> set[str]:
    return {part.value for part in walk(node, own_children) if isinstance(part, cst.Name)}


def _bound_names(body: Body, node: "CSTNode") -> set[str]:
    names = (part for part in walk(node, own_children) if isinstance(part, cst.Name))
    return {name.value for name in names if is_bound(body, name)}
