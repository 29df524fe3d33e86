"""How a project with many findings begins: comments on each of them, or a baseline of all of them."""

from typing import TYPE_CHECKING

from asynclint.doors.cli import fixing
from asynclint.doors.cli.app import FAILURE, FINDINGS, OK
from asynclint.doors.cli.streams import Failure, complain, counted, write

if TYPE_CHECKING:
    from asynclint.config import Settings
    from asynclint.doors.cli.reporting import Reporting
    from asynclint.linter import Result


def check_options(wanted: dict[str, bool], *, is_stdin: bool) -> None:
    """Raises `Failure` when more than one of these options is used, or one of ours for stdin."""
    used = [option for option, is_used in wanted.items() if is_used]
    if len(used) > 1 and used != ["--fix", "--diff"]:
        raise Failure(f"{' and '.join(used[:2])} exclude each other; use one of them")
    if is_stdin and used and used[0] not in ("--fix", "--diff"):
        raise Failure(f"{used[0]} writes into files; it cannot be used with `-`")


def add_noqa(result: "Result", wanted: "Reporting", reason: str, *, only_diff: bool) -> int:
    """Writes a comment for each finding, or shows what it would write."""
    from asynclint import adopting

    if not reason.isprintable():
        raise Failure("the reason given to --add-noqa has to be one line of text")
    silenced = adopting.add_noqa(result.findings, wanted.settings, reason.strip())
    if only_diff:
        wanted.put(fixing.diff(silenced.files))
    unsaved = {} if only_diff else fixing.save(silenced.files)
    written = [each for each in silenced.files if each.path not in unsaved]
    if not wanted.is_quiet and not only_diff:
        codes = len({(each.path, finding.span.line, finding.code) for each in written for finding in each.made})
        write(f"Added {counted(codes, 'code')} to `# noqa` comments in {counted(len(written), 'file')}.\n")
    deaf = [f"{f.path}:{f.span.line}: no comment can silence {f.code} here" for f in silenced.withheld]
    complain([*result.errors, *unsaved.values(), *deaf])
    if result.errors or unsaved:
        return FAILURE
    return FINDINGS if silenced.withheld or (only_diff and written) else OK


def before_baseline(settings: "Settings") -> "Settings":
    """Those of the run whose findings go into baselines."""
    from asynclint import adopting

    return adopting.before_baseline(settings)


def write_baseline(result: "Result", settings: "Settings", *, quiet: bool) -> int:
    """Writes all findings into baselines, beside what they say of files and rules that were left out of this run."""
    from asynclint import adopting
    from asynclint.baseline import shown

    complain(result.errors)
    written = adopting.write_baseline(result, settings)
    if not quiet:
        write("".join(f"Wrote {counted(number, 'finding')} to {shown(file)}.\n" for file, number in written.items()))
    return FAILURE if result.errors else OK


def prune_baseline(result: "Result", *, quiet: bool) -> None:
    """Takes out of the baselines what matches nothing any more."""
    from asynclint import adopting
    from asynclint.baseline import shown

    if not result.baselines:
        raise Failure("there is no baseline to prune; `--write-baseline` writes one")
    pruned = adopting.prune_baseline(result)
    if not quiet:
        complain(
            [f"removed {counted(number, 'entry', 'entries')} from {shown(file)}" for file, number in pruned.items()]
        )


def hints(result: "Result") -> list[str]:
    """A line for each baseline in which something matches nothing any more."""
    if not result.baselines:
        return []
    from asynclint import adopting
    from asynclint.baseline import shown

    return [_hint(shown(file), number) for file, number in adopting.stale_entries(result).items() if number]


def _hint(file: str, number: int) -> str:
    verb, them = ("matches", "it") if number == 1 else ("match", "them")
    return f"{counted(number, 'entry', 'entries')} of {file} {verb} nothing any more; `--prune-baseline` removes {them}"
