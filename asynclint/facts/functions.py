"""What is kept of a function."""

from msgspec import Struct


class FunctionFacts(Struct, array_like=True, gc=False):
    """A `def`, an `async def` or a lambda.

    `decorators` are codes, `returns` is an annotation, `parameters` the positional ones in order and
    `keywords` those that can only be named; starred parameters are in neither.
    `awaits` counts `async for` and every `await` of what is no call; `is_stub` is a body of a docstring, `pass`, `...`
    and `raise` alone.
    """

    is_async: bool = False
    is_generator: bool = False
    decorators: tuple[str, ...] = ()
    returns: str = ""
    parameters: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    returned: list[str] = []  # codes, in the order of the `return`s
    yielded: list[str] = []  # codes, in the order of the `yield`s
    is_stub: bool = False
    awaits: bool = False
    has_while: bool = False
