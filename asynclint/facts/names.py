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
    if type(node) is ast.Name:  # most of what is looked at
        return node.id
    code = _CODES.get(type(node))
    return code(node) if code is not None else ""


def _of_attribute(node: ast.Attribute) -> str:
    return f"{node.value.id}.{node.attr}" if type(node.value) is ast.Name else _with(node.value, f".{node.attr}")


def _of_call(node: ast.Call) -> str:
    if type(node.func) is ast.Name and node.func.id == "getattr":
        match node.args:
            case [value, ast.Constant(value=str(name)), *_]:
                return _with(value, f".{name}") if name.isidentifier() else ""
    return _with(node.func, f"(){_first_argument(node)}")


def _of_operation(node: ast.BinOp) -> str:
    if isinstance(node.op, ast.BitOr):
        return alias_code(node)
    return _with(node.left, "/") if isinstance(node.op, ast.Div) else ""


def _of_subscript(node: ast.Subscript) -> str:
    index = node.slice.value if type(node.slice) is ast.Constant else None
    return _with(node.value, f"[{int(index)}]" if isinstance(index, int) and index >= 0 else "[]")


def _of_constant(node: ast.Constant) -> str:
    return str(node.value) if node.value is None or isinstance(node.value, bool) else ""


_CODES: Mapping[type, Callable[..., str]] = {
    ast.Name: lambda node: node.id,
    ast.Attribute: _of_attribute,
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
    if call.keywords and call.keywords[0].arg == "bound":
        text = annotation_of(call.keywords[0].value)
    elif call.args and _last_name(call.func)[:1].islower():
        first = call.args[0]
        text = _dotted(first.value) if type(first) is ast.Constant else code_of(first)
    else:
        return ""
    return f"<{text}>" if text and _PLAIN.fullmatch(text) else ""


def _last_name(node: ast.expr) -> str:
    if type(node) is ast.Attribute:
        return node.attr
    return node.id if type(node) is ast.Name else ""


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
    if not code or code[0] in "({" or ("|" in code and len(arms(code)) > 1):
        return ""
    return code + postfix


_PLAIN = re.compile(r"[^'\":;\\]*")
_STEP = re.compile(r"\.\w+|\(\)|\[\d*\]|@!|\*!|[!@*/]|<")
_GIVEN = re.compile(r"<[^<>]*>")
_ROOT = re.compile(r"[^\W\d]\w*")
_OPENING, _CLOSING = "(<[{", ")>]}"


_VERSION = re.compile(r"version_info|hexversion|python_version(?:_tuple)?|_*(?:IS_|HAS_)?PY(?:THON)?_?[23].*")


def is_version(name: str) -> bool:
    """Is it `version_info`, or what a constant is called that is made of it: `PY310`, `IS_PYTHON_3_12`?"""
    return ("PY" in name or "version" in name) and _VERSION.fullmatch(name) is not None


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


def argument_codes(call: ast.Call) -> tuple[str, ...]:
    """The codes of a call's arguments: `a`, `*a`, `key=a`, `**a`, `0` for a zero, with "" for what has no code."""
    codes = [f"*{code_of(a.value)}" if type(a) is ast.Starred else _argument(a) for a in call.args]
    if call.keywords:
        codes += [f"{k.arg}={_argument(k.value)}" if k.arg else f"**{code_of(k.value)}" for k in call.keywords]
    return tuple(codes)


def _argument(node: ast.expr) -> str:
    if type(node) is ast.Name:
        return node.id
    is_zero = type(node) is ast.Constant and node.value == 0 and node.value is not False
    return "0" if is_zero else code_of(node)


_NO_NAMES = frozenset(
    {
        *(ast.Constant, ast.JoinedStr, ast.Compare, ast.List, ast.Set, ast.Dict, ast.Tuple, ast.Lambda),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    }
)


def plain_code_of(node: ast.expr) -> str:
    """Its code, or `0` for a constant, a text, a comparison, a display or a function made on the spot."""
    if code := code_of(node):
        return code
    is_plain = type(node) in _NO_NAMES or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    return "0" if is_plain else ""


def display_of(node: ast.expr | None) -> str:
    """`list`, `dict` or `set` for a display or a comprehension, the code of a call without arguments, "" otherwise."""
    if isinstance(node, ast.Call):
        return "" if node.args or node.keywords else code_of(node)
    return _DISPLAYS.get(type(node), "")


_DISPLAYS: Mapping[type, str] = {
    **dict.fromkeys((ast.List, ast.ListComp), "list"),
    **dict.fromkeys((ast.Dict, ast.DictComp), "dict"),
    **dict.fromkeys((ast.Set, ast.SetComp), "set"),
}


def annotation_of(node: ast.expr | None) -> str:
    """An annotation as the text of its names, subscripts, strings and unions; "" when there is more to it."""
    if type(node) is ast.Name:
        return node.id
    annotation = _ANNOTATIONS.get(type(node))
    return annotation(node) if annotation is not None else ""


def _annotation_of_attribute(node: ast.Attribute) -> str:
    outer = annotation_of(node.value)
    return f"{outer}.{node.attr}" if outer else ""


def _annotation_of_constant(node: ast.Constant) -> str:
    if isinstance(node.value, str):
        return node.value.strip()
    return "None" if node.value is None else "..." if node.value is ... else ""


def _annotation_of_union(node: ast.BinOp) -> str:
    sides = (annotation_of(node.left), annotation_of(node.right)) if isinstance(node.op, ast.BitOr) else ("",)
    return " | ".join(sides) if all(sides) else ""


def _annotation_of_subscript(node: ast.Subscript) -> str:
    outer = annotation_of(node.value)
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return f"{outer}[{_annotations(items)}]" if outer else ""


_ANNOTATIONS: Mapping[type, Callable[..., str]] = {
    ast.Attribute: _annotation_of_attribute,
    ast.Constant: _annotation_of_constant,
    ast.BinOp: _annotation_of_union,
    ast.Subscript: _annotation_of_subscript,
    ast.List: lambda node: f"[{_annotations(node.elts)}]",
}


def _annotations(nodes: list[ast.expr]) -> str:
    return ", ".join(annotation_of(node) or "0" for node in nodes)  # 0 promises nothing
