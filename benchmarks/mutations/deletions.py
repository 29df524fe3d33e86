"""Where leaving out one `await` is a defect for certain, decided on the syntax tree alone.

That is where the value of the awaited call is dropped or used for what it is. Where a coroutine may well stand, as what
is returned, yielded, stored or given to an unknown call, nobody can know.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Above = Mapping[ast.AST, ast.AST]

_OWN_API = re.compile(r"close|send|throw|__(await|name|qualname)__|cr_\w+")
_FUTURES = frozenset(
    {"gather", "shield", "create_task", "ensure_future", "run_in_executor", "wrap_future", "create_future"}
)
_CONSUMERS = frozenset(
    {
        *("str", "repr", "print", "format", "ascii", "bytes", "int", "float", "bool", "len", "abs", "round"),
        *("list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "enumerate", "zip", "iter"),
        *("json.dumps", "json.dump", "pickle.dumps", "pickle.dump"),
    }
)
_ALONE = frozenset({"max", "min", "next", "any", "all"})  # with a second argument they compare, or fall back on it
_LOGGING = re.compile(r"(?:.*\.)?_?(?:log|logger|logging)\.(?:debug|info|warning|error|exception|critical|log)", re.I)
_FRAME_READERS = frozenset({"locals", "vars", "exec", "eval"})
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPOUND = ast.If | ast.While | ast.For | ast.AsyncFor | ast.With | ast.AsyncWith | ast.Match
_COROUTINES = re.compile(r"\b(?:Coroutine|CoroutineType)\b")
_AWAITABLES = re.compile(r"\b(?:Future|Task|Await\w*)\b")  # which may run without being awaited


@dataclass(frozen=True)
class Deletion:
    """An `await` whose loss is a defect: `use` is what is made of the value, "local" when that goes through a name.

    A report of the loss belongs between the lines `first` and `last`.
    """

    node: ast.Await
    call: ast.Call
    use: str
    first: int
    last: int


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """The node directly above each node."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def other_makers(trees: Iterable[ast.AST]) -> frozenset[str]:
    """The names of functions of a package whose calls give no coroutine, or may give another awaitable."""
    names: dict[str, set[str]] = {"coroutine": set(), "awaitable": set(), "other": set()}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names[_made(node)].add(node.name)
    return frozenset(names["other"] - names["coroutine"] | names["awaitable"])


