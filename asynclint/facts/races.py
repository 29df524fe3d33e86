"""Which coroutine functions may change something shared that they read before they waited, or keep others out."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from asynclint.facts.creating import creates, offloads
from asynclint.facts.trees import children

_Place: TypeAlias = tuple[int, int]  # in the text
_Assignment: TypeAlias = ast.Assign | ast.AugAssign | ast.AnnAssign
_ASSIGNMENTS = ast.Assign, ast.AugAssign, ast.AnnAssign
# What has statements below it, and where.
_BLOCKS: dict[type[ast.AST], tuple[str, ...]] = {
    **dict.fromkeys((ast.If, ast.For, ast.AsyncFor, ast.While), ("body", "orelse")),
    **dict.fromkeys((ast.Try, ast.TryStar), ("body", "handlers", "orelse", "finalbody")),
    **dict.fromkeys((ast.With, ast.AsyncWith, ast.ExceptHandler, ast.match_case, ast.ClassDef), ("body",)),
    ast.Match: ("cases",),
}
_INNER = ast.stmt, ast.ExceptHandler, ast.match_case
_LOOPS = ast.For, ast.AsyncFor, ast.While
_WAITS = ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield
_MADE_OF_PARTS = ast.BinOp, ast.UnaryOp, ast.Tuple, ast.List, ast.Set, ast.Starred
# A method of one of these names runs once for each object, or at most one at a time.
_ONCE = re.compile(
    r"__\w+__|_*(main|run|start|stop|set_?up|tear_?down|init|initiali[sz]e|open|close|shutdown|serve|loop)(_\w+|forever)?|"
    r"\w+_(loop|forever|locked)|_*async_(setup|start|stop|run|added|will)\w*"
)


class _Binding(NamedTuple):
    """An assignment to one plain variable."""

    name: str
    value: ast.expr
    loop: ast.AST | None


class _Step(NamedTuple):
    """A statement, a handler or a case, and the outermost loop around it."""

    node: ast.AST
    loop: ast.AST | None


class _Write(NamedTuple):
    """An assignment to something that others see, by its key."""

    key: str
    node: _Assignment
    loop: ast.AST | None


class _Wait(NamedTuple):
    """Where a function may be suspended; an `async with` is so where it begins and where it ends."""

    node: ast.AST
    place: _Place
    loop: ast.AST | None


def runs_once(name: str) -> bool:
    """Does a function of this name run once for each object, or at most one at a time?"""
    return _ONCE.fullmatch(name) is not None


def may_race(function: ast.AsyncFunctionDef, is_shared: Callable[[str], bool]) -> bool:
    """Does it read or test something that others see, then wait, then write to it?

    `is_shared` says of a name whether others see the attributes and elements of what it stands for. Elements count as
    the same whatever their keys, and what stands in the same loop as before and behind one another.
    """
    if runs_once(function.name):
        return False
    steps = list(_steps(function.body))
    writes = list(_writes(steps, is_shared))
    waits = [wait for step in steps for wait in _waits(step)] if _may_be_read(writes, steps) else []
    bindings = list(_bindings(steps)) if waits else []
    return bool(waits) and (
        any(_waits_inside(write, waits) for write in writes)
        or any(_is_late(step.node, writes, waits) for step in steps if isinstance(step.node, ast.If))
        or any(_is_written_back(write, bindings, waits) for write in writes)
    )


def _steps(body: Sequence[ast.AST]) -> Iterator[_Step]:
    """In no order."""
    waiting = [_Step(node, None) for node in body]
    while waiting:
        step = waiting.pop()
        node, loop = step
        if isinstance(node, _LOOPS):
            loop = loop or node
            step = _Step(node, loop)
        yield step
        for block in _BLOCKS.get(type(node), ()):
            waiting += [_Step(inner, loop) for inner in getattr(node, block)]


def _writes(steps: Sequence[_Step], is_shared: Callable[[str], bool]) -> Iterator[_Write]:
    declared = {name for node, _ in steps if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    for node, loop in steps:
        if isinstance(node, _ASSIGNMENTS):
            for target in _targets(node):
                root, key = _root_and_key(target)
                if root and (root in declared if root == key else is_shared(root)):
                    yield _Write(key, node, loop)


def _may_be_read(writes: Sequence[_Write], steps: Sequence[_Step]) -> bool:
    """Is any of what is written to also tested, or computed with?"""
    keys = {write.key for write in writes}
    return bool(keys) and any(key in keys for node, _ in steps for key in _keys_read(node))


def _keys_read(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If):
        yield from (key for key, _ in _tested(node.test))
    elif isinstance(node, ast.AugAssign):
        yield _key(node.target)
    elif isinstance(node, ast.Assign):
        yield from (key for key, _ in _operands(node.value))


def _targets(node: _Assignment) -> Iterator[ast.expr]:
    """What an assignment assigns to, with the elements of tuples one by one."""
    targets = [*node.targets] if isinstance(node, ast.Assign) else [node.target]
    while targets:
        target = targets.pop()
        if isinstance(target, ast.Tuple | ast.List):
            targets += target.elts
        else:
            yield target.value if isinstance(target, ast.Starred) else target


def _root_and_key(node: ast.expr) -> tuple[str, str]:
    """`self` and `self.rooms[].guests` of `self.rooms[key].guests`, nothing of what is no such chain."""
    postfixes: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        postfixes.append(f".{node.attr}" if isinstance(node, ast.Attribute) else "[]")
        node = node.value
    return (node.id, "".join([node.id, *reversed(postfixes)])) if isinstance(node, ast.Name) else ("", "")


def _key(node: ast.expr) -> str:
    return _root_and_key(node)[1]


# where it waits


def _waits(step: _Step) -> Iterator[_Wait]:
    node, loop = step
    if isinstance(node, ast.AsyncWith | ast.AsyncFor):
        yield _Wait(node, _start(node), loop)
        yield _Wait(node, _end(node), loop)
    waiting = [part for part in children(node) if not isinstance(part, _INNER)]
    while waiting:
        part = waiting.pop()
        if _is_wait(part):
            yield _Wait(part, _start(part), loop)
        if isinstance(part, ast.JoinedStr):  # what is in it has no reliable place before Python 3.12
            yield from (_Wait(inner, _end(part), loop) for inner in ast.walk(part) if _is_wait(inner))
        elif isinstance(part, ast.GeneratorExp):
            waiting.append(part.generators[0].iter)
        elif not isinstance(part, ast.Lambda):
            waiting += children(part)


def _is_wait(node: ast.AST) -> bool:
    is_loop = isinstance(node, ast.comprehension) and bool(node.is_async)
    return is_loop or isinstance(node, _WAITS)


def _start(node: ast.AST) -> _Place:
    where = node.target if isinstance(node, ast.comprehension) else node
    return getattr(where, "lineno", 0), getattr(where, "col_offset", 0)


def _end(node: ast.AST) -> _Place:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _share_loop(one: _Write | _Wait | _Binding, other: _Write | _Wait | _Binding) -> bool:
    return one.loop is not None and one.loop is other.loop


# between reading and writing


def _waits_inside(write: _Write, waits: Sequence[_Wait]) -> bool:
    """Does the assignment itself wait, after it has read what it writes?"""
    own = [wait.place for wait in waits if _start(write.node) <= wait.place <= _end(write.node)]
    if not own or isinstance(write.node, ast.AnnAssign):
        return False
    if isinstance(write.node, ast.AugAssign):
        return True
    return any(key == write.key and place <= max(own) for key, place in _operands(write.node.value))


def _is_late(branch: ast.If, writes: Sequence[_Write], waits: Sequence[_Wait]) -> bool:
    """Does a branch wait before it writes to what its condition has tested?"""
    first, last = _end(branch.test), _end(branch.body[-1])
    inside = [wait for wait in waits if first <= wait.place <= last]
    late = [write for write in writes if first <= _start(write.node) <= last] if inside else []
    for key, takes in _tested(branch.test) if late else ():
        counting = [wait for wait in inside if takes or _creates(wait.node)]
        for write in late:
            is_it = write.key == key and isinstance(write.node, ast.AugAssign) is takes
            if is_it and any(wait.place <= _end(write.node) or _share_loop(wait, write) for wait in counting):
                return True
    return False


def _tested(test: ast.expr) -> Iterator[tuple[str, bool]]:
    """The keys of what a condition says is missing, or is enough to take from, and which of both."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _key(operand), False
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield _key(left), False
        case ast.Compare(ops=[ast.NotIn()], comparators=[container]):
            yield f"{_key(container)}[]", False
        case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()]):
            yield _key(left), True
        case ast.Compare(ops=[ast.Lt() | ast.LtE()], comparators=[right]):
            yield _key(right), True


