"""The two streams of the command line, and the error whose text is a line on one of them."""

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import TextIO


class Failure(Exception):  # noqa: N818
    """What the user asked for cannot be done; `str` is the line to print."""


def never_fail_to_encode() -> None:
    """What the streams cannot encode is spelled with backslashes."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def counted(number: int, one: str, several: str = "") -> str:
    """`1 file`, `2 files`; `several` is the plural that is no `one` with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def complain(lines: Iterable[str]) -> None:
    """Each of these lines on stderr, under our name."""
    if not (lines := tuple(lines)):
        return
    from asynclint.report.text import printable

    with contextlib.suppress(OSError):  # there is nobody left to tell
        for line in lines:
            write(f"asynclint: {printable(line)}\n", 2)


def write(text: str, descriptor: int = 1) -> None:
    """A reader that has gone is no error, a full disk is one; neither may speak up again when the interpreter ends."""
    stream: TextIO | None = sys.stderr if descriptor == 2 else sys.stdout
    try:
        if stream is not None:
            stream.write(text)
            stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        if not isinstance(error, BrokenPipeError):
            raise


def reason(error: OSError) -> str:
    """What the system says of an error, in lower case."""
    return (error.strerror or str(error)).lower()
