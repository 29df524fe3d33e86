"""Tasks that a body makes itself and gives to `asyncio.wait`, and what it does with them besides."""

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from asynclint.facts.entities import Coroutine
from asynclint.facts.names import Bound
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.trees import walk
from asynclint.rule.values import FILLING

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

WAIT = "asyncio.wait"
_SPAWNS = frozenset({"asyncio.create_task", "asyncio.AbstractEventLoop.create_task"})
_COPIES = frozenset(f"builtins.{name}" for name in ("frozenset", "list", "reversed", "set", "sorted", "tuple"))
_ONLY_LOOKS = frozenset(f"builtins.{name}" for name in ("bool", "isinstance", "len", "print", "repr", "str", "id"))
_JOINING = frozenset({"extend", "update"})
_IDLE_METHODS = FILLING | _JOINING | {"clear", "discard", "remove"}
_IDLE_METHODS_OF_TASKS = frozenset({"cancelled", "done", "get_coro", "get_name", "set_name"})
_VIEWS = frozenset({"keys", "values"})


class Tasks(NamedTuple):
    """Tasks that are made in this body: the calls that make them, and the variables that hold them or collections."""

    made: "tuple[Call, ...]" = ()
    names: frozenset[str] = frozenset()

    def __or__(self, other: object) -> "Tasks":
        assert isinstance(other, Tasks)
        return Tasks((*self.made, *other.made), self.names | other.names)


class Wait(NamedTuple):
    """One `await asyncio.wait(...)`, and the variables that hold what is done and what is pending."""

    call: "Call"
    tasks: Tasks
    done: frozenset[str]
    pending: frozenset[str]


class Use(Enum):
    """What is done with a task, or with all of a collection."""

    WAITED = "given to `asyncio.wait`"
    CANCELLED = "cancelled"
    READ = "asked for its result or exception"
    KEPT = "awaited, handed on, stored, or anything else"


class Using(NamedTuple):
    """One use, and the place that reads the variable."""

    use: Use
    read: "CSTNode"


def waits(body: Body) -> Iterator[Wait]:
    """Every wait of a body for tasks that it makes itself; none whose result is used in ways that cannot be told."""
    for call in body.calls(WAIT):
        sets = _sets(body, call)
        collection = _given(call)
        tasks = tasks_of(body, collection) if sets is not None and collection is not None else None
        if sets is not None and tasks is not None and tasks.made:
            yield Wait(call, tasks, *sets)


def _given(call: "Call") -> "BaseExpression | None":
    named = (a.value for a in call.args if not a.star and (a.keyword is None or a.keyword.value == "fs"))
    return next(named, None)


def _sets(body: Body, call: "Call") -> tuple[frozenset[str], frozenset[str]] | None:
    awaited = body.parent(call)
    match body.parent(awaited) if isinstance(awaited, cst.Await) else None:
        case cst.Expr():
            return frozenset(), frozenset()
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return frozenset({name}), frozenset({name})
        case cst.Assign(
            targets=[
                cst.AssignTarget(
                    target=cst.Tuple(
                        elements=[
                            cst.Element(value=cst.Name(value=done)),
                            cst.Element(value=cst.Name(value=pending)),
                        ]
                    )
                )
            ]
        ):
            return frozenset({done}), frozenset({pending})
    return None


# where they come from


def tasks_of(body: Body, collection: "BaseExpression") -> Tasks | None:
    """The tasks in a collection, None unless all of them are seen to be made in this body."""
    return _collected(body, collection, frozenset())


def task_maker(body: Body, node: "CSTNode") -> "Call | None":
    """The node itself, if it makes a task of a coroutine, one that no group looks after."""
    name = body.name_of(node.func) if isinstance(node, cst.Call) else ""
    match node:
        case cst.Call(args=[cst.Arg(value=work), *_]) if name in _SPAWNS:
            return node
        case cst.Call(args=[cst.Arg(value=work), *_]) if name == "asyncio.ensure_future":
            return node if isinstance(body.resolve(work), Coroutine) else None  # it gives back a future as it is
    return None


