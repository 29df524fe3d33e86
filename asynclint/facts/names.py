"""Expressions and bindings, written down small enough to keep for every file of a project.

An expression is kept as a *code*: a name followed by postfixes, or "" when it is anything else.

    a.b         attribute           a()      call               a!       awaited
    a[]         subscript           a@  a@!  entered by `with` / `async with`
    a*  a*!     element given by `for` / `async for`
    a/          divided by anything
    (a,b.c)     a tuple of codes    a|b()    either of them
    None, True, False: the constants

So `async with pool.acquire() as conn` binds `conn` to `pool.acquire()@!`.
"""

import ast
from enum import IntEnum

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
    """One way a name is bound; `scope` is where `value` has to be read."""

    bound: Bound
    value: str
    scope: int
    target: int = -1


def code_of(node: ast.expr | None) -> str:
    """The code of an expression, "" when it is not a chain of names, calls and the like."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return _with(value, f".{attr}")
        case ast.Call(func=func):
            return _with(func, "()")
        case ast.Await(value=value):
            return _with(value, "!")
        case ast.Subscript(value=value):
            return _with(value, "[]")
        case ast.NamedExpr(value=value):
            return code_of(value)
        case ast.Tuple(elts=items):
            return f"({','.join(map(code_of, items))})"
        case ast.BinOp(left=left, op=ast.Div()):
            return _with(left, "/")
        case ast.BoolOp(op=ast.Or(), values=values):
            return _either(values)
        case ast.IfExp(body=body, orelse=orelse):
            return _either([body, orelse])
        case ast.Constant(value=None | True | False as constant):
            return str(constant)
    return ""


def _either(nodes: list[ast.expr]) -> str:
    codes = [code_of(node) for node in nodes]  # not `map`: since Python 3.12 it nests on the C stack, which is short
    return "|".join(codes) if all(code and code[0] != "(" for code in codes) else ""


def _with(node: ast.expr, postfix: str) -> str:
    code = code_of(node)
    return code + postfix if code and code[0] != "(" and "|" not in code else ""


def argument_codes(call: ast.Call) -> list[str]:
    """The codes of a call's arguments: `a`, `*a`, `key=a`, `**a`, `0` for a zero, with "" for what has no code."""
    positional = [f"*{code_of(a.value)}" if isinstance(a, ast.Starred) else _argument(a) for a in call.args]
    return positional + [f"{k.arg}={_argument(k.value)}" if k.arg else f"**{code_of(k.value)}" for k in call.keywords]


def _argument(node: ast.expr) -> str:
    is_zero = isinstance(node, ast.Constant) and node.value == 0 and node.value is not False
    return "0" if is_zero else code_of(node)


_PLAIN = (
    *(ast.Constant, ast.JoinedStr, ast.Compare, ast.List, ast.Set, ast.Dict, ast.Tuple, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def plain_code_of(node: ast.expr) -> str:
    """Its code, or `0` for a constant, a text, a comparison, a display or a function made on the spot."""
    is_plain = isinstance(node, _PLAIN) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    return code_of(node) or ("0" if is_plain else "")


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
            return f"{outer}[{', '.join(annotation_of(item) or '...' for item in items)}]" if outer else ""
    return ""
