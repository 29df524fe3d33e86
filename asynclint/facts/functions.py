"""What is kept of a function."""

from msgspec import Struct


class FunctionFacts(Struct, array_like=True, gc=False):
    """A `def`, an `async def` or a lambda.

    `decorators` are codes, `returns` is an annotation, `parameters` the positional ones in order and
    `keywords` those that can only be named; starred parameters are in neither.
    `awaits` counts `async for` and every `await` of what is no call. A stub has nothing in it but `...`, `pass` and
    text, or ends by raising: its overrides say what it is. `reads` holds those of a plain function only where it reads
    them whenever it runs, and none that are called or set by the methods of the class.
    """

    is_async: bool = False
    is_generator: bool = False
    decorators: tuple[str, ...] = ()
    returns: str = ""
    parameters: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    returned: list[str] = []  # codes, in the order of the `return`s; `0` is a constant, a display and the like
    yielded: list[str] = []  # codes, in the order of the `yield`s
    is_stub: bool = False
    awaits: bool = False
    has_while: bool = False
    leaves_finally: bool = False  # a `finally` with a `return`, `break`, `continue` or `raise` in it
    reads: dict[str, tuple[int, int]] = {}  # attributes that may be properties, by code, with line and column
    asked: dict[str, str] = {}  # parameters of which it reads an attribute whenever it runs, with the first such
    held: list[tuple[str, ...]] = []  # for each `yield`: what it stands in, outermost first, see `facts.held`
    may_race: bool = False  # see `asynclint.facts.races`
    claimed: int = 0  # the line from which on a flag keeps other coroutines out, see `asynclint.facts.races`
    has_finally: bool = False
    may_idle: bool = False  # a coroutine with a `while` as in `asynclint.facts.idling`
