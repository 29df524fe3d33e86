from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Class, Named, Problem, coroutine_functions, decorated_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.decorators import decorators, replaces_accessor
from asynclint.rule.special_methods import DROPPED, HANDED_OUT, MADE, RAISES, TRUE, TWINS
from asynclint.rule.trees import statements

if TYPE_CHECKING:
    from libcst import FunctionDef

_DATACLASS = "dataclasses.dataclass"
_HARMLESS_DECORATORS = frozenset({_DATACLASS, "functools.total_ordering", "typing.final", "enum.unique"})


@rule(
    code="ASL107",
    on_anyio=True,
    wants=coroutine_functions(*RAISES, *DROPPED, *TRUE, *HANDED_OUT, *MADE) | decorated_coroutines("setter", "deleter"),
    pitfall="https://docs.python.org/3/reference/datamodel.html#special-method-names",
)
def async_special_method(body: Body) -> Iterator[Problem]:
    """A method that Python itself calls is `async def`, and Python awaits nothing.

    `Session()` calls `__init__`, `len(x)` calls `__len__`, a `with` calls `__enter__` and `__exit__`. None of these
    callers awaits. Where Python needs a certain result it raises `TypeError`; where it ignores the result, the
    body of the method never runs; and a coroutine object is always true, so an `async def __exit__` silently swallows
    every exception.

    ## Bad

    ```python
    class Session:
        async def __init__(self, pool):  # ASL107
            self.connection = await pool.acquire()

        async def __del__(self):  # ASL107
            await self.connection.close()

        async def __enter__(self):  # ASL107
            return self

        async def __exit__(self, *details):  # ASL107
            await self.connection.close()

        @property
        def name(self):
            return self.connection.name

        @name.setter
        async def name(self, name):  # ASL107
            await self.connection.rename(name)
    ```

    ## Good

    ```python
    class Session:
        def __init__(self, connection):
            self.connection = connection

        @classmethod
        async def create(cls, pool):
            return cls(await pool.acquire())

        async def __aenter__(self):
            return self

        async def __aexit__(self, *details):
            await self.connection.close()

        @property
        async def name(self):
            return await self.connection.fetch_name()

        async def rename(self, name):
            await self.connection.rename(name)
    ```

    ## What to do

    Replace `__enter__` and `__exit__` by `__aenter__` and `__aexit__`, `__iter__` and `__next__` by `__aiter__` and
    `__anext__`. Await what `__init__` needs in a class method that makes the object. Clean up in a method that is
    awaited, not in `__del__`. `__aiter__` itself is a plain `def`, or an `async def` that yields.

    ## Not reported

    Methods whose result the caller can await: `__call__`, `__getitem__`, `__getattr__`, `__eq__`, the operators, a
    `@property` that is read with `await x.name`. Setters of other descriptors than Python's own `property`. `__init__`
    of a class with a metaclass, an unknown base or a decorator, or with an `async def __new__`: such a class may await
    it.
    """
    owner = body.owner
    if owner is None or not body.is_async or not isinstance(body.node, cst.FunctionDef):
        return
    accessors = [kind for each in decorators(body) if (kind := replaces_accessor(body, each.node))]
    if accessors:
        yield from _accessor(body, body.node, accessors[0])
    elif body.project.is_plain(body.entity) and (message := _message(body, body.node, owner)):
        yield Problem(body.node.name, message)


def _accessor(body: Body, node: "FunctionDef", kind: str) -> Iterator[Problem]:
    others = [each for each in decorators(body) if not replaces_accessor(body, each.node)]
    if all(each.is_transparent for each in others):
        statement = f"x.{body.name} = value" if kind == "setter" else f"del x.{body.name}"
        what = f"the {kind} `{body.name}` is `async def` and nothing awaits it: for `{statement}` its body never runs"
        yield Problem(node.name, f"{what}; make it a method of its own and await that")


def _message(body: Body, node: "FunctionDef", owner: Class) -> str:
    name, klass = body.name, body.project.scope(owner).name
    remedy = f"define {TWINS[name]}" if name in TWINS else "make it a plain `def`"
    start = f"`{klass}.{name}` is `async def` and Python does not await it"
    if name == "__aiter__" and (body.kind is BodyKind.ASYNC_GENERATOR or _is_stub(node)):
        return ""
    if name in MADE:
        return _made_message(body, owner, klass)
    if name in RAISES:
        return f"{start}: {RAISES[name]} raises TypeError; {remedy}"
    if name in DROPPED:
        return f"{start}: {DROPPED[name]}, its body never runs; {remedy}"
    happens = TRUE.get(name) or HANDED_OUT.get(name)
    return f"{start}: {happens}; {remedy}" if happens else ""


def _made_message(body: Body, owner: Class, klass: str) -> str:
    """`__init__` and `__post_init__`, unless something of the class may take the making of objects into its hands."""
    if _is_made_otherwise(body, owner):
        return ""
    start = f"`{klass}.{body.name}` is `async def` and Python does not await it"
    remedy = "await in an `async def` class method that makes the object"
    if body.name == "__init__":
        return f"{start}: `{klass}(...)` raises TypeError; {remedy}"
    if _DATACLASS in _class_decorators(body, owner):
        return f"{start}: its body never runs; {remedy}"
    return ""


def _is_made_otherwise(body: Body, owner: Class) -> bool:
    for base in body.project.lineage(owner):
        if not isinstance(base, Class):
            if base is None or not _is_ordinary(base):
                return True
            continue
        scope = body.project.scope(base)
        made = "__new__" in scope.names or (scope.klass is not None and "metaclass" in scope.klass.keywords)
        if made or not _class_decorators(body, base) <= _HARMLESS_DECORATORS:
            return True
    return False


def _is_ordinary(base: Named) -> bool:
    return base.name.partition(".")[0] in ("abc", "asyncio", "builtins", "collections", "typing")


def _class_decorators(body: Body, klass: Class) -> frozenset[str]:
    scope = body.project.scope(klass)
    codes = scope.klass.decorators if scope.klass else ()
    found = (body.project.evaluate(klass.path, scope.parent, code.removesuffix("()")) for code in codes)
    return frozenset(entity.name if isinstance(entity, Named) else "" for entity in found)


def _is_stub(node: "FunctionDef") -> bool:
    """Does it do nothing, as in a protocol, so that what overrides it may well be a generator?"""
    return all(map(_says_nothing, statements(node.body)))


def _says_nothing(statement: object) -> bool:
    match statement:
        case cst.Pass() | cst.Raise() | cst.Expr(value=cst.Ellipsis() | cst.SimpleString()):
            return True
    return False