def _made(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    promised = ast.unparse(node.returns) if node.returns else ""
    if isinstance(node, ast.AsyncFunctionDef) or _COROUTINES.search(promised):
        return "coroutine"
    return "awaitable" if _AWAITABLES.search(promised) else "other"


def deletions(tree: ast.AST, above: Above, not_coroutines: frozenset[str]) -> Iterator[Deletion]:
    """The awaited calls that may not lose their `await`; calls of the named functions give no coroutine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            name = last_name(node.value.func)
            makes_other = name in _FUTURES or name in not_coroutines or name[:1].isupper()
            if not makes_other and (use := use_of(node, above)):
                yield Deletion(node, node.value, use, *_reported_within(node, use, above))


def last_name(node: ast.expr) -> str:
    """`c` of `a.b().c`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def use_of(node: ast.expr, above: Above) -> str:
    """What becomes of a value that should have been awaited, "" where that may be right."""
    parent = above[node]
    if isinstance(parent, ast.NamedExpr):
        return use_of(parent, above)
    if isinstance(parent, ast.IfExp) and parent.test is not node:
        return use_of(parent, above)
    if isinstance(parent, ast.BoolOp) and parent.values[-1] is node:
        return use_of(parent, above)
    if name := _bound(parent, node):
        return "local" if _is_only_misused(name, node, above) else ""
    return _misuse(node, parent, above)


def _misuse(node: ast.expr, parent: ast.AST, above: Above) -> str:
    match parent:
        case ast.Expr():
            return "dropped"
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.match_case():
            return "tested"
        case ast.If() | ast.While() | ast.IfExp():
            return "tested"
        case ast.Assert() if parent.test is node:
            return "tested"
        case ast.Compare() | ast.Match():
            return "compared"
        case ast.BinOp() | ast.UnaryOp() | ast.AugAssign():
            return "operand"
        case ast.Attribute(attr=attr):
            return "" if _OWN_API.fullmatch(attr) else "attribute"
        case ast.Subscript() if parent.value is node:
            return "subscript"
        case ast.FormattedValue():
            return "formatted"
        case ast.Assign(targets=targets) if any(isinstance(t, ast.Tuple | ast.List) for t in targets):
            return "unpacked"
    return _looped(node, parent) or _argument(node, parent, above)


def _looped(node: ast.expr, parent: ast.AST) -> str:
    match parent:
        case ast.For() | ast.AsyncFor() | ast.Starred() | ast.keyword(arg=None):
            return "iterated"
        case ast.comprehension():
            return "iterated" if parent.iter is node else "tested"
        case ast.Dict() if node in parent.values and parent.keys[parent.values.index(node)] is None:
            return "iterated"
    return ""


def _argument(node: ast.expr, parent: ast.AST, above: Above) -> str:
    match parent:
        case ast.Call() if parent.func is node:
            return "called"
        case ast.Call():
            return "argument" if _consumes(parent) else ""
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() if parent.elt is node:
            outer = above[parent]
            return "tested" if isinstance(outer, ast.Call) and ast.unparse(outer.func) in ("all", "any") else ""
        case ast.withitem() if isinstance(above[parent], ast.With):
            return "entered"
    return ""


def _consumes(call: ast.Call) -> bool:
    callee = ast.unparse(call.func)
    return callee in _CONSUMERS or bool(_LOGGING.fullmatch(callee)) or (callee in _ALONE and len(call.args) == 1)


# through a local variable


def _bound(statement: ast.AST, value: ast.expr) -> str:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)) if statement.value is value:
            return name
    return ""


def _is_only_misused(name: str, node: ast.AST, above: Above) -> bool:
    """Is every read of a variable that no other function sees a misuse of what it holds?"""
    function = function_of(node, above)
    if function is None or any(_escapes(inner, name) for inner in ast.walk(function)):
        return False
    reads = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name and _is_read(n, above)]
    return all(function_of(read, above) is function and _is_misread(read, above) for read in reads)


def _is_read(node: ast.Name, above: Above) -> bool:
    return not isinstance(node.ctx, ast.Store) or isinstance(above[node], ast.AugAssign)


def _is_misread(read: ast.Name, above: Above) -> bool:
    parent = above[read]
    bound_again = isinstance(parent, ast.NamedExpr) or bool(_bound(parent, read))
    return not bound_again and use_of(read, above) not in ("", "dropped")


def _escapes(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return name in names
        case ast.Call(func=ast.Name(id=callee)):
            return callee in _FRAME_READERS
        case ast.ClassDef(name=bound) | ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound):
            return bound == name
    return False


def function_of(node: ast.AST, above: Above) -> ast.AST | None:
    """The function or lambda whose execution runs a node."""
    outer = above.get(node)
    while outer is not None and not isinstance(outer, _FUNCTIONS):
        outer = above.get(outer)
    return outer


def _reported_within(node: ast.expr, use: str, above: Above) -> tuple[int, int]:
    """The function for a local, else the statement, of a compound one only the expression."""
    place: ast.AST | None = function_of(node, above) if use == "local" else _whole(node, above)
    assert isinstance(place, ast.stmt | ast.expr)
    return place.lineno, place.end_lineno or place.lineno


def _whole(node: ast.expr, above: Above) -> ast.AST:
    expression: ast.AST = node
    outer: ast.AST = node
    while not isinstance(outer, ast.stmt):
        expression = outer if isinstance(outer, ast.expr) else expression
        outer = above[outer]
    return expression if isinstance(outer, _COMPOUND) else outer
