"""What a coroutine reads, and writes back after it has waited, though others may have changed it meanwhile."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.creating import creates
from asynclint.rule.flow import Semantics, explore
from asynclint.rule.shared import is_changed_in_place, is_shared, names_in, targets_of
from asynclint.rule.suspension import suspends, suspension
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import AnnAssign, Assign, AugAssign, BaseExpression, CSTNode, If

# Functions whose result is made of what they are given.
_DERIVING = frozenset(
    f"builtins.{name}"
    for name in (
        *("abs", "bytes", "dict", "float", "frozenset", "int", "list", "max", "min", "round", "set", "sorted"),
        *("str", "sum", "tuple"),
    )
)
_FRESH, _DONE = "fresh", "done"
_MOST_NODES = 15_000  # a body of more is not followed


class Race(NamedTuple):
    """Where a shared value is read, where the body then waits, and the target that is written with what is outdated.

    `copy` is the variable that holds it meanwhile, "" when the value is written in the very expression that reads it.
    """

    target: "BaseExpression"
    read: "CSTNode"
    waits: "CSTNode"
    copy: str = ""


class _Copies(NamedTuple):
    """The variables that hold the shared value, those that hold what was made of it, and where the body has waited."""

    plain: frozenset[str]
    changed: frozenset[str] = frozenset()
    waits: "CSTNode | None" = None

    @property
    def names(self) -> frozenset[str]:
        return self.plain | self.changed

    def without(self, names: frozenset[str]) -> "_Copies":
        return self._replace(plain=self.plain - names, changed=self.changed - names)

    def with_changed(self, names: frozenset[str]) -> "_Copies":
        return self._replace(plain=self.plain - names, changed=self.changed | names)


def races(body: Body) -> Iterator[Race]:
    """The writes of outdated values, in the order of the text."""
    for write, target in _writes(body):
        race = _in_one_expression(body, write, target)
        if race is not None:
            yield race
    if len(body.nodes) <= _MOST_NODES:
        yield from _by_copies(body)


def _writes(body: Body) -> "Iterator[tuple[Assign | AugAssign | AnnAssign, BaseExpression]]":
    for node in body.nodes:
        if isinstance(node, cst.Assign | cst.AugAssign | cst.AnnAssign):
            yield from ((node, target) for target in targets_of(node) if is_shared(body, target))


# in one expression


def _in_one_expression(body: Body, write: "CSTNode", target: "BaseExpression") -> Race | None:
    match write:
        case cst.AugAssign(operator=operator, value=value):
            waits = suspension(body, value)
            if waits is None or is_changed_in_place(body, target, operator, value):
                return None
            return Race(target, target, waits)
        case cst.Assign(value=value):
            text = body.text(target)
            for read in _operands(body, value):
                waits = _wait_after(body, value, read)
                if waits is not None and body.text(read) == text:
                    return Race(target, read, waits)
    return None


def _operands(body: Body, value: "CSTNode") -> "Iterator[BaseExpression]":
    """The variables, attributes and elements that a value is computed from, other than by awaiting or choosing."""
    match value:
        case cst.Name() | cst.Attribute() | cst.Subscript():
            yield value
            if isinstance(value, cst.Subscript):
                yield from _operands(body, value.value)
        case cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value="copy")), args=[]):
            yield from _operands(body, owner)
        case cst.Call(func=func, args=args) if body.name_of(func) in _DERIVING or code_of(func) in (
            "copy.copy",
            "copy.deepcopy",
        ):
            for arg in args:
                yield from _operands(body, arg.value)
        case cst.BinaryOperation(left=left, right=right):
            yield from _operands(body, left)
            yield from _operands(body, right)
        case cst.UnaryOperation(expression=inner):
            yield from _operands(body, inner)
        case cst.Tuple() | cst.List() | cst.Set() | cst.Dict():
            for element in value.elements:
                yield from _operands(body, element.value)
        case cst.FormattedString(parts=parts):
            for part in parts:
                if isinstance(part, cst.FormattedStringExpression):
                    yield from _operands(body, part.expression)


def _wait_after(body: Body, value: "CSTNode", read: "CSTNode") -> "CSTNode | None":
    """Where an expression waits after it has read one of its operands; operands come in the order of the text."""
    nodes = list(walk(value, own_children))
    start = next(place for place, node in enumerate(nodes) if node is read)
    return next((node for node in nodes[start:] if suspends(body, node)), None)


# by a copy


def _by_copies(body: Body) -> Iterator[Race]:
    """A shared value is kept in a variable, and written back changed."""
    if not isinstance(body.node, cst.FunctionDef):
        return
    found: dict[int, Race] = {}
    for text in _written_back(body):
        for node in body.nodes:
            match node:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                    read = _read_in(body, value, text)
                    if read is not None:
                        found |= {id(race.target): race for race in _Follower(body, text, node, name, read).races()}
    yield from found.values()


def _written_back(body: Body) -> list[str]:
    """The texts of what is shared and is assigned something with a variable in it."""
    writes = ((write, target) for write, target in _writes(body) if isinstance(write, cst.Assign))
    return list(dict.fromkeys(body.text(target) for write, target in writes if names_in(write.value)))


def _read_in(body: Body, value: "CSTNode", text: str) -> "CSTNode | None":
    last = text.rpartition(".")[2]
    reads = (operand for operand in _operands(body, value) if code_of(operand).endswith(last) or "[" in text)
    return next((read for read in reads if body.text(read) == text), None)


class _Follower:
    """Follows what one assignment has copied from the shared value `text`."""

    def __init__(self, body: Body, text: str, start: "Assign", name: str, read: "CSTNode") -> None:
        self.body = body
        self.text = text
        self.start = start
        self.name = name
        self.read = read
        self.depends_on = frozenset(re.findall(r"(?<![.\w])[^\W\d]\w*", text))
        self.found: dict[int, Race] = {}

    def races(self) -> list[Race]:
        """Where it is written back after the body has waited."""
        assert isinstance(self.body.node, cst.FunctionDef)
        explore(self.body.node.body, [None], Semantics(step=self._step, raises=self._raises))
        return list(self.found.values())

    def _step(self, node: "CSTNode", state: _Copies | None) -> "Iterator[_Copies | None]":
        if node is self.start:
            value = self.start.value
            is_changed = isinstance(value, cst.BinaryOperation | cst.UnaryOperation)
            copies = _Copies(frozenset({self.name}), waits=_wait_after(self.body, value, self.read))
            yield copies.with_changed(copies.plain) if is_changed else copies
        else:
            yield self._after(node, state) if state is not None else None

    def _raises(self, node: "CSTNode", state: _Copies | None) -> "Iterator[_Copies | None]":
        if any(isinstance(part, cst.Call | cst.Await | cst.Raise) for part in walk(node, own_children)):
            yield state and state._replace(waits=state.waits or suspension(self.body, node))

    def _after(self, node: "CSTNode", copies: _Copies) -> _Copies | None:
        target = next((each for each in targets_of(node) if self.body.text(each) == self.text), None)
        if target is not None:
            self._written(node, target, copies)
            return None
        if isinstance(self.body.parent(node), cst.If | cst.While | cst.Assert) and _mentions(
            self.body, node, self.text
        ):
            return None  # it looks again
        bound = _bound_names(node)
        if bound & self.depends_on:
            return None
        copies = copies._replace(waits=copies.waits or suspension(self.body, node))
        copies = copies.with_changed(frozenset(name for name in copies.names if _changes(node, name)))
        match node:
            case cst.AugAssign(target=cst.Name(value=name)) if name in copies.names:
                return copies.with_changed(bound)
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name())], value=value):
                made_of = self._made_of(value, copies)
                if made_of & copies.changed or (made_of and not isinstance(value, cst.Name)):
                    return copies.with_changed(bound)
                if made_of:
                    return copies._replace(plain=copies.plain | bound)
        left = copies.without(bound)
        return left if left.names else None

    def _made_of(self, value: "CSTNode", copies: _Copies) -> frozenset[str]:
        return copies.names & {code_of(operand) for operand in _operands(self.body, value)}

    def _written(self, node: "CSTNode", target: "BaseExpression", copies: _Copies) -> None:
        if not isinstance(node, cst.Assign) or copies.waits is None or _mentions(self.body, node.value, self.text):
            return
        made_of = self._made_of(node.value, copies)
        if made_of & copies.changed or (made_of and not isinstance(node.value, cst.Name)):
            self.found.setdefault(id(node), Race(target, self.read, copies.waits, min(made_of)))


def _changes(node: "CSTNode", name: str) -> bool:
    """Is something put into the object that a variable holds?"""
    match node:
        case cst.Assign(targets=targets):
            return any(_is_part_of(target.target, name) for target in targets)
        case cst.AugAssign(target=target):
            return _is_part_of(target, name)
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=owner)))):
            return owner == name
    return False


def _is_part_of(target: "BaseExpression", name: str) -> bool:
    return isinstance(target, cst.Subscript | cst.Attribute) and code_of(target.value) == name


def _bound_names(node: "CSTNode") -> frozenset[str]:
    """The plain variables that a node binds."""
    targets = [target for target in targets_of(node) if isinstance(target, cst.Name)]
    named = {target.value for target in targets}
    for part in walk(node, own_children):
        match part:
            case cst.NamedExpr(target=cst.Name(value=name)) | cst.AsName(name=cst.Name(value=name)):
                named.add(name)
            case cst.Del(target=cst.Name(value=name)):
                named.add(name)
    if isinstance(node, cst.Name | cst.Tuple | cst.List):  # the target of a loop, or a test that binds nothing
        named |= names_in(node)
    return frozenset(named)


def _mentions(body: Body, node: "CSTNode", text: str) -> bool:
    return text in body.text(node)


# tested, then written


def late_writes(body: Body) -> Iterator[Race]:
    """The writes under a condition that was tested before the body waited, and not again."""
    written = {body.text(target) for _, target in _writes(body)}
    for node in body.nodes if written else ():
        if isinstance(node, cst.If):
            for tested, text in _tested(body, node.test):
                if text in written and suspension(body, node.body) is not None:
                    yield from _written_late(body, node, tested, text)


def _tested(body: Body, test: "BaseExpression") -> "Iterator[tuple[BaseExpression, str]]":
    """What a condition says is missing, or is enough to take from, with the text of what is to be written."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.Name() | cst.Attribute() | cst.Subscript() as state):
            yield state, body.text(state)
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]):
            if isinstance(operator, cst.Is) and code_of(right) == "None":
                yield left, body.text(left)
            elif isinstance(operator, cst.NotIn):
                yield right, f"{body.text(right)}[{body.text(left)}]"
            elif isinstance(operator, cst.GreaterThan | cst.GreaterThanEqual):
                yield left, body.text(left)
            elif isinstance(operator, cst.LessThan | cst.LessThanEqual):
                yield right, body.text(right)


