"""Derives from typeshed's stubs what the standard library's calls return, as far as asyncio code cares.

Every branch of a stub counts, whatever Python version or platform it is for. A *place* is the dotted name under which
a stub defines something (`asyncio.tasks.sleep`), its *canonical* name the one users are told (`asyncio.sleep`).
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from typing import TypedDict

from stubs import Definition, Function, Scope, class_scope, exports, module_scope, modules, places, places_in, public

# The modules users import from, each with the names that matter; none named means all it exports.
_PUBLIC: dict[str, tuple[str, ...]] = {
    "asyncio": (),
    "asyncio.subprocess": ("Process",),
    "builtins": ("anext",),
    "concurrent.futures": (),
    "contextlib": (),
    "logging": ("Logger", "LoggerAdapter", "getLogger"),
    "multiprocessing": ("JoinableQueue", "Queue", "SimpleQueue"),
    "pdb": ("set_trace_async",),
    "queue": (),
    "threading": (),
    "unittest": ("IsolatedAsyncioTestCase", "TestCase"),
}
_ALIASED = {"_asyncio", "_io", "_queue", "_thread", "asyncio", "concurrent", "io", "multiprocessing", "unittest"}
_ALWAYS_ALIASED = ("asyncio.", "builtins.open")
_SPECIAL = {f"__{name}__" for name in ("aenter", "aexit", "aiter", "anext", "await", "call", "enter", "exit")}
_TYPING = ("_typeshed.", "abc.", "builtins.object", "enum.", "typing.", "typing_extensions.")
_COROUTINES = {"typing.Coroutine", "types.CoroutineType"}
_ASYNC_GENERATORS = {"typing.AsyncGenerator", "typing.AsyncIterator", "types.AsyncGeneratorType"}


class Call(TypedDict):
    kind: str
    returns: str


class Class(TypedDict):
    attributes: dict[str, str]
    bases: list[str]
    methods: dict[str, Call]


class Table(TypedDict):
    aliases: dict[str, str]
    classes: dict[str, Class]
    functions: dict[str, Call]


def stdlib_table() -> Table:
    """Gives the whole table as plain values, keyed by canonical name (`aliases`: by any other name)."""
    classes = {name: _class(name) for name in _class_names()}
    functions = {name: call for name in _public_names() if (call := _function(name))}
    return Table(aliases=_aliases({*classes, *functions}), classes=classes, functions=functions)


def rendered(value: object, indent: str = "") -> str:
    """Gives the JSON of a table: sorted keys, one line for each call, alias and list."""
    if not isinstance(value, dict) or not value or "kind" in value:
        return json.dumps(value, sort_keys=True)
    deeper = f"{indent} "
    lines = (f"{deeper}{json.dumps(key)}: {rendered(value[key], deeper)}" for key in sorted(value))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


@cache
def _wanted() -> tuple[str, ...]:
    names = (f"{module}.{name}" for module, chosen in _PUBLIC.items() for name in chosen or exports(module))
    return tuple(name for name in names if _last(name)[0] != "_")


@cache
def _names() -> dict[tuple[str, ...], str]:
    """The canonical name of what is defined at some places; a place that keeps its own last name comes first."""
    first_wins = _wanted()[::-1]
    led = [(place, name) for name in first_wins for place in places(name)]
    named: dict[tuple[str, ...], str] = {(place,): name for place, name in led}
    named |= {places(name): name for name in first_wins}
    named |= {(place,): name for place, name in led if _last(place) == _last(name)}
    return {found: name for found, name in named.items() if not all(map(_is_builtin, found))}


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _is_builtin(dotted: str) -> bool:
    return dotted.startswith("builtins.")


def _canonical(dotted: str) -> str:
    return _named(places(dotted)) or dotted


def _named(found: tuple[str, ...]) -> str:
    return _names().get(found, found[0] if len(found) == 1 else "")


def _public_names() -> list[str]:
    return [name for name in _wanted() if _canonical(name) == name]


def _aliases(tabled: set[str]) -> dict[str, str]:
    aliased = (module for module in modules() if module.partition(".")[0] in _ALIASED)
    spelled = (f"{module}.{name}" for module in aliased for name in {*exports(module), *public(module)})
    private = (place for found in _names() if len(found) == 1 for place in found)
    pairs = ((name, _canonical(name)) for name in (*spelled, *private))
    return {name: told for name, told in pairs if name != told and (told in tabled or told.startswith(_ALWAYS_ALIASED))}


def _definitions(name: str) -> Iterator[tuple[str, Definition]]:
    """Every definition behind a canonical name, each with the module it stands in."""
    for place in places(name):
        module, _, head = place.rpartition(".")
        if module in modules() and (_is_builtin(name) or not _is_builtin(place)):
            yield from ((module, definition) for definition in module_scope(module).get(head, ()))


def _function(name: str) -> Call | None:
    call = _merged([_call(module, found) for module, found in _definitions(name) if isinstance(found, Function)])
    if call is None or (call["kind"] == "function" and not _tabled(call["returns"])):
        return None
    return Call(kind=call["kind"], returns=_tabled(call["returns"]))


def _class_nodes(name: str) -> list[tuple[str, ast.ClassDef]]:
    return [(module, found) for module, found in _definitions(name) if isinstance(found, ast.ClassDef)]


@cache
def _class_names() -> frozenset[str]:
    told = [name for name in _public_names() if _class_nodes(name)]
    above = (base for name in told for base in _ancestors(name))
    return frozenset(told).union(base for base in above if _class_nodes(base) and not _is_builtin(base))


@cache
def _bases(name: str) -> list[str]:
    bases = (_class_of(module, base) for module, node in _class_nodes(name) for base in node.bases)
    return [base for base in dict.fromkeys(bases) if base and not base.startswith(_TYPING)]


@cache
def _ancestors(name: str) -> list[str]:
    return list(dict.fromkeys(above for base in _bases(name) for above in (base, *_ancestors(base))))


def _class(name: str) -> Class:
    return Class(attributes=_attributes(name), bases=_bases(name), methods=_methods(name))


def _attributes(name: str) -> dict[str, str]:
    annotated = {
        member: _tabled(_class_of(module, definition.annotation))
        for member, found in _members(name).items()
        for module, definition in found
        if isinstance(definition, ast.AnnAssign)
    }
    return {member: class_name for member, class_name in annotated.items() if class_name}


def _methods(name: str) -> dict[str, Call]:
    """Own methods, and inherited ones that return `Self`, of which the base's entry would say too little."""
    inherited: dict[str, Call] = {}
    for base in reversed(_ancestors(name)):
        inherited |= _own_methods(base) if base in _class_names() else {}
    fluent = {method: call for method, call in inherited.items() if call["returns"] == "Self"}
    return {
        method: Call(kind=call["kind"], returns=name if call["returns"] == "Self" else _tabled(call["returns"]))
        for method, call in (fluent | _own_methods(name)).items()
    }


