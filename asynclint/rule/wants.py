"""What must stand in a body for a rule to read it: plain values, which the engine answers from the facts."""

from collections.abc import Iterable
from operator import or_

from msgspec import Struct
from msgspec.structs import astuple

from asynclint.facts.calls import Use

OF_THE_PROJECT = "def"  # stands for every function of the project that does not take an awaitable, as no name can


class Want(Struct, frozen=True):
    """Any of these makes a body a candidate; it may be generous and must never miss."""

    calls: frozenset[str] = frozenset()  # resolved names of what is called
    coroutine_calls: frozenset[str] = frozenset()  # the same, in coroutines only
    mentions: frozenset[str] = frozenset()  # resolved names of what is called, given, assigned, inherited from ...
    keywords: frozenset[tuple[str, str]] = frozenset()  # resolved names of what is called, with keywords it is given
    named_calls: frozenset[str] = frozenset()  # last names of what is called, whatever it is
    used_calls: frozenset[tuple[str, Use]] = frozenset()  # the same, or last names, where the result goes there
    methods: frozenset[str] = frozenset()  # what a coroutine calls, by the class of its object: `asyncio.Lock.acquire`
    bare_methods: frozenset[str] = frozenset()  # last names of what a coroutine calls without arguments
    entered: frozenset[str] = frozenset()  # resolved names of what a coroutine enters: what is called, or its class
    entered_again: frozenset[str] = frozenset()  # the same where it may be entered again meanwhile, or is private
    entered_idly: frozenset[str] = frozenset()  # the same where nothing in the block surely waits
    cancels: bool = False  # coroutines that cancel something in a statement of its own
    async_loops: bool = False  # bodies with an `async for`
    coroutine_uses: frozenset[Use] = frozenset()  # where a coroutine goes; an async generator as a statement only
    exceptional_calls: bool = False  # see `asynclint.facts.habits`
    coroutine_arguments: frozenset[str] = frozenset()  # resolved or last names of what is given one
    blocking: frozenset[str] = frozenset()  # codes of what a coroutine calls, or enters by `with`, that blocks
    wrong_awaits: bool = False  # what cannot be awaited is, or is given to what awaits it
    wrong_protocols: bool = False  # `with` and `for` on what has only the async protocol, and the reverse
    cached_coroutines: bool = False  # a coroutine function is given to a cache
    yields_in_blocks: bool = False  # async generators with a `yield` in a `with`
    generator_loops: bool = False  # `async for` over an async generator that holds something, or may be one
    wrong_callbacks: bool = False  # coroutine functions given to what takes plain ones
    reaches: frozenset[frozenset[str]] = frozenset()  # codes of rules; plain code run by the loop comes to such calls
    handlers: frozenset[str] = frozenset()  # resolved names of caught exceptions, in coroutines only
    waiting_handlers: frozenset[str] = frozenset()  # the same around a block that may wait
    suppressed: frozenset[str] = frozenset()  # the same of what `contextlib.suppress` is given
    sync_twins: bool = False  # coroutines that call a plain function with an asynchronous twin
    while_loops: bool = False  # coroutines with a `while`
    idle_loops: bool = False  # coroutines with a `while` that may turn without doing anything, or only awaits a call
    left_finallies: bool = False  # coroutines with a `finally` that may be left by a statement in it
    fan_outs: bool = False  # bodies that may start coroutines, one for each element of something
    several_loops: bool = False  # bodies that may start several event loops
    shared_changes: bool = False  # coroutines that may change something shared that they have read before they waited
    idle_coroutines: bool = False  # functions of modules that await nothing but what they call
    iterating: bool = False  # coroutines that loop over what else is changed
    coroutine_names: frozenset[str] = frozenset()  # what an `async def` is called itself
    coroutine_prefixes: frozenset[str] = frozenset()  # how its name begins
    coroutine_decorators: frozenset[str] = frozenset()  # resolved or last names of what decorates an `async def`

    def __or__(self, other: "Want") -> "Want":
        return Want(*map(or_, astuple(self), astuple(other)))


