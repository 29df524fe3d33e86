"""How many items a queue may hold, as far as the places tell where it is made."""

from collections.abc import Iterator
from typing import NamedTuple

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Named
from asynclint.facts.names import Bound
from asynclint.rule.places import bindings
from asynclint.rule.queues import Queue

_QUEUES = frozenset(Named(f"asyncio.{name}") for name in ("Queue", "LifoQueue", "PriorityQueue"))
_KEPT = Use.ASSIGNED, Use.STORED


class Capacity(NamedTuple):
    """Whether a queue can be full, and where it is made."""

    is_bounded: bool
    path: str
    call: CallFacts


def capacity(queue: Queue) -> Capacity | None:
    """The capacity of a queue, None where it is not known or may be either."""
    family = queue.family
    if family is None or family.obscure:
        return None
    made = list(_made(queue))
    bounded = {_is_bounded(call) for _, call in made}
    only = bounded.pop() if len(bounded) == 1 else None
    return Capacity(only, *made[0]) if only is not None else None


def is_filled_first(queue: Queue, made: Capacity) -> bool:
    """Does whoever makes the queue await the body that fills it, and only then take from it?

    A queue with a `maxsize` would then be full for ever.
    """
    body, gets = queue.body, queue.calls("get", "get_nowait")
    if made.path != body.facts.path or queue.family is None or queue.family.escapes or not gets:
        return False
    maker, sites = body.facts.executor(made.call.scope), list(body.call_sites())
    own = [call for module, call in gets if module is body.facts and module.executor(call.scope) == maker]
    awaited = all(site.use is Use.AWAITED and body.facts.executor(site.scope) == maker for site in sites)
    return bool(sites) and awaited and len(own) == len(gets) and min(c.line for c in own) > max(s.line for s in sites)


def _made(queue: Queue) -> Iterator[tuple[str, CallFacts]]:
    """The calls that make queues in the functions that bind its places."""
    project = queue.body.project
    for place in queue.family.origins if queue.family else ():
        module = project.module(place.path)
        ways = [way for way in bindings(project, place) if way.bound in (Bound.VALUE, Bound.ANNOTATION)]
        for call in module.calls if module else ():
            is_kept = call.use in _KEPT and any(call.scope == way.scope for way in ways)
            if is_kept and project.call(place.path, call) in _QUEUES:
                yield place.path, call


def _is_bounded(call: CallFacts) -> bool | None:
    """Has it a `maxsize` that is written there?"""
    match call.arguments:
        case () | ("0",) | ("maxsize=0",):
            return False
        case ("",) | ("maxsize=",):
            return True
    return None
