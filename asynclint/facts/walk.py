"""One file, summarised in one pass over its ast."""

import ast
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from msgspec.structs import replace

from asynclint.facts.calls import (
    AwaitFacts,
    CallFacts,
    ChangeFacts,
    HandlerFacts,
    LoopFacts,
    PatchFacts,
    Use,
    WithFacts,
)
from asynclint.facts.classes import ClassFacts
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.held import entered_code, final_code, limit_in, waits_inside
from asynclint.facts.idling import may_idle
from asynclint.facts.module import ASYNC_GENERATOR, ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import (
    Binding,
    Bound,
    alias_code,
    annotation_of,
    argument_codes,
    arms,
    code_of,
    display_of,
    element_code,
    is_version,
    items_of,
    plain_code_of,
)
from asynclint.facts.numbers import number_of
from asynclint.facts.patches import patched
from asynclint.facts.races import claimed_from, is_plain_value, may_race
from asynclint.facts.trees import children, walk

# What is neither a statement nor an expression and holds some.
_LEAVES = frozenset({ast.Name, ast.Constant})
_INNER = (ast.comprehension, ast.keyword, ast.arguments, ast.arg, ast.withitem, ast.match_case, ast.pattern)
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_SWALLOWING = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})
_IN_PLACE = {ast.BitOr: "|=", ast.BitAnd: "&=", ast.BitXor: "^=", ast.Sub: "-=", ast.Add: "+="}
_MOST_LINKS = 20  # of a chain of attributes that may be properties; each of its links is looked up from the start
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Raise)
COLLECTORS = frozenset({"append", "add", "appendleft", "extend", "insert"})


def summarise(tree: ast.Module, path: str, *, last_line: int) -> ModuleFacts:
    """The facts of one file. Raises RecursionError when it is nested too deeply."""
    walker = _Walker(path, last_line)
    walker.statements(tree.body)
    return walker.facts