@cache
def _own_methods(name: str) -> dict[str, Call]:
    calls = {
        member: [_call(module, found) for module, found in definitions if isinstance(found, Function)]
        for member, definitions in _members(name).items()
    }
    return {member: call for member, group in calls.items() if (call := _merged(group))}


def _members(name: str) -> dict[str, list[tuple[str, Definition]]]:
    """What a class itself declares by public or special name, each with the module it stands in."""
    members: dict[str, list[tuple[str, Definition]]] = {}
    for module, node in _class_nodes(name):
        scope = class_scope(module, node)
        for member in (member for member in scope if member[0] != "_" or member in _SPECIAL):
            members.setdefault(member, []).extend((module, meant) for meant in _meant(member, scope))
    return members


def _meant(member: str, scope: Scope) -> list[Definition]:
    """A member's definitions: `__enter__ = acquire` has those of `acquire`, and setters define nothing new."""
    found = [real for one in scope[member] for real in (scope.get(one.id, ()) if isinstance(one, ast.Name) else (one,))]
    return [one for one in found if not (isinstance(one, Function) and _decorators(one) & {"setter", "deleter"})]


def _decorators(node: Function) -> set[str]:
    return {_last(ast.unparse(decorator)) for decorator in node.decorator_list}


def _call(module: str, node: Function) -> Call:
    """What one definition gives; `returns` may still be `Self`, or a class that is in no table."""
    returned = _class_of(module, node.returns)
    if isinstance(node, ast.AsyncFunctionDef):
        return Call(kind="coroutine", returns=returned)
    if _decorators(node) & {"property", "cached_property"}:
        return Call(kind="property", returns=returned)
    if isinstance(node.returns, ast.BinOp):  # `Task | None` may well be dropped
        return Call(kind="function", returns=returned)
    if returned in _COROUTINES:
        return Call(kind="coroutine", returns=_class_of(module, _last_argument(node.returns)))
    if returned in _ASYNC_GENERATORS:
        return Call(kind="async_generator", returns="")
    return Call(kind="awaitable" if _is_awaitable(returned) else "function", returns=returned)


def _class_of(module: str, annotation: ast.expr | None) -> str:
    """The one class an annotation names, `None` left aside: "" when there is none or a choice."""
    match annotation:
        case ast.BinOp(op=ast.BitOr(), left=left, right=ast.Constant(value=None)):
            return _class_of(module, left)
        case ast.BinOp(op=ast.BitOr(), left=ast.Constant(value=None), right=right):
            return _class_of(module, right)
        case ast.Subscript(value=value):
            return _class_of(module, value)
        case ast.Name(id="Self"):
            return "Self"
        case ast.Name() | ast.Attribute():
            return _class_at(places_in(module, ast.unparse(annotation)))
    return ""


def _class_at(found: tuple[str, ...]) -> str:
    """The class that stands at some places, or the bound of the type variable that does."""
    module, _, name = found[0].rpartition(".")
    match module_scope(module).get(name) if module in modules() else None:
        case [ast.Call(func=ast.Name(id="TypeVar"), keywords=keywords)]:
            bounds = [keyword.value for keyword in keywords if keyword.arg == "bound"]
            return _class_of(module, bounds[0]) if bounds else ""
    return _named(found)


def _last_argument(annotation: ast.expr | None) -> ast.expr | None:
    match annotation:
        case ast.Subscript(slice=ast.Tuple(elts=[*_, last])):
            return last
    return None


def _is_awaitable(name: str) -> bool:
    return bool({"asyncio.Future", "typing.Awaitable"} & {name, *_ancestors(name)})


def _merged(calls: list[Call]) -> Call | None:
    """What is true of every overload and branch, or nothing where they are of different kinds."""
    match sorted({call["kind"] for call in calls}):
        case [kind]:
            return Call(kind=kind, returns=_common({call["returns"] for call in calls}))
        case ["awaitable", "coroutine"]:
            return Call(kind="awaitable", returns="")
    return None


def _common(names: set[str]) -> str:
    """The one of some classes that all the others derive from, or ""."""
    return next((name for name in names if all(name in (other, *_ancestors(other)) for other in names)), "")


def _tabled(name: str) -> str:
    return name if name in _class_names() else ""
