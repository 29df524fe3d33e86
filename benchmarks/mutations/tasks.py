"""Tasks, and how many of them: ASL301 to ASL308, ASL701 to ASL704."""

import ast
import re
from collections.abc import Iterator

from mutations.deletions import last_name
from mutations.kind import Kind
from mutations.shapes import (
    awaited_coroutines,
    awaited_statements,
    awaits,
    called,
    catches,
    parameters,
)
from mutations.source import Mutant, Source

_TASK_MAKERS = frozenset({"create_task", "ensure_future"})
_ENDS = re.compile(r"close|stop|cancel|disconnect|shutdown|terminate|cleanup|unload|release|exit|end|finish|kill", re.I)
_BROAD = frozenset({"", "Exception", "BaseException", "BaseExceptionGroup", "ExceptionGroup", "CancelledError"})
_ANYTHING = frozenset({"TypeError", "AttributeError", "NameError", "KeyboardInterrupt", "SystemExit"})
_LIMITED = re.compile(r"semaphore|lock|limit|throttle|\bsem\b|pool", re.I)
_RECIPE = "_task = asyncio.create_task({}); _background.add(_task); _task.add_done_callback(_background.discard)"


def forgotten(source: Source) -> Iterator[Mutant]:
    """Every task that is kept in an attribute, to be kept nowhere."""
    for node in source.each(ast.Assign):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Call(func=func) as call):
                if last_name(func) in _TASK_MAKERS:
                    edit = source.start(node), source.start(call), ""
                    yield source.mutant(node, ast.unparse(target), edit, within=call)


def background(source: Source) -> Iterator[Mutant]:
    """Every `await f()` whose result nobody asks for, of an `f` of the file that may raise, as a task in a set."""
    for statement, call, function in _dropped_coroutines(source):
        if not any(isinstance(node, ast.ExceptHandler) for node in ast.walk(function)):
            recipe = source.instead(statement, _RECIPE.format(source.code(call)))
            yield source.mutant(statement, function.name, recipe, *source.imported("_background = set()"))


def _dropped_coroutines(source: Source) -> Iterator[tuple[ast.Expr, ast.Call, ast.AsyncFunctionDef]]:
    if source.imports_asyncio:
        for node, call, function in awaited_coroutines(source):
            statement = source.above[node]
            if isinstance(statement, ast.Expr) and source.indent(statement) is not None:
                yield statement, call, function


def _gathered(source: Source) -> Iterator[tuple[ast.Expr, ast.Call]]:
    """Every `await asyncio.gather(...)` of calls alone whose results nobody asks for."""
    for statement, call in awaited_statements(source):
        if called(call, "asyncio", "gather") and not call.keywords and all(map(_is_work, call.args)) and call.args:
            function = source.coroutine(statement)
            if function and "cancel(" not in ast.unparse(function):
                yield statement, call


def _is_work(argument: ast.expr) -> bool:
    match argument:
        case ast.Starred(value=ast.ListComp(elt=element) | ast.GeneratorExp(elt=element)):
            return _is_work(element)
        case ast.Call(func=func):
            return last_name(func) not in _TASK_MAKERS and not _ENDS.search(last_name(func))
    return False


def ignored(source: Source) -> Iterator[Mutant]:
    """Every such `gather`, to get a `return_exceptions=True`."""
    for statement, call in _gathered(source):
        start = source.end(call.args[-1])
        yield source.mutant(statement, "gather", (start, start, ", return_exceptions=True"))


def unread(source: Source) -> Iterator[Mutant]:
    """Every such `gather`, to become an `asyncio.wait` for tasks."""
    for statement, call in _gathered(source):
        works = [each.value.elt if isinstance(each, ast.Starred) else each for each in call.args]  # type: ignore[attr-defined]
        made = [edit for work in works for edit in _around(source, work, "asyncio.create_task(", ")")]
        begin, end = source.start(call.args[0]), source.end(call.args[-1])
        head = source.start(call.func), source.end(call.func), "asyncio.wait"
        yield source.mutant(statement, "wait", head, (begin, begin, "["), *made, (end, end, "]"))


def _around(source: Source, node: ast.expr, opening: str, closing: str) -> list[tuple[int, int, str]]:
    start, end = source.start(node), source.end(node)
    return [(start, start, opening), (end, end, closing)]


def uncollected(source: Source) -> Iterator[Mutant]:
    """Every wait for a task right after its `cancel()`, to go, where no other line of the file waits for it."""
    for node in source.each(ast.Expr):
        match node.value:
            case ast.Call(func=ast.Attribute(value=task, attr="cancel"), args=[]) if source.coroutine(node):
                wait, name = _next(source, node), ast.unparse(task)
                if wait is None or not awaits([wait]) or source.text.count(f"await {name}") > 1:
                    continue
                if source.indent(wait) is not None and re.search(rf"\b{re.escape(name)}\b", ast.unparse(wait)):
                    yield source.mutant(node, name, source.instead(wait, "pass"))


def _next(source: Source, statement: ast.stmt) -> ast.stmt | None:
    above = source.above[statement]
    for block in (getattr(above, field, []) for field in ("body", "orelse", "finalbody")):
        if isinstance(block, list) and statement in block[:-1]:
            after = block[block.index(statement) + 1]
            return after if isinstance(after, ast.Expr | ast.Try | ast.With) else None
    return None


