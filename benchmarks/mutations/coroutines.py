"""A coroutine that never runs: ASL101 to ASL109."""

import ast
from collections import Counter
from collections.abc import Iterator

from mutations.deletions import deletions, last_name
from mutations.kind import Kind
from mutations.shapes import awaited_coroutines, called, catches, managed, yields
from mutations.source import Mutant, Source

_CALLERS = {  # by the place of the function among their arguments
    **dict.fromkeys(("call_soon", "call_soon_threadsafe", "add_done_callback", "to_thread"), 0),
    **dict.fromkeys(("call_later", "call_at", "run_in_executor"), 1),
}
_ENTERED = frozenset({"TaskGroup", "aclosing", "AsyncExitStack", "ClientSession"})
_PLAIN_ENTERED = frozenset({"suppress", "ExitStack", "nullcontext"})
_SPECIAL = frozenset(
    {"__init__", "__enter__", "__exit__", "__del__", "__len__", "__iter__", "__contains__", "__bool__"}
)
_OF_THE_CALL = frozenset({"AttributeError", "TypeError", "ImportError", "NameError"})
_FUTURES = frozenset({"gather", "shield", "create_task", "ensure_future", "run_in_executor", "wrap_future"})


def awaited(source: Source) -> Iterator[Mutant]:
    """Every `await` whose deletion is a defect."""
    for each in deletions(source.tree, source.above, source.package.other_makers) if "await" in source.text else ():
        start = source.offset(each.node.lineno, each.node.col_offset)
        within = source.offset(each.first, 0), source.offset(each.last, 0)
        edits = ((start, start + len("await"), ""),)
        yield Mutant(source.path, each.node.lineno, start, within, each.use, edits, expects="await")


def callbacks(source: Source) -> Iterator[Mutant]:
    """Every plain function of the file that only an event loop, a future or a thread calls, to become `async`."""
    mentioned = Counter(filter(None, map(_mention, source.each(ast.expr))))
    plain = [each for each in source.each(ast.FunctionDef) if not each.decorator_list and not yields(each.body)]
    defined = Counter(each.name for each in plain)
    for function in plain:
        if defined[function.name] == mentioned[function.name] == 1:
            for call in source.each(ast.Call):
                place = _CALLERS.get(last_name(call.func), len(call.args))
                if [function.name] == [_mention(given) for given in call.args[place : place + 1]]:
                    start = source.start(function)
                    edit = start, start + len("def"), "async def"
                    yield source.mutant(function, last_name(call.func), edit, within=call)


def _mention(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="self")) | ast.Name(ctx=ast.Load()):
            return last_name(node)
    return ""


def plain_calls(source: Source) -> Iterator[Mutant]:
    """Every call that gives nothing (of a logger, `put_nowait`, a function of the module) in a coroutine, awaited."""
    nothing = {each.name for each in source.tree.body if isinstance(each, ast.FunctionDef) and _gives_nothing(each)}
    loggers = {name for each in source.tree.body for name in _logger(each)}
    for node in source.each(ast.Expr):
        if isinstance(node.value, ast.Call) and source.coroutine(node):
            match node.value.func:
                case ast.Name(id=name) if name in nothing and source.is_bound_once(name):
                    pass
                case ast.Attribute(value=ast.Name(id=name), attr="debug" | "info" | "warning" | "error"):
                    if name not in loggers or not source.is_bound_once(name):
                        continue
                case ast.Attribute(attr="put_nowait"):
                    pass
                case _:
                    continue
            yield source.mutant(node, ast.unparse(node.value.func), (source.start(node), source.start(node), "await "))


def _gives_nothing(function: ast.FunctionDef) -> bool:
    returned = any(isinstance(node, ast.Return) and node.value for node in ast.walk(function))
    raised = any(isinstance(node, ast.Raise) for node in ast.walk(function))  # it may do nothing else
    return not (function.decorator_list or returned or raised or yields(function.body))


def _logger(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=call) if called(call, "logging", "getLogger"):
            yield name


def protocols(source: Source) -> Iterator[Mutant]:
    """Every `async with` and `async for` of what has no other protocol, to lose its `async`; and the opposite."""
    for block, item in managed(source):
        entered = isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) in _ENTERED
        if entered or called(item.context_expr, "asyncio", "timeout", "timeout_at"):
            yield _without_async(source, block, item.context_expr)
    for loop in source.each(ast.AsyncFor):
        if source.generator(loop.iter):
            yield _without_async(source, loop, loop.iter)
    for plain in filter(source.coroutine, source.each(ast.With)):
        match plain.items:
            case [ast.withitem(context_expr=ast.Call(func=func) as made)] if last_name(func) in _PLAIN_ENTERED:
                yield source.mutant(plain, last_name(func), _async(source, plain), within=made)
    for counted in filter(source.coroutine, source.each(ast.For)):
        match counted.iter:
            case ast.Call(func=ast.Name(id="range" | "enumerate" | "zip")) as made:
                yield source.mutant(counted, "for", _async(source, counted), within=made)