def _collected(body: Body, collection: "BaseExpression", seen: frozenset[str]) -> Tasks | None:
    match collection:
        case cst.List() | cst.Tuple() | cst.Set():
            return _all(_in_display(body, element, seen) for element in collection.elements)
        case cst.ListComp(elt=element) | cst.SetComp(elt=element) | cst.GeneratorExp(elt=element):
            return _task(body, element, seen)
        case cst.DictComp(key=key, value=value):
            return _task(body, value, seen) or _task(body, key, seen)
        case cst.Dict(elements=elements):
            pairs = [e for e in elements if isinstance(e, cst.DictElement)]
            found = (_task(body, e.value, seen) or _task(body, e.key, seen) for e in pairs)
            return _all(found) if len(pairs) == len(elements) else None
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=view)), args=[]) if view in _VIEWS:
            return _collected(body, inner, seen)
        case cst.Call(func=function, args=arguments) if body.name_of(function) in _COPIES and len(arguments) < 2:
            return _collected(body, arguments[0].value, seen) if arguments else Tasks()
        case cst.BinaryOperation(left=left, right=right):
            return _all(_collected(body, side, seen) for side in (left, right))
        case cst.Name():
            return _in_variable(body, collection.value, seen)
    return None


def _all(parts: Iterator[Tasks | None]) -> Tasks | None:
    found = Tasks()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def _in_display(body: Body, element: "CSTNode", seen: frozenset[str]) -> Tasks | None:
    match element:
        case cst.StarredElement(value=inner):
            return _collected(body, inner, seen)
        case cst.Element(value=value):
            return _task(body, value, seen)
    return None


def _task(body: Body, node: "BaseExpression", seen: frozenset[str]) -> Tasks | None:
    if made := task_maker(body, node):
        return Tasks((made,))
    return _in_variable(body, node.value, seen) if isinstance(node, cst.Name) else None


def _in_variable(body: Body, name: str, seen: frozenset[str]) -> Tasks | None:
    """The tasks of a local variable, when every way in which it is bound or filled is seen."""
    if name in seen:
        return Tasks(names=frozenset({name}))
    bindings = [b for b in body.here.names.get(name, ()) if b.bound is not Bound.ANNOTATION]
    values = [value for node in body.nodes if (value := _bound(body, node, name)) is not None]
    if not values or len(values) != len(bindings):
        return None
    inner = seen | {name}
    kept = [value for value in values if not _is_result(body, value)]
    parts = [Tasks((made,)) if (made := task_maker(body, v)) else _collected(body, v, inner) for v in kept]
    for read in body.reads(name):
        parts += _put_in(body, read, inner)
    found = _all(iter(parts))
    return found | Tasks(names=frozenset({name})) if found is not None else None


def _bound(body: Body, node: "CSTNode", name: str) -> "BaseExpression | None":
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if target == name:
            return value
        case cst.AnnAssign(target=cst.Name(value=target), value=value) if target == name:
            return value
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Tuple(elements=bound))], value=value) if _is_result(
            body, value
        ):
            return value if any(isinstance(e.value, cst.Name) and e.value.value == name for e in bound) else None
    return None


def _is_result(body: Body, value: "CSTNode") -> bool:
    """Is it `await asyncio.wait(...)`, whose sets hold what was given to it?"""
    match value:
        case cst.Await(expression=cst.Call(func=function)):
            return body.name_of(function) == WAIT
    return False


def _put_in(body: Body, read: "CSTNode", seen: frozenset[str]) -> list[Tasks | None]:
    """What `name.append(x)`, `name.extend(xs)` and `name[key] = x` put into a collection."""
    match above := body.parent(read):
        case cst.Attribute(attr=cst.Name(value=method)) if method in FILLING | _JOINING:
            call = body.parent(above)
            if isinstance(call, cst.Call) and call.args:
                given = call.args[-1].value
                return [_task(body, given, seen) if method in FILLING else _collected(body, given, seen)]
        case cst.Subscript(value=cst.Name() as value) if value is read:
            target = body.parent(above)
            assigned = body.parent(target) if isinstance(target, cst.AssignTarget) else None
            if isinstance(assigned, cst.Assign):
                return [_task(body, assigned.value, seen)]
        case cst.AugAssign():
            return [None]
    return []


# what is done with them


