"""What the pages tell users to type is understood."""

import re
import shlex

import pytest
import typer
from documents import PAGES, commands
from specimens import ROOT

from asynclint.doors.cli import _with_command
from asynclint.doors.cli.app import app

COMMANDS = sorted({command for page in PAGES for command in commands(page)})


def test_commands_are_found() -> None:
    assert {"--fix src/", "rule ASL101", "--output-format github src/", "--stdin-filename src/new.py -"} <= {*COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_a_page_is_understood(command: str) -> None:
    word, *arguments = _with_command(shlex.split(command))
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known[word].make_context(word, arguments)  # raises at an option that does not exist


def test_hooks_that_pages_name_exist() -> None:
    hooks = set(re.findall(r"^- id: (\S+)", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE))
    naming = re.compile(r"- id: (?P<id>asynclint\S*)|hook `(?P<hook>asynclint[\w-]*)`")
    named = {found["id"] or found["hook"] for page in PAGES for found in naming.finditer(page.read_text())}
    assert named <= hooks
