"""A coroutine that stands for its result, where it is made or through a local variable."""

from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.library import is_lazy
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.holding import Holding, holding
from asynclint.rule.misuse import (
    CLASS_TESTED,
    TAKEN_FOR_A_VALUE,
    Misuse,
    is_asked_for_its_kind,
    is_serialised,
    is_tested_by_each,
    misuse,
)
from asynclint.rule.parameters import declared_target, is_value
from asynclint.rule.scopes import ended
from asynclint.rule.values import Fate, destination, may_be_awaited

if TYPE_CHECKING:
    from libcst import Call, CSTNode, Name


class Misplaced(Struct, frozen=True):
    """What the coroutine is taken for, through which variable, and whether something else may still run it."""

    how: str
    variable: str = ""
    may_run: bool = False
    is_doubtful: bool = False
    trace: "tuple[tuple[CSTNode, str], ...]" = ()


def misplaced(body: Body, call: "Call") -> Misplaced | None:
    """How the coroutine that a call makes is misused, there or through a variable; None when it is not."""
    where = destination(body, call)
    if is_tested_by_each(body, call):
        return Misplaced("is always true as a condition")
    if direct := misuse(body, call):
        return Misplaced(direct.how)
    if where.collected:
        return Misplaced("is written out instead of its result") if is_serialised(body, where.call) else None
    if where.fate is Fate.RETURNED:
        return None if _escapes(body, call) else _returned(body, call)
    if where.fate is Fate.BOUND:
        return _through_a_local(body, where.names[0], call) or _declared_otherwise(body, call, where.names[0])
    return _declared_otherwise(body, call, "")


def _declared_otherwise(body: Body, call: "Call", name: str) -> Misplaced | None:
    """Assigned to what is annotated to hold something else, and not awaited by its name either."""
    above = body.parent(call)
    targets = above.targets if isinstance(above, cst.Assign) else [above] if isinstance(above, cst.AnnAssign) else ()
    target = targets[0].target if len(targets) == 1 else None
    if target is None or not is_value(body.project, declared_target(body, target)):
        return None
    if any(may_be_awaited(body, read) or is_asked_for_its_kind(body, read) for read in body.reads(name)):
        return None
    return Misplaced(f"is assigned to `{body.text(target)}`, which is declared to hold its result", may_run=True)


def _returned(body: Body, value: "Call | Name") -> Misplaced | None:
    """Given back by a coroutine function."""
    above = body.ancestors(value)
    statement = next((node for node in above if isinstance(node, cst.Return | cst.Lambda | cst.Yield)), None)
    if body.kind is not BodyKind.COROUTINE or not isinstance(statement, cst.Return):
        return None
    how = f"is returned, so that whoever awaits `{body.name}(...)` gets a coroutine"
    return Misplaced(how, may_run=True, is_doubtful=not _promises_a_value(body))


def _escapes(body: Body, call: "Call") -> bool:
    """Is it returned out of a `try` or `with` that is meant for its run, as ASL109 says?"""
    leave = next((above for above in body.ancestors(call) if isinstance(above, cst.Return)), None)
    return leave is not None and next(ended(body, leave, call), None) is not None


def _returned_later(body: Body, name: str, held: Holding) -> Misplaced | None:
    found = ((read, _returned(body, read)) for read in held.surely if isinstance(body.parent(read), cst.Return))
    read, returned = next(((read, returned) for read, returned in found if returned), (None, None))
    if read is None or returned is None:
        return None
    return Misplaced(returned.how, name, returned.may_run, returned.is_doubtful, ((read, "it is returned here"),))


def _promises_a_value(body: Body) -> bool:
    """Is its result annotated as something that nobody can await?"""
    returns = body.function.returns if body.function else ""
    return is_value(body.project, body.project.annotated(body.facts.path, body.here.parent, returns))


def _through_a_local(body: Body, name: str, call: "Call") -> Misplaced | None:
    """The first use of a variable that fails for certain; or the first of all, when all of them are misuses."""
    held = holding(body, name, call, _coroutines_bound_to(body, name))
    if any(is_asked_for_its_kind(body, read) for read in (*held.surely, *held.maybe)):
        return None
    uses = [(read, found) for read in held.surely if (found := misuse(body, read))]
    other_uses = [(read, found) for read in held.maybe if (found := misuse(body, read))]
    failing = next(((read, found) for read, found in uses if found.fails), None)
    only_misused = len(uses) + len(other_uses) == len(held.surely) + len(held.maybe)
    if not uses and not (only_misused and other_uses):
        return _returned_later(body, name, held)
    uses = uses or other_uses
    if not (failing or only_misused or _is_taken_for_a_result(body, uses, held)):
        return None
    read, found = failing or uses[0]
    return Misplaced(found.how, name, may_run=not only_misused, trace=((read, f"`{name}` {found.how}"),))


def _coroutines_bound_to(body: Body, name: str) -> "list[Call]":
    calls = (call for call in body.all_calls() if name in destination(body, call).names)
    return [call for call in calls if body.coroutine_of(call) or is_lazy(body.resolve(call))]


def _is_taken_for_a_result(body: Body, uses: "list[tuple[Name, Misuse]]", held: Holding) -> bool:
    """Is it clearly taken for a result once, and never awaited, given back or made a task?"""
    asked = any(found in (CLASS_TESTED, TAKEN_FOR_A_VALUE) for _, found in uses)
    return asked and not any(may_be_awaited(body, read) for read in (*held.surely, *held.maybe))
