"""The scope that a walk over one file stands in, and what is bound there."""

import ast
from collections.abc import Callable

from asynclint.facts.functions import FunctionFacts
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind
from asynclint.facts.names import Binding, Bound

# Members of an enum take ten times as long to get as these.
_COMPREHENSION, _FUNCTION, _IMPORT = ScopeKind.COMPREHENSION, ScopeKind.FUNCTION, Bound.IMPORT


class Scoping:
    """Where a walk over one module stands; `here` is the scope number `scope`."""

    def __init__(self, path: str, last_line: int) -> None:
        self.here = Scope(ScopeKind.MODULE, "", "", -1, 1, 1, 0, last_line)
        self.facts = ModuleFacts(path, [self.here], [], [], [], [], [])
        self.scope = 0
        self.own: str | None = None  # what a method calls its object, where its very scope is walked
        self.running: FunctionFacts | None = None  # the function that runs what is walked
        self.waits = 0  # seen so far in the function, `async for` and `async with` included
        self.stores = 0  # assignments to what may be no local variable, seen so far in the function
        self.condition = False  # does what is walked depend on a condition?
        self.trying = False  # inside of `try`, where a failure may be meant
        self.held: tuple[str, ...] = ()  # the `with` and `try`-`finally` around, in the same function
        self.limit = ""  # the code of the innermost of these that limits the waiting
        self.left = False  # may a condition have left the function, or the pass of its loop, before?
        self.elsewhere: dict[tuple[int, str], int] = {}  # names declared global or nonlocal: (scope, name) -> owner

    def open(self, scope: Scope) -> int:
        self.facts.scopes.append(scope)
        return len(self.facts.scopes) - 1

    def within(self, scope: int, walk: Callable[[], None]) -> None:
        outer = self.scope, self.here, self.own
        self.scope, self.here = scope, self.facts.scopes[scope]
        self.own = self.own_name(scope)
        walk()
        self.scope, self.here, self.own = outer

    def within_function(self, scope: int, walk: Callable[[], None]) -> None:
        outer = self.condition, self.left, self.trying, self.held, self.limit, self.waits, self.stores, self.running
        self.condition = self.left = self.trying = False
        self.held, self.limit, self.waits, self.stores = (), "", 0, 0
        self.running = self.facts.scopes[scope].function
        self.within(scope, walk)
        self.condition, self.left, self.trying, self.held, self.limit, self.waits, self.stores, self.running = outer

    def own_name(self, scope: int) -> str | None:
        """The first parameter of a method."""
        function = self.facts.scopes[scope].function
        is_method = function is not None and function.parameters and self.facts.enclosing_class(scope) >= 0
        return function.parameters[0] if is_method and function is not None else None

    @property
    def certain(self) -> bool:
        return not (self.condition or self.left)

    def conditionally(self, walk: Callable[[], None]) -> None:
        outer, self.condition = self.condition, True
        walk()
        self.condition = outer

    def scope_of(
        self, node: ast.stmt | ast.expr, kind: ScopeKind, name: str, function: FunctionFacts | None = None
    ) -> Scope:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)]) if decorators else node.lineno
        last = node.end_lineno or node.lineno
        qualname = f"{self.here.qualname}.{name}" if self.here.qualname else name
        return Scope(kind, name, qualname, self.scope, first, node.lineno, node.col_offset, last, {}, function)

    def bind(self, name: str, bound: Bound, value: str = "", target: int = -1, scope: int = -1) -> None:
        self.bind_name(name, Binding(bound, value, self.scope, target), scope)

    def bind_name(self, name: str, binding: Binding, scope: int = -1) -> None:
        owner = self.scope if scope < 0 else scope
        if self.elsewhere:
            owner = self.elsewhere.get((owner, name), owner)
        names = self.facts.scopes[owner].names
        if name in names:
            names[name].append(binding)
        else:
            names[name] = [binding]

    def bind_attribute(self, name: str, binding: Binding) -> None:
        """Binds an attribute of the object whose method is walked."""
        klass = self.facts.scopes[self.here.parent].klass
        if klass is not None:
            klass.attributes.setdefault(name, []).append(binding)

    def replace(self, code: str) -> None:
        """Notes that an attribute of another object is assigned."""
        root, *inner = code.split(".")
        klass = self.facts.scopes[self.here.parent].klass if root == self.own else None
        replaced = self.here.replaced if klass is None else klass.replaced
        if all(map(str.isidentifier, (root, *inner))) and len(inner) > (klass is not None):
            replaced.append(code if klass is None else ".".join(inner))

    def function_scope(self) -> int:
        """Where a walrus in a comprehension binds."""
        scope = self.scope
        while self.facts.scopes[scope].kind is _COMPREHENSION:
            scope = self.facts.scopes[scope].parent
        return scope

    def nonlocal_owner(self, name: str) -> int:
        """The nearest function that binds the name already, else the nearest one, which may bind it below."""
        outer, scopes = self.here.parent, self.facts.scopes
        functions = []
        while outer > 0:
            if scopes[outer].kind is _FUNCTION:
                functions.append(outer)
            outer = scopes[outer].parent
        return next((scope for scope in functions if name in scopes[scope].names), (functions or [self.scope])[0])

    def is_shared(self, scope: int, name: str) -> bool:
        """Is a name of a function no local variable of it, or its `self`?"""
        bindings = self.facts.scopes[scope].names.get(name, ())
        if all(binding.bound is _IMPORT for binding in bindings):
            return True
        return len(bindings) == 1 and name == self.own_name(scope)
