"""How a project with many findings begins: comments on each of them, or a baseline of all of them."""

from typing import TYPE_CHECKING

from asynclint.doors.cli import fixing
from asynclint.doors.cli.app import FAILURE, FINDINGS, OK
from asynclint.doors.cli.streams import Failure, complain, write

if TYPE_CHECKING:
    from asynclint.config import Config
    from asynclint.linter import Result


def check_options(wanted: dict[str, bool], *, is_stdin: bool) -> None:
    """Raises `Failure` when more than one of these options is used, or one of ours for stdin."""
    used = [option for option, is_used in wanted.items() if is_used]
    if len(used) > 1 and used != ["--fix", "--diff"]:
        raise Failure(f"{' and '.join(used[:2])} exclude each other; use one of them")
    if is_stdin and used and used[0] not in ("--fix", "--diff"):
        raise Failure(f"{used[0]} writes into files; it cannot be used with `-`")


def add_noqa(result: "Result", settings: "Config", reason: str, *, only_diff: bool, quiet: bool) -> int:
    """Writes a comment for each finding, or shows what it would write."""
    from asynclint import linter

    if not reason.isprintable():
        raise Failure("the reason given to --add-noqa has to be one line of text")
    silenced = linter.add_noqa(result.findings, settings, reason.strip())
    if only_diff:
        write(fixing.diff(silenced.files))
    unsaved = {} if only_diff else linter.write(silenced.files)
    written = [each for each in silenced.files if each.path not in unsaved]
    if not quiet and not only_diff:
        codes = len({(each.path, finding.span.line, finding.code) for each in written for finding in each.made})
        write(f"Added {_count(codes, 'code')} to `# noqa` comments in {_count(len(written), 'file')}.\n")
    deaf = [f"{f.path}:{f.span.line}: no comment can silence {f.code} here" for f in silenced.withheld]
    complain([*result.errors, *unsaved.values(), *deaf])
    if result.errors or unsaved:
        return FAILURE
    return FINDINGS if silenced.withheld or (only_diff and written) else OK


def write_baseline(result: "Result", file: str, *, quiet: bool) -> int:
    """Writes all findings into a baseline, beside what it says of files and rules that were left out of this run."""
    from asynclint import linter
    from asynclint.baseline import shown

    complain(result.errors)
    number = linter.write_baseline(result, file)
    if not quiet:
        write(f"Wrote {_count(number, 'finding')} to {shown(file)}.\n")
    return FAILURE if result.errors else OK


def prune_baseline(result: "Result", file: str, *, quiet: bool) -> None:
    """Takes out of a baseline what matches nothing any more."""
    from asynclint import linter
    from asynclint.baseline import shown

    if not file:
        raise Failure("there is no baseline to prune; `--write-baseline` writes one")
    number = linter.prune_baseline(result, file)
    if not quiet:
        complain([f"removed {_count(number, 'entry', 'entries')} from {shown(file)}"])


def hint(result: "Result", settings: "Config") -> list[str]:
    """A line when something in the baseline matches nothing any more."""
    from asynclint import linter
    from asynclint.baseline import shown

    file = linter.baseline_file(settings)
    number = linter.stale_entries(result, file) if file else 0
    if not number:
        return []
    verb, them = ("matches", "it") if number == 1 else ("match", "them")
    what = f"{_count(number, 'entry', 'entries')} of {shown(file)}"
    return [f"{what} {verb} nothing any more; `--prune-baseline` removes {them}"]


def hidden(result: "Result") -> str:
    """How many findings the baseline hides, in a sentence; "" when it hides none."""
    return f"{_count(len(result.hidden), 'finding')} in the baseline.\n" if result.hidden else ""


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
