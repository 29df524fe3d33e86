import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asynclint.rule import Body, Class, Entity, Items, Named, Problem, entering, rule
from asynclint.rule import nodes as cst
from asynclint.rule.groups import GROUP, Group, group_of, is_quiet, is_timeout, outside_of_groups
from asynclint.rule.trees import own_children, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, ExceptHandler, Try

# What a caught exception has to do with a task group: it comes out wrapped, it may come out as it is (or from around
# the group), or it is the ExceptionGroup, or one of its bases, or cannot be told.
_WRAPPED, _BARE, _GROUP = "wrapped", "bare", "group"
_GROUPS = re.compile(r"group|multi", re.IGNORECASE)
_NEVER_WRAPPED = frozenset({"asyncio.CancelledError", "builtins.KeyboardInterrupt", "builtins.SystemExit"})
_SLIPS = frozenset({"builtins.AttributeError", "builtins.NameError", "builtins.TypeError", "builtins.MemoryError"})
_TIMED_OUT = frozenset({"asyncio.TimeoutError", "builtins.TimeoutError", "builtins.OSError"})
_EVERYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})


@rule(
    code="ASL306",
    wants=entering(GROUP),
    pitfall="https://docs.python.org/3/library/asyncio-task.html#task-groups",
)
def except_around_taskgroup(body: Body) -> Iterator[Problem]:
    """A handler around a task group names an error that only arrives inside an `ExceptionGroup`.

    When a task of a `TaskGroup` fails, the group cancels the others and raises an `ExceptionGroup` that holds the
    errors. What the block of the group raises itself is wrapped just the same. An `except ValueError` around it never
    runs: the `ExceptionGroup` is no `ValueError`, passes the handler by, and ends whatever stands above.

    ## Bad

    ```python
    import asyncio

    async def greet(user):
        if not user:
            raise ValueError("no such user")

    async def greet_all(users):
        try:
            async with asyncio.TaskGroup() as group:
                for user in users:
                    group.create_task(greet(user))
        except ValueError as error:  # ASL306
            print("not greeted:", error)

    async def greet_soon(user):
        try:
            async with asyncio.TaskGroup() as group, asyncio.timeout(1):
                group.create_task(greet(user))
                await asyncio.sleep(2)
        except TimeoutError:  # ASL306
            print("too slow")
    ```

    ## Good

    ```python
    import asyncio

    async def greet(user):
        if not user:
            raise ValueError("no such user")

    async def greet_all(users):
        try:
            async with asyncio.TaskGroup() as group:
                for user in users:
                    group.create_task(greet(user))
        except* ValueError as errors:
            print("not greeted:", *errors.exceptions)

    async def greet_soon(user):
        try:
            async with asyncio.timeout(1), asyncio.TaskGroup() as group:
                group.create_task(greet(user))
                await asyncio.sleep(2)
        except TimeoutError:
            print("too slow")
    ```

    ## What to do

    Write `except*`, which takes the errors of its kind out of the group and lets the others go on. One `try` has either
    `except` or `except*`, and an `except*` cannot `return`, `break` or `continue`: set a variable there, and leave
    after the `try`. Or handle the error in the task itself, where it is raised. A timeout belongs around the group.

    ## Not reported

    Handlers that may also be there for something else: a `try` in which anything outside the group may raise, such as
    a connection that is opened first, a result that is parsed afterwards, or another context manager around the group.
    A `try` with a handler for `ExceptionGroup` too. `CancelledError`, `KeyboardInterrupt` and `SystemExit`, which are
    not wrapped, and `TypeError`, `AttributeError` and `NameError`, which any line may raise. Subclasses of `TaskGroup`,
    and the task groups of anyio, whose older versions raise a single error as it is. `contextlib.suppress`, which
    looks into groups since Python 3.12.
    """
    for node in body.nodes if body.is_async else ():
        if isinstance(node, cst.Try):
            inside = next((g for part in walk(node.body, own_children) if (g := group_of(body, part))), None)
            if inside is not None:
                yield from _around(body, node, inside)


def _around(body: Body, attempt: "Try", group: Group) -> Iterator[Problem]:
    outside = list(outside_of_groups(body, attempt.body))
    if not all(is_quiet(body, node) for node in outside):
        return
    timed = any(isinstance(node, cst.WithItem) and is_timeout(body, node) for node in outside)
    problems = []
    for handler in attempt.handlers:
        if handler.type is None or body.caught(handler.type) & _EVERYTHING:
            break
        found = [(part, _judged(body, body.resolve(part), timed=timed)) for part in _parts(handler.type)]
        if any(kind == _GROUP for _, kind in found):
            return
        wrapped = [part for part, kind in found if kind == _WRAPPED]
        if wrapped:
            problems.append(_problem(body, handler, wrapped, group))
    yield from problems


def _parts(kind: "BaseExpression") -> "Sequence[BaseExpression]":
    return [element.value for element in kind.elements] if isinstance(kind, cst.Tuple) else [kind]


def _judged(body: Body, entity: Entity | None, *, timed: bool) -> str:
    match entity:
        case Items(items=items) if items:
            kinds = {_judged(body, item, timed=timed) for item in items}
            return next(kind for kind in (_GROUP, _BARE, _WRAPPED) if kind in kinds)
        case Class():
            lineage = body.project.lineage(entity)
            above = {_judged(body, klass, timed=timed) for klass in lineage[1:] if not _is_root(klass)}
            return next((kind for kind in (_GROUP, _BARE) if kind in above), _WRAPPED)
        case Named(name=name):
            return _judged_by_name(name, timed=timed)
    return _GROUP


def _is_root(klass: Entity | None) -> bool:
    return isinstance(klass, Named) and klass.name in _EVERYTHING | {"builtins.object"}


def _judged_by_name(name: str, *, timed: bool) -> str:
    last = name.rpartition(".")[2]
    if _GROUPS.search(last) or not last[:1].isupper() or name in _EVERYTHING:
        return _GROUP
    return _BARE if name in _NEVER_WRAPPED | _SLIPS or (timed and name in _TIMED_OUT) else _WRAPPED


def _problem(body: Body, handler: "ExceptHandler", wrapped: "Sequence[BaseExpression]", group: Group) -> Problem:
    assert handler.type is not None
    names = [f"`{body.text(part)}`" for part in wrapped]
    shown = f"{', '.join(names[:-1])} and {names[-1]} never arrive" if len(names) > 1 else f"{names[0]} never arrives"
    message = (
        f"{shown} here: `{body.text(group.item.item)}` wraps what its tasks and its block raise in an ExceptionGroup; "
        f"write `except* {body.text(handler.type)}`"
    )
    return Problem(handler.type, message, trace=((group.item.item, "the group is entered here"),))
