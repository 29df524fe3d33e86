"""What must stand in a body for a rule to read it: plain values, which the engine answers from the facts."""

from msgspec import Struct

from asynclint.facts.calls import Use


class Want(Struct, frozen=True):
    """Any of these makes a body a candidate; it may be generous and must never miss."""

    calls: frozenset[str] = frozenset()  # resolved names of what is called
    coroutine_calls: frozenset[str] = frozenset()  # the same, in coroutines only
    bare_methods: frozenset[str] = frozenset()  # last names of what a coroutine calls without arguments
    coroutine_uses: frozenset[Use] = frozenset()  # where the result of a coroutine function goes
    coroutine_arguments: frozenset[str] = frozenset()  # resolved or last names of what is given one
    reaches: frozenset[frozenset[str]] = frozenset()  # codes of rules; plain code run by the loop comes to such calls
    handlers: frozenset[str] = frozenset()  # resolved names of caught exceptions, in coroutines only

    def __or__(self, other: "Want") -> "Want":
        return Want(
            calls=self.calls | other.calls,
            coroutine_calls=self.coroutine_calls | other.coroutine_calls,
            bare_methods=self.bare_methods | other.bare_methods,
            coroutine_uses=self.coroutine_uses | other.coroutine_uses,
            coroutine_arguments=self.coroutine_arguments | other.coroutine_arguments,
            reaches=self.reaches | other.reaches,
            handlers=self.handlers | other.handlers,
        )


def calls(*names: str, in_coroutine: bool = False) -> Want:
    """Bodies that call one of these, by resolved name: `time.sleep`, `asyncio.Queue.get`."""
    return Want(coroutine_calls=frozenset(names)) if in_coroutine else Want(calls=frozenset(names))


def bare_methods(*names: str) -> Want:
    """Coroutines with `x.name()`, without arguments and whatever `x` is."""
    return Want(bare_methods=frozenset(names))


def dropped_coroutines() -> Want:
    """Bodies where the result of a coroutine function stands alone, is assigned to a name or collected."""
    return Want(coroutine_uses=frozenset({Use.STATEMENT, Use.ASSIGNED, Use.COLLECTED}))


def misused_coroutines(arguments_of: frozenset[str]) -> Want:
    """Bodies where the result of a coroutine function is part of something else, assigned, or given to one of these."""
    return Want(
        coroutine_uses=frozenset({Use.OTHER, Use.ASSIGNED, Use.STORED}), coroutine_arguments=frozenset(arguments_of)
    )


def handlers(*names: str) -> Want:
    """Coroutines with a bare `except` or one that catches any of these, alone or in a tuple."""
    return Want(handlers=frozenset(names))


def reaching(ends: frozenset[str]) -> Want:
    """Bodies that make the event loop run plain code of the project from where a call that these rules mean is reached.

    Coroutines do so by calling it, any body by handing it to the loop as a callback.
    """
    return Want(reaches=frozenset({ends}))