def calls(*names: str, in_coroutine: bool = False) -> Want:
    """Bodies that call one of these, by resolved name: `time.sleep`, `asyncio.Queue.get`."""
    return Want(coroutine_calls=frozenset(names)) if in_coroutine else Want(calls=frozenset(names))


def used_calls(names: Iterable[str], *uses: Use) -> Want:
    """Bodies that call one of these, by resolved name or by last name, and use the result in one of these ways."""
    return Want(used_calls=frozenset((name, use) for name in names for use in uses))


def given_coroutines(*names: str) -> Want:
    """Bodies that call one of these, by resolved name, with the result of a coroutine function."""
    return Want(coroutine_arguments=frozenset(names))


def named_calls(*names: str) -> Want:
    """Bodies that call anything of these last names: `x.create_task(...)`, whatever `x` is."""
    return Want(named_calls=frozenset(names))


def methods(classes: Iterable[str], *names: str) -> Want:
    """Coroutines that call a method of one of these names on an object of one of these classes, by resolved name."""
    return Want(methods=frozenset(f"{klass}.{name}" for klass in classes for name in names))


def mentioning(*names: str) -> Want:
    """Bodies that name one of these, by resolved name: `asyncio.coroutine`. See `asynclint.facts.mentions`."""
    return Want(mentions=frozenset(names))


def with_keywords(keywords: Iterable[tuple[str, str]]) -> Want:
    """Bodies that give what has one of these resolved names, or their own base, that keyword: `gather(loop=loop)`."""
    return Want(keywords=frozenset(keywords))


def entering(*names: str) -> Want:
    """Coroutines that enter one of these: `asyncio.timeout`, or an object of `threading.Lock`."""
    return Want(entered=frozenset(names))


def entering_again(*names: str) -> Want:
    """The same where the block may come to enter it again, and where nobody outside may know it."""
    return Want(entered_again=frozenset(names))


def entering_idly(*names: str) -> Want:
    """The same where nothing in the block is sure to wait."""
    return Want(entered_idly=frozenset(names))


def cancelling() -> Want:
    """Coroutines that cancel a variable, or an attribute of their first parameter, in a statement of its own."""
    return Want(cancels=True)


def async_loops() -> Want:
    """Bodies with an `async for`, in comprehensions too."""
    return Want(async_loops=True)


def bare_methods(*names: str) -> Want:
    """Coroutines with `x.name()`, without arguments and whatever `x` is."""
    return Want(bare_methods=frozenset(names))


def dropped_coroutines() -> Want:
    """Bodies where the result of a coroutine function stands alone, is assigned to a name or collected."""
    return Want(coroutine_uses=frozenset({Use.STATEMENT, Use.ASSIGNED, Use.COLLECTED}))


def exceptional_calls() -> Want:
    """Coroutines that do not await what the rest of their file does."""
    return Want(exceptional_calls=True)


def misused_coroutines(arguments_of: frozenset[str]) -> Want:
    """Bodies where the result of a coroutine function is part of something else, assigned, or given to one of these."""
    return Want(
        coroutine_uses=frozenset({Use.OTHER, Use.ASSIGNED, Use.STORED}), coroutine_arguments=frozenset(arguments_of)
    )


def bound_coroutines() -> Want:
    """Bodies where the result of a coroutine function is assigned to a name."""
    return Want(coroutine_uses=frozenset({Use.ASSIGNED}))


def awaited_coroutines() -> Want:
    """Bodies that await the result of a coroutine function, or enter a request by `async with`."""
    return Want(coroutine_uses=frozenset({Use.AWAITED, Use.STORED}))


def returned_coroutines() -> Want:
    """Bodies that return (or yield) the result of a coroutine function."""
    return Want(coroutine_uses=frozenset({Use.RETURNED}))


