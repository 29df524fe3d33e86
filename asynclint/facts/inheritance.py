"""The order in which Python looks for an attribute among the bases of a class."""

from collections.abc import Sequence
from typing import TypeVar

Base = TypeVar("Base")


def merged(orders: Sequence[Sequence[Base]]) -> list[Base]:
    """One order of all bases that keeps each of the given ones, by the C3 rule; None is an unknown base, put in once.

    Where they contradict each other the first comes first, though Python would refuse the class. See
    https://docs.python.org/3/howto/mro.html.
    """
    waiting = [list(order) for order in orders if order]
    found: list[Base] = []
    while waiting:
        heads = [order[0] for order in waiting]
        blocked = {base for order in waiting for base in order[1:] if base is not None}
        chosen = next((head for head in heads if head not in blocked), heads[0])
        if chosen not in found:
            found.append(chosen)
        waiting = [kept for order in waiting if (kept := [base for base in order if base != chosen])]
    return found
