"""What may be known of a name by the texts of all files of a project; see `asynclint.source.words`."""

from typing import Protocol


class Said(Protocol):
    """Where the name of a coroutine function is said."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that say it, be it in a comment."""
        ...

    @property
    def is_quoted(self) -> bool:
        """Does a text consist of it anywhere?"""
        ...


class Words(Protocol):
    """Who is asked."""

    def said(self, path: str, name: str) -> Said:
        """Where the project of a file says the name of a coroutine function."""
        ...

    def times(self, path: str, word: str) -> int:
        """How often a file says a word, or `.word`."""
        ...