def coroutine_functions(*names: str) -> Want:
    """The `async def`s of these names."""
    return Want(coroutine_names=frozenset(names))


def coroutine_functions_beginning(*prefixes: str) -> Want:
    """The `async def`s whose names begin with one of these."""
    return Want(coroutine_prefixes=frozenset(prefixes))


def decorated_coroutines(*names: str) -> Want:
    """The `async def`s decorated with one of these, by resolved name or by last name: `functools.cache`, `setter`."""
    return Want(coroutine_decorators=frozenset(names))


def handlers(*names: str, of_waits: bool = False) -> Want:
    """Coroutines with a bare `except` or one that catches any of these, alone or in a tuple.

    With `of_waits` only where the block before it may wait.
    """
    return Want(waiting_handlers=frozenset(names)) if of_waits else Want(handlers=frozenset(names))


def suppressing(*names: str) -> Want:
    """Coroutines that give one of these exceptions to `contextlib.suppress`, alone or in a tuple."""
    return Want(suppressed=frozenset(names))


def blocking_calls(code: str) -> Want:
    """Coroutines that call, or enter by `with`, what is known to block under this code, by table or configuration."""
    return Want(blocking=frozenset({code}))


def sync_twins() -> Want:
    """Coroutines that call a plain function which has an asynchronous twin."""
    return Want(sync_twins=True)


def while_loops() -> Want:
    """Coroutines with a `while` loop."""
    return Want(while_loops=True)


def idle_loops() -> Want:
    """Coroutines with a `while` loop that may turn without doing anything, or only awaits a call."""
    return Want(idle_loops=True)


def left_finallies() -> Want:
    """Coroutines with a `finally` that has a `return`, `break`, `continue` or `raise` in it."""
    return Want(left_finallies=True)


def cached_coroutines() -> Want:
    """Bodies that give a coroutine function to a cache of functools, other than by decorating it."""
    return Want(cached_coroutines=True)


def yields_in_blocks() -> Want:
    """Async generators, decorated ones only where they stay what they are, with a `yield` in the block of a `with`."""
    return Want(yields_in_blocks=True)


def generator_loops() -> Want:
    """Bodies with an `async for`, in comprehensions too, over an async generator that holds something at its `yield`s.

    Objects of classes of the project may make one.
    """
    return Want(generator_loops=True)


def fanning_out() -> Want:
    """Bodies that may make a coroutine for each element of something, and start them. See `asynclint.rule.fanouts`."""
    return Want(fan_outs=True)


def several_loops() -> Want:
    """Bodies that call `asyncio.run` twice, or once where they have a loop."""
    return Want(several_loops=True)


def shared_changes() -> Want:
    """Coroutines that wait, and both read and write something under a name that is no local variable."""
    return Want(shared_changes=True)


def idle_coroutines() -> Want:
    """The `async def`s without decorators that await nothing but what they call, if anything."""
    return Want(idle_coroutines=True)


def iterating() -> Want:
    """Coroutines with a `for` over something whose elements come and go elsewhere in the project."""
    return Want(iterating=True)


def wrong_awaits() -> Want:
    """Bodies that await what cannot be awaited, or give it to what takes awaitables."""
    return Want(wrong_awaits=True)


def wrong_protocols() -> Want:
    """Bodies that enter or iterate over something without having `async` where it is needed, or with it in vain."""
    return Want(wrong_protocols=True)


def wrong_callbacks() -> Want:
    """Bodies that give a coroutine, or what makes one, to a call that takes a plain function."""
    return Want(wrong_callbacks=True)


def reaching(ends: frozenset[str]) -> Want:
    """Bodies that make the event loop run plain code of the project from where a call that these rules mean is reached.

    Coroutines do so by calling it, any body by handing it to the loop as a callback.
    """
    return Want(reaches=frozenset({ends}))