def _written_late(body: Body, block: "If", tested: "BaseExpression", text: str) -> Iterator[Race]:
    takes = isinstance(block.test, cst.Comparison) and not isinstance(
        block.test.comparisons[0].operator, cst.Is | cst.NotIn
    )
    found: dict[int, Race] = {}

    def step(node: "CSTNode", state: "CSTNode | str") -> "Iterator[CSTNode | str]":
        if state == _DONE:
            yield state
            return
        waits = state if not isinstance(state, str) else suspension(body, node)
        for target in targets_of(node):
            if body.text(target) == text and is_shared(body, target):
                counts = takes or (waits is not None and creates(waits))
                if waits is not None and counts and isinstance(node, cst.AugAssign) is takes and not _looks_again(node):
                    found.setdefault(id(node), Race(target, tested, waits))
                yield _DONE
                return
            if is_shared(body, target) and state == _FRESH and suspension(body, node) is None:
                yield _DONE  # a flag that keeps others out
                return
        if not isinstance(node, cst.Assign) and _mentions(body, node, body.text(tested)):
            yield _DONE
            return
        yield waits if waits is not None else state

    def _looks_again(node: "CSTNode") -> bool:
        value = node.value if isinstance(node, cst.Assign) else None
        return value is not None and _mentions(body, value, body.text(tested))

    explore(block.body, [_FRESH], Semantics(step=step, raises=lambda _, state: (state,)))
    yield from found.values()
