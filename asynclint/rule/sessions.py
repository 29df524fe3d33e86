"""Client sessions that a function makes for itself, and the requests it sends with each of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclint.facts.module import ScopeKind
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.closing import is_bound
from asynclint.rule.exclusion import is_part_of_a_dialogue
from asynclint.rule.openings import contains, is_local, is_shared, opened
from asynclint.rule.shared import is_shared as is_shared_target
from asynclint.rule.trees import code_of, own_children, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode, For, While

SESSIONS = ("aiohttp.ClientSession", "httpx.AsyncClient")
_VERBS = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "request", "send", "stream"})
_HARMLESS = frozenset({"base_url", "closed", "cookie_jar", "cookies", "headers", "is_closed"})
_CLOSING = frozenset({"aclose", "close"})
_LOGIN = re.compile(r"log_?in|sign_?in|oauth|redirect_uri|exchange_code", re.IGNORECASE)
_LOOPS = ("For", "While", "ListComp", "SetComp", "DictComp")


@dataclass(frozen=True, eq=False)
class Session:
    """One session: the call that makes it and the requests that are all it is used for."""

    call: "Call"
    requests: "tuple[Call, ...]"


def sessions(body: Body) -> Iterator[Session]:
    """The sessions that never leave the function, and are used."""
    for call in body.calls(*SESSIONS):
        name, resource = _name(body, call), opened(body, call)
        if name and resource and is_local(body, name) and not is_shared(call, resource):
            requests = _requests(body, name, is_entered=isinstance(body.parent(call), cst.WithItem))
            if requests:
                yield Session(call, tuple(requests))


def _name(body: Body, call: "Call") -> str:
    match body.parent(call):
        case cst.WithItem(asname=cst.AsName(name=cst.Name(value=name))):
            return name
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name
    return ""


def _requests(body: Body, name: str, *, is_entered: bool) -> "list[Call]":
    """The requests sent by a session, none when it is used for anything else or never closed."""
    found: list[Call] = []
    is_closed = False
    for read in body.nodes:
        if not isinstance(read, cst.Name) or read.value != name or is_bound(body, read) or body.is_label(read):
            continue
        above = body.parent(read)
        outer = body.parent(above) if isinstance(above, cst.Attribute) else None
        match above:
            case cst.Attribute(attr=cst.Name(value=verb)) if verb in _VERBS and isinstance(outer, cst.Call):
                found.append(outer)
            case cst.Attribute(attr=cst.Name(value=detail)) if detail in _HARMLESS:
                pass
            case cst.Attribute(attr=cst.Name(value=method)) if method in _CLOSING and isinstance(outer, cst.Call):
                is_closed = True
            case cst.WithItem():
                is_closed = True
            case _:
                return []
    return found if is_closed or is_entered else []


def loop_around(body: Body, session: Session) -> "For | While | None":
    """The innermost loop that makes the session in each pass."""
    return next((above for above in body.ancestors(session.call) if isinstance(above, cst.For | cst.While)), None)


def is_tried_again(loop: "For | While") -> bool:
    """Does the loop end once it has succeeded?"""
    return any(isinstance(node, cst.Return | cst.Break) for node in walk(loop.body, own_children))


def is_for_one_request(body: Body, session: Session) -> bool:
    """Is only one request sent with it, whatever way the function takes?"""
    requests = session.requests
    pairs = ((first, second) for place, first in enumerate(requests) for second in requests[place + 1 :])
    return not any(_is_repeated(body, session, request) for request in requests) and all(
        _exclude_each_other(body, first, second) for first, second in pairs
    )


def _is_repeated(body: Body, session: Session, request: "Call") -> bool:
    loops = (above for above in body.ancestors(request) if type(above).__name__ in _LOOPS)
    return any(not contains(loop, session.call) for loop in loops)


def _exclude_each_other(body: Body, first: "CSTNode", second: "CSTNode") -> bool:
    above = {id(node) for node in body.ancestors(first)}
    common = next((node for node in body.ancestors(second) if id(node) in above), None)
    return isinstance(common, cst.If | cst.Match | cst.IfExp)


def is_called_again(body: Body, session: Session) -> bool:
    """Do the requests depend on what the function is given, or is it called for each of many?"""
    sites = body.call_sites()
    if any(body.facts.scopes[site.scope].kind is ScopeKind.COMPREHENSION for site in sites):
        return True
    given = _given(body)
    return any(not given.isdisjoint(_names(request.args)) for request in session.requests)


def is_seldom_called(body: Body) -> bool:
    """Is it asked only once for the same thing, or once for a dialogue or a login?"""
    is_cached = body.project.is_cached(body.entity) or _fills_cache(body)
    return is_cached or is_part_of_a_dialogue(body) or _LOGIN.search(body.name) is not None


def _fills_cache(body: Body) -> bool:
    """Does it look into a collection of others before, and put there what it has got?"""
    filled, asked = set(), set()
    for node in body.nodes:
        match node:
            case cst.AssignTarget(target=cst.Subscript(value=cache) as target) if is_shared_target(body, target):
                filled.add(code_of(cache))
            case cst.Subscript(value=cache) if not isinstance(body.parent(node), cst.AssignTarget):
                asked.add(code_of(cache))
            case cst.ComparisonTarget(operator=cst.In() | cst.NotIn(), comparator=cache):
                asked.add(code_of(cache))
            case cst.Call(func=cst.Attribute(value=cache, attr=cst.Name(value="get"))):
                asked.add(code_of(cache))
    return not (filled & asked) <= {""}


def _given(body: Body) -> set[str]:
    """The parameters, and the variables that are made of them."""
    facts = body.function
    if facts is None:
        return set()
    names = {*facts.parameters[1 if body.owner else 0 :], *facts.keywords}
    for node in body.nodes:
        if isinstance(node, cst.Assign) and not names.isdisjoint(_names([node.value])):
            names |= {target.target.value for target in node.targets if isinstance(target.target, cst.Name)}
    return names


def _names(parts: "Sequence[CSTNode]") -> set[str]:
    return {node.value for part in parts for node in walk(part, own_children) if isinstance(node, cst.Name)}
