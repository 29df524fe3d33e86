"""What is kept of the places a rule may want to read: calls, handlers, `with` items, loops, changes, `await`s ..."""

from enum import IntEnum

from msgspec import Struct


class Use(IntEnum):
    """What the expression's value is used for, where it stands."""

    OTHER = 0
    STATEMENT = 1
    AWAITED = 2
    ASSIGNED = 3  # to a plain name
    STORED = 4  # to an attribute, an element, several names
    RETURNED = 5  # or yielded
    ARGUMENT = 6
    COLLECTED = 7  # argument of `x.append` and its like


class CallFacts(Struct, frozen=True, array_like=True, gc=False):
    """One call: the code of what is called, of its arguments, and what becomes of the result.

    `scope` is where the names are read; `line` is 1-based and `column` ast's 0-based UTF-8 offset.
    An element of a display or an arm of `and`, `or`, `if else` has the use of the whole. `inside` is the index of the
    call it is an argument of, -1 when it is none. A `certain` call is made whenever its function is: it stands under
    no condition and no `except`, and nothing before it may have left the function. `limit` is the code of what is
    called `timeout` in the `async with` around it.
    """

    scope: int
    line: int
    column: int
    callee: str
    use: Use
    arguments: tuple[str, ...] = ()
    inside: int = -1
    certain: bool = True
    limit: str = ""

    @property
    def last_name(self) -> str:
        """`c` of `a.b().c`."""
        return self.callee.rpartition(".")[2]


class HandlerFacts(Struct, frozen=True, array_like=True, gc=False):
    """One `except`: the code of its type, None when it is bare, "" when it is anything else.

    `waits` says that the block which it is there for may wait.
    """

    scope: int
    line: int
    type: str | None
    waits: bool = False


class WithFacts(Struct, frozen=True, array_like=True, gc=False):
    """One item of a `with`: the code of what is entered; `column` and `certain` as for a call.

    `waits` says of an `async with` that its block may wait while it holds what is entered, see `facts.held`;
    `first_line` and `last_line` are those of the block; the first is 0 where it is no line of the block's own.
    """

    scope: int
    line: int
    item: str
    is_async: bool
    column: int = 0
    certain: bool = True
    last_line: int = 0
    waits: bool = False
    first_line: int = 0


class LoopFacts(Struct, frozen=True, array_like=True, gc=False):
    """One `for`, or one in a comprehension: the code of what it iterates over.

    `waits` says that what it runs for each element may wait, other than for the next element; in a comprehension it
    does so for all of its loops, and never for a generator expression.
    """

    scope: int
    line: int
    iterable: str
    is_async: bool
    waits: bool = False


class ChangeFacts(Struct, frozen=True, array_like=True, gc=False):
    """One change of a container that is no call: `x[key] = value`, `del x[key]`, `x |= other`.

    `how` is `[]=`, `del` or the operator, `argument` the code of the key or of the other operand. Assigning to a
    constant key is none, as such a key mostly is there already.
    """

    scope: int
    line: int
    column: int
    container: str
    how: str
    argument: str = ""


class PatchFacts(Struct, frozen=True, array_like=True, gc=False):
    """One attribute that a test replaces: its name, and the code of what takes its place."""

    scope: int
    name: str
    replacement: str


class AwaitFacts(Struct, frozen=True, array_like=True, gc=False):
    """One `await` of anything but a call: its code, `0` for a constant, a display and the like."""

    scope: int
    line: int
    awaited: str