class _Walker:
    """Walks one module; `self.scope` is the scope being walked."""

    def __init__(self, path: str, last_line: int) -> None:
        module = Scope(ScopeKind.MODULE, "", "", -1, 1, 1, 0, last_line)
        self.facts = ModuleFacts(path, [module], [], [], [], [], [])
        self.scope = 0
        self.outer_call = -1
        self.is_typing = False  # under `if TYPE_CHECKING:`
        self.awaits = 0  # seen so far
        self.waits = 0  # seen so far in the function, `async for` and `async with` included
        self.condition = False  # does what is walked depend on a condition?
        self.trying = False  # inside of `try`, where a failure may be meant
        self.held: tuple[str, ...] = ()  # the `with` and `try`-`finally` around, in the same function
        self.left = False  # may a condition have left the function, or the pass of its loop, before?
        self.elsewhere: dict[tuple[int, str], int] = {}  # names declared global or nonlocal: (scope, name) -> owner

    # scopes and names

    def open(self, scope: Scope) -> int:
        self.facts.scopes.append(scope)
        return len(self.facts.scopes) - 1

    def within(self, scope: int, walk: Callable[[], None]) -> None:
        outer, self.scope = self.scope, scope
        walk()
        self.scope = outer

    def within_function(self, scope: int, walk: Callable[[], None]) -> None:
        outer = self.condition, self.left, self.trying, self.held, self.waits
        self.condition = self.left = self.trying = False
        self.held = ()
        self.within(scope, walk)
        self.condition, self.left, self.trying, self.held, self.waits = outer

    @property
    def certain(self) -> bool:
        return not (self.condition or self.left)

    def conditionally(self, walk: Callable[[], None]) -> None:
        outer, self.condition = self.condition, True
        walk()
        self.condition = outer

    def qualname(self, name: str) -> str:
        outer = self.facts.scopes[self.scope].qualname
        return f"{outer}.{name}" if outer else name

    def bind(self, name: str, bound: Bound, value: str = "", target: int = -1, scope: int = -1) -> None:
        self.bind_name(name, Binding(bound, value, self.scope, target), scope)

    def bind_name(self, name: str, binding: Binding, scope: int = -1) -> None:
        owner = self.scope if scope < 0 else scope
        owner = self.elsewhere.get((owner, name), owner)
        self.facts.scopes[owner].names.setdefault(name, []).append(binding)

    def function_scope(self) -> int:
        """Where a walrus in a comprehension binds."""
        scope = self.scope
        while self.facts.scopes[scope].kind is ScopeKind.COMPREHENSION:
            scope = self.facts.scopes[scope].parent
        return scope

    def assign(self, target: ast.expr, code: str, annotation: str = "") -> None:
        """Binds what stands left of `=`, after `as` or `for`."""
        bound, value = (Bound.ANNOTATION, annotation) if annotation else (Bound.VALUE, code)
        binding = Binding(bound if value else Bound.UNKNOWN, value, self.scope, assigned=code if annotation else "")
        match target:
            case ast.Name(id=name):
                self.bind_name(name, binding)
            case ast.Attribute(value=ast.Name(id=owner), attr=attr) if self.is_self(owner):
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

    def replace(self, code: str) -> None:
        """Notes that an attribute of another object is assigned."""
        root, *inner = code.split(".")
        klass = self.facts.scopes[self.facts.enclosing_class(self.scope)].klass if self.is_self(root) else None
        replaced = self.facts.scopes[self.scope].replaced if klass is None else klass.replaced
        if all(map(str.isidentifier, (root, *inner))) and len(inner) > (klass is not None):
            replaced.append(code if klass is None else ".".join(inner))

    def is_self(self, name: str) -> bool:
        function = self.facts.scopes[self.scope].function
        in_method = self.facts.enclosing_class(self.scope) >= 0 and function is not None
        return in_method and function is not None and function.parameters[:1] == (name,)

    def bind_attribute(self, attr: str, binding: Binding) -> None:
        klass = self.facts.scopes[self.facts.enclosing_class(self.scope)].klass
        if klass is not None:
            klass.attributes.setdefault(attr, []).append(binding)

    # statements

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            handler = self.STATEMENTS.get(type(statement))
            if handler:
                handler(self, statement)
            else:
                self.children(statement)

    def children(self, node: ast.AST, use: Use = Use.OTHER) -> None:
        for child in children(node):
            if type(child) in _LEAVES:
                continue
            if isinstance(child, ast.expr):
                self.expression(child, use)
            elif isinstance(child, ast.stmt):
                self.statements((child,))
            elif isinstance(child, _INNER):
                self.children(child)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator)
        self.signature(node.args)
        if node.returns:
            self.expression(node.returns)
        arguments = node.args
        facts = FunctionFacts(
            is_async=isinstance(node, ast.AsyncFunctionDef),
            decorators=tuple(map(_decorator, node.decorator_list)),
            returns=annotation_of(node.returns),
            parameters=tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args)),
            keywords=tuple(a.arg for a in arguments.kwonlyargs),
            is_stub=_is_stub(node.body),
            claimed=claimed_from(node) if isinstance(node, ast.AsyncFunctionDef) else 0,
        )
        scope = self.open(self.scope_of(node, ScopeKind.FUNCTION, node.name, facts))
        self.bind(node.name, Bound.DEFINITION, target=scope)

        def walk() -> None:
            self.parameters(arguments)
            self.statements(node.body)

        self.within_function(scope, walk)
        if isinstance(node, ast.AsyncFunctionDef):
            facts.may_race = may_race(node, partial(self.is_shared, scope))

    def is_shared(self, scope: int, name: str) -> bool:
        """Is a name of a function no local variable of it, or its `self`?"""
        here = self.facts.scopes[scope]
        bindings = here.names.get(name, ())
        if all(binding.bound is Bound.IMPORT for binding in bindings):
            return True
        is_method = self.facts.enclosing_class(scope) >= 0 and len(bindings) == 1
        return is_method and here.function is not None and here.function.parameters[:1] == (name,)

    def scope_of(
        self, node: ast.stmt | ast.expr, kind: ScopeKind, name: str, function: FunctionFacts | None = None
    ) -> Scope:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        last = node.end_lineno or node.lineno
        qualname = self.qualname(name)
        return Scope(kind, name, qualname, self.scope, first, node.lineno, node.col_offset, last, {}, function)

    def signature(self, arguments: ast.arguments) -> None:
        """What is evaluated where the function is defined: defaults and annotations."""
        for default in (*arguments.defaults, *(d for d in arguments.kw_defaults if d)):
            self.expression(default)
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation:
                self.expression(argument.annotation)

    def parameters(self, arguments: ast.arguments) -> None:
        for position, argument in enumerate((*arguments.posonlyargs, *arguments.args)):
            self.bind(argument.arg, Bound.PARAMETER, annotation_of(argument.annotation), position)
        for argument in arguments.kwonlyargs:
            self.bind(argument.arg, Bound.PARAMETER, annotation_of(argument.annotation))
        for starred in (arguments.vararg, arguments.kwarg):
            if starred:
                self.bind(starred.arg, Bound.UNKNOWN)

    def global_(self, node: ast.Global) -> None:
        self.elsewhere.update({(self.scope, name): 0 for name in node.names})

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        self.elsewhere.update({(self.scope, name): self.nonlocal_owner(name) for name in node.names})

    def nonlocal_owner(self, name: str) -> int:
        """The nearest function that binds the name already, else the nearest one, which may bind it below."""
        outer, scopes = self.facts.scopes[self.scope].parent, self.facts.scopes
        functions = []
        while outer > 0:
            if scopes[outer].kind is ScopeKind.FUNCTION:
                functions.append(outer)
            outer = scopes[outer].parent
        return next((scope for scope in functions if name in scopes[scope].names), (functions or [self.scope])[0])

    def klass(self, node: ast.ClassDef) -> None:
        for expression in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.expression(expression)
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
        self.bind(node.name, Bound.DEFINITION, target=index)
        self.within(index, lambda: self.statements(node.body))
        self.forget_plain_reads(index)

    def forget_plain_reads(self, klass: int) -> None:
        """Drops the reads of attributes that the methods of a class set: they are no properties."""
        attributes = self.facts.scopes[klass].klass.attributes  # type: ignore[union-attr]
        for method in self.facts.scopes[klass + 1 :]:
            if method.parent == klass and method.function is not None and method.function.reads:
                first = method.function.parameters[:1]
                plain = [f"{name}.{attribute}" for name in first for attribute in attributes]
                for code in plain:
                    method.function.reads.pop(code, None)

    def import_(self, node: ast.Import) -> None:
        for alias in node.names:
            if not self.is_typing:
                self.facts.imports.append(alias.name)
            if alias.asname:
                self.bind(alias.asname, Bound.IMPORT, alias.name)
            else:
                top = alias.name.partition(".")[0]
                self.bind(top, Bound.IMPORT, top)

    def import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if not node.level and not self.is_typing:
            self.facts.imports.append(module)
        for alias in node.names:
            if alias.name == "*":
                self.facts.stars.append(module)
            else:
                self.bind(alias.asname or alias.name, Bound.IMPORT, f"{module}:{alias.name}")

    def assignment(self, node: ast.Assign) -> None:
        plain = all(isinstance(target, ast.Name) for target in node.targets)
        self.expression(node.value, Use.ASSIGNED if plain else Use.STORED)
        code = alias_code(node.value) if self.is_generic(node.value) else code_of(node.value)
        for target in node.targets:
            self.assign(target, code)
            self.note_plain_value(target, node.value)
            self.note_display(target, node.value)

    def note_display(self, target: ast.expr, value: ast.expr | None) -> None:
        kind = display_of(value)
        if kind and (code := code_of(target)):
            self.facts.scopes[self.scope].displays[code] = kind

    def note_plain_value(self, target: ast.expr, value: ast.expr | None) -> None:
        if is_plain_value(value) and (code := code_of(target)):
            self.facts.scopes[self.scope].plain_values.append(code)
        if isinstance(target, ast.Name) and (number := number_of(value, self.known_number)) is not None:
            self.facts.scopes[self.scope].numbers[target.id] = number

    def known_number(self, name: str) -> float | None:
        """The number that a name stands for which has been bound once so far, here or by the module."""
        here, module = self.facts.scopes[self.scope], self.facts.scopes[0]
        scope = here if name in here.names else module
        return scope.numbers.get(name) if len(scope.names.get(name, ())) == 1 else None

    def is_generic(self, value: ast.expr) -> bool:
        """Is it a class with arguments, as in `Handler = Callable[[Event], Result]`?"""
        match value:
            case ast.Subscript(value=ast.Name(id=name)):
                imported = [b.value.rpartition(":")[2] for b in self.facts.scopes[0].names.get(name, ())]
                name = next(filter(None, imported), name)
            case ast.Subscript(value=ast.Attribute(attr=name)):
                pass
            case _:
                return False
        return name[:1].isupper() and not name.isupper()

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.expression(node.value, Use.ASSIGNED if isinstance(node.target, ast.Name) else Use.STORED)
        annotation = annotation_of(node.annotation)
        if annotation.rpartition(".")[2] == "TypeAlias":
            self.assign(node.target, alias_code(node.value))
        else:
            self.assign(node.target, code_of(node.value), annotation)
        self.note_plain_value(node.target, node.value)
        self.note_display(node.target, node.value)

    def augmented(self, node: ast.AugAssign) -> None:
        self.expression(node.value, Use.STORED)
        if isinstance(node.target, ast.Subscript):
            self.expression(node.target)
            return
        if (operator := _IN_PLACE.get(type(node.op))) is not None:
            self.note_change(node.target, operator, node.value)
        self.assign(node.target, "")

    def expression_statement(self, node: ast.Expr) -> None:
        self.expression(node.value, Use.STATEMENT)

    def running(self) -> FunctionFacts | None:
        """The function that runs what is being walked."""
        return self.facts.scopes[self.facts.executor(self.scope)].function

    def while_(self, node: ast.While) -> None:
        function = self.running()
        if function:
            function.has_while = True
            function.may_idle = function.may_idle or (function.is_async and may_idle(node))
        self.children(node)

    def return_(self, node: ast.Return) -> None:
        function = self.running()
        if function:
            function.returned.append(plain_code_of(node.value) if node.value else "None")
        if node.value:
            self.expression(node.value, Use.RETURNED)
        self.left = True

    def leave(self, node: ast.Break | ast.Continue) -> None:
        """What follows is only done where this is not reached."""
        self.left = self.left or self.condition

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        function = self.running()
        if function and isinstance(node, ast.AsyncFor):
            function.awaits = True
        code = self.loop(node.iter, is_async=isinstance(node, ast.AsyncFor))
        place, waits = len(self.facts.loops) - 1, self.waits
        self.assign(node.target, code)
        self.statements(node.body)
        if self.waits > waits:
            self.facts.loops[place] = replace(self.facts.loops[place], waits=True)
        self.statements(node.orelse)

    def loop(self, iterable: ast.expr, *, is_async: bool, scope: int = -1) -> str:
        """Notes a loop; gives the code of its element."""
        owner = self.scope if scope < 0 else scope
        self.waits += is_async
        self.facts.loops.append(LoopFacts(owner, iterable.lineno, plain_code_of(iterable), is_async))
        return element_code(code_of(iterable), is_async=is_async)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        is_async = isinstance(node, ast.AsyncWith)
        waits = isinstance(node, ast.AsyncWith) and waits_inside(node)
        self.waits += is_async
        head = max((item.optional_vars or item.context_expr).end_lineno or 0 for item in node.items)
        first = node.body[0].lineno if node.body[0].lineno > head else 0
        for item in node.items:
            self.expression(item.context_expr, Use.STORED)
            code = code_of(item.context_expr)
            place = item.context_expr
            last = node.end_lineno or node.lineno
            facts = WithFacts(
                self.scope, place.lineno, code, is_async, place.col_offset, self.certain, last, waits, first
            )
            self.facts.withs.append(facts)
            if item.optional_vars:
                self.assign(item.optional_vars, code and code + ("@!" if is_async else "@"))
        outer, held = self.trying, self.held
        self.trying = outer or any(_swallows(item.context_expr) for item in node.items)
        self.held = (*held, *(entered_code(item, is_async=is_async) for item in node.items))
        self.statements(node.body)
        self.trying, self.held = outer, held

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
                self.bind(handler.name, Bound.UNKNOWN)
            self.handled(handler)
        self.statements(node.orelse)
        self.held = held
        function = self.running()
        if function and node.finalbody:
            function.has_finally = True
            inners = (inner for last in node.finalbody for inner in walk(last))
            function.leaves_finally |= any(isinstance(inner, _LEAVING) for inner in inners)
        self.statements(node.finalbody)

    def handled(self, handler: ast.ExceptHandler) -> None:
        """Leaving the function in a handler makes nothing that follows less usual, except where a module is missing."""
        outer, self.left = self.left, False
        self.conditionally(lambda: self.children(handler))
        self.left = outer or (self.left and _is_of_import(handler.type))

    def assert_(self, node: ast.Assert) -> None:
        self.expression(node.test)
        if node.msg:
            message = node.msg
            self.conditionally(lambda: self.expression(message))

    def raise_(self, node: ast.Raise) -> None:
        """Nothing follows where no condition decides about it, and no `try` may catch it."""
        self.children(node)
        self.left = self.left or not (self.condition or self.trying)

    def if_(self, node: ast.If) -> None:
        outer = self.condition
        if any(is_version(getattr(p, "attr", getattr(p, "id", ""))) for p in walk(node.test)):
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
                    self.bind(name, Bound.UNKNOWN)
            if case.guard:
                self.expression(case.guard)
            self.conditionally(lambda body=case.body: self.statements(body))  # type: ignore[misc]

    def type_alias(self, node: ast.stmt) -> None:
        self.assign(getattr(node, "name"), alias_code(getattr(node, "value")))  # noqa: B009

    # expressions

    def expression(self, node: ast.expr, use: Use = Use.OTHER) -> None:
        if type(node) in _LEAVES:
            return
        handler = self.EXPRESSIONS.get(type(node))
        if handler:
            handler(self, node, use)
        else:
            self.children(node)

    def attribute(self, node: ast.Attribute, use: Use) -> None:
        self.note_asked(node)
        function = self.facts.scopes[self.scope].function
        if function is not None and (self.certain or function.is_async) and isinstance(node.ctx, ast.Load):
            code = code_of(node)
            if code.count(".") <= _MOST_LINKS and code.replace(".", "").isidentifier():
                function.reads.setdefault(code, (node.lineno, node.col_offset))
        self.expression(node.value)

    def note_asked(self, node: ast.Attribute) -> None:
        """Notes that a parameter is asked for an attribute whenever the function runs."""
        if (
            not isinstance(node.value, ast.Name)
            or not self.certain
            or self.trying
            or not isinstance(node.ctx, ast.Load)
        ):
            return
        function, name = self.facts.scopes[self.scope].function, node.value.id
        is_parameter = function is not None and name in (*function.parameters, *function.keywords)
        if function is not None and is_parameter and not self.is_self(name):
            function.asked.setdefault(name, node.attr)

    def call(self, node: ast.Call, use: Use) -> None:
        callee = code_of(node.func)
        if callee == "setattr":
            self.set_attribute(node)
        arguments = tuple(argument_codes(node))
        inside = self.outer_call if use in (Use.ARGUMENT, Use.COLLECTED) else -1
        place = self.scope, node.lineno, node.col_offset
        facts = CallFacts(*place, callee, use, arguments, inside, self.certain, limit_in(self.held))
        self.facts.calls.append(facts)
        if patch := patched(node, callee):
            self.facts.patches.append(PatchFacts(self.scope, *patch))
        outer, this = self.outer_call, len(self.facts.calls) - 1
        if isinstance(node.func, ast.Attribute):
            self.note_asked(node.func)
            self.expression(node.func.value)
        else:
            self.expression(node.func)
        collects = isinstance(node.func, ast.Attribute) and node.func.attr in COLLECTORS
        argument_use = Use.COLLECTED if collects else Use.ARGUMENT
        for argument in node.args:
            self.outer_call = this
            self.expression(argument, argument_use)
        for keyword in node.keywords:
            self.outer_call = this
            self.expression(keyword.value, argument_use if keyword.arg else Use.OTHER)
        self.outer_call = outer

    def set_attribute(self, node: ast.Call) -> None:
        """`setattr(x, "name", value)` is `x.name = value`."""
        match node.args:
            case [owner, ast.Constant(value=str() as name), value] if name.isidentifier():
                target = ast.Attribute(value=owner, attr=name)
                if isinstance(owner, ast.Name) and self.is_self(owner.id):
                    self.assign(target, code_of(value))
                else:
                    self.replace(code_of(target))

    def await_(self, node: ast.Await, use: Use) -> None:
        function = self.running()
        if function and not isinstance(node.value, ast.Call):
            function.awaits = True
        self.awaits += 1
        self.waits += 1
        self.expression(node.value, Use.AWAITED)
        if not isinstance(node.value, ast.Call):
            self.facts.awaits.append(AwaitFacts(self.scope, node.lineno, plain_code_of(node.value)))

    def passing(self, node: ast.expr, use: Use) -> None:
        """Displays and the operators that hand one of their operands on."""
        self.children(node, use)

    def starred(self, node: ast.Starred, use: Use) -> None:
        """`*f()` takes the value apart; `*[f()]` hands its elements on."""
        self.expression(node.value, Use.OTHER if isinstance(node.value, ast.Call) else use)

    def conditional(self, node: ast.IfExp, use: Use) -> None:
        self.expression(node.test)
        self.conditionally(lambda: self.expression(node.body, use))
        self.conditionally(lambda: self.expression(node.orelse, use))

    def either(self, node: ast.BoolOp, use: Use) -> None:
        first, *others = node.values
        self.expression(first, use)
        for other in others:
            self.conditionally(lambda arm=other: self.expression(arm, use))  # type: ignore[misc]

    def binary(self, node: ast.BinOp, use: Use) -> None:
        left: ast.expr = node
        while isinstance(left, ast.BinOp):  # a long sum nests as deep as it is long
            self.expression(left.right)
            left = left.left
        self.expression(left)

    def walrus(self, node: ast.NamedExpr, use: Use) -> None:
        self.expression(node.value, Use.STORED)
        code = code_of(node.value)
        self.bind(node.target.id, Bound.VALUE if code else Bound.UNKNOWN, code, scope=self.function_scope())

    def yield_(self, node: ast.Yield | ast.YieldFrom, use: Use) -> None:
        function = self.running()
        if function:
            function.is_generator = True
            if isinstance(node, ast.Yield):
                function.yielded.append(code_of(node.value) if node.value else "None")
                function.held.append(self.held)
        if node.value:
            self.expression(node.value, Use.RETURNED if isinstance(node, ast.Yield) else Use.OTHER)

    def lambda_(self, node: ast.Lambda, use: Use) -> None:
        self.signature(node.args)
        facts = FunctionFacts(parameters=tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args)))
        scope = self.open(self.scope_of(node, ScopeKind.LAMBDA, "<lambda>", facts))

        def walk() -> None:
            self.parameters(node.args)
            self.expression(node.body, Use.RETURNED)

        self.within_function(scope, walk)

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
            for element in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.expression(element, use)

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

    EXPRESSIONS: ClassVar[dict[type[ast.AST], Callable[..., None]]] = {
        ast.Attribute: attribute,
        ast.Call: call,
        ast.Await: await_,
        ast.List: passing,
        ast.Tuple: passing,
        ast.Set: passing,
        ast.Dict: passing,
        ast.BoolOp: either,
        ast.Starred: starred,
        ast.IfExp: conditional,
        ast.BinOp: binary,
        ast.NamedExpr: walrus,
        ast.Yield: yield_,
        ast.YieldFrom: yield_,
        ast.Lambda: lambda_,
        ast.ListComp: comprehension,
        ast.SetComp: comprehension,
        ast.GeneratorExp: comprehension,
        ast.DictComp: comprehension,
    }


