"""The commands that explain: a rule, a line, the whole catalogue."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asynclint.doors.cli.app import FINDINGS, OK, Configs, PageFormat, app
from asynclint.doors.cli.command import Command
from asynclint.doors.cli.completion import complete_rule
from asynclint.doors.cli.settings import settings_of
from asynclint.doors.cli.streams import Failure, write

if TYPE_CHECKING:
    from asynclint.rule import Rule

_PLACE = re.compile(r"(.+?):(\d{1,9})(?::\d+)?:?", re.ASCII)  # with a column, as findings have one
_PAGE = re.compile(rb"# [\w-]+\s+\*\*ASL\d{3}\*\*")


@app.command("explain", cls=Command)
def _explain(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="The line to explain, as findings name it.")],
    preview: Annotated[bool | None, typer.Option("--preview/--no-preview", help="Use rules still on trial.")] = None,
    config: Configs = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration file.")] = False,
) -> int:
    """Explain a line: its findings with all their steps, and what each of its calls was taken to mean."""
    from asynclint import linter
    from asynclint.engine.explain import NothingToExplain
    from asynclint.report.explain import report
    from asynclint.report.text import printable

    named = _PLACE.fullmatch(place)
    if named is None:
        raise Failure(f"`{place}` is no place; write FILE:LINE, such as `asynclint explain app.py:12`")
    settings = settings_of((named[1],), "", {"preview": preview}, config, isolated)
    try:
        lines = report(linter.explain(named[1], int(named[2]), settings))
    except NothingToExplain as error:
        raise Failure(str(error)) from None
    write("".join(f"{printable(line)}\n" for line in lines))
    return OK


@app.command("rule", cls=Command)
def _rule(
    rule: Annotated[
        str, typer.Argument(metavar="CODE|NAME", autocompletion=complete_rule, help="The rule to explain.")
    ] = "",
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


@app.command("pages", cls=Command)
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
