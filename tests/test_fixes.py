"""Fixes: what each of them makes of the fixtures, and what none of them may ever do."""

import ast
import contextlib
import difflib
import io
import os
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from real import copy_of_aiohttp, downloaded, spoilt
from specimens import FIXTURES, SPECIMENS, Specimen, config_for, folders

from asynclint.config import Config, load
from asynclint.doors.cli.fixing import diff
from asynclint.finding import Finding
from asynclint.fixing import Fixed, fix
from asynclint.linter import Linter, lint
from asynclint.source.respell import parse

BAD = [specimen for specimen in SPECIMENS if specimen.is_bad]


def findings(paths: Sequence[str], config: Config, contents: Mapping[str, str] | None = None) -> list[Finding]:
    linter = Linter(config, contents)
    results = [linter.lint(path) for path in paths if path.endswith(".py")]
    assert [error for result in results for error in result.errors] == []
    return [finding for result in results for finding in result.findings]


def with_unsafe(config: Config) -> Config:
    return replace(config, unsafe_fixes=True)


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_the_fixes_are_what_was_agreed(folder: Path, request: pytest.FixtureRequest) -> None:
    rule = folder.name.replace("_", "-")
    config = replace(with_unsafe(config_for(rule)), fixable=(rule,))
    with contextlib.chdir(folder):
        bad = sorted(path for specimen in BAD if specimen.folder == folder.name for path in specimen.files)
        made = diff(fix(findings(bad, config), config))
    agreed = folder / "fixes.diff"
    if request.config.getoption("--bless"):
        agreed.write_bytes(made.encode())
        if not made:
            agreed.unlink()
    assert agreed.is_file() == bool(made), "`pytest --bless` writes what the fixes make"
    assert not made or agreed.read_bytes().decode() == made, "`pytest --bless` rewrites it"


@pytest.mark.parametrize("specimen", BAD, ids=str)
def test_fixes_keep_their_contract(specimen: Specimen) -> None:
    config = with_unsafe(replace(config_for(specimen.rule), select=("ALL",), preview=True))
    with contextlib.chdir(FIXTURES / specimen.folder):
        before = findings(list(specimen.files), config)
        fixed = fix(before, config)
        contents = {each.path: each.after for each in fixed}
        after = findings(list(specimen.files), config, contents)
        assert Counter(f.code for f in after) <= Counter(f.code for f in before)
        assert fix(after, config, contents) == []
    for each in fixed:
        keeps_contract(each)


def test_fixes_take_lines_away_that_have_no_comment(tmp_path: Path) -> None:
    """Fixtures cannot show it: their markers are comments."""
    path = tmp_path / "client.py"
    path.write_text(WITHOUT_COMMENTS)
    config = with_unsafe(load(str(tmp_path), isolated=True, overrides={"select": ("ALL",)}))
    (fixed,) = fix(findings([str(path)], config), config)
    removed = Counter(WITHOUT_COMMENTS.splitlines()) - Counter(fixed.after.splitlines())
    added = Counter(fixed.after.splitlines()) - Counter(WITHOUT_COMMENTS.splitlines())
    assert {line.strip() for line in removed} == {
        "task = asyncio.create_task(fetch(url))",
        "page = await task",
        "request = fetch(url)",
        "await request",
        "queue.task_done()",
    }
    assert {line.strip() for line in added} == {"page = await fetch(url)", "await fetch(url)"}


WITHOUT_COMMENTS = """\
import asyncio


async def fetch(url):
    await asyncio.sleep(1)
    return url


async def at_once(url):
    task = asyncio.create_task(fetch(url))
    page = await task
    return page


async def again_and_again(url):
    request = fetch(url)
    while True:
        await request


async def marks_twice(queue):
    while True:
        item = await queue.get()
        queue.task_done()
        print(item)
        queue.task_done()
        print("done")
"""


