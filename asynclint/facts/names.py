"""Expressions and bindings, written down small enough to keep for every file of a project.

An expression is kept as a *code*: a name followed by postfixes, or "" when it is anything else.

    a.b         attribute           a()      call               a!       awaited
    a[]  a[0]   subscript           a@  a@!  entered by `with` / `async with`
    a*  a*!     element given by `for` / `async for`
    a()<b>      call of a function by a lower-case name with `b` for its first argument, or with `bound=B`
    a/          divided by anything
    (a,b.c)     a tuple of codes    a|b()    either of them
    {A | B}     an annotation that is given a name
    None, True, False: the constants

So `async with pool.acquire() as conn` binds `conn` to `pool.acquire()@!`.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct


class Bound(IntEnum):
    """How a name came to be bound."""

    IMPORT = 1  # value: "pkg.mod" or "pkg.mod:attribute", with leading dots when relative
    DEFINITION = 2  # target: the scope of the function or class
    VALUE = 3  # value: a code
    ANNOTATION = 4  # value: an annotation
    PARAMETER = 5  # value: an annotation or ""; target: position in the signature, -1 when keyword-only or starred
    UNKNOWN = 6


class Binding(Struct, frozen=True, array_like=True, gc=False):
    """One way a name is bound; `scope` is where `value` and, beside an annotation, `assigned` have to be read."""

    bound: Bound
    value: str
    scope: int
    target: int = -1
    assigned: str = ""


def code_of(node: ast.expr | None) -> str:
    """The code of an expression, "" when it is not a chain of names, calls and the like."""
    code = _CODES.get(type(node))
    return code(node) if code is not None else ""


def _of_call(node: ast.Call) -> str:
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(name)), *_]):
            return _with(value, f".{name}") if name.isidentifier() else ""
    return _with(node.func, f"(){_first_argument(node)}")


def _of_operation(node: ast.BinOp) -> str:
    if isinstance(node.op, ast.BitOr):
        return alias_code(node)
    return _with(node.left, "/") if isinstance(node.op, ast.Div) else ""


def _of_subscript(node: ast.Subscript) -> str:
    match node.slice:
        case ast.Constant(value=int(index)) if index >= 0:
            return _with(node.value, f"[{int(index)}]")
    return _with(node.value, "[]")


def _of_constant(node: ast.Constant) -> str:
    return str(node.value) if node.value is None or isinstance(node.value, bool) else ""


# A table, because most of what is looked at is a name or an attribute.
_CODES: Mapping[type, Callable[..., str]] = {
    ast.Name: lambda node: node.id,
    ast.Attribute: lambda node: _with(node.value, f".{node.attr}"),
    ast.Call: _of_call,
    ast.Await: lambda node: _with(node.value, "!"),
    ast.Subscript: _of_subscript,
    ast.BinOp: _of_operation,
    ast.NamedExpr: lambda node: code_of(node.value),
    ast.Tuple: lambda node: f"({','.join(map(code_of, node.elts))})",
    ast.BoolOp: lambda node: _either(node.values) if isinstance(node.op, ast.Or) else "",
    ast.IfExp: lambda node: _either([node.body, node.orelse]),
    ast.Constant: _of_constant,
}


def alias_code(node: ast.expr | None) -> str:
    """The code of an annotation that is given a name: `Handler = Callable[[Event], Result] | None`."""
    annotation = annotation_of(node)
    return f"{{{annotation}}}" if annotation else ""


def _first_argument(call: ast.Call) -> str:
    """`<a>` of `f(a)`; functions, unlike classes, often give what they are given, or something made of it."""
    match call:
        case ast.Call(keywords=[ast.keyword(arg="bound", value=bound), *_]):
            text = annotation_of(bound)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name[:1].islower():
            text = _dotted(first.value) if isinstance(first, ast.Constant) else code_of(first)
        case _:
            return ""
    return f"<{text}>" if text and _PLAIN.fullmatch(text) else ""


def _dotted(value: object) -> str:
    return value if isinstance(value, str) and all(map(str.isidentifier, value.split("."))) else ""


def _either(nodes: list[ast.expr]) -> str:
    return _any_of([code_of(node) for node in nodes])  # not `map`: since 3.12 it nests on the C stack, which is short


def _any_of(codes: Sequence[str]) -> str:
    return "|".join(codes) if all(code and code[0] not in "({" for code in codes) else ""


def element_code(iterable: str, *, is_async: bool = False) -> str:
    """The code of what a loop over an iterable gives: `a|b` for `(a,b)`, `(a|c,b|d)` for `((a,b),(c,d))`."""
    if iterable[:1] != "(":
        return iterable and iterable + ("*!" if is_async else "*")
    items = items_of(iterable)
    if not all(item[:1] == "(" for item in items):
        return _any_of(items)
    rows = [items_of(item) for item in items]
    return f"({','.join(map(_any_of, zip(*rows, strict=False)))})" if len({len(row) for row in rows}) == 1 else ""


def _with(node: ast.expr, postfix: str) -> str:
    code = code_of(node)
    is_single = code != "" and code[0] not in "({" and ("|" not in code or len(arms(code)) == 1)
    return code + postfix if is_single else ""


_PLAIN = re.compile(r"[^'\":;\\]*")
_STEP = re.compile(r"\.\w+|\(\)|\[\d*\]|@!|\*!|[!@*/]|<")
_GIVEN = re.compile(r"<[^<>]*>")
_ROOT = re.compile(r"[^\W\d]\w*")
_OPENING, _CLOSING = "(<[{", ")>]}"


_VERSION = re.compile(r"version_info|hexversion|python_version(?:_tuple)?|_*(?:IS_|HAS_)?PY(?:THON)?_?[23].*")


def is_version(name: str) -> bool:
    """Is it `version_info`, or what a constant is called that is made of it: `PY310`, `IS_PYTHON_3_12`?"""
    return _VERSION.fullmatch(name) is not None


@lru_cache(maxsize=1 << 16)
def chain(code: str) -> tuple[str, ...]:
    """The name that a code begins with and its postfixes, `()<b>` being one; () when it is no such chain."""
    root = _ROOT.match(code)
    if root is None:
        return ()
    steps, at = [root[0]], root.end()
    while step := _STEP.match(code, at):
        at = step.end()
        if step[0] == "<":
            at = next((end + 1 for end, depth in _depths(code, step.start()) if not depth), len(code))
            steps[-1] += code[step.start() : at]
        else:
            steps.append(step[0])
    return tuple(steps) if at == len(code) else ()


def callee_of(code: str) -> str:
    """`a.b` of `a.b()`, with or without an argument; "" when it is no call."""
    if code[-1:] not in (")", ">"):
        return ""
    *before, last = chain(code) or ("",)
    return "".join(before) if last.startswith("()") else ""


def without_arguments(code: str) -> str:
    """`f().x` of `f()<a>.x`."""
    while "<" in code and (bare := _GIVEN.sub("", code)) != code:
        code = bare
    return code


def arms(code: str) -> list[str]:
    """The codes in `a|b()`."""
    return _split(code, "|")


def items_of(code: str) -> list[str]:
    """The codes in a tuple's code `(a,b())`."""
    return _split(code[1:-1], ",")


