"""Who may watch a run: how far it is, and where its time goes."""

from msgspec import Struct


class Work(Struct, frozen=True):
    """What one worker did: how many files it linted, and the seconds it read, linked and checked for them.

    Reading is finding out what a file says, whether it is linted or only asked about; `parsed` counts the files for
    which nobody had found it out before. Names are linked when a check asks for them, so linking is part of checking,
    which reads only some `bodies` closely.
    """

    files: int
    reading: float
    checking: float
    parsed: int = 0
    bodies: int = 0


class Observer:
    """Does nothing with what it is told."""

    def discovered(self, files: int, workers: int, seconds: float) -> None:
        """These are the files to lint; it took so long to find them, and so many processes will lint them."""

    def unchanged(self, files: int) -> None:
        """So many of them are as they were, and so is what is found in them."""

    def worked(self, work: Work) -> None:
        """So much is done, besides what has been told before."""
