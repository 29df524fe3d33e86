"""What is opened and has to be closed: ASL801 to ASL807."""

import ast
from collections.abc import Iterator

from mutations.deletions import last_name
from mutations.kind import Kind
from mutations.shapes import called, managed, names, opened, parameters, straightened, yields
from mutations.source import Mutant, Source

_SESSIONS = frozenset({"ClientSession", "AsyncClient", "AsyncSession", "create_pool"})
_REQUESTS = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})


def unclosed(source: Source) -> Iterator[Mutant]:
    """Every `async with ClientSession() as session:` and the like, to become an assignment."""
    for node, item in managed(source):
        match item:
            case ast.withitem(context_expr=ast.Call(func=func) as call, optional_vars=ast.Name(id=name)):
                if last_name(func) in _SESSIONS:
                    edit = opened(source, node, f"{name} = {source.code(call)}")
                    yield source.mutant(node, "session", edit, within=node)


def session_each(source: Source) -> Iterator[Mutant]:
    """Every only `async with session.get(url) as response:` of a function that is given the url, in a new session."""
    for node, item in managed(source):
        match item.context_expr:
            case ast.Call(func=ast.Attribute(value=session, attr=method) as func) as call if method in _REQUESTS:
                function = source.coroutine(node)
                asked = "session" in ast.unparse(session).lower() and "aiohttp" in source.text
                if asked and function and parameters(function) & names(call) and _is_only(source, func):
                    made = f"_http.ClientSession() as _session, _session.{method}"
                    edits = source.instead(func, made), *source.imported("import aiohttp as _http")
                    yield source.mutant(node, ast.unparse(session), *edits, within=call)


def _is_only(source: Source, func: ast.Attribute) -> bool:
    requests = [each for each in ast.walk(source.coroutine(func) or func) if isinstance(each, ast.Attribute)]
    return sum(each.attr in _REQUESTS and ast.unparse(each.value) == ast.unparse(func.value) for each in requests) == 1


def left(source: Source) -> Iterator[Mutant]:
    """Every `async for` over a generator of the file that yields in a `with` or before a `finally`, to end early."""
    for node in source.each(ast.AsyncFor):
        function, last = source.generator(node.iter), node.body[-1]
        if function and _holds(function) and isinstance(last, ast.Expr | ast.Assign | ast.AugAssign):
            yield source.mutant(node, function.name, (source.end(last), source.end(last), "; break"))


def _holds(function: ast.AsyncFunctionDef) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.With(body=body) | ast.AsyncWith(body=body) | ast.Try(body=body, finalbody=[_, *_]) if yields(body):
                return True
    return False


def in_scope(source: Source) -> Iterator[Mutant]:
    """Every `yield` in a loop of an async generator that stands in no `with`, to stand in a timeout."""
    if source.imports_asyncio:
        yield from _inside(source, "async with asyncio.timeout(60)")


def in_context(source: Source) -> Iterator[Mutant]:
    """The same, to stand in a `with` on an open file."""
    yield from _inside(source, "with open('names.txt') as _names")


def _inside(source: Source, head: str) -> Iterator[Mutant]:
    for node in source.each(ast.Expr):
        function = source.coroutine(node)
        if isinstance(node.value, ast.Yield) and function and not function.decorator_list:
            outer = list(source.around(node))
            in_loop = any(isinstance(each, ast.For | ast.AsyncFor | ast.While) for each in outer)
            in_with = any(isinstance(each, ast.With | ast.AsyncWith) for each in outer)
            if in_loop and not in_with and source.indent(node) is not None:
                start = source.start(node)
                yield source.mutant(node, function.name, (start, start, f"{head}: "))


def unprotected(source: Source) -> Iterator[Mutant]:
    """Every `try ... finally` around the `yield` of an `@asynccontextmanager`, to become two blocks in a row."""
    for node in source.each(ast.Try):
        function = source.coroutine(node)
        decorated = {last_name(each) for each in function.decorator_list} if function else set()
        if decorated == {"asynccontextmanager"} and yields(node.body) and (edits := straightened(source, node)):
            yield source.mutant(node, function.name if function else "", *edits)


def undrained(source: Source) -> Iterator[Mutant]:
    """Every `await writer.drain()` in a loop, and `await writer.wait_closed()`, of a variable, to become a `pass`."""
    for node in source.each(ast.Expr):
        match node.value:
            case ast.Await(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="drain" | "wait_closed" as done))
            ):
                loops = [each for each in source.around(node) if isinstance(each, ast.For | ast.AsyncFor | ast.While)]
                function = source.coroutine(node)
                if (
                    function
                    and (loops or done == "wait_closed")
                    and ast.unparse(function).count(f"{name}.{done}(") == 1
                ):
                    yield source.mutant(node, f"{name}.{done}", source.instead(node, "pass"), within=function)


def full(source: Source) -> Iterator[Mutant]:
    """Every first `await process.communicate()` of a function that opens a pipe, to have a `wait()` before it."""
    for node in source.each(ast.Await):
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="communicate"), args=[], keywords=[]):
                statement, function = source.statement(node), source.coroutine(node)
                simple = isinstance(statement, ast.Expr | ast.Assign | ast.Return)
                if simple and function and _pipes(function, name) and source.indent(statement) is not None:
                    yield source.mutant(node, name, source.before(statement, f"await {name}.wait()"))


def _pipes(function: ast.AsyncFunctionDef, name: str) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Await(value=call)) if bound == name:
                made = called(call, "asyncio", "create_subprocess_exec", "create_subprocess_shell")
                return made and "stdout=asyncio.subprocess.PIPE" in ast.unparse(call)
    return False


KINDS: tuple[Kind, ...] = (
    Kind("close", "ASL801", unclosed),
    Kind("session", "ASL802", session_each),
    Kind("break", "ASL803", left),
    Kind("yield-in-timeout", "ASL804", in_scope),
    Kind("yield-in-with", "ASL805", in_context),
    Kind("yield-finally", "ASL806", unprotected),
    Kind("drain", "ASL807", undrained),
    Kind("pipe", "ASL807", full),
)
