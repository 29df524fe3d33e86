"""Who may be asked about names outside the project."""

from typing import Protocol

from asynclint.facts.entities import Entity


class Outside(Protocol):
    """What may be known of names outside the project that no table knows; see `asynclint.facts.installed`."""

    def defines(self, name: str) -> bool:
        """Is it known at all?"""
        ...

    def result(self, name: str) -> Entity | None:
        """What calling it gives."""
        ...

    def awaited(self, name: str) -> Entity | None:
        """What awaiting the result of a call gives."""
        ...

    def member(self, klass: str, name: str) -> Entity | None:
        """What an attribute of an object of a class is."""
        ...
