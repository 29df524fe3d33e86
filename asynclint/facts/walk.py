"""One file, summarised in one pass over its ast."""

import ast
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from msgspec.structs import replace

from asynclint.facts.calls import HandlerFacts, Use, WithFacts
from asynclint.facts.classes import ClassFacts
from asynclint.facts.expressions import Expressions, positional
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.held import entered_code, final_code, limit_in, waits_inside
from asynclint.facts.idling import may_idle
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Bound, alias_code, annotation_of, code_of, display_of, is_version, plain_code_of
from asynclint.facts.numbers import number_of
from asynclint.facts.races import claimed_from, is_plain_value, may_race
from asynclint.facts.trees import children, walk

_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_SWALLOWING = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})
_IN_PLACE = {ast.BitOr: "|=", ast.BitAnd: "&=", ast.BitXor: "^=", ast.Sub: "-=", ast.Add: "+="}
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Raise)
_NUMERIC = frozenset({ast.Constant, ast.UnaryOp, ast.BinOp, ast.Name, ast.JoinedStr})
_DISPLAYS = frozenset({ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Call})
# Members of an enum take ten times as long to get as these.
_DEFINITION, _IMPORT, _UNKNOWN = Bound.DEFINITION, Bound.IMPORT, Bound.UNKNOWN
_ASSIGNED, _STORED, _STATEMENT, _RETURNED = Use.ASSIGNED, Use.STORED, Use.STATEMENT, Use.RETURNED


def summarise(tree: ast.Module, path: str, *, last_line: int) -> ModuleFacts:
    """The facts of one file. Raises RecursionError when it is nested too deeply."""
    walker = _Walker(path, last_line)
    walker.statements(tree.body)
    return walker.facts


