"""The application all commands belong to, and the words they share."""

from typing import Annotated, Literal

import typer

from asynclint.doors.cli.command import Group
from asynclint.doors.cli.completion import complete_rules
from asynclint.doors.cli.streams import Failure, write

OK, FINDINGS, FAILURE = 0, 1, 2

Color = Literal["auto", "always", "never"]
PageFormat = Literal["text", "json", "markdown"]
Rules = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", autocompletion=complete_rules, help="Codes, their prefixes, or names: A,B,..."),
]
FileRules = Annotated[
    list[str] | None, typer.Option(metavar="GLOB:RULES", help="Rules to leave out in some files: tests/:ASL2,ASL7,...")
]
Patterns = Annotated[list[str] | None, typer.Option(metavar="GLOBS", help="Names or paths to leave out: A,B,...")]
Configs = Annotated[
    list[str] | None, typer.Option(metavar="FILE|KEY=VALUE", help="Read this configuration file, or this line of one.")
]

app = typer.Typer(
    cls=Group,
    help="Find the mistakes only asynchronous Python can make. `asynclint PATHS` is short for `asynclint check PATHS`.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("version")
def _version() -> None:
    """Show the version."""
    from asynclint import __version__

    write(f"asynclint {__version__}\n")


@app.command("server")
def _server(
    stdio: Annotated[
        bool, typer.Option("--stdio", hidden=True, help="What is done anyway; some clients say it.")
    ] = True,
) -> None:
    """Serve an editor: the Language Server Protocol on stdin and stdout."""
    raise Failure("`asynclint server` stands alone; give it no options")  # alone it never comes here: see `__main__`


def _version_if(asked: bool) -> None:
    if asked:
        _version()
        raise typer.Exit


@app.callback()
def _asynclint(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version_if, help="Show the version and exit.")
    ] = False,
) -> None: ...
