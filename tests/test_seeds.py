"""The documents this project began with, read where they lie: what each of their examples really contains.

The table `seeds.toml` holds places, digests and expectations, and none of the documents' text.
"""

import hashlib
import os
import re
import textwrap
from pathlib import Path

import msgspec
import pytest

from asynclint.config import load
from asynclint.linter import lint_source

ROOT = Path(__file__).parents[1]
SEEDS = Path(os.environ.get("ASYNCLINT_SEEDS") or ROOT.parent / "shared" / "seeds")

NO_BREAK_SPACE = "\u00a0"

LOOKS_LIKE_PYTHON = re.compile(
    r"""\s*(?:
        async\ (?:def|with|for)\b | await\b | import\ \w | from\ \w[\w.]*\ import\b | def\ \w | class\ \w | @\w
      | return\b | raise\b | yield\b | try: | except\b | finally: | else: | (?:if|for|while|with)\b.*:$
      | asyncio\. | \w+(?:\.\w+)*\( | [\w.,\ ]+\ =\ \S
    )""",
    re.VERBOSE | re.ASCII,
)


class Snippet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    lines: tuple[int, int]
    digest: str
    expect: tuple[tuple[int, str], ...]
    reason: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.lines[0]}-{self.lines[1]}"

    def text(self) -> str:
        first, last = self.lines
        return "\n".join(document(self.file)[first - 1 : last])


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    judged: frozenset[str]
    asides: dict[str, tuple[int, ...]]
    snippet: tuple[Snippet, ...]


TABLE = msgspec.toml.decode((ROOT / "tests" / "seeds.toml").read_bytes(), type=Table)

pytestmark = pytest.mark.skipif(
    not SEEDS.is_dir(), reason=f"the seed documents are not at {SEEDS}; set ASYNCLINT_SEEDS to their directory"
)

every_snippet = pytest.mark.parametrize("snippet", TABLE.snippet, ids=lambda snippet: snippet.place)


def document(name: str) -> list[str]:
    return (SEEDS / name).read_bytes().decode().split("\n")


def as_code(text: str) -> str:
    """The example as its author wrote it: web pages indent with no-break spaces, and whole examples may be indented."""
    return textwrap.dedent(text.replace(NO_BREAK_SPACE, " "))


def judged_findings(code: str) -> list[tuple[int, str]]:
    config = load(str(ROOT), isolated=True, overrides={})
    result = lint_source(f"{code}\n".encode(), "snippet.py", config)
    assert result.errors == ()
    return [(finding.span.line, finding.code) for finding in result.findings if finding.code in TABLE.judged]


@every_snippet
def test_the_document_is_the_one_that_was_judged(snippet: Snippet) -> None:
    assert hashlib.sha256(snippet.text().encode()).hexdigest()[:16] == snippet.digest


@every_snippet
def test_a_snippet_gives_exactly_what_it_contains(snippet: Snippet) -> None:
    assert judged_findings(as_code(snippet.text())) == sorted(snippet.expect), snippet.reason


def test_no_break_spaces_as_copied_from_a_web_page_do_not_parse() -> None:
    for snippet in TABLE.snippet:
        marked = [number for number, line in enumerate(snippet.text().split("\n"), 1) if NO_BREAK_SPACE in line]
        assert not marked or judged_findings(snippet.text()) == [(marked[0], "ASL000")], snippet.place


@pytest.mark.parametrize("name", sorted(TABLE.asides))
def test_no_python_is_left_outside_every_snippet(name: str) -> None:
    inside = {line for snippet in TABLE.snippet if snippet.file == name for line in range_of(snippet)}
    outside = [line for line in numbers_of_python(name) if line not in inside]
    assert outside == list(TABLE.asides[name])


def test_every_document_is_in_the_table_once_and_in_order() -> None:
    assert sorted(TABLE.asides) == sorted(path.name for path in SEEDS.glob("*.txt"))
    borders = [(snippet.file, line) for snippet in TABLE.snippet for line in sorted({*snippet.lines})]
    assert borders == sorted(set(borders))


def range_of(snippet: Snippet) -> range:
    return range(snippet.lines[0], snippet.lines[1] + 1)


def numbers_of_python(name: str) -> list[int]:
    return [number for number, line in enumerate(document(name), 1) if LOOKS_LIKE_PYTHON.match(line)]
