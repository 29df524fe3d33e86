"""The defects that are made in clean packages: where, and by which edits. Decided on the syntax tree alone."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path

from deletions import Above, deletions, function_of, last_name, other_makers, parents

from asynclint.config import DEFAULT_TEST_FILES
from asynclint.source.files import files_like
from asynclint.source.respell import parse
from asynclint.source.text import SourceText, Unreadable

_TIME, _THREADING, _THREAD_LOCK = "_blocking_time", "_plain_threading", "_thread_lock"  # in no module's way
_HELPER = f"\n\ndef _blocking_sleep(seconds):\n    {_TIME}.sleep(seconds)\n"
_CANCELLATION = re.compile(r"\b(CancelledError|BaseException)\b|^$")
_SESSIONS = frozenset({"ClientSession", "AsyncClient", "AsyncSession", "create_pool"})
_LOCK = re.compile(r"(?:.*[._])?(?:lock|mutex)", re.IGNORECASE)
_TASK_MAKERS = frozenset({"create_task", "ensure_future"})


@dataclass(frozen=True)
class Source:
    """One file of a package, read and parsed."""

    path: str
    text: str
    tree: ast.Module

    def offset(self, line: int, column: int) -> int:
        """From a line and a column as `ast` counts them to the byte offset in the file."""
        return self._starts[line - 1] + column

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self.text.encode().splitlines(keepends=True)))]


@dataclass(frozen=True)
class Mutant:
    """One defect to make: `edits` are byte spans of the file, in order, and what to put there.

    It is made on `line`, where the text `expects` stands at byte `start`; `use` says more of the place. A finding
    between the lines `first` and `last` has found it.
    """

    path: str
    line: int
    start: int
    first: int
    last: int
    use: str
    edits: tuple[tuple[int, int, str], ...]
    expects: str = "await"

    @property
    def added(self) -> int:
        """The lines that come with it."""
        return sum(new.count("\n") for start, _, new in self.edits if start <= self.start)


def mutated(text: str, mutant: Mutant) -> str | None:
    """The text with the defect, None when it is not where the tree says (older Pythons misplace parts of f-strings)."""
    data = text.encode()
    if not data[mutant.start :].startswith(mutant.expects.encode()):
        return None
    for start, end, new in reversed(mutant.edits):
        rest = data[end:] if new else data[end:].lstrip(b" \t")
        data = data[:start] + new.encode() + rest
    try:
        parse(data.decode())
    except SyntaxError:
        return None
    return data.decode()


def sources(package: Path) -> Iterator[Source]:
    """The files of a package that are no tests and can be parsed."""
    is_test = files_like(DEFAULT_TEST_FILES)
    for path in sorted(package.rglob("*.py")):
        if not is_test(str(path)):
            try:
                text = SourceText.decode(path.read_bytes()).text
                yield Source(str(path), text, parse(text, str(path)))
            except (Unreadable, SyntaxError, ValueError, RecursionError):
                continue


# awaits


def awaits(package: Path) -> Iterator[Mutant]:
    """Every `await` whose deletion is a defect."""
    others = other_makers(source.tree for source in sources(package))
    for source in sources(package):
        for deletion in deletions(source.tree, parents(source.tree), others) if "await" in source.text else ():
            start = source.offset(deletion.node.lineno, deletion.node.col_offset)
            edits = ((start, start + len("await"), ""),)
            yield Mutant(source.path, deletion.node.lineno, start, deletion.first, deletion.last, deletion.use, edits)


def sleeps(source: Source, callee: str = f"{_TIME}.sleep") -> Iterator[Mutant]:
    """Every `await asyncio.sleep(x)` that sleeps, to become a `time.sleep(x)`."""
    above, imported = parents(source.tree), _import_end(source)
    for node in ast.walk(source.tree):
        if imported and isinstance(node, ast.Await) and _is_sleep(node, above):
            assert isinstance(node.value, ast.Call)
            start, end = source.offset(node.lineno, node.col_offset), _end(source, node.value.func)
            edits = (imported, imported, f"; import time as {_TIME}"), (start, end, callee)
            yield Mutant(source.path, node.lineno, start, node.lineno, node.end_lineno or 0, "sleep", edits)


def helpers(source: Source) -> Iterator[Mutant]:
    """The same sleeps, to become calls of a plain function at the end of the file that calls `time.sleep`."""
    end = len(source.text.encode())
    for mutant in sleeps(source, "_blocking_sleep"):
        yield replace(mutant, use="helper", edits=(*mutant.edits, (end, end, _HELPER)))


def _is_sleep(node: ast.Await, above: Above) -> bool:
    match node.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"), args=[seconds]):
            nothing = isinstance(seconds, ast.Constant) and seconds.value == 0  # only gives way to other tasks
            return not nothing and isinstance(function_of(node, above), ast.AsyncFunctionDef)
    return False


# handlers, queues, tasks


def swallowed(source: Source) -> Iterator[Mutant]:
    """Every bare `raise` that ends a handler of cancellation around an `await`, to become a `pass`."""
    above = parents(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Try) and isinstance(function_of(node, above), ast.AsyncFunctionDef):
            for handler in node.handlers if _awaits(node.body) else ():
                caught, last = ast.unparse(handler.type) if handler.type else "", handler.body[-1]
                if isinstance(last, ast.Raise) and last.exc is None and _CANCELLATION.search(caught):
                    yield _replaced(source, last, "raise", "pass", handler.lineno, handler.lineno, caught)


def unmarked(source: Source) -> Iterator[Mutant]:
    """Every `queue.task_done()` of a coroutine in a file with a `join()`, to become a `pass`."""
    above = parents(source.tree)
    for node in ast.walk(source.tree) if ".join()" in source.text else ():
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="task_done"), args=[])):
                body = function_of(node, above)
                if isinstance(body, ast.AsyncFunctionDef):
                    code = ast.unparse(node)
                    yield _replaced(source, node, code, "pass", body.lineno, body.end_lineno or 0, "task_done")


def forgotten(source: Source) -> Iterator[Mutant]:
    """Every task that is kept in an attribute, to be kept nowhere."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Call(func=func) as call):
                if last_name(func) in _TASK_MAKERS:
                    start, end = _start(source, node), _start(source, call)
                    edits = ((start, end, ""),)
                    kept = ast.unparse(target)
                    yield Mutant(source.path, node.lineno, start, node.lineno, call.lineno, kept, edits, kept)


