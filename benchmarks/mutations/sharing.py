"""Queues, locks and what coroutines share: ASL501 to ASL507."""

import ast
import re
from collections.abc import Iterator

from mutations.kind import Kind
from mutations.shapes import awaits, called, managed, names, opened, straightened
from mutations.source import Mutant, Source

_THREADING, _THREAD_LOCK = "_plain_threading", "_thread_lock"  # in no module's way
_LOCK = re.compile(r"(?:.*[._])?(?:lock|mutex)", re.IGNORECASE)
_PRIMITIVES = ("Lock", "Event", "Queue", "Condition", "Semaphore")
_CHANGES = ("add", "remove", "discard", "pop", "popitem", "append")
_ONCE = re.compile(r"__|_|async_(added|setup|will|start|stop)|start|stop|setup|connect|close|init", re.I)


def unmarked(source: Source) -> Iterator[Mutant]:
    """Every `queue.task_done()` of a coroutine in a file with a `join()`, to become a `pass`."""
    for node in source.each(ast.Expr) if ".join()" in source.text else ():
        if _marked(node) and (function := source.coroutine(node)):
            yield source.mutant(node, "task_done", source.instead(node, "pass"), within=function)


def unprotected(source: Source) -> Iterator[Mutant]:
    """Every `finally` that is a `queue.task_done()`, behind something to await, to be left out by errors."""
    for node in source.each(ast.Try) if ".join()" in source.text else ():
        function = source.coroutine(node)
        marks = len(node.finalbody) == 1 and _marked(node.finalbody[0])
        if function and marks and awaits(node.body) and (edits := straightened(source, node)):
            yield source.mutant(node, "finally", *edits, within=function)


def marked_twice(source: Source) -> Iterator[Mutant]:
    """Every `queue.task_done()` that is the only one of a coroutine with one `get`, to be made twice."""
    for node in source.each(ast.Expr):
        if (queue := _marked(node)) and (function := source.coroutine(node)):
            code = ast.unparse(function)
            gets = code.count(f"{queue}.get()") + code.count(f"{queue}.get_nowait()")
            if gets == 1 and code.count(f"{queue}.task_done()") == 1:
                end = source.end(node)
                yield source.mutant(node, queue, (end, end, f"; {queue}.task_done()"), within=function)


