"""The event loop itself: ASL601 to ASL605."""

import ast
from collections.abc import Iterator

from mutations.deletions import last_name
from mutations.kind import Kind
from mutations.shapes import called
from mutations.source import Mutant, Source

_ONCE_WITH_LOOP = ("sleep", "gather", "wait_for", "wait", "Event", "Lock", "Queue", "Semaphore", "Condition", "shield")
_THREADS = frozenset({"Thread", "Timer", "to_thread", "run_in_executor", "submit"})


def got(source: Source) -> Iterator[Mutant]:
    """Every `asyncio.get_running_loop()` of a coroutine, to become a `get_event_loop()`."""
    for call in source.each(ast.Call):
        if called(call, "asyncio", "get_running_loop") and source.coroutine(call) and not source.is_tried(call):
            yield source.mutant(call, "loop", source.instead(call, "asyncio.get_event_loop()"), within=call)


def with_loop(source: Source) -> Iterator[Mutant]:
    """Every call of what took a `loop` before Python 3.10, in a coroutine, to be given one."""
    for call in source.each(ast.Call) if "version_info" not in source.text else ():
        match call.func:
            case ast.Attribute(value=ast.Name(id="asyncio"), attr=name) if name in _ONCE_WITH_LOOP:
                guarded = any(isinstance(outer, ast.Try | ast.If) for outer in source.around(call))
                if source.coroutine(call) and not guarded and not _is_generator_call(call):
                    given = [*call.args, *(each.value for each in call.keywords)]
                    begin = max(map(source.end, given), default=source.end(call.func) + 1)
                    loop = f"{', ' if given else ''}loop=asyncio.get_running_loop()"
                    yield source.mutant(call, name, (begin, begin, loop), within=call)


def _is_generator_call(call: ast.Call) -> bool:
    """A generator expression without parentheses of its own stands alone."""
    return any(isinstance(each, ast.GeneratorExp) for each in call.args)


def asked(source: Source) -> Iterator[Mutant]:
    """Every `inspect.iscoroutinefunction`, to become that of asyncio, in a file that imports asyncio."""
    for node in source.each(ast.Attribute) if source.imports_asyncio and "version_info" not in source.text else ():
        match node:
            case ast.Attribute(value=ast.Name(id="inspect"), attr="iscoroutinefunction"):
                if not any(isinstance(outer, ast.Try | ast.If) for outer in source.around(node)):
                    edit = source.instead(node, "asyncio.iscoroutinefunction")
                    yield source.mutant(node, "inspect", edit, within=node)


def touched(source: Source) -> Iterator[Mutant]:
    """Every `loop.call_soon_threadsafe(f)` of a function that the file gives to a thread, to become a `call_soon`."""
    given = {last_name(each) for call in source.each(ast.Call) for each in _given_to_thread(call)}
    for call in source.each(ast.Call):
        match call.func:
            case ast.Attribute(value=loop, attr="call_soon_threadsafe") as func if source.function_name(call) in given:
                edit = source.instead(func, f"{source.code(loop)}.call_soon")
                yield source.mutant(call, ast.unparse(loop), edit, within=call)


def _given_to_thread(call: ast.Call) -> Iterator[ast.expr]:
    if last_name(call.func) in _THREADS:
        yield from call.args[:2]
        yield from (each.value for each in call.keywords if each.arg in ("target", "function"))


def unclosed(source: Source) -> Iterator[Mutant]:
    """Every statement of a plain function with an `asyncio.run(f())`, to run that in a loop made by hand."""
    for call in source.each(ast.Call):
        statement = source.statement(call)
        indent, outer = source.indent(statement), source.function_name(call)
        simple = isinstance(statement, ast.Expr | ast.Return | ast.Assign) and indent is not None
        if simple and outer and called(call, "asyncio", "run") and len(call.args) == 1:
            made = source.start(statement), source.start(statement), f"_loop = asyncio.new_event_loop()\n{indent}"
            run = source.instead(call, f"_loop.run_until_complete({source.code(call.args[0])})")
            yield source.mutant(statement, "run", made, run)


KINDS: tuple[Kind, ...] = (
    Kind("event-loop", "ASL601", got),
    Kind("loop-argument", "ASL602", with_loop),
    Kind("deprecated", "ASL603", asked),
    Kind("from-thread", "ASL604", touched),
    Kind("loop-by-hand", "ASL605", unclosed),
)