def grouped(source: Source) -> Iterator[Mutant]:
    """Every `await f()` whose result nobody asks for, to become a task group of its own."""
    for statement, call, function in _dropped_coroutines(source):
        yield source.mutant(statement, function.name, _group(source, statement, call, ""))


def grouped_in_try(source: Source) -> Iterator[Mutant]:
    """The same, with a second task, where the `await` is all that a `try` with a handler of an error does."""
    for statement, call, _ in _dropped_coroutines(source):
        match source.above[statement]:
            case ast.Try(body=[_], handlers=[ast.ExceptHandler() as handler, *others]):
                if not any(catches(each) & (_BROAD | _ANYTHING) or not each.type for each in (handler, *others)):
                    beside = "; _group.create_task(asyncio.sleep(0))"
                    group = _group(source, statement, call, beside)
                    yield source.mutant(statement, ast.unparse(handler), group, within=handler)


def _group(source: Source, statement: ast.stmt, call: ast.Call, beside: str) -> tuple[int, int, str]:
    work = f"_group.create_task({source.code(call)}){beside}"
    return source.instead(statement, f"async with asyncio.TaskGroup() as _group: {work}")


def shielded(source: Source) -> Iterator[Mutant]:
    """Every `await f()` with an `f` of the file that waits for more than a sleep, to be shielded."""
    if source.imports_asyncio:
        for node, call, function in awaited_coroutines(source):
            waits = [each.value for each in ast.walk(function) if isinstance(each, ast.Await)]
            if any(not called(each, "asyncio", "sleep") for each in waits):
                yield source.mutant(node, function.name, *_around(source, call, "asyncio.shield(", ")"), within=node)


def pointless(source: Source) -> Iterator[Mutant]:
    """Every `await f()` with an `f` of the file, to await a task made there."""
    if source.imports_asyncio and "contextvars" not in source.text:
        for node, call, function in awaited_coroutines(source):
            made = _around(source, call, "asyncio.create_task(", ")")
            yield source.mutant(node, function.name, *made, within=node)


def unbounded(source: Source) -> Iterator[Mutant]:
    """Every `for x in parameter: await f(x)` of an `f` of the file that waits and has no limit, as a `gather`."""
    for statement, call, function in _dropped_coroutines(source):
        loop, outer = source.above[statement], source.coroutine(statement)
        match loop:
            case ast.For(target=ast.Name() as target, iter=ast.Name(id=name), body=[_], orelse=[]):
                if outer and name in parameters(outer) and awaits(function.body) and not _is_limited(function, outer):
                    each = f"{source.code(call)} for {target.id} in {name}"
                    yield source.mutant(loop, name, source.instead(loop, f"await asyncio.gather(*[{each}])"))


def _is_limited(*functions: ast.AsyncFunctionDef) -> bool:
    return any(_LIMITED.search(ast.unparse(function)) for function in functions)


def overrun(source: Source) -> Iterator[Mutant]:
    """Every `await queue.put(x)` of a queue of the file with a `maxsize`, to become a `put_nowait`."""
    bounded = {ast.unparse(each.targets[0]) for each in source.each(ast.Assign) if _is_bounded(each.value)}
    for node in source.each(ast.Await):
        match node.value:
            case ast.Call(func=ast.Attribute(value=queue, attr="put") as func) if ast.unparse(queue) in bounded:
                tried = any(isinstance(outer, ast.Try) for outer in source.around(node))
                if source.coroutine(node) and not tried:
                    edit = source.start(node), source.end(func), f"{source.code(queue)}.put_nowait"
                    yield source.mutant(node, ast.unparse(queue), edit)


def _is_bounded(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call) or not called(value, "asyncio", "Queue"):
        return False
    sizes = [*value.args, *(each.value for each in value.keywords)]
    return any(isinstance(size, ast.Constant) and size.value for size in sizes)


def sequential(source: Source) -> Iterator[Mutant]:
    """Every `x = await asyncio.gather(*[f(y) for y in ys])`, to await one after the other."""
    for node in source.each(ast.Await):
        match node.value:
            case ast.Call(
                args=[ast.Starred(value=ast.ListComp(elt=ast.Call()) | ast.GeneratorExp(elt=ast.Call()) as made)]
            ):
                if called(node.value, "asyncio", "gather") and not isinstance(source.above[node], ast.Expr):
                    loops = source.between(source.end(made.elt), source.end(made) - 1)
                    one_by_one = source.instead(node, f"[await {source.code(made.elt)}{loops}]")
                    yield source.mutant(node, ast.unparse(made.elt), one_by_one)


KINDS: tuple[Kind, ...] = (
    Kind("task", "ASL301", forgotten),
    Kind("background", "ASL302", background),
    Kind("gather-results", "ASL303", ignored),
    Kind("wait-result", "ASL304", unread),
    Kind("cancel", "ASL305", uncollected),
    Kind("group-error", "ASL306", grouped_in_try),
    Kind("group-of-one", "ASL307", grouped),
    Kind("shield", "ASL308", shielded),
    Kind("all-at-once", "ASL701", unbounded),
    Kind("put-nowait", "ASL702", overrun),
    Kind("one-by-one", "ASL703", sequential),
    Kind("awaited-task", "ASL704", pointless),
)
