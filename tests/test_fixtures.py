"""What is true of every rule, tried on its fixtures: nothing here names a rule, except one list kept by hand."""

import ast
import asyncio
import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest
from specimens import (
    FIXTURES,
    ROOT,
    SPECIMENS,
    Files,
    Specimen,
    config_for,
    folders,
    lines_of,
    lint_files,
    lint_specimen,
    markers,
    places,
)
from twins import IMPORT_TWINS, SHIFT_TWINS, exported, without_async

from asynclint.config import load
from asynclint.finding import Finding
from asynclint.linter import Linter, lint
from asynclint.report.text import full

SPEAK_OF_PLAIN_CODE = {
    "coroutine-as-callback",
    "await-non-awaitable",
    "coroutine-as-value",
    "coroutine-escapes-handler",
    "coroutine-in-wait",
    "dangling-task",
    "ignored-gather-results",
    "deprecated-asyncio-api",
    "get-event-loop",
    "loop-from-thread",
    "sync-protocol-on-async",
    "blocking-helper",
    "nested-event-loop",
    "removed-asyncio-api",
    "unawaited-coroutine",
    "unclosed-loop",
    "unbounded-concurrency",
}
FEWEST_MARKERS = 10

BAD = [specimen for specimen in SPECIMENS if specimen.is_bad]

every_specimen = pytest.mark.parametrize("specimen", SPECIMENS, ids=str)
every_bad_specimen = pytest.mark.parametrize("specimen", BAD, ids=str)
every_folder = pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)


# markers and reports


@every_specimen
def test_what_is_marked_is_found_and_nothing_else(specimen: Specimen) -> None:
    assert places(lint_specimen(specimen)) == markers(specimen.files)


@every_specimen
def test_only_bad_fixtures_have_markers(specimen: Specimen) -> None:
    assert bool(markers(specimen.files)) == specimen.is_bad


@every_folder
def test_a_rule_has_enough_bad_and_some_good_code(folder: Path) -> None:
    bad = [place for specimen in BAD if specimen.folder == folder.name for place in markers(specimen.files)]
    assert sum(name == folder.name.replace("_", "-") for _, _, name in bad) >= FEWEST_MARKERS
    assert ast.parse((folder / "good.py").read_bytes()).body != []


@every_folder
def test_the_report_is_what_was_agreed(folder: Path, request: pytest.FixtureRequest) -> None:
    report = folder / "report.txt"
    with contextlib.chdir(folder):
        bad = sorted(path.name for path in folder.glob("bad*") if path.is_dir() or path.suffix == ".py")
        shown = full(lint(bad, config_for(folder.name.replace("_", "-")), jobs=1).findings)
    if request.config.getoption("--bless"):
        report.write_bytes(shown.encode())
    assert report.is_file(), "no report yet; `pytest --bless` writes it"
    assert report.read_bytes().decode() == shown, "`pytest --bless` rewrites the report"


# twins


@every_bad_specimen
def test_the_sync_twin_is_silent(specimen: Specimen, tmp_path: Path) -> None:
    twin = {path: without_async(text) for path, text in specimen.files.items()}
    found = [finding for finding in lint_files(twin, specimen.rule, tmp_path) if finding.name == specimen.rule]
    assert places(found) == [] or specimen.rule in SPEAK_OF_PLAIN_CODE


@pytest.mark.parametrize("rule", sorted(SPEAK_OF_PLAIN_CODE))
def test_rules_that_may_speak_of_plain_code_do(rule: str, tmp_path: Path) -> None:
    twins = {f"{s.name}/{path}": without_async(text) for s in BAD if s.rule == rule for path, text in s.files.items()}
    assert any(finding.name == rule for finding in lint_files(twins, rule, tmp_path))


@pytest.mark.parametrize("how", IMPORT_TWINS)
@every_specimen
def test_the_import_twin_has_the_same_findings(specimen: Specimen, how: str, tmp_path: Path) -> None:
    twin = import_twin(specimen.files, how)
    assert places(lint_files(twin, specimen.rule, tmp_path)) == markers(twin)
    assert count_of_markers(twin) == count_of_markers(specimen.files)


