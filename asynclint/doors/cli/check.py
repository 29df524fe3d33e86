"""`asynclint check`, which is also what `asynclint` alone does."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asynclint.doors.cli import adopting, fixing
from asynclint.doors.cli.app import FAILURE, FINDINGS, OK, Color, Patterns, Rules, app
from asynclint.doors.cli.settings import settings_of
from asynclint.doors.cli.streams import Failure, complain, write

if TYPE_CHECKING:
    from asynclint.config import Config
    from asynclint.linter import Fixed, Result

_LISTS = ("select", "ignore", "extend_select", "fixable", "unfixable", "exclude", "extend_exclude")
_SETTINGS = (
    *(*_LISTS, "unsafe_fixes", "force_exclude", "respect_gitignore", "preview"),
    *("target_version", "python", "output_format", "baseline"),
)


@app.command("check")
def _check(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(help="Files and directories, or `-` for stdin.")] = None,
    select: Rules = None,
    ignore: Rules = None,
    extend_select: Rules = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the safe fixes, then report what is left.")] = False,
    unsafe_fixes: Annotated[
        bool | None, typer.Option("--unsafe-fixes/--no-unsafe-fixes", help="Make fixes that may change behaviour too.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what fixes would change, and change nothing.")] = False,
    fix_only: Annotated[bool, typer.Option("--fix-only", help="Make fixes and report nothing.")] = False,
    show_fixes: Annotated[bool, typer.Option("--show-fixes", help="List the fixes that were made.")] = False,
    exit_non_zero_on_fix: Annotated[
        bool, typer.Option("--exit-non-zero-on-fix", help="Exit 1 when anything was fixed.")
    ] = False,
    add_noqa: Annotated[
        str | None,
        typer.Option("--add-noqa", metavar="[=REASON]", help="Write a `# noqa` comment for each finding."),
    ] = None,
    ignore_noqa: Annotated[bool, typer.Option("--ignore-noqa", help="Heed no comment that silences findings.")] = False,
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help='Hide the findings of this file; "" hides none.')
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write all findings into the baseline.")
    ] = False,
    prune_baseline: Annotated[
        bool, typer.Option("--prune-baseline", help="Take out of the baseline what is found no more.")
    ] = False,
    fixable: Rules = None,
    unfixable: Rules = None,
    output_format: Annotated[
        str | None, typer.Option(metavar="full|concise|json", envvar="ASYNCLINT_OUTPUT_FORMAT", help="How to report.")
    ] = None,
    stdin_filename: Annotated[str, typer.Option(metavar="FILE", help="The name of what comes from stdin.")] = "",
    exclude: Patterns = None,
    extend_exclude: Patterns = None,
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

    from asynclint import linter
    from asynclint.config import Waiving

    given = tuple(paths or ["."])
    overrides = {name: _parts(context.params[name]) for name in _SETTINGS}
    settings = settings_of(given, stdin_filename, overrides, config, isolated)
    if show_files:
        return _show_files(given, settings)
    settings = replace(settings, cache=not no_cache, waiving=Waiving.NOTHING if ignore_noqa else settings.waiving)
    adopting.check_options(
        {
            "--add-noqa": add_noqa is not None,
            "--write-baseline": write_baseline,
            "--prune-baseline": prune_baseline,
            "--fix": fix or fix_only,
            "--diff": diff and add_noqa is None,
        },
        is_stdin="-" in given,
    )
    baseline_file = settings.baseline or linter.baseline_file(settings) or linter.usual_file(settings)
    if write_baseline:
        settings = replace(settings, baseline=baseline_file if os.path.exists(baseline_file) else "")
    contents = _stdin(given, stdin_filename)
    result = _lint(given, settings, jobs, contents)
    if add_noqa is not None:
        return adopting.add_noqa(result, settings, add_noqa, only_diff=diff, quiet=quiet)
    if write_baseline:
        return adopting.write_baseline(result, baseline_file, quiet=quiet)
    if prune_baseline:
        adopting.prune_baseline(result, linter.baseline_file(settings), quiet=quiet)
    fixed = linter.fix(result.findings, settings, contents) if fix or fix_only or diff else []
    if diff:
        return _show_diff(fixed, result, quiet)
    unsaved = {} if contents else linter.write(fixed)
    saved = [each for each in fixed if each.path not in unsaved]
    if saved and not fix_only:
        result = _lint(given, settings, jobs, {each.path: each.after for each in saved if contents})
    result = replace(result, errors=(*result.errors, *unsaved.values()))
    if contents and (fix or fix_only):
        fixing.give_back(next(iter(contents.values())), saved)
    told = fixing.counted(saved) if not quiet else ""
    if show_fixes:
        told = fixing.listed(saved) + told
    if not fix_only:
        told += _reported(result, settings, quiet, _colored(color))
    write(told, 2 if contents and (fix or fix_only) else 1)
    complain(result.errors)
    if not (quiet or contents or prune_baseline):
        complain(adopting.hint(result, settings))
    if not (result.files or result.errors or quiet):
        complain([f"warning: no Python files found under {', '.join(given)}"])
    if exit_non_zero_on_fix and saved and not result.errors:
        return FINDINGS
    return _exit_code(result, exit_zero or fix_only)


def _show_diff(fixed: "Sequence[Fixed]", result: "Result", quiet: bool) -> int:
    write(fixing.diff(fixed))
    would = fixing.counted(fixed, "would fix")
    complain([*([would.rstrip(".\n")] if would and not quiet else []), *result.errors])
    return FAILURE if result.errors else FINDINGS if fixed else OK


def _parts(value: object) -> object:
    """`--select ASL1,ASL2 --select ASL3` as one list; None when the option was not used."""
    if not isinstance(value, list | tuple):
        return value
    return [part.strip() for piece in value for part in piece.split(",") if part.strip()] or None


def _show_files(paths: Sequence[str], settings: "Config") -> int:
    from asynclint.linter import files_to_lint
    from asynclint.report.text import printable

    found = files_to_lint(paths, settings)
    write("".join(f"{printable(file)}\n" for file in found.files))
    complain(found.problems)
    return FAILURE if found.problems else OK


def _stdin(paths: Sequence[str], name: str) -> dict[str, bytes]:
    """What comes from stdin, by the name it goes by; nothing where files are linted."""
    if "-" not in paths:
        return {}
    if len(paths) > 1:
        raise Failure("`-` stands for stdin alone; lint other paths in a run of their own")
    if sys.stdin is None:
        raise Failure("`-` asks for stdin, which is closed")
    return {name or "-": sys.stdin.buffer.read()}


def _lint(paths: Sequence[str], settings: "Config", jobs: int, contents: "Mapping[str, bytes | str]") -> "Result":
    from asynclint.linter import lint, lint_source

    for name, content in contents.items():
        return lint_source(content, name, settings)
    return lint(paths, settings, jobs=jobs)


def _reported(result: "Result", settings: "Config", quiet: bool, color: bool) -> str:
    if settings.output_format == "json":
        from asynclint.report import json

        return json.report(result.findings)
    from asynclint.report import text

    is_full = settings.output_format == "full"
    findings = (text.full if is_full else text.concise)(result.findings, color)
    if quiet or (result.errors and not result.findings):
        return findings
    summary = text.summary(result.findings, color) + fixing.offered(result.findings, settings)
    return findings + ("\n" if findings and is_full else "") + summary + adopting.hidden(result)


def _exit_code(result: "Result", exit_zero: bool) -> int:
    from asynclint.finding import Severity

    if result.errors:
        return FAILURE
    return FINDINGS if not exit_zero and any(f.severity is Severity.ERROR for f in result.findings) else OK


def _colored(color: Color) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
