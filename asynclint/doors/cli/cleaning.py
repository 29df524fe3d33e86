"""Taking away what runs have kept."""

from typing import Annotated

import typer

from asynclint.doors.cli.app import OK, app
from asynclint.doors.cli.command import Command
from asynclint.doors.cli.settings import settings_of
from asynclint.doors.cli.streams import write


@app.command("clean", cls=Command)
def _clean(
    paths: Annotated[list[str] | None, typer.Argument(help="Files or directories that were linted.")] = None,
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where it was kept.")] = None,
) -> int:
    """Remove what is kept for the next run (default: for the current directory)."""
    from asynclint.linter import clean
    from asynclint.report.text import printable

    given = tuple(paths or ["."])
    removed = clean(given, settings_of(given, "", {"cache_dir": cache_dir}, None, isolated=False))
    write("".join(f"Removed {printable(directory)}\n" for directory in removed) or "There was nothing to remove.\n")
    return OK
