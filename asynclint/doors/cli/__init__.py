"""The command line: options in, exit codes and two streams out."""

import os
from collections.abc import Sequence

from asynclint.doors.cli import catalogue, check, cleaning, configuration  # noqa: F401  (they declare their commands)
from asynclint.doors.cli.app import FAILURE, OK, app
from asynclint.doors.cli.completion import INSTRUCTION, name_the_command
from asynclint.doors.cli.streams import Failure, complain, never_fail_to_encode, reason

_OWN_OPTIONS = ("--help", "-h", "--version", "--install-completion", "--show-completion")


def run(arguments: Sequence[str]) -> int:
    """Do what these arguments ask for and return the exit code; what cannot be done is one line on stderr."""
    never_fail_to_encode()
    if INSTRUCTION in os.environ:
        name_the_command(os.environ, _names_command)
    try:
        return int(app(_with_command(arguments), prog_name="asynclint", standalone_mode=False) or OK)
    except SystemExit as exit_:  # typer's way out after shell completion, and when the reader of its help has gone
        return OK if isinstance(exit_.__context__, BrokenPipeError) else int(exit_.code or OK)
    except Exception as error:
        complain([_told(error)])
        return FAILURE


def _with_command(arguments: Sequence[str]) -> list[str]:
    arguments = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in arguments]  # REASON may lack
    return arguments if arguments and _names_command(arguments[0]) else ["check", *arguments]


def _names_command(word: str) -> bool:
    """Does this first word say what to do, so that it is not `check`?"""
    commands = {command.name for command in app.registered_commands}
    return word in commands or word.split("=")[0] in _OWN_OPTIONS


def _told(error: Exception) -> str:
    from asynclint.config import ConfigError

    if isinstance(error, ConfigError | Failure):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'standard input or output'}: {reason(error)}"
    if callable(usage := getattr(error, "format_message", None)):  # typer's own errors, whose home has moved
        text = str(usage()).rstrip(".")
        return f"{text[:1].lower()}{text[1:]}; see `asynclint --help`"
    raise error
