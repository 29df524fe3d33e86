"""The expressions of one file, summarised in one pass."""

import ast
from collections.abc import Callable, Iterable
from typing import ClassVar

from msgspec.structs import replace

from asynclint.facts.calls import AwaitFacts, CallFacts, ChangeFacts, LoopFacts, PatchFacts, Use
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.module import ASYNC_GENERATOR, ScopeKind
from asynclint.facts.names import (
    Binding,
    Bound,
    annotation_of,
    argument_codes,
    arms,
    code_of,
    element_code,
    items_of,
    plain_code_of,
)
from asynclint.facts.patches import patched
from asynclint.facts.scoping import Scoping
from asynclint.facts.trees import children

_MOST_LINKS = 20  # of a chain of attributes that may be properties
_COLLECTORS = frozenset({"append", "add", "appendleft", "extend", "insert"})
# Members of an enum take ten times as long to get as these.
_ANNOTATION, _PARAMETER, _UNKNOWN, _VALUE = Bound.ANNOTATION, Bound.PARAMETER, Bound.UNKNOWN, Bound.VALUE
_ARGUMENT, _COLLECTED, _OTHER, _RETURNED = Use.ARGUMENT, Use.COLLECTED, Use.OTHER, Use.RETURNED


class Expressions(Scoping):
    """Walks expressions, and the targets of assignments."""

    def __init__(self, path: str, last_line: int) -> None:
        super().__init__(path, last_line)
        self.outer_call = -1
        self.awaits = 0  # seen so far

    def expression(self, node: ast.expr | None, use: Use = _OTHER) -> None:
        handler = self.EXPRESSIONS.get(type(node))
        if handler is not None:
            handler(self, node, use)

    def expressions(self, nodes: Iterable[ast.AST | None], use: Use = _OTHER) -> None:
        for node in nodes:
            handler = self.EXPRESSIONS.get(type(node))
            if handler is not None:
                handler(self, node, use)

    def parts(self, node: ast.expr, use: Use) -> None:
        """What hands none of its operands on."""
        self.expressions(children(node))

    def attribute(self, node: ast.Attribute, use: Use) -> None:
        """A chain of attributes, each of which may be a property."""
        function = self.here.function
        reads = function.reads if function is not None and (function.is_async or self.certain) else None
        if reads is not None:
            self.note_reads(node, reads)
        while type(node.value) is ast.Attribute:
            node = node.value
        if type(node.value) is ast.Name:
            self.note_asked(node, node.value.id)
        else:
            self.expression(node.value)

    def note_reads(self, node: ast.Attribute, reads: dict[str, tuple[int, int]]) -> None:
        code = code_of(node)
        if not code.replace(".", "").isidentifier():
            return
        link: ast.expr = node
        while type(link) is ast.Attribute:
            if type(link.ctx) is ast.Load and code.count(".") <= _MOST_LINKS:
                reads.setdefault(code, (link.lineno, link.col_offset))
            code, link = code[: -len(link.attr) - 1], link.value

    def note_asked(self, node: ast.Attribute, name: str) -> None:
        """Notes that a parameter is asked for an attribute whenever the function runs."""
        function = self.here.function
        if function is None or self.condition or self.left or self.trying:
            return
        is_parameter = name in function.parameters or name in function.keywords
        if is_parameter and name != self.own and type(node.ctx) is ast.Load:
            function.asked.setdefault(name, node.attr)

    def call(self, node: ast.Call, use: Use) -> None:
        function, arguments, calls = node.func, node.args, self.facts.calls
        callee = code_of(function)
        if callee == "setattr":
            self.set_attribute(node)
        inside = self.outer_call if use is _ARGUMENT or use is _COLLECTED else -1
        place = self.scope, node.lineno, node.col_offset
        certain = not (self.condition or self.left)
        calls.append(CallFacts(*place, callee, use, argument_codes(node), inside, certain, self.limit))
        if patch := patched(node, callee):
            self.facts.patches.append(PatchFacts(self.scope, *patch))
        outer, this = self.outer_call, len(calls) - 1
        argument_use = _ARGUMENT
        if type(function) is ast.Attribute:
            if function.attr in _COLLECTORS:
                argument_use = _COLLECTED
            if type(function.value) is ast.Name:
                self.note_asked(function, function.value.id)
            else:
                self.expression(function.value)
        else:
            self.expression(function)
        self.outer_call = this
        self.expressions(arguments, argument_use)
        for keyword in node.keywords:
            self.expression(keyword.value, argument_use if keyword.arg else _OTHER)
        self.outer_call = outer

    def set_attribute(self, node: ast.Call) -> None:
        """`setattr(x, "name", value)` is `x.name = value`."""
        match node.args:
            case [owner, ast.Constant(value=str() as name), value] if name.isidentifier():
                target = ast.Attribute(value=owner, attr=name)
                if isinstance(owner, ast.Name) and owner.id == self.own:
                    self.assign(target, code_of(value))
                else:
                    self.replace(code_of(target))

    def await_(self, node: ast.Await, use: Use) -> None:
        self.awaits += 1
        self.waits += 1
        if isinstance(node.value, ast.Call):
            self.expression(node.value, Use.AWAITED)
            return
        if self.running:
            self.running.awaits = True
        self.expression(node.value, Use.AWAITED)
        self.facts.awaits.append(AwaitFacts(self.scope, node.lineno, plain_code_of(node.value)))

    def elements(self, node: ast.List | ast.Tuple | ast.Set, use: Use) -> None:
        self.expressions(node.elts, use)

    def dictionary(self, node: ast.Dict, use: Use) -> None:
        self.expressions(node.keys, use)
        self.expressions(node.values, use)

    def starred(self, node: ast.Starred, use: Use) -> None:
        """`*f()` takes the value apart; `*[f()]` hands its elements on."""
        self.expression(node.value, _OTHER if isinstance(node.value, ast.Call) else use)

    def conditional(self, node: ast.IfExp, use: Use) -> None:
        self.expression(node.test)
        self.conditionally(lambda: self.expressions([node.body, node.orelse], use))

    def either(self, node: ast.BoolOp, use: Use) -> None:
        first, *others = node.values
        self.expression(first, use)
        self.conditionally(lambda: self.expressions(others, use))

    def binary(self, node: ast.BinOp, use: Use) -> None:
        left: ast.expr = node
        while isinstance(left, ast.BinOp):  # a long sum nests as deep as it is long
            self.expression(left.right)
            left = left.left
        self.expression(left)

    def subscript(self, node: ast.Subscript, use: Use) -> None:
        self.expression(node.value)
        self.expression(node.slice)

    def comparison(self, node: ast.Compare, use: Use) -> None:
        self.expression(node.left)
        self.expressions(node.comparators)

    def operation(self, node: ast.UnaryOp, use: Use) -> None:
        self.expression(node.operand)

    def formatted(self, node: ast.FormattedValue, use: Use) -> None:
        self.expression(node.value)
        self.expression(node.format_spec)

    def text(self, node: ast.JoinedStr, use: Use) -> None:
        self.expressions(node.values)

    def walrus(self, node: ast.NamedExpr, use: Use) -> None:
        self.expression(node.value, Use.STORED)
        code = code_of(node.value)
        self.bind(node.target.id, _VALUE if code else _UNKNOWN, code, scope=self.function_scope())

    def yield_(self, node: ast.Yield | ast.YieldFrom, use: Use) -> None:
        function = self.running
        if function:
            function.is_generator = True
            if isinstance(node, ast.Yield):
                function.yielded.append(code_of(node.value) if node.value else "None")
                function.held.append(self.held)
        self.expression(node.value, _RETURNED if isinstance(node, ast.Yield) else _OTHER)

    def lambda_(self, node: ast.Lambda, use: Use) -> None:
        self.signature(node.args)
        facts = FunctionFacts(parameters=positional(node.args))
        scope = self.open(self.scope_of(node, ScopeKind.LAMBDA, "<lambda>", facts))

        def walk() -> None:
            self.parameters(node.args)
            self.expression(node.body, _RETURNED)

        self.within_function(scope, walk)

    def signature(self, arguments: ast.arguments) -> None:
        """What is evaluated where the function is defined: defaults and annotations."""
        self.expressions([*arguments.defaults, *arguments.kw_defaults])
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            self.expression(argument.annotation)

    def parameters(self, arguments: ast.arguments) -> None:
        for position, argument in enumerate([*arguments.posonlyargs, *arguments.args]):
            self.bind(argument.arg, _PARAMETER, annotation_of(argument.annotation), position)
        for argument in arguments.kwonlyargs:
            self.bind(argument.arg, _PARAMETER, annotation_of(argument.annotation))
        for starred in (arguments.vararg, arguments.kwarg):
            if starred:
                self.bind(starred.arg, _UNKNOWN)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, use: Use) -> None:
        self.expression(node.generators[0].iter)
        outer, awaits, waits = self.scope, self.awaits, self.waits
        places: list[int] = []
        scope = self.open(self.scope_of(node, ScopeKind.COMPREHENSION, "<comprehension>"))

        def walk() -> None:
            for position, part in enumerate(node.generators):
                if position:
                    self.expression(part.iter)
                reader = self.scope if position else outer  # the first iterable is evaluated outside
                code = self.loop(part.iter, is_async=bool(part.is_async), scope=reader)
                places.append(len(self.facts.loops) - 1)
                self.assign(part.target, code)
                for condition in part.ifs:
                    self.expression(condition)
                    self.condition = True
            self.expressions([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt], use)

        outer_condition = self.condition
        self.within(scope, walk)
        self.condition = outer_condition
        is_async = self.awaits > awaits or any(part.is_async for part in node.generators)
        if isinstance(node, ast.GeneratorExp):
            self.waits = waits  # what it runs for each element runs later
            if is_async:
                self.facts.scopes[scope].name = ASYNC_GENERATOR
        for place in places if self.waits > waits else ():
            self.facts.loops[place] = replace(self.facts.loops[place], waits=True)

    def loop(self, iterable: ast.expr, *, is_async: bool, scope: int = -1) -> str:
        """Notes a loop; gives the code of its element."""
        owner = self.scope if scope < 0 else scope
        self.waits += is_async
        self.facts.loops.append(LoopFacts(owner, iterable.lineno, plain_code_of(iterable), is_async))
        return element_code(code_of(iterable), is_async=is_async)

    # what is assigned to

    def assign(self, target: ast.expr, code: str, annotation: str = "") -> None:
        """Binds what stands left of `=`, after `as` or `for`."""
        if annotation:
            binding = Binding(_ANNOTATION, annotation, self.scope, assigned=code)
        else:
            binding = Binding(_VALUE if code else _UNKNOWN, code, self.scope)
        if type(target) is ast.Name:
            self.bind_name(target.id, binding)
            return
        self.stores += 1
        match target:
            case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner == self.own:
                self.bind_attribute(attr, binding)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                starred = next((n for n, item in enumerate(items) if isinstance(item, ast.Starred)), len(items))
                for place, item in enumerate(items):
                    self.assign(item, _item(code, place) if place < starred else "")
            case ast.Starred(value=inner):
                self.assign(inner, "")
            case ast.Attribute():
                self.replace(code_of(target))
                self.expression(target)
            case ast.Subscript():
                self.note_change(target, "[]=")
                self.expression(target)
            case _:
                self.expression(target)

    def note_change(self, target: ast.expr, how: str, other: ast.expr | None = None) -> None:
        """Notes that elements of a container come, go or are exchanged."""
        container, argument = (target.value, target.slice) if isinstance(target, ast.Subscript) else (target, other)
        is_known = how == "[]=" and isinstance(argument, ast.Constant | ast.Slice)
        if not is_known and (code := code_of(container)):
            place = target.lineno, target.col_offset
            self.facts.changes.append(ChangeFacts(self.scope, *place, code, how, code_of(argument)))

    # Names and constants stand for nothing else.
    EXPRESSIONS: ClassVar[dict[type, Callable[..., None]]] = {
        **dict.fromkeys({*ast.expr.__subclasses__()} - {ast.Name, ast.Constant}, parts),
        ast.Attribute: attribute,
        ast.Call: call,
        ast.Await: await_,
        ast.List: elements,
        ast.Tuple: elements,
        ast.Set: elements,
        ast.Dict: dictionary,
        ast.BoolOp: either,
        ast.Starred: starred,
        ast.IfExp: conditional,
        ast.BinOp: binary,
        ast.Subscript: subscript,
        ast.Compare: comparison,
        ast.UnaryOp: operation,
        ast.JoinedStr: text,
        ast.FormattedValue: formatted,
        ast.NamedExpr: walrus,
        ast.Yield: yield_,
        ast.YieldFrom: yield_,
        ast.Lambda: lambda_,
        ast.ListComp: comprehension,
        ast.SetComp: comprehension,
        ast.GeneratorExp: comprehension,
        ast.DictComp: comprehension,
    }


def positional(arguments: ast.arguments) -> tuple[str, ...]:
    """The names of the positional parameters."""
    return tuple([a.arg for a in (*arguments.posonlyargs, *arguments.args)])


def _item(code: str, place: int) -> str:
    """The code of one item of what is unpacked."""
    if code[:1] == "(":
        return next(iter(items_of(code)[place : place + 1]), "")
    return f"{code}[{place}]" if code and code[0] != "{" and len(arms(code)) == 1 else ""