def _marked(node: ast.stmt) -> str:
    """The queue on which something is marked done."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=queue, attr="task_done"), args=[])):
            return ast.unparse(queue)
    return ""


def unreleased(source: Source) -> Iterator[Mutant]:
    """Every `async with lock:` with something to await inside, to be released only where nothing goes wrong."""
    for node, lock in _locks(source):
        if isinstance(node.body[-1], ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            end = source.end(node)
            head, tail = opened(source, node, f"await {lock}.acquire()"), (end, end, f"; {lock}.release()")
            yield source.mutant(node, lock, head, tail, within=node)


def held(source: Source) -> Iterator[Mutant]:
    """The same, to become a `with` on a lock of `threading` that the whole module shares."""
    shared = f"import threading as {_THREADING}; {_THREAD_LOCK} = {_THREADING}.Lock()"
    for node, lock in _locks(source):
        if imported := source.imported(shared):
            edit = source.start(node), source.end(node.items[0].context_expr), f"with {_THREAD_LOCK}"
            yield source.mutant(node, lock, edit, *imported)


def own(source: Source) -> Iterator[Mutant]:
    """The same, on a lock that each call makes for itself."""
    if source.imports_asyncio:
        for node, lock in _locks(source):
            item = node.items[0].context_expr
            yield source.mutant(node, lock, source.instead(item, "asyncio.Lock()"), within=item)


def _locks(source: Source) -> Iterator[tuple[ast.AsyncWith, str]]:
    for node, item in managed(source):
        code = ast.unparse(item.context_expr)
        if item.optional_vars is None and _LOCK.fullmatch(code) and awaits(node.body):
            yield node, code


def raced(source: Source) -> Iterator[Mutant]:
    """Every `self.x += 1` of a public coroutine that is not locked, to add what is waited for."""
    if source.imports_asyncio:
        for node in source.each(ast.AugAssign):
            match node:
                case ast.AugAssign(
                    target=ast.Attribute(value=ast.Name(id="self")) as target, value=ast.Constant(value=int())
                ):
                    function = source.coroutine(node)
                    if function and not _ONCE.match(function.name) and not _is_guarded(source, node):
                        waited = f"await asyncio.sleep(0, {source.code(node.value)})"
                        yield source.mutant(node, ast.unparse(target), source.instead(node.value, waited))


def _is_guarded(source: Source, node: ast.stmt) -> bool:
    """Is it under a lock, perhaps, or in the loop of one task?"""
    return any(isinstance(outer, ast.AsyncWith | ast.While | ast.AsyncFor) for outer in source.around(node))


def uncopied(source: Source) -> Iterator[Mutant]:
    """Every `for x in list(self.xs)` that awaits, where another method changes `self.xs`, without the copy."""
    for node in source.each(ast.For):
        match node.iter:
            case ast.Call(func=ast.Name(id="list" | "tuple" | "set"), args=[ast.expr() as shared], keywords=[]):
                if source.coroutine(node) and awaits(node.body) and _is_changed(source, node, shared):
                    edit = source.instead(node.iter, source.code(shared))
                    yield source.mutant(node, ast.unparse(shared), edit, within=node.iter)


def _is_changed(source: Source, loop: ast.For, shared: ast.expr) -> bool:
    match shared:
        case ast.Attribute(value=ast.Name(id="self")) as container:
            pass
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="self")) as container, attr=view)):
            if view not in ("values", "items", "keys"):
                return False
        case _:
            return False
    function, code = source.coroutine(loop), ast.unparse(container)
    owner = source.owner(function) if function else None
    changes = [f"{code}.{change}(" for change in _CHANGES] + [f"del {code}["]
    others = [ast.unparse(each) for each in (owner.body if owner else ()) if each is not function]
    return any(change in other for change in changes for other in others)


def run_twice(source: Source) -> Iterator[Mutant]:
    """Every `asyncio.run(main())` of a function, where `main` waits for a primitive of the module, to be made twice."""
    shared = {name for each in source.tree.body for name in _primitive(each)}
    for node in source.each(ast.Expr):
        if isinstance(node.value, ast.Call) and called(node.value, "asyncio", "run") and node.value.args:
            main, function = node.value.args[0], source.above[node]
            called_main = source.callee(main) if isinstance(main, ast.Call) else None
            if called_main and isinstance(function, ast.FunctionDef) and _waits_for(called_main, shared):
                edit = source.end(node), source.end(node), f"; {source.code(node)}"
                yield source.mutant(node, "run", edit)


def _primitive(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=call) if called(call, "asyncio", *_PRIMITIVES):
            yield name


def _waits_for(function: ast.AsyncFunctionDef, shared: set[str]) -> bool:
    waits = [each for each in ast.walk(function) if isinstance(each, ast.Await | ast.AsyncWith)]
    heads = [each.value if isinstance(each, ast.Await) else each.items[0].context_expr for each in waits]
    return any(not shared.isdisjoint(names(head)) for head in heads)


KINDS: tuple[Kind, ...] = (
    Kind("task-done", "ASL501", unmarked),
    Kind("task-done-finally", "ASL501", unprotected),
    Kind("task-done-twice", "ASL502", marked_twice),
    Kind("thread-lock", "ASL503", held),
    Kind("race", "ASL504", raced),
    Kind("copy", "ASL505", uncopied),
    Kind("release", "ASL506", unreleased),
    Kind("own-lock", "ASL506", own),
    Kind("run-twice", "ASL507", run_twice),
)