class _Walker(Expressions):
    """Walks one module."""

    def __init__(self, path: str, last_line: int) -> None:
        super().__init__(path, last_line)
        self.is_typing = False  # under `if TYPE_CHECKING:`

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            handler = self.STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.expressions(node.decorator_list)
        self.signature(node.args)
        self.expression(node.returns)
        facts = FunctionFacts(
            is_async=isinstance(node, ast.AsyncFunctionDef),
            decorators=tuple(map(_decorator, node.decorator_list)),
            returns=annotation_of(node.returns),
            parameters=positional(node.args),
            keywords=tuple([a.arg for a in node.args.kwonlyargs]),
            is_stub=_is_stub(node.body),
            claimed=claimed_from(node) if isinstance(node, ast.AsyncFunctionDef) else 0,
        )
        scope = self.open(self.scope_of(node, ScopeKind.FUNCTION, node.name, facts))
        self.bind(node.name, _DEFINITION, target=scope)

        def walk() -> None:
            self.parameters(node.args)
            self.statements(node.body)
            if isinstance(node, ast.AsyncFunctionDef) and self.stores and (self.waits or facts.is_generator):
                facts.may_race = may_race(node, partial(self.is_shared, scope))

        self.within_function(scope, walk)

    def global_(self, node: ast.Global) -> None:
        self.stores += 1
        self.elsewhere.update({(self.scope, name): 0 for name in node.names})

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        self.stores += 1
        self.elsewhere.update({(self.scope, name): self.nonlocal_owner(name) for name in node.names})

    def klass(self, node: ast.ClassDef) -> None:
        self.expressions((*node.decorator_list, *node.bases, *(k.value for k in node.keywords)))
        scope = self.scope_of(node, ScopeKind.CLASS, node.name)
        scope.klass = ClassFacts(
            bases=tuple(code_of(b.value if isinstance(b, ast.Subscript) else b) for b in node.bases),
            base_arguments=tuple(map(_type_arguments, node.bases)),
            decorators=tuple(map(_decorator, node.decorator_list)),
            attributes={},
            type_parameters=dict(map(_type_parameter, getattr(node, "type_params", ()))),
            keywords=tuple(k.arg or "" for k in node.keywords),
            metaclass=next((code_of(k.value) or "?" for k in node.keywords if k.arg == "metaclass"), ""),
        )
        index = self.open(scope)
        self.bind(node.name, _DEFINITION, target=index)
        self.within(index, lambda: self.statements(node.body))
        self.forget_plain_reads(index)

    def forget_plain_reads(self, klass: int) -> None:
        """Drops the reads of attributes that the methods of a class set: they are no properties."""
        attributes = self.facts.scopes[klass].klass.attributes  # type: ignore[union-attr]
        for method in self.facts.scopes[klass + 1 :] if attributes else ():
            function = method.function
            if method.parent == klass and function is not None and function.reads and function.parameters:
                own = f"{function.parameters[0]}."
                for code in [code for code in function.reads if code.startswith(own)]:
                    if code.removeprefix(own) in attributes:
                        del function.reads[code]

    def import_(self, node: ast.Import) -> None:
        for alias in node.names:
            if not self.is_typing:
                self.facts.imports.append(alias.name)
            if alias.asname:
                self.bind(alias.asname, _IMPORT, alias.name)
            else:
                top = alias.name.partition(".")[0]
                self.bind(top, _IMPORT, top)

    def import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if not node.level and not self.is_typing:
            self.facts.imports.append(module)
        for alias in node.names:
            if alias.name == "*":
                self.facts.stars.append(module)
            else:
                self.bind(alias.asname or alias.name, _IMPORT, f"{module}:{alias.name}")

    def assignment(self, node: ast.Assign) -> None:
        value, is_plain = node.value, {*map(type, node.targets)} == {ast.Name}
        self.expression(value, _ASSIGNED if is_plain else _STORED)
        code = alias_code(value) if self.is_generic(value) else code_of(value)
        for target in node.targets:
            self.assign(target, code)
            self.note_value(target, value)

    def note_value(self, target: ast.expr, value: ast.expr | None) -> None:
        """Notes what is assigned where it is a number, a text or a container."""
        if type(value) in _DISPLAYS:
            kind = display_of(value)
            if kind and (code := code_of(target)):
                self.here.displays[code] = kind
        elif type(value) in _NUMERIC:
            if is_plain_value(value) and (code := code_of(target)):
                self.here.plain_values.append(code)
            if isinstance(target, ast.Name) and (number := number_of(value, self.known_number)) is not None:
                self.here.numbers[target.id] = number

    def known_number(self, name: str) -> float | None:
        """The number that a name stands for which has been bound once so far, here or by the module."""
        scope = self.here if name in self.here.names else self.facts.scopes[0]
        return scope.numbers.get(name) if len(scope.names.get(name, ())) == 1 else None

    def is_generic(self, value: ast.expr) -> bool:
        """Is it a class with arguments, as in `Handler = Callable[[Event], Result]`?"""
        if not isinstance(value, ast.Subscript):
            return False
        match value.value:
            case ast.Name(id=name):
                imported = [b.value.rpartition(":")[2] for b in self.facts.scopes[0].names.get(name, ())]
                name = next(filter(None, imported), name)
            case ast.Attribute(attr=name):
                pass
            case _:
                return False
        return name[:1].isupper() and not name.isupper()

    def annotated(self, node: ast.AnnAssign) -> None:
        self.expression(node.value, _ASSIGNED if isinstance(node.target, ast.Name) else _STORED)
        annotation = annotation_of(node.annotation)
        if annotation.rpartition(".")[2] == "TypeAlias":
            self.assign(node.target, alias_code(node.value))
        else:
            self.assign(node.target, code_of(node.value), annotation)
        self.note_value(node.target, node.value)

    def augmented(self, node: ast.AugAssign) -> None:
        self.expression(node.value, _STORED)
        if isinstance(node.target, ast.Subscript):
            self.stores += 1
            self.expression(node.target)
            return
        if (operator := _IN_PLACE.get(type(node.op))) is not None:
            self.note_change(node.target, operator, node.value)
        self.assign(node.target, "")

    def expression_statement(self, node: ast.Expr) -> None:
        self.expression(node.value, _STATEMENT)

    def while_(self, node: ast.While) -> None:
        function = self.running
        if function:
            function.has_while = True
            function.may_idle = function.may_idle or (function.is_async and may_idle(node))
        self.expression(node.test)
        self.statements(node.body)
        self.statements(node.orelse)

    def return_(self, node: ast.Return) -> None:
        if self.running:
            self.running.returned.append(plain_code_of(node.value) if node.value else "None")
        self.expression(node.value, _RETURNED)
        self.left = True

    def leave(self, node: ast.Break | ast.Continue) -> None:
        """What follows is only done where this is not reached."""
        self.left = self.left or self.condition

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        if self.running and isinstance(node, ast.AsyncFor):
            self.running.awaits = True
        code = self.loop(node.iter, is_async=isinstance(node, ast.AsyncFor))
        place, waits = len(self.facts.loops) - 1, self.waits
        self.assign(node.target, code)
        self.statements(node.body)
        if self.waits > waits:
            self.facts.loops[place] = replace(self.facts.loops[place], waits=True)
        self.statements(node.orelse)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        is_async = isinstance(node, ast.AsyncWith)
        waits = isinstance(node, ast.AsyncWith) and waits_inside(node)
        self.waits += is_async
        head = max((item.optional_vars or item.context_expr).end_lineno or 0 for item in node.items)
        first = node.body[0].lineno if node.body[0].lineno > head else 0
        for item in node.items:
            self.expression(item.context_expr, _STORED)
            code = code_of(item.context_expr)
            place = item.context_expr
            last = node.end_lineno or node.lineno
            facts = WithFacts(
                self.scope, place.lineno, code, is_async, place.col_offset, self.certain, last, waits, first
            )
            self.facts.withs.append(facts)
            if item.optional_vars:
                self.assign(item.optional_vars, code and code + ("@!" if is_async else "@"))
        outer, held, limit = self.trying, self.held, self.limit
        self.trying = outer or any(_swallows(item.context_expr) for item in node.items)
        self.held = (*held, *(entered_code(item, is_async=is_async) for item in node.items))
        self.limit = limit_in(self.held) if is_async else limit
        self.statements(node.body)
        self.trying, self.held, self.limit = outer, held, limit

    def try_(self, node: ast.Try | ast.TryStar) -> None:
        outer, self.trying = self.trying, True
        held, final = self.held, final_code(node.finalbody)
        self.held = (*held, final) if final else held
        waits = self.waits
        self.statements(node.body)
        self.trying = outer
        may_wait = self.waits > waits
        for handler in node.handlers:
            kind = None if handler.type is None else code_of(handler.type)
            self.facts.handlers.append(HandlerFacts(self.scope, handler.lineno, kind, may_wait))
            if handler.name:
                self.bind(handler.name, _UNKNOWN)
            self.handled(handler)
        self.statements(node.orelse)
        self.held = held
        function = self.running
        if function and node.finalbody:
            function.has_finally = True
            inners = (inner for last in node.finalbody for inner in walk(last))
            function.leaves_finally |= any(isinstance(inner, _LEAVING) for inner in inners)
        self.statements(node.finalbody)

    def handled(self, handler: ast.ExceptHandler) -> None:
        """Leaving the function in a handler makes nothing that follows less usual, except where a module is missing."""
        outer, self.left = (self.condition, self.left), False
        self.condition = True
        self.expression(handler.type)
        self.statements(handler.body)
        self.condition, left = outer
        self.left = left or (self.left and _is_of_import(handler.type))

    def assert_(self, node: ast.Assert) -> None:
        self.expression(node.test)
        self.conditionally(lambda: self.expression(node.msg))

    def raise_(self, node: ast.Raise) -> None:
        """Nothing follows where no condition decides about it, and no `try` may catch it."""
        self.expression(node.exc)
        self.expression(node.cause)
        self.left = self.left or not (self.condition or self.trying)

    def if_(self, node: ast.If) -> None:
        outer = self.condition
        if _asks_version(node.test):
            self.facts.by_version.append((node.lineno, node.end_lineno or node.lineno))
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(branch := rest[0], ast.If):  # a long elif chain nests as deep as it is long
            self.expression(branch.test)
            typing, self.is_typing = self.is_typing, self.is_typing or _is_typing(branch.test)
            self.condition = True
            self.statements(branch.body)
            self.is_typing = typing
            rest = branch.orelse
        self.statements(rest)
        self.condition = outer

    def delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self.note_change(target, "del")
            if isinstance(target, ast.Attribute | ast.Subscript):
                self.expression(target)

    def match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(pattern, ast.pattern) and name:
                    self.bind(name, _UNKNOWN)
            if case.guard:
                self.expression(case.guard)
            self.conditionally(lambda body=case.body: self.statements(body))  # type: ignore[misc]

    def type_alias(self, node: ast.stmt) -> None:
        self.assign(getattr(node, "name"), alias_code(getattr(node, "value")))  # noqa: B009

    STATEMENTS: ClassVar[dict[type[ast.AST], Callable[..., None]]] = {
        ast.FunctionDef: function,
        ast.AsyncFunctionDef: function,
        ast.ClassDef: klass,
        ast.Import: import_,
        ast.ImportFrom: import_from,
        ast.Assign: assignment,
        ast.AnnAssign: annotated,
        ast.AugAssign: augmented,
        ast.Expr: expression_statement,
        ast.Return: return_,
        ast.While: while_,
        ast.Break: leave,
        ast.Continue: leave,
        ast.For: for_,
        ast.AsyncFor: for_,
        ast.Assert: assert_,
        ast.Raise: raise_,
        ast.With: with_,
        ast.AsyncWith: with_,
        ast.Try: try_,
        ast.TryStar: try_,
        ast.If: if_,
        ast.Delete: delete,
        ast.Match: match,
        ast.Global: global_,
        ast.Nonlocal: nonlocal_,
    }


