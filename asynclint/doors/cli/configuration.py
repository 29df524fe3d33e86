"""What can be configured, and what is."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asynclint.doors.cli.app import OK, PageFormat, app
from asynclint.doors.cli.command import Command
from asynclint.doors.cli.streams import Failure, counted, write

if TYPE_CHECKING:
    from asynclint.config import Settings
    from asynclint.config.described import Key


@app.command("config", cls=Command)
def _config(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key to explain; without one all are listed.")] = "",
    output_format: Annotated[PageFormat, typer.Option(help="How to show it.")] = "text",
    schema: Annotated[bool, typer.Option("--schema", help="Show the JSON schema for editors.")] = False,
) -> int:
    """Explain the keys of the configuration."""
    import json

    from asynclint.config import described

    if schema:
        write(json.dumps(described.schema(), indent=2, ensure_ascii=False) + "\n")
        return OK
    known = {each.name: each for each in described.every_key()}
    chosen = [_found(key, known)] if key else list(known.values())
    if output_format == "json":
        import msgspec

        built = msgspec.to_builtins(chosen)
        write(json.dumps(built[0] if key else built, indent=2, ensure_ascii=False) + "\n")
    elif output_format == "markdown":
        write("\n".join(map(section, chosen)))
    else:
        write(_explained(chosen[0]) if key else "".join(map(_line, chosen)))
    return OK


def _found(name: str, known: "dict[str, Key]") -> "Key":
    from asynclint.config.hints import hint

    wanted = name.strip().lower().replace("_", "-").removeprefix("tool.asynclint.")
    if wanted not in known:
        raise Failure(f"unknown key `{name}`; {hint(name, tuple(known))}")
    return known[wanted]


def _line(key: "Key") -> str:
    return f"{key.name} ({key.type}): {key.description.partition('. ')[0].rstrip('.')}.\n"


def _explained(key: "Key") -> str:
    lines = [key.name, "", key.description, "", f"Type: {key.type}", f"Default: {key.default or 'none'}"]
    if key.variable:
        lines.append(f"Variable: {key.variable}")
    return "\n".join([*lines, "", "Example:", "", "[tool.asynclint]", key.example]) + "\n"


def section(key: "Key") -> str:
    """A key's part of the documentation, in Markdown."""
    facts = [f"Type: {key.type}", f"default: `{key.default}`" if key.default else "no default"]
    if key.variable:
        facts.append(f"variable: `{key.variable}`")
    example = f"```toml\n[tool.asynclint]\n{key.example}\n```"
    return f"### {key.name}\n\n{key.description}\n\n{'; '.join(facts)}.\n\n{example}\n"


def shown(paths: Sequence[str], settings: "Settings") -> str:
    """The settings that govern the files of some paths, as TOML, with the place that decided each."""
    from asynclint.config.described import shown
    from asynclint.linter import files_to_lint, grouped
    from asynclint.report.text import printable

    files = files_to_lint(paths, settings).files
    parts = []
    places = [os.path.join(path, "") if os.path.isdir(path) else path for path in paths]  # for what would lie there
    for group in grouped(files or places, settings):
        number = len(group.paths) if files else 0
        governed = counted(number, "file")
        first = f", the first is {group.paths[0]}" if files else ""
        name = group.config.file or "no configuration file"
        lines = [f"# {name} (governs {governed}{first})", *shown(group.config)]
        parts.append("".join(f"{printable(line)}\n" for line in lines))
    return "\n".join(parts)