# blocks


def unclosed(source: Source) -> Iterator[Mutant]:
    """Every `async with ClientSession() as session:` and the like, to become an assignment."""
    for node, item in _managed(source):
        match item:
            case ast.withitem(context_expr=ast.Call(func=func) as call, optional_vars=ast.Name(id=name)):
                if last_name(func) in _SESSIONS:
                    code = source.text.encode()[_start(source, call) : _end(source, call)].decode()
                    yield _opened(source, node, f"{name} = {code}", "session")


def unreleased(source: Source) -> Iterator[Mutant]:
    """Every `async with lock:` with something to await inside, to be released only where nothing goes wrong."""
    for node, lock in _locks(source):
        if isinstance(node.body[-1], ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            opened, end = _opened(source, node, f"await {lock}.acquire()", lock), _end(source, node)
            yield replace(opened, edits=(*opened.edits, (end, end, f"; {lock}.release()")))


def held(source: Source) -> Iterator[Mutant]:
    """The same, to become a `with` on a lock of `threading` that the whole module shares."""
    imported = _import_end(source)
    for node, lock in _locks(source) if imported else ():
        start, end = _start(source, node), _end(source, node.items[0].context_expr)
        shared = f"; import threading as {_THREADING}; {_THREAD_LOCK} = {_THREADING}.Lock()"
        edits = (imported, imported, shared), (start, end, f"with {_THREAD_LOCK}")
        yield Mutant(source.path, node.lineno, start, node.lineno, node.end_lineno or 0, lock, edits, "async with")


def _locks(source: Source) -> Iterator[tuple[ast.AsyncWith, str]]:
    for node, item in _managed(source):
        code = ast.unparse(item.context_expr)
        if item.optional_vars is None and _LOCK.fullmatch(code) and _awaits(node.body):
            yield node, code


def _managed(source: Source) -> Iterator[tuple[ast.AsyncWith, ast.withitem]]:
    """The `async with` statements with one item."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncWith) and len(node.items) == 1:
            yield node, node.items[0]


def _opened(source: Source, node: ast.AsyncWith, statement: str, use: str) -> Mutant:
    """The block of a `with`, after a statement instead of it."""
    start = _start(source, node)
    end = _start(source, node.body[0])
    head = source.text.encode()[start:end].decode()
    colon = start + len(head[: head.rindex(":") + 1].encode())
    edits = ((start, colon, f"{statement}\n{' ' * node.col_offset}if True:"),)
    return Mutant(
        source.path, node.lineno, start, node.lineno, node.lineno + statement.count("\n"), use, edits, "async"
    )


# places


def _awaits(block: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Await) for statement in block for node in ast.walk(statement))


def _replaced(source: Source, node: ast.stmt, code: str, new: str, first: int, last: int, use: str) -> Mutant:
    start = _start(source, node)
    edits = ((start, _end(source, node), new),)
    return Mutant(source.path, node.lineno, start, first, last, use, edits, code)


def _start(source: Source, node: ast.expr | ast.stmt) -> int:
    return source.offset(node.lineno, node.col_offset)


def _end(source: Source, node: ast.expr | ast.stmt) -> int:
    return source.offset(node.end_lineno or 0, node.end_col_offset or 0)


def _import_end(source: Source) -> int:
    """The end of the first import that another one may follow on its line, 0 when there is none."""
    for node in source.tree.body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            return _end(source, node)
    return 0


def _everywhere(make: Callable[[Source], Iterator[Mutant]], package: Path) -> Iterator[Mutant]:
    for source in sources(package):
        if "async " in source.text:
            yield from make(source)


@dataclass(frozen=True)
class Kind:
    """A kind of defect, and the rules of which one has to report it."""

    mutants: Callable[[Path], Iterator[Mutant]]
    codes: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "await": Kind(awaits, frozenset({"ASL101", "ASL102"})),
    "sleep": Kind(partial(_everywhere, sleeps), frozenset({"ASL201"})),
    "helper": Kind(partial(_everywhere, helpers), frozenset({"ASL210"})),
    "raise": Kind(partial(_everywhere, swallowed), frozenset({"ASL401"})),
    "task-done": Kind(partial(_everywhere, unmarked), frozenset({"ASL501"})),
    "task": Kind(partial(_everywhere, forgotten), frozenset({"ASL301"})),
    "close": Kind(partial(_everywhere, unclosed), frozenset({"ASL801"})),
    "release": Kind(partial(_everywhere, unreleased), frozenset({"ASL506"})),
    "thread-lock": Kind(partial(_everywhere, held), frozenset({"ASL503"})),
}