def import_twin(files: Files, how: str) -> Files:
    return {path: IMPORT_TWINS[how](text, read_elsewhere(files, path)) for path, text in files.items()}


def read_elsewhere(files: Files, path: str) -> frozenset[str]:
    pure = PurePosixPath(path)
    module = pure.parent.name if pure.stem == "__init__" else pure.stem
    return exported(module, [text for other, text in files.items() if other != path])


def count_of_markers(files: Files) -> int:
    return len(markers(files))


@every_folder
def test_the_import_twins_respell_something(folder: Path) -> None:
    mine = [specimen for specimen in BAD if specimen.folder == folder.name]
    assert any(import_twin(s.files, how) != s.files for s in mine for how in IMPORT_TWINS)


@pytest.mark.parametrize("how", SHIFT_TWINS)
@every_specimen
def test_the_shift_twin_has_the_same_findings_elsewhere(specimen: Specimen, how: str, tmp_path: Path) -> None:
    twins = {path: SHIFT_TWINS[how](text) for path, text in specimen.files.items()}
    shifted = {path: twin for path, twin in twins.items() if twin is not None}
    files = {path: shifted[path].text if path in shifted else text for path, text in specimen.files.items()}
    found = lint_specimen(specimen)
    moved = lint_files(files, specimen.rule, tmp_path)
    moves = {path: twin.move for path, twin in shifted.items()}
    assert [essence(f) for f in moved] == [essence(f, moves.get(f.path, lambda *place: place)) for f in found]
    assert [f.excerpt for f in moved] == [lines_of(files[f.path])[f.span.line - 1].strip("\ufeff") for f in moved]


def essence(finding: Finding, move=lambda line, column: (line, column)) -> tuple[object, ...]:
    start = move(finding.span.line, finding.span.column)
    end = move(finding.span.end_line, finding.span.end_column)
    return finding.path, start, end, finding.name, finding.message


# the same whatever the way


@every_specimen
def test_the_sieve_hides_nothing_in_the_fixtures(specimen: Specimen) -> None:
    assert lint_specimen(specimen, sieve=False) == lint_specimen(specimen)


def python_files(directory: str) -> list[str]:
    return sorted(str(path) for path in Path(directory).rglob("*.py"))


EVERYTHING = load(str(ROOT), isolated=True, overrides={"select": ["ALL"], "preview": True})


def test_the_sieve_hides_nothing_in_a_real_package() -> None:
    """asyncio is well kept, so half of its modules have forgotten to await."""
    files = python_files(asyncio.__path__[0])
    spoiled = {path: re.sub(rb"^( +)await ", rb"\1", Path(path).read_bytes(), flags=re.M) for path in files[::2]}
    sieved, all_read = Linter(EVERYTHING, spoiled), Linter(EVERYTHING, spoiled, sieve=False)
    results = [sieved.lint(path) for path in files]
    assert [all_read.lint(path) for path in files] == results
    assert sum(len(result.findings) for result in results) >= 10


def test_one_process_and_several_find_the_same() -> None:
    with contextlib.chdir(FIXTURES):
        alone, together = (lint(["."], EVERYTHING, jobs=jobs) for jobs in (1, 2))
    assert together == alone
    assert alone.findings != ()


@pytest.mark.parametrize("step", [-1, 7])
def test_any_order_of_files_finds_the_same(step: int) -> None:
    with contextlib.chdir(FIXTURES):
        files = python_files(os.curdir)
        assert found_in(mixed(files, step)) == found_in(files)


def found_in(files: Sequence[str]) -> list[Finding]:
    linter = Linter(EVERYTHING)
    return sorted(finding for path in files for finding in linter.lint(path).findings)


def mixed(files: Sequence[str], step: int) -> list[str]:
    """The files in another order: every `step`-th one first, backwards when it is negative."""
    return [file for start in range(abs(step)) for file in files[start :: abs(step)]][:: 1 if step > 0 else -1]
