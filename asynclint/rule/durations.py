"""Seconds in words."""

from itertools import islice

_UNITS = ("year", 365 * 86_400), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)
_MANY = 10  # of a unit, which make smaller ones unimportant


def in_words(seconds: float) -> str:
    """`3 days and 11 hours`: the largest two units that are needed."""
    counts = []
    for unit, length in _UNITS:
        count, seconds = int(seconds // length), seconds % length
        if count:
            counts.append((count, unit))
    most = 1 if counts and counts[0][0] >= _MANY else 2
    return " and ".join(f"{count:,} {unit}{'s' if count != 1 else ''}" for count, unit in islice(counts, most))