def uses(body: Body, names: frozenset[str]) -> Iterator[Using]:
    """What is done with the tasks that variables hold; measuring, printing, testing and filling is nothing."""
    for name in sorted(names):
        for read in body.reads(name):
            use = _use(body, read, names)
            if isinstance(use, Use):
                yield Using(use, read)
            elif use:
                yield from uses(body, frozenset({use}) - names)


def _use(body: Body, read: "CSTNode", names: frozenset[str]) -> Use | str:
    """The use of one place; the variable of the loop that goes over them; "" when it is none."""
    if any(
        isinstance(above, cst.FunctionDef | cst.Lambda) and above is not body.node for above in body.ancestors(read)
    ):
        return Use.KEPT
    node = _whole(body, read)
    match above := body.parent(node):
        case cst.Arg():
            call = body.parent(above)
            return _argument(body, call, names) if isinstance(call, cst.Call) else Use.KEPT
        case cst.Attribute(attr=cst.Name(value=method)):
            return _method(method, called=isinstance(body.parent(above), cst.Call))
        case cst.For(target=cst.Name(value=name)) | cst.CompFor(target=cst.Name(value=name)) if above.iter is node:
            return name
        case cst.Assign(targets=targets):
            bound = {t.target.value for t in targets if isinstance(t.target, cst.Name)}
            return "" if bound and bound <= names else Use.KEPT
        case cst.AnnAssign(target=cst.Name(value=name)):
            return "" if name in names else Use.KEPT
        case cst.Subscript():
            stored = above.value is node and isinstance(body.parent(above), cst.AssignTarget)
            return "" if stored else Use.KEPT
        case cst.Index() | cst.Del() | cst.FormattedStringExpression() | cst.Comparison() | cst.ComparisonTarget():
            return ""
        case cst.If() | cst.While() | cst.Assert() | cst.UnaryOperation(operator=cst.Not()):
            return ""
    return Use.KEPT


def _whole(body: Body, read: "CSTNode") -> "CSTNode":
    """The collection that an expression is part of, a copy or a view of it: `list(tasks)` of `tasks`."""
    node = read
    while (above := body.parent(node)) is not None:
        match above:
            case cst.Element() | cst.StarredElement() | cst.List() | cst.Tuple() | cst.Set():
                node = above
            case cst.BinaryOperation():
                node = above
            case cst.Attribute(attr=cst.Name(value=method)) if method in _VIEWS:
                node = body.parent(above) or above
            case cst.Arg():
                call = body.parent(above)
                if not isinstance(call, cst.Call) or body.name_of(call.func) not in _COPIES:
                    return node
                node = call
            case cst.BooleanOperation() if _is_test(body, above):
                node = above
            case _:
                return node
    return node


def _is_test(body: Body, node: "CSTNode") -> bool:
    above = body.parent(node)
    return (isinstance(above, cst.BooleanOperation) and _is_test(body, above)) or isinstance(
        above, cst.If | cst.While | cst.Assert
    )


def _argument(body: Body, call: "Call", names: frozenset[str]) -> Use | str:
    name = body.name_of(call.func)
    if name == WAIT:
        return Use.WAITED
    match call.func:
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=method)) if owner in names:
            return "" if method in _IDLE_METHODS else Use.KEPT
    return "" if name in _ONLY_LOOKS else Use.KEPT


def _method(method: str, *, called: bool) -> Use | str:
    if not called:
        return Use.KEPT
    if method in _IDLE_METHODS | _IDLE_METHODS_OF_TASKS:
        return ""
    if method == "cancel":
        return Use.CANCELLED
    return Use.READ if method in ("result", "exception") else Use.KEPT


def is_repeated(body: Body, wait: Wait) -> bool:
    """Does it stand in a loop whose next turn waits for what is left, as it keeps it or does not make the tasks?"""
    loops = [above for above in body.ancestors(wait.call) if isinstance(above, cst.For | cst.While)]
    inside = ({id(node) for node in walk(loop)} for loop in loops)
    if loops and wait.pending & wait.tasks.names:
        return True
    return any(id(made) not in within for within in inside for made in wait.tasks.made)


def asks_whether_done(body: Body, names: frozenset[str]) -> bool:
    """Is one of the tasks, by its own name, asked whether it is done?"""
    above = (body.parent(read) for name in names for read in body.reads(name))
    return any(isinstance(attribute, cst.Attribute) and attribute.attr.value == "done" for attribute in above)
