"""Stream writers that are written to or closed and never waited for, and processes whose pipes nobody reads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Instance, Named
from asynclint.facts.knowledge.resources import RESOURCES, Resource
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.closing import is_bound, is_tested, only_looks
from asynclint.rule.openings import Opening, is_local, openings
from asynclint.rule.wants import Want, calls, methods

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, Name

_WRITES = frozenset({"write", "writelines"})
_ENDS = frozenset({"kill", "terminate", "send_signal", "communicate"})
_WRITER = "asyncio.StreamWriter"
_PIPES = frozenset({"asyncio.subprocess.PIPE", "subprocess.PIPE"})


def piping() -> Want:
    """Coroutines that open a connection or start a process, or call a writer which they may have been given."""
    openers = (name for name, resource in RESOURCES.items() if _is_writer(resource) or _is_process(resource))
    return calls(*openers, in_coroutine=True) | methods([_WRITER], *_WRITES, "close")


def _is_writer(resource: Resource) -> bool:
    return resource.place == 1


def _is_process(resource: Resource) -> bool:
    return resource.what == "process"


class Handle:
    """A local variable that holds a writer or a process, and is used for nothing but its methods and attributes."""

    def __init__(self, body: Body, name: str) -> None:
        self.body = body
        self.name = name
        reads = [node for node in body.nodes if isinstance(node, cst.Name) and node.value == name]
        self.reads = [read for read in reads if not is_bound(body, read) and not body.is_label(read)]

    @property
    def stays_here(self) -> bool:
        """Does no other code get it?"""
        return is_local(self.body, self.name) and all(self._is_plain(read) for read in self.reads)

    def _is_plain(self, read: "Name") -> bool:
        above = self.body.parent(read)
        if isinstance(above, cst.Arg):
            return only_looks(self.body, above)
        return isinstance(above, cst.Attribute | cst.FormattedStringExpression) or is_tested(self.body, read)

    def uses(self, *names: str) -> "Iterator[CSTNode]":
        """Where these attributes are read, in their order."""
        for read in self.reads:
            above = self.body.parent(read)
            if isinstance(above, cst.Attribute) and above.attr.value in names:
                yield above

    def calls(self, *names: str) -> "Iterator[Call]":
        """Where these methods are called, in their order."""
        for method in self.uses(*names):
            above = self.body.parent(method)
            if isinstance(above, cst.Call) and above.func is method:
                yield above


def writers(body: Body) -> Iterator[Handle]:
    """The writers in local variables that no other code gets."""
    opened = [opening.name for opening in openings(body) if opening.name and _is_writer(opening.resource)]
    given = {*body.function.parameters, *body.function.keywords} if body.function else set()
    declared = [name for name in body.here.names if name in given and _is_declared_writer(body, name)]
    for name in dict.fromkeys([*opened, *declared]):
        handle = Handle(body, name)
        if handle.stays_here and not any(handle.uses("transport", "_transport")):
            yield handle


def _is_declared_writer(body: Body, name: str) -> bool:
    return body.evaluate(body.scope, name) == Instance(Named(_WRITER))


def undrained_write(writer: Handle) -> "Call | None":
    """The first write in a loop to a writer that is never drained."""
    if any(writer.uses("drain")):
        return None
    return next((call for call in writer.calls(*_WRITES) if _is_repeated(writer.body, call)), None)


def _is_repeated(body: Body, call: "Call") -> bool:
    loops = (above for above in body.ancestors(call) if isinstance(above, cst.For | cst.While))
    return any(isinstance(loop, cst.While) or not _is_short(body, loop.iter) for loop in loops)


def _is_short(body: Body, iterable: "BaseExpression") -> bool:
    """Is it written out, or a number of times that is?"""
    match iterable:
        case cst.Tuple() | cst.List() | cst.Set() | cst.Dict() | cst.SimpleString():
            return True
        case cst.Call(func=func, args=args):
            is_range = body.name_of(func) == "builtins.range"
            return is_range and all(isinstance(argument.value, cst.Integer) for argument in args)
    return False


def unfinished_close(writer: Handle) -> "Call | None":
    """The first `close()` of a writer that is written to, not drained after that, and never waited for."""
    last = [method.attr.value for method in writer.uses(*_WRITES, "drain") if isinstance(method, cst.Attribute)][-1:]
    if any(writer.uses("wait_closed")) or not last or last == ["drain"]:
        return None
    handlers = cst.ExceptHandler | cst.ExceptStarHandler
    closes = (call for call in writer.calls("close") if isinstance(writer.body.parent(call), cst.Expr))
    usual = (call for call in closes if not any(isinstance(above, handlers) for above in writer.body.ancestors(call)))
    return next(usual, None)


def unread_pipes(body: Body) -> "Iterator[tuple[str, str, Call]]":
    """The processes that are waited for before a pipe of theirs is read: its name, the pipes, and the `wait()`."""
    place = {id(node): index for index, node in enumerate(body.nodes)}
    for opening in openings(body):
        process = Handle(body, opening.name)
        pipes = [pipe for pipe in ("stdout", "stderr") if _is_piped(body, opening, pipe)]
        wait = next(process.calls("wait"), None) if pipes and opening.name and process.stays_here else None
        if wait is None or any(place[id(use)] < place[id(wait)] for use in process.uses(*_ENDS)):
            continue
        read = {pipe for pipe in pipes if any(place[id(use)] < place[id(wait)] for use in process.uses(pipe))}
        if left := [f"`{pipe}`" for pipe in pipes if pipe not in read]:
            yield opening.name, " and ".join(left), wait


def _is_piped(body: Body, opening: Opening, pipe: str) -> bool:
    given = (arg.value for arg in opening.call.args if arg.keyword is not None and arg.keyword.value == pipe)
    return _is_process(opening.resource) and any(body.name_of(value) in _PIPES for value in given)
