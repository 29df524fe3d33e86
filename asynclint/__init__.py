"""asynclint: the linter for the mistakes only asynchronous Python can make."""

__version__ = "0.1.0"
