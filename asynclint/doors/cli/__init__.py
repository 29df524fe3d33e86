"""The command line: options in, exit codes and two streams out."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from asynclint.doors.cli.streams import Failure, complain, never_fail_to_encode, reason, write

if TYPE_CHECKING:
    from asynclint.config import Config
    from asynclint.linter import Result
    from asynclint.rule import Rule

OK, FINDINGS, FAILURE = 0, 1, 2
_LISTS = ("select", "ignore", "extend_select", "exclude", "extend_exclude")
_SETTINGS = (*_LISTS, "force_exclude", "respect_gitignore", "preview", "target_version", "python", "output_format")
_OWN_OPTIONS = ("--help", "-h", "--version", "--install-completion", "--show-completion")
_PLACE = re.compile(r"(.+?):(\d{1,9})(?::\d+)?:?", re.ASCII)  # with a column, as findings have one
_PAGE = re.compile(rb"# [\w-]+\s+\*\*ASL\d{3}\*\*")


Color = Literal["auto", "always", "never"]
PageFormat = Literal["text", "json", "markdown"]
_Rules = Annotated[list[str] | None, typer.Option(metavar="RULES", help="Codes, their prefixes, or names: A,B,...")]
_Patterns = Annotated[list[str] | None, typer.Option(metavar="GLOBS", help="Names or paths to leave out: A,B,...")]

app = typer.Typer(
    help="Find the mistakes only asynchronous Python can make. `asynclint PATHS` is short for `asynclint check PATHS`.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Do what these arguments ask for and return the exit code; what cannot be done is one line on stderr."""
    never_fail_to_encode()
    try:
        return int(app(_with_command(arguments), prog_name="asynclint", standalone_mode=False) or OK)
    except SystemExit as exit_:  # typer's way out after shell completion, and when the reader of its help has gone
        return OK if isinstance(exit_.__context__, BrokenPipeError) else int(exit_.code or OK)
    except Exception as error:
        complain([_told(error)])
        return FAILURE


def _with_command(arguments: Sequence[str]) -> list[str]:
    commands = {command.name for command in app.registered_commands}
    if arguments and (arguments[0] in commands or arguments[0].split("=")[0] in _OWN_OPTIONS):
        return list(arguments)
    return ["check", *arguments]


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


@app.command("version")
def _version() -> None:
    """Show the version."""
    from asynclint import __version__

    write(f"asynclint {__version__}\n")


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


@app.command("check")
def _check(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(help="Files and directories, or `-` for stdin.")] = None,
    select: _Rules = None,
    ignore: _Rules = None,
    extend_select: _Rules = None,
    output_format: Annotated[
        str | None, typer.Option(metavar="full|concise|json", envvar="ASYNCLINT_OUTPUT_FORMAT", help="How to report.")
    ] = None,
    stdin_filename: Annotated[str, typer.Option(metavar="FILE", help="The name of what comes from stdin.")] = "",
    exclude: _Patterns = None,
    extend_exclude: _Patterns = None,
    force_exclude: Annotated[
        bool | None, typer.Option("--force-exclude/--no-force-exclude", help="Leave out even paths that are given.")
    ] = None,
    respect_gitignore: Annotated[
        bool | None, typer.Option("--respect-gitignore/--no-respect-gitignore", help="Leave out what git ignores.")
    ] = None,
    preview: Annotated[bool | None, typer.Option("--preview/--no-preview", help="Use rules still on trial.")] = None,
    target_version: Annotated[str | None, typer.Option(metavar="VERSION", help="The oldest Python.")] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="The interpreter or environment whose packages the code uses.")
    ] = None,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="Read this configuration file.")] = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Read no configuration file, look for no environment.")
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep nothing between runs.")] = False,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=0, help="Processes to use; 0 chooses.")] = 0,
    color: Annotated[Color, typer.Option(help="When to colour the output.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print findings and errors only.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 even when something is found.")] = False,
    show_files: Annotated[bool, typer.Option("--show-files", help="List the files to lint and exit.")] = False,
) -> int:
    """Lint files and directories (default: the current one)."""
    from msgspec.structs import replace

    given = tuple(paths or ["."])
    overrides = {name: _parts(context.params[name]) for name in _SETTINGS}
    settings = _settings(given, stdin_filename, overrides, config, isolated)
    if show_files:
        return _show_files(given, settings)
    result = _lint(given, stdin_filename, replace(settings, cache=not no_cache), jobs)
    write(_reported(result, settings.output_format, quiet, _colored(color)))
    complain(result.errors)
    if not (result.files or result.errors or quiet):
        complain([f"warning: no Python files found under {', '.join(given)}"])
    return _exit_code(result, exit_zero)


def _parts(value: object) -> object:
    """`--select ASL1,ASL2 --select ASL3` as one list; None when the option was not used."""
    if not isinstance(value, list | tuple):
        return value
    return [part.strip() for piece in value for part in piece.split(",") if part.strip()] or None


