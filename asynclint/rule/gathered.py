"""What of that which a body gathers it starts itself: coroutines and tasks, but none that exist already."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.collectors import filled
from asynclint.rule.trees import call_name, code_of

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

_TASK_MAKER = re.compile(r"ensure_future|\w*create\w*_task|Task")
_VIEWS = frozenset({"values", "keys"})
_COPIES = frozenset(f"builtins.{name}" for name in ("frozenset", "list", "reversed", "set", "sorted", "tuple"))
_WRAPPERS = frozenset({"asyncio.wrap_future", "asyncio.shield"})
_FUTURES = frozenset({"asyncio.Future", "concurrent.futures.Future"})


def started_here(body: Body, call: "Call") -> "list[Call]":
    """The calls that make what is gathered, where the body makes it: `save(1)` of `gather(create_task(save(1)), t)`."""
    made = (_made(body, arg.value, is_several=bool(arg.star)) for arg in call.args if arg.keyword is None)
    return [_unwrapped(each) for calls in made for each in calls]


def _unwrapped(made: "Call") -> "Call":
    """The coroutine of `create_task(save())` and the like."""
    works = (arg.value for arg in made.args if isinstance(arg.value, cst.Call))
    return next(works, made) if _TASK_MAKER.fullmatch(call_name(made)) else made


def _made(
    body: Body, value: "BaseExpression", *, is_several: bool, seen: frozenset[str] = frozenset()
) -> "Iterator[Call]":
    if isinstance(value, cst.Name) and value.value not in seen:
        for bound, is_element in _put_in(body, value.value):
            yield from _made(body, bound, is_several=is_several and not is_element, seen=seen | {value.value})
    for part, is_collection in _parts(body, value, is_several=is_several):
        yield from _made(body, part, is_several=is_collection, seen=seen)
    if isinstance(value, cst.Call) and not is_several and not _gives_what_exists(body, value):
        yield value


def _parts(body: Body, value: "BaseExpression", *, is_several: bool) -> "Iterator[tuple[BaseExpression, bool]]":
    """What a display, a comprehension or a copy holds, and whether that stands for several."""
    match value:
        case cst.BaseSimpleComp(elt=cst.Name() as element, for_in=loop):
            yield (loop.iter, True) if code_of(loop.target) == element.value else (element, False)
        case cst.BaseSimpleComp(elt=element):
            yield element, False
        case cst.DictComp(value=element):
            yield element, False
        case cst.List() | cst.Tuple() | cst.Set():
            yield from ((each.value, isinstance(each, cst.StarredElement)) for each in value.elements)
        case cst.Dict():
            yield from ((each.value, isinstance(each, cst.StarredDictElement)) for each in value.elements)
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=view)), args=[]) if view in _VIEWS:
            yield inner, True
        case cst.Call(func=function, args=[cst.Arg(value=inner), *_]):
            name = body.name_of(function)
            if name in _COPIES or name in _WRAPPERS:
                yield inner, is_several
            elif name == "builtins.map" and isinstance(inner, cst.Name | cst.Attribute):
                yield cst.Call(inner), False


def _gives_what_exists(body: Body, call: "Call") -> bool:
    return body.name_of(call.func) in _COPIES | _WRAPPERS or body.type_of(call) in _FUTURES


def _put_in(body: Body, name: str) -> "Iterator[tuple[BaseExpression, bool]]":
    """What a variable of the body is bound to, and what is put into it as an element."""
    for node in body.nodes:
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value):
                yield from ((value, is_element) for is_element in _filled(target, name))
            case cst.AnnAssign(target=target, value=value) if value is not None:
                yield from ((value, is_element) for is_element in _filled(target, name))
            case cst.Call(args=[*_, last]) if filled(node) == name:
                yield last.value, True


def _filled(target: "CSTNode", name: str) -> Iterator[bool]:
    """Whether an assignment sets an element of the variable, or the variable; nothing when it sets neither."""
    match target:
        case cst.Name(value=bound) if bound == name:
            yield False
        case cst.Subscript(value=cst.Name(value=bound)) if bound == name:
            yield True