@pytest.mark.parametrize(
    ("oldest", "added"),
    [
        ("3.11", ["if asyncio.current_task().cancelling():", "raise"]),
        ("3.10", ["except asyncio.CancelledError:", "raise"]),
    ],
)
def test_fixes_respect_the_target(tmp_path: Path, oldest: str, added: list[str]) -> None:
    path = tmp_path / "client.py"
    path.write_text(CATCHES_TOO_MUCH)
    chosen = {"select": ("ASL401",), "target-version": oldest}
    config = with_unsafe(load(str(tmp_path), isolated=True, overrides=chosen))
    (fixed,) = fix(findings([str(path)], config), config)
    lines = Counter(fixed.after.splitlines()) - Counter(CATCHES_TOO_MUCH.splitlines())
    assert [line.strip() for line in lines] == added


CATCHES_TOO_MUCH = """\
import asyncio


async def poll(client):
    while True:
        try:
            await client.update()
        except (OSError, asyncio.CancelledError):
            client.close()
"""


def test_fixes_mend_a_real_package(tmp_path: Path) -> None:
    mend(copy_of_aiohttp(tmp_path))


@pytest.mark.skipif(
    "ASYNCLINT_LIBRARIES" not in os.environ, reason="downloads two dozen libraries: ASYNCLINT_LIBRARIES=1"
)
def test_fixes_mend_more_packages(tmp_path: Path) -> None:
    sources = downloaded(tmp_path)
    for package in ("aio_pika", "aiokafka", "motor", "telethon", "websockets"):
        mend(sources / package)


def mend(package: Path) -> None:
    """Takes awaits away, makes every fix of every rule, and sees that nothing but the findings is gone."""
    for path in package.rglob("*.py"):
        path.write_bytes(spoilt(path.read_bytes().decode()).encode())
    config = with_unsafe(load(str(package), isolated=True, overrides={"select": ("ALL",), "preview": True}))
    before = lint([str(package)], config).findings
    fixed = fix(before, config)
    contents = {each.path: each.after for each in fixed}
    linter = Linter(config, contents)
    after = [finding for path in contents for finding in linter.lint(path).findings]
    own = [finding for finding in before if finding.path in contents]
    assert len(after) < len(own) / 2
    assert Counter(f.code for f in after) <= Counter(f.code for f in own)
    assert fix(after, config, contents) == []
    for each in fixed:
        keeps_contract(each)


def keeps_contract(fixed: Fixed) -> None:
    """It is Python, no comment is lost, and what stands on lines nobody touched means what it meant."""
    parse(fixed.after)
    assert comments(fixed.before) <= comments(fixed.after)
    for before, after in untouched(fixed.before, fixed.after):
        assert before == after


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def untouched(before: str, after: str) -> Iterator[tuple[str, str | None]]:
    """The statements on lines that stayed, or were indented, as trees, before and after.

    A block may have got a line more at its end.
    """
    moved = {}
    lines_before, lines_after = ([line.strip() for line in text.splitlines()] for text in (before, after))
    matcher = difflib.SequenceMatcher(None, lines_before, lines_after, autojunk=False)
    for block in matcher.get_matching_blocks():
        moved |= {block.a + offset + 1: block.b + offset + 1 for offset in range(block.size)}
    statements = by_lines(after)
    for (first, last), tree in by_lines(before).items():
        is_block = hasattr(tree, "body")
        lines = [moved.get(line) for line in range(first, last + 1 + is_block)]
        start = lines[0]
        if start is not None and lines == list(range(start, start + len(lines))):
            counterpart = statements.get((start, start + last - first))
            yield ast.dump(tree), counterpart and ast.dump(counterpart)


def by_lines(text: str) -> dict[tuple[int, int], ast.stmt]:
    nodes = (node for node in ast.walk(parse(text)) if isinstance(node, ast.stmt))
    return {(node.lineno, node.end_lineno or node.lineno): node for node in nodes}