def _settings(
    paths: Sequence[str], stdin_filename: str, overrides: dict[str, object], file: str | None, isolated: bool
) -> "Config":
    """One configuration governs a run: the nearest one to everything that is linted."""
    from asynclint.config import common_directory, load

    if file and isolated:
        raise Failure("--config and --isolated exclude each other; use one of them")
    names = [stdin_filename or "."] if paths == ("-",) else paths
    return load(common_directory(names), isolated=isolated, overrides=overrides, file=file)


def _show_files(paths: Sequence[str], settings: "Config") -> int:
    from asynclint.linter import files_to_lint
    from asynclint.report.text import printable

    found = files_to_lint(paths, settings)
    write("".join(f"{printable(file)}\n" for file in found.files))
    complain(found.problems)
    return FAILURE if found.problems else OK


def _lint(paths: Sequence[str], stdin_filename: str, settings: "Config", jobs: int) -> "Result":
    from asynclint.linter import lint, lint_source

    if "-" not in paths:
        return lint(paths, settings, jobs=jobs)
    if len(paths) > 1:
        raise Failure("`-` stands for stdin alone; lint other paths in a run of their own")
    if sys.stdin is None:
        raise Failure("`-` asks for stdin, which is closed")
    return lint_source(sys.stdin.buffer.read(), stdin_filename or "-", settings)


def _reported(result: "Result", output_format: str, quiet: bool, color: bool) -> str:
    if output_format == "json":
        from asynclint.report import json

        return json.report(result.findings)
    from asynclint.report import text

    findings = (text.concise if output_format == "concise" else text.full)(result.findings, color)
    if quiet or (result.errors and not result.findings):
        return findings
    return findings + ("\n" if findings and output_format == "full" else "") + text.summary(result.findings, color)


def _exit_code(result: "Result", exit_zero: bool) -> int:
    from asynclint.finding import Severity

    if result.errors:
        return FAILURE
    return FINDINGS if not exit_zero and any(f.severity is Severity.ERROR for f in result.findings) else OK


@app.command("explain")
def _explain(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="The line to explain, as findings name it.")],
    preview: Annotated[bool | None, typer.Option("--preview/--no-preview", help="Use rules still on trial.")] = None,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="Read this configuration file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration file.")] = False,
) -> int:
    """Explain a line: its findings with all their steps, and what each of its calls was taken to mean."""
    from asynclint import linter
    from asynclint.report.explain import report
    from asynclint.report.text import printable

    named = _PLACE.fullmatch(place)
    if named is None:
        raise Failure(f"`{place}` is no place; write FILE:LINE, such as `asynclint explain app.py:12`")
    settings = _settings((named[1],), "", {"preview": preview}, config, isolated)
    try:
        lines = report(linter.explain(named[1], int(named[2]), settings))
    except linter.NothingToExplain as error:
        raise Failure(str(error)) from None
    write("".join(f"{printable(line)}\n" for line in lines))
    return OK


@app.command("rule")
def _rule(
    rule: Annotated[str, typer.Argument(metavar="CODE|NAME", help="The rule to explain.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Explain every rule.")] = False,
    output_format: Annotated[PageFormat, typer.Option(help="How to show it.")] = "text",
) -> int:
    """Explain a rule."""
    from asynclint import catalog

    if bool(rule) == every:
        raise Failure("name one rule, such as `asynclint rule ASL101`, or use --all")
    try:
        rules = catalog.documented() if every else (catalog.find(rule),)
    except catalog.UnknownRule as error:
        raise Failure(str(error)) from None
    write(_rules_as_json(rules, every) if output_format == "json" else "\n".join(map(catalog.page, rules)))
    return OK


def _rules_as_json(rules: "Sequence[Rule]", every: bool) -> str:
    import json

    from asynclint import catalog

    fields = ("code", "name", "default", "preview", "pitfall")
    shown = [{**{name: getattr(rule, name) for name in fields}, "explanation": catalog.page(rule)} for rule in rules]
    return json.dumps(shown if every else shown[0], indent=2) + "\n"


@app.command("pages")
def _pages(
    directory: Annotated[str, typer.Argument(help="Where the catalogue lies.")] = "rules",
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a page is stale.")] = False,
) -> int:
    """Write the catalogue: one page per rule, from the rules' docstrings."""
    from asynclint import catalog

    folder = Path(directory)
    pages = {folder / name: page.encode() for name, page in catalog.pages().items()}
    present = {path: path.read_bytes() for path in folder.glob("*.md")}
    stale = [path for path, page in pages.items() if present.get(path) != page]
    orphans = [path for path, page in present.items() if path not in pages and _PAGE.match(page)]
    if check:
        write("".join(f"{path} is stale; run `asynclint pages {directory}`\n" for path in sorted(stale + orphans)))
        return FINDINGS if stale or orphans else OK
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_bytes(pages[path])
    for path in orphans:
        path.unlink()
    return OK


def _colored(color: Color) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