def _creates(wait: ast.AST) -> bool:
    match wait:
        case ast.Await(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
            return creates(name) or offloads(name)
    return False


def _is_written_back(write: _Write, bindings: Sequence[_Binding], waits: Sequence[_Wait]) -> bool:
    """Is it written with what a variable has kept of it since before the function waited?"""
    before = [wait for wait in waits if wait.place < _start(write.node) or _share_loop(wait, write)]
    if not before or write.node.value is None:
        return False
    kept = {key for key, _ in _operands(write.node.value)}
    while sources := [binding for binding in bindings if binding.name in kept]:
        for source in sources:
            for key, place in _operands(source.value):
                if key == write.key and any(wait.place >= place or _share_loop(wait, source) for wait in before):
                    return True
                kept.add(key)
        bindings = [binding for binding in bindings if binding not in sources]
    return False


def _bindings(steps: Sequence[_Step]) -> Iterator[_Binding]:
    for node, loop in steps:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield _Binding(name, value, loop)


def _operands(value: ast.expr) -> Iterator[tuple[str, _Place]]:
    """The variables, attributes and elements that a value may be computed from, other than by awaiting or choosing."""
    waiting: list[ast.AST] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name | ast.Attribute):
            yield _key(part), _start(part)
        elif isinstance(part, ast.Subscript):
            yield _key(part), _start(part)
            waiting.append(part.value)
        elif isinstance(part, ast.JoinedStr):  # what is in it has no reliable place before Python 3.12
            inside = [piece.value for piece in part.values if isinstance(piece, ast.FormattedValue)]
            yield from ((key, _start(part)) for piece in inside for key, _ in _operands(piece))
        elif isinstance(part, ast.Call):
            waiting += [*part.args, *(keyword.value for keyword in part.keywords)]
            if isinstance(part.func, ast.Attribute) and part.func.attr == "copy":
                waiting.append(part.func.value)
        elif isinstance(part, _MADE_OF_PARTS):
            waiting += children(part)
        elif isinstance(part, ast.Dict):
            waiting += part.values


# keeping others out


def claimed_from(function: ast.AsyncFunctionDef) -> int:
    """The line from which on no other coroutine runs it, 0 for none: it left if a flag was set, and has now set it."""
    tested: set[str] = set()
    for statement in function.body if any(map(_asks_flag, function.body)) else ():
        match statement:
            case ast.If(test=ast.Attribute() as flag) if _asks_flag(statement):
                tested.add(ast.unparse(flag))
            case ast.Assign(targets=[ast.Attribute() as flag], value=ast.Constant(value=True)):
                if ast.unparse(flag) in tested:
                    return statement.lineno
        if any(any(_waits(step)) for step in _steps([statement])):
            break
    return 0


def _asks_flag(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Attribute):
        return False
    return isinstance(statement.body[-1], ast.Return | ast.Raise) and not statement.orelse


def is_plain_value(value: ast.expr | None) -> bool:
    """Is it a number or a text, which an operator never changes in place?"""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, (int, float, complex, str, bytes))
    if isinstance(value, ast.UnaryOp):
        return is_plain_value(value.operand)
    return isinstance(value, ast.JoinedStr)
