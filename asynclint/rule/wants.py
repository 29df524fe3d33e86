"""What must stand in a body for a rule to read it: plain values, which the engine answers from the facts."""

from msgspec import Struct


class Want(Struct, frozen=True):
    """Any of these makes a body a candidate; it may be generous and must never miss."""

    calls: frozenset[str] = frozenset()  # resolved names of what is called
    coroutine_calls: frozenset[str] = frozenset()  # the same, in coroutines only
    awaited_methods: frozenset[str] = frozenset()  # last names of what is called and awaited
    bare_methods: frozenset[str] = frozenset()  # last names of what a coroutine calls without arguments
    dropped_coroutines: bool = False
    handlers: frozenset[str] = frozenset()  # resolved names of caught exceptions, in coroutines only

    def __or__(self, other: "Want") -> "Want":
        return Want(
            calls=self.calls | other.calls,
            coroutine_calls=self.coroutine_calls | other.coroutine_calls,
            awaited_methods=self.awaited_methods | other.awaited_methods,
            bare_methods=self.bare_methods | other.bare_methods,
            dropped_coroutines=self.dropped_coroutines or other.dropped_coroutines,
            handlers=self.handlers | other.handlers,
        )


def calls(*names: str, in_coroutine: bool = False) -> Want:
    """Bodies that call one of these, by resolved name: `time.sleep`, `asyncio.Queue.get`."""
    return Want(coroutine_calls=frozenset(names)) if in_coroutine else Want(calls=frozenset(names))


def awaited_methods(*names: str) -> Want:
    """Bodies with `await x.name(...)`, whatever `x` is."""
    return Want(awaited_methods=frozenset(names))


def bare_methods(*names: str) -> Want:
    """Coroutines with `x.name()`, without arguments and whatever `x` is."""
    return Want(bare_methods=frozenset(names))


def dropped_coroutines() -> Want:
    """Bodies where the result of a coroutine function stands alone, is assigned to a name or collected."""
    return Want(dropped_coroutines=True)


def handlers(*names: str) -> Want:
    """Coroutines with a bare `except` or one that catches any of these, alone or in a tuple."""
    return Want(handlers=frozenset(names))