def _is_of_import(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(code_of(each) in _IMPORT_ERRORS for each in kinds)


def _swallows(manager: ast.expr) -> bool:
    """May the block be left by an exception without what follows being left too?"""
    return isinstance(manager, ast.Call) and code_of(manager.func).rpartition(".")[2] in _SWALLOWING


def _asks_version(test: ast.expr) -> bool:
    waiting: list[ast.AST] = [test]
    for node in waiting:
        if type(node) is ast.Attribute:
            if is_version(node.attr):
                return True
            waiting.append(node.value)
        elif type(node) is ast.Name:
            if is_version(node.id):
                return True
        elif type(node) is not ast.Constant:
            waiting += children(node)
    return False


def _is_typing(test: ast.expr) -> bool:
    return code_of(test).rpartition(".")[2] == "TYPE_CHECKING"


def _decorator(node: ast.expr) -> str:
    """`retry()` of `@retry(5)`: what a decorator is given says nothing about what it gives."""
    if not isinstance(node, ast.Call):
        return code_of(node)
    code = code_of(node.func)
    return f"{code}()" if code else ""


def _type_parameter(node: ast.AST) -> tuple[str, str]:
    """Name and bound, of `ast.TypeVar` or of the `ast.arg` that stands for one on older Pythons."""
    name = str(getattr(node, "name", "") or getattr(node, "arg", ""))
    return name, annotation_of(getattr(node, "bound", None) or getattr(node, "annotation", None))


def _is_stub(body: list[ast.stmt]) -> bool:
    """Is nothing in it but `...`, `pass` and text, or does it end by raising?"""
    return isinstance(body[-1], ast.Raise) or all(map(_is_silent, body))


def _is_silent(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _type_arguments(base: ast.expr) -> tuple[str, ...]:
    """What stands between the brackets of `Base[A, B]`."""
    if not isinstance(base, ast.Subscript):
        return ()
    items = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
    return tuple(map(annotation_of, items))


if _TYPE_ALIAS := getattr(ast, "TypeAlias", None):  # since Python 3.12
    _Walker.STATEMENTS[_TYPE_ALIAS] = _Walker.type_alias