def _is_of_import(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(code_of(each) in _IMPORT_ERRORS for each in kinds)


def _swallows(manager: ast.expr) -> bool:
    """May the block be left by an exception without what follows being left too?"""
    return isinstance(manager, ast.Call) and code_of(manager.func).rpartition(".")[2] in _SWALLOWING


def _is_typing(test: ast.expr) -> bool:
    return code_of(test).rpartition(".")[2] == "TYPE_CHECKING"


def _decorator(node: ast.expr) -> str:
    """`retry()` of `@retry(5)`: what a decorator is given says nothing about what it gives."""
    if not isinstance(node, ast.Call):
        return code_of(node)
    code = code_of(node.func)
    return f"{code}()" if code else ""


def _item(code: str, place: int) -> str:
    """The code of one item of what is unpacked."""
    if code[:1] == "(":
        return next(iter(items_of(code)[place : place + 1]), "")
    return f"{code}[{place}]" if code and code[0] != "{" and len(arms(code)) == 1 else ""


def _type_parameter(node: ast.AST) -> tuple[str, str]:
    """Name and bound, of `ast.TypeVar` or of the `ast.arg` that stands for one on older Pythons."""
    name = str(getattr(node, "name", "") or getattr(node, "arg", ""))
    return name, annotation_of(getattr(node, "bound", None) or getattr(node, "annotation", None))


def _is_stub(body: list[ast.stmt]) -> bool:
    """Is nothing in it but `...`, `pass` and text, or does it end by raising?"""
    silent = all(
        isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body
    )
    return silent or isinstance(body[-1], ast.Raise)


def _type_arguments(base: ast.expr) -> tuple[str, ...]:
    """What stands between the brackets of `Base[A, B]`."""
    if not isinstance(base, ast.Subscript):
        return ()
    items = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
    return tuple(map(annotation_of, items))


if _TYPE_ALIAS := getattr(ast, "TypeAlias", None):  # since Python 3.12
    _Walker.STATEMENTS[_TYPE_ALIAS] = _Walker.type_alias
