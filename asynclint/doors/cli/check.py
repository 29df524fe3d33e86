"""`asynclint check`, which is also what `asynclint` alone does."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asynclint.doors.cli import adopting, configuration, fixing
from asynclint.doors.cli.app import FAILURE, FINDINGS, OK, Color, Configs, FileRules, Patterns, Rules, app
from asynclint.doors.cli.command import Command
from asynclint.doors.cli.completion import complete_format
from asynclint.doors.cli.reporting import Reporting, reporting
from asynclint.doors.cli.settings import rules_by_glob, settings_of
from asynclint.doors.cli.streams import Failure, complain, write

if TYPE_CHECKING:
    from asynclint.config import Settings
    from asynclint.doors.cli.progress import Progress
    from asynclint.fixing import Fixed
    from asynclint.linter import Result

_FORMATS = (
    "How to report: full, concise or grouped, for programs json, json-lines, sarif, github, gitlab, junit, rdjson, "
    "azure or pylint."
)
_LISTS = ("select", "ignore", "extend_select", "fixable", "unfixable", "exclude", "extend_exclude")
_SETTINGS = (
    *(*_LISTS, "unsafe_fixes", "force_exclude", "respect_gitignore", "preview"),
    *("target_version", "python", "output_format", "cache_dir", "baseline"),
)
_TABLES = ("per_file_ignores", "extend_per_file_ignores")


@app.command("check", cls=Command)
def _check(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument(help="Files and directories, or `-` for stdin.")] = None,
    select: Rules = None,
    ignore: Rules = None,
    extend_select: Rules = None,
    per_file_ignores: FileRules = None,
    extend_per_file_ignores: FileRules = None,
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
        str | None, typer.Option(metavar="FORMAT", autocompletion=complete_format, help=_FORMATS)
    ] = None,
    output_file: Annotated[
        str, typer.Option("-o", "--output-file", metavar="FILE", help="Write the report into this file.")
    ] = "",
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule.")] = False,
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
    config: Configs = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Read no configuration file, look for no environment.")
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep nothing between runs.")] = False,
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where to keep what is kept.")] = None,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=0, help="Processes to use; 0 chooses.")] = 0,
    color: Annotated[Color, typer.Option(help="When to colour the output.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print findings and errors only.")] = False,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Lint again whenever a file changes.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tell on stderr where the time goes.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 even when something is found.")] = False,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Show the settings that govern the files, and exit.")
    ] = False,
    show_files: Annotated[bool, typer.Option("--show-files", help="List the files to lint and exit.")] = False,
) -> int:
    """Lint files and directories (default: the current one)."""
    from msgspec.structs import replace

    from asynclint.doors.cli.progress import Progress, terminal

    given = tuple(paths or ["."])
    overrides = {name: _parts(context.params[name]) for name in _SETTINGS}
    overrides |= {name: rules_by_glob(name, context.params[name]) for name in _TABLES}

    def configured() -> "Settings":
        cache, heeds = not no_cache, not ignore_noqa
        return settings_of(given, stdin_filename, overrides, config, isolated, cache=cache, heeds_waivers=heeds)

    settings = configured()
    if show_settings:
        write(configuration.shown(given if given != ("-",) else (stdin_filename or ".",), settings))
        return OK
    if show_files:
        return _show_files(given, settings)
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
    wanted = reporting(settings, output_file, color, quiet=quiet, counts_only=statistics)
    if watch:
        if fix or fix_only or diff or "-" in given:
            raise Failure("--watch lints files and reports; leave out --fix, --fix-only, --diff and `-`")
        if add_noqa is not None or write_baseline or prune_baseline:
            raise Failure("--watch lints files and reports; leave out --add-noqa, --write-baseline, --prune-baseline")
        return _watch(given, configured, wanted)
    contents = _stdin(given, stdin_filename)
    progress = Progress(None if quiet else terminal())
    result = _lint(given, adopting.before_baseline(settings) if write_baseline else settings, jobs, contents, progress)
    if add_noqa is not None:
        return adopting.add_noqa(result, wanted, add_noqa, only_diff=diff)
    if write_baseline:
        return adopting.write_baseline(result, settings, quiet=quiet)
    if prune_baseline:
        adopting.prune_baseline(result, quiet=quiet)
    fixed: Sequence[Fixed] = ()
    if fix or fix_only or diff:
        with progress.stage("fix"):
            fixed = fixing.fix(result.findings, settings, contents)
    if diff:
        with progress.stage("report"):
            code = _show_diff(fixed, result, wanted)
        complain(progress.told() if verbose else ())
        return code
    unsaved = fixing.save(fixed) if fixed and not contents else {}
    saved = [each for each in fixed if each.path not in unsaved]
    if saved and not fix_only:
        result = _lint(given, settings, jobs, {each.path: each.after for each in saved if contents}, progress)
    result = replace(result, errors=(*result.errors, *unsaved.values()))
    if contents and (fix or fix_only):
        fixing.give_back(next(iter(contents.values())), saved)
    told = fixing.outcome(saved) if not quiet else ""
    if show_fixes:
        told = fixing.listed(saved) + told
    descriptor = 2 if contents and (fix or fix_only) else 1
    if fix_only:
        write(told, descriptor)
    else:
        with progress.stage("report"):
            wanted.put(wanted.report(result), told, descriptor)
    hints = adopting.hints(result) if not (quiet or contents or prune_baseline) else []
    complain([*result.errors, *hints, *(progress.told() if verbose else ())])
    if not (result.files or result.errors or quiet):
        complain([f"warning: no Python files found under {', '.join(given)}"])
    if exit_non_zero_on_fix and saved and not result.errors:
        return FINDINGS
    return _exit_code(result, exit_zero or fix_only)


def _show_diff(fixed: "Sequence[Fixed]", result: "Result", wanted: Reporting) -> int:
    wanted.put(fixing.diff(fixed))
    would = fixing.outcome(fixed, "would fix")
    complain([*([would.rstrip(".\n")] if would and not wanted.is_quiet else []), *result.errors])
    return FAILURE if result.errors else FINDINGS if fixed else OK


def _parts(value: object) -> object:
    """`--select ASL1,ASL2 --select ASL3` as one list; None when the option was not used."""
    if not isinstance(value, list | tuple):
        return value
    return [part.strip() for piece in value for part in piece.split(",") if part.strip()] or None


def _show_files(paths: Sequence[str], settings: "Settings") -> int:
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


def _lint(
    paths: Sequence[str], settings: "Settings", jobs: int, contents: "Mapping[str, bytes | str]", progress: "Progress"
) -> "Result":
    from asynclint.linter import lint, lint_source

    try:
        for name, content in contents.items():
            return lint_source(content, name, settings, observer=progress)
        return lint(paths, settings, jobs=jobs, observer=progress)
    finally:
        progress.clear()


def _watch(paths: Sequence[str], configure: "Callable[[], Settings]", wanted: Reporting) -> int:
    from asynclint.doors.cli.watching import watch
    from asynclint.live import Watch

    def show(result: "Result") -> None:
        wanted.put(wanted.report(result))
        complain([*result.errors, *(adopting.hints(result) if not wanted.is_quiet else ())])

    return watch(Watch(paths, configure), show, quiet=wanted.is_quiet)


def _exit_code(result: "Result", exit_zero: bool) -> int:
    from asynclint.finding import Severity

    if result.errors:
        return FAILURE
    return FINDINGS if not exit_zero and any(f.severity is Severity.ERROR for f in result.findings) else OK
