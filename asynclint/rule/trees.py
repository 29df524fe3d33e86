"""Walking libcst trees: children by a table of fields, so that white space and punctuation cost nothing.

libcst's own visitors visit every comma and are fifty times slower; see `libcst.CSTVisitor`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING

from asynclint.rule import nodes as cst

if TYPE_CHECKING:
    from libcst import BaseExpression, BaseSuite, Call, CSTNode, SubscriptElement

_APART = frozenset({"FunctionDef", "Lambda", "GeneratorExp"})  # what they hold runs later
_PUNCTUATION = frozenset(
    {
        *("lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "colon", "equal", "dot"),
        *("indent", "header", "footer", "leading_lines", "lines_after_decorators", "trailing_whitespace"),
        *("first_colon", "second_colon", "or_else_separator", "separator"),
    }
)


class _Readers(dict[type, "Callable[[CSTNode], tuple[object, ...]] | None"]):
    """What reads all fields of a class that may hold child nodes, None where it has no such field."""

    def __missing__(self, kind: "type[CSTNode]") -> "Callable[[CSTNode], tuple[object, ...]] | None":
        named = (field.name for field in fields(kind) if field.type is not str)
        names = [name for name in named if name not in _PUNCTUATION and not name.startswith("whitespace")]
        self[kind] = read = attrgetter(*names, "__class__") if names else None  # of one name it would give no tuple
        return read


class _Nodes(dict[type, bool]):
    """Which classes are nodes; theirs is an abstract class, which takes its time to say so."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = is_node = issubclass(kind, cst.CSTNode)
        return is_node


_READERS = _Readers()
_NODES = _Nodes()


def children(node: "CSTNode") -> "list[CSTNode]":
    """The child nodes that mean something, in the order of their fields."""
    read = _READERS[type(node)]
    if read is None:
        return []
    found: list[CSTNode] = []
    for value in read(node):
        kind = type(value)
        if kind is tuple or kind is list:
            found += value  # type: ignore[arg-type]
        elif _NODES[kind]:
            found.append(value)  # type: ignore[arg-type]
    return found


def own_children(node: "CSTNode") -> "list[CSTNode]":
    """The children that run with the node: not the bodies of functions, lambdas and generator expressions."""
    kind = type(node).__name__
    if kind not in _APART:
        return children(node)
    match node:
        case cst.FunctionDef():
            return [*node.decorators, node.params, *([node.returns] if node.returns else [])]
        case cst.Lambda():
            return [node.params]
        case cst.GeneratorExp():
            return [node.for_in.iter]
    return children(node)


def walk(node: "CSTNode", below: "Callable[[CSTNode], Sequence[CSTNode]]" = children) -> "Iterator[CSTNode]":
    """The node and all below it, parents first."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(below(current))


def parents(root: "CSTNode") -> "dict[int, CSTNode]":
    """Each node's parent, by `id`."""
    found: dict[int, CSTNode] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        below = children(node)
        for child in below:
            found[id(child)] = node
        waiting += below
    return found


def statements(block: "BaseSuite") -> "Iterator[CSTNode]":
    """The statements of a block, those that share a line one by one."""
    for line in block.body:
        if isinstance(line, cst.SimpleStatementLine):
            yield from line.body
        else:
            yield line


def code_of(node: "BaseExpression | None") -> str:
    """The code of an expression, as `asynclint.facts.names` writes it for the ast; "" when it has none."""
    postfixes: list[str] = []
    while True:
        match node:
            case cst.Name(value=name):
                return "".join([name, *reversed(postfixes)])
            case cst.Attribute(value=inner, attr=attr):
                postfixes.append(f".{attr.value}")
            case cst.Call(func=inner):
                postfixes.append("()")
            case cst.Await(expression=inner):
                postfixes.append("!")
            case cst.Subscript(
                value=inner, slice=[cst.SubscriptElement(slice=cst.Index(value=cst.Integer(value=index)))]
            ):
                postfixes.append(f"[{index}]" if index.isdecimal() else "[]")
            case cst.Subscript(value=inner):
                postfixes.append("[]")
            case cst.BinaryOperation(left=inner, operator=cst.Divide()):
                postfixes.append("/")
            case cst.NamedExpr(value=inner):
                pass
            case cst.Tuple(elements=elements) if not postfixes:
                return f"({','.join(code_of(element.value) for element in elements)})"
            case _:
                return ""
        node = inner


def _number(elements: "Sequence[SubscriptElement]") -> str:
    match elements:
        case [cst.SubscriptElement(slice=cst.Index(value=cst.Integer(value=number)))] if number.isdecimal():
            return number
    return ""


def argument_codes(call: "Call") -> list[str]:
    """The codes of a call's arguments, as `asynclint.facts.names` writes them for the ast."""
    return [f"{a.star}{a.keyword.value + '=' if a.keyword else ''}{_argument(a.value)}" for a in call.args]


def _argument(node: "BaseExpression") -> str:
    is_zero = isinstance(node, cst.Integer | cst.Float) and node.evaluated_value == 0
    return "0" if is_zero else code_of(node)


def call_name(call: "Call") -> str:
    """`c` of `a.b.c()`."""
    return code_of(call.func).rpartition(".")[2]