def _without_async(source: Source, node: ast.AsyncWith | ast.AsyncFor, what: ast.expr) -> Mutant:
    start = source.start(node)
    return source.mutant(node, ast.unparse(what), (start, start + len("async"), ""), within=what)


def _async(source: Source, node: ast.stmt) -> tuple[int, int, str]:
    return source.start(node), source.start(node), "async "


def hoisted(source: Source) -> Iterator[Mutant]:
    """Every `await f()` in a `while True`, with an `f` of the file, to await what was made once before the loop."""
    for node, call, _ in awaited_coroutines(source):
        statement = source.statement(node)
        loop = source.above.get(statement)
        match loop:
            case ast.While(test=ast.Constant(value=True), body=body):
                indent, goes_on = source.indent(loop), not isinstance(body[-1], ast.Return | ast.Raise | ast.Break)
                if indent is not None and statement in body and goes_on and source.indent(statement) is not None:
                    made = source.start(loop), source.start(loop), f"_once = {source.code(call)}\n{indent}"
                    yield source.mutant(node, ast.unparse(call), made, source.instead(call, "_once"), within=node)


def cached(source: Source) -> Iterator[Mutant]:
    """Every coroutine function of a module that is awaited somewhere in it, to be cached."""
    functions = {id(function): function for _, _, function in awaited_coroutines(source)}
    for function in functions.values():
        if source.above[function] is source.tree and (imported := source.imported("import functools as _caches")):
            start = source.start(function)
            yield source.mutant(function, function.name, (start, start, "@_caches.cache\n"), *imported)


def special(source: Source) -> Iterator[Mutant]:
    """Every special method that Python calls, of a class without bases and decorators, to become `async`."""
    for function in source.each(ast.FunctionDef):
        owner = source.owner(function)
        plain = not function.decorator_list and not yields(function.body)
        if plain and owner and function.name in _SPECIAL and not _may_await(owner):
            yield source.mutant(function, function.name, _async(source, function))


def _may_await(owner: ast.ClassDef) -> bool:
    """May something else make its objects?"""
    return bool(owner.bases or owner.keywords or owner.decorator_list)


def waited(source: Source) -> Iterator[Mutant]:
    """Every `create_task(f())` inside a call of `asyncio.wait`, to be given without a task."""
    for call in source.each(ast.Call):
        if called(call, "asyncio", "wait") and call.args and source.coroutine(call):
            tasks = [each for each in ast.walk(call.args[0]) if called(each, "asyncio", "create_task", "ensure_future")]
            edits = [source.instead(task, source.code(task.args[0])) for task in tasks if isinstance(task, ast.Call)]
            if edits:
                yield source.mutant(call, "wait", *edits)


def escaping(source: Source) -> Iterator[Mutant]:
    """Every `return await f()` inside a `try` or `with` of a coroutine, to return what it should have awaited."""
    for node in source.each(ast.Return):
        match node.value:
            case ast.Await(value=ast.Call(func=func)) if source.coroutine(node) and _is_protected(source, node):
                name = last_name(func)
                makes_other = name in _FUTURES or name in source.package.other_makers or name[:1].isupper()
                if name and not makes_other:
                    start = source.start(node.value)
                    yield source.mutant(node, ast.unparse(func), (start, start + len("await"), ""))


def _is_protected(source: Source, node: ast.Return) -> bool:
    """Is there a handler around it for what its run may raise?"""
    block: ast.AST = node
    for outer in source.around(node):
        handlers = outer.handlers if isinstance(outer, ast.Try) and block in outer.body else []
        if isinstance(outer, ast.AsyncWith) or any(not catches(handler) & _OF_THE_CALL for handler in handlers):
            return True
        block = outer
    return False


KINDS: tuple[Kind, ...] = (
    Kind("await", "ASL101", awaited, also=("ASL102",)),
    Kind("callback", "ASL103", callbacks),
    Kind("plain-call", "ASL104", plain_calls),
    Kind("protocol", "ASL105", protocols),
    Kind("hoisted", "ASL106", hoisted),
    Kind("cached", "ASL106", cached),
    Kind("special", "ASL107", special),
    Kind("wait", "ASL108", waited),
    Kind("return", "ASL109", escaping, also=("ASL102",)),
)
