"""`--watch`: linting again whenever something changes, until Ctrl-C."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from asynclint.doors.cli.app import OK
from asynclint.doors.cli.streams import Failure, complain, reason, write

if TYPE_CHECKING:
    from asynclint.linter import Result
    from asynclint.live import Watch

_SETTLED = 50  # milliseconds without a change end a group of changes
_UNTOLD = 2000  # milliseconds until we look for changes that nobody told us of
_CONCERNING = (".py", ".pyi", ".toml", ".cfg", ".txt", "")
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(watched: "Watch", show: "Callable[[Result], None]", *, quiet: bool) -> int:
    """Shows each result that differs in its reasons from the one before; gives the exit code. Raises `Failure`."""
    try:
        import watchfiles
    except ImportError:
        raise Failure("--watch needs watchfiles; `pip install 'asynclint[watch]'` installs it") from None
    gc.enable()  # which is off for single runs
    try:
        _show(watched.lint(), show, quiet)
        while places := [place for place in sorted(watched.places()) if os.path.isdir(place)]:
            for changes in watchfiles.watch(
                *places,
                watch_filter=lambda change, path: os.path.splitext(path)[1] in _CONCERNING,
                step=_SETTLED,
                rust_timeout=_UNTOLD,
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            ):
                if changes or watched.is_outdated():
                    _lint_again(watched, show, quiet)
                    if not watched.places() <= set(places):
                        break
        raise Failure("there is no directory left to watch")
    except KeyboardInterrupt:
        return OK
    except OSError as error:
        raise Failure(f"cannot watch {error.filename or 'files'}: {reason(error)}") from None


def _lint_again(watched: "Watch", show: "Callable[[Result], None]", quiet: bool) -> None:
    from asynclint.config import ConfigError

    try:
        _show(watched.lint(), show, quiet)
    except ConfigError as error:  # somebody is still writing it
        complain([str(error)])


def _show(new: "tuple[Result, Sequence[str]] | None", show: "Callable[[Result], None]", quiet: bool) -> None:
    if new is None:
        return
    result, linted = new
    if sys.stdout is not None and sys.stdout.isatty():
        write(_CLEAR)
    show(result)
    if not quiet:
        complain([f"linted {len(linted)} of {result.files} files; watching, Ctrl-C ends"])