def _split(code: str, separator: str) -> list[str]:
    if separator not in code:
        return [code]
    cuts = [place for place, depth in _depths(code, 0) if not depth and code[place] == separator]
    return [code[start + 1 : end] for start, end in pairwise((-1, *cuts, len(code)))]


def _depths(code: str, start: int) -> Iterator[tuple[int, int]]:
    """Each place, and how many brackets are open after it."""
    depth = 0
    for place in range(start, len(code)):
        depth += (code[place] in _OPENING) - (code[place] in _CLOSING)
        yield place, depth


def argument_codes(call: ast.Call) -> list[str]:
    """The codes of a call's arguments: `a`, `*a`, `key=a`, `**a`, `0` for a zero, with "" for what has no code."""
    positional = [f"*{code_of(a.value)}" if isinstance(a, ast.Starred) else _argument(a) for a in call.args]
    return positional + [f"{k.arg}={_argument(k.value)}" if k.arg else f"**{code_of(k.value)}" for k in call.keywords]


def _argument(node: ast.expr) -> str:
    is_zero = isinstance(node, ast.Constant) and node.value == 0 and node.value is not False
    return "0" if is_zero else code_of(node)


_NO_NAMES = (
    *(ast.Constant, ast.JoinedStr, ast.Compare, ast.List, ast.Set, ast.Dict, ast.Tuple, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def plain_code_of(node: ast.expr) -> str:
    """Its code, or `0` for a constant, a text, a comparison, a display or a function made on the spot."""
    is_plain = isinstance(node, _NO_NAMES) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    return code_of(node) or ("0" if is_plain else "")


def display_of(node: ast.expr | None) -> str:
    """`list`, `dict` or `set` for a display or a comprehension, the code of a call without arguments, "" otherwise."""
    match node:
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Call(args=[], keywords=[]):
            return code_of(node)
    return ""


def annotation_of(node: ast.expr | None) -> str:
    """An annotation as the text of its names, subscripts, strings and unions; "" when there is more to it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            outer = annotation_of(value)
            return f"{outer}.{attr}" if outer else ""
        case ast.Constant(value=None):
            return "None"
        case ast.Constant(value=str(text)):
            return text.strip()
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            sides = annotation_of(left), annotation_of(right)
            return " | ".join(sides) if all(sides) else ""
        case ast.Subscript(value=value, slice=inner):
            outer, items = annotation_of(value), inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return f"{outer}[{_annotations(items)}]" if outer else ""
        case ast.List(elts=items):
            return f"[{_annotations(items)}]"
        case ast.Constant(value=builtins.Ellipsis):
            return "..."
    return ""


def _annotations(nodes: list[ast.expr]) -> str:
    return ", ".join(annotation_of(node) or "0" for node in nodes)  # 0 promises nothing
