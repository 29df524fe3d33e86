"""What a kind of mutation is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asynclint.catalog import find
from asynclint.rule import Default
from mutations.source import Mutant, Source


@dataclass(frozen=True)
class Kind:
    """A kind of defect: its name, the code of the rule that has to report it, and where it can be made.

    `also` are the codes of rules that may report it instead. `oldest` is the oldest Python that the code is to run on.
    Some defects can be made only `in_tests`.
    """

    name: str
    code: str
    mutants: Callable[[Source], Iterator[Mutant]]
    also: tuple[str, ...] = ()
    oldest: tuple[int, int] = (3, 11)
    in_tests: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """All rules of which one has to report it."""
        return self.code, *self.also

    @property
    def selected(self) -> tuple[str, ...]:
        """The rules of these that have to be switched on."""
        return tuple(code for code in self.codes if find(code).default is Default.OFF)
