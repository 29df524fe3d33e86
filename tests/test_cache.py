"""The directory in which things are kept: whatever is in it, a run says the same as without, and harms nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_cli import Outcome, asynclint, bound_by_permissions, environment, error

from asynclint.config import load
from asynclint.engine.cache import FOLDER
from asynclint.linter import Result, lint
from asynclint.source.files import digest

BAD = "import time\nimport store\n\n\nasync def serve():\n    time.sleep(1)\n    store.save()\n"
KEPT = Path(FOLDER)
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege here")
needs_limits = pytest.mark.skipif(shutil.which("prlimit") is None, reason="there is no prlimit here")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project inside of the test's directory, with an installed package to be kept as well."""
    site = tmp_path / "project/.venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    Path(".venv/pyvenv.cfg").touch()
    (site / "store.py").write_text("async def save(): ...\n")
    Path("bad.py").write_text(BAD)
    Path("pyproject.toml").touch()
    Path("../private").mkdir()
    for number in range(12):
        Path(f"../private/{number}.msgpack").write_text("dear")


def state(folder: str = "..") -> dict[Path, object]:
    """All that is there, but for the cache."""
    every = (each for each in Path(folder).rglob("*") if FOLDER not in each.parts)
    return {each: each.read_bytes() if each.is_file() else os.path.islink(each) for each in every}


@pytest.fixture
def expected() -> Outcome:
    outcome = asynclint("--no-cache", ".")
    assert (outcome.code, outcome.out.count("ASL101"), outcome.out.count("ASL201")) == (1, 1, 1)
    return outcome


def linted(**overrides: object) -> Result:
    """The result of a run in this very process."""
    return lint(["."], load(".", overrides=overrides), jobs=1)


@pytest.fixture
def fresh() -> Result:
    """The result of a run for which nothing is kept."""
    result = lint(["."], load(".", cache=False), jobs=1)
    assert [finding.code for finding in result.findings] == ["ASL201", "ASL101"]
    return result


def entries(pattern: str = "**/*.msgpack") -> list[Path]:
    return sorted(KEPT.glob(pattern))


def unfinished() -> list[Path]:
    return [each for each in KEPT.rglob("*") if each.is_file() and each.suffix not in (".msgpack", ".TAG", "")]


# where nothing can be written


def test_what_may_only_be_read_is_used_and_left(expected: Outcome) -> None:
    asynclint(".")
    before = {path: path.stat().st_mtime_ns for path in (KEPT, *KEPT.rglob("*"))}
    Path("bad.py").write_text(f"{BAD}\n")
    for folder in [KEPT, *KEPT.rglob("*/")]:
        folder.chmod(0o555)
    assert asynclint(".", prefix=bound_by_permissions()) == expected
    assert {path: path.stat().st_mtime_ns for path in before} == before
    told = error_of_clean(bound_by_permissions())
    assert told.startswith("asynclint: ")
    assert "ermission denied" in told
    for folder in [KEPT, *KEPT.rglob("*/")]:
        folder.chmod(0o755)


def error_of_clean(prefix: list[str]) -> str:
    code, out, err = asynclint("clean", prefix=prefix)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


def test_what_may_not_be_read_is_done_without(expected: Outcome) -> None:
    asynclint(".")
    for entry in entries():
        entry.chmod(0)
    assert asynclint(".", prefix=bound_by_permissions()) == expected
    KEPT.chmod(0)
    assert asynclint(".", prefix=bound_by_permissions()) == expected
    KEPT.chmod(0o755)


def test_a_project_that_may_only_be_read_is_linted(expected: Outcome) -> None:
    Path().chmod(0o555)
    assert asynclint(".", prefix=bound_by_permissions()) == expected
    Path().chmod(0o755)
    assert not KEPT.exists()


@needs_limits
@pytest.mark.parametrize("room", [0, 200])
def test_on_a_full_disk_nothing_half_written_stays(expected: Outcome, room: int) -> None:
    """What has room is kept: nothing, the tag, what is small."""
    limited = ("prlimit", f"--fsize={room}")
    assert asynclint(".", prefix=limited) == expected
    assert unfinished() == []
    assert all(entry.stat().st_size <= room for entry in entries())
    assert asynclint(".") == asynclint(".") == expected
    assert len(entries("findings/**/*.msgpack")) == 1
    whole = {entry: entry.read_bytes() for entry in entries()}
    Path("bad.py").write_text(f"{BAD}\n\n\nasync def other():\n    time.sleep(1)\n")
    assert asynclint(".", prefix=limited).out.count("ASL201") == 2
    assert {entry: entry.read_bytes() for entry in entries()} == whole
    assert unfinished() == []


@pytest.mark.parametrize("place", ["bad.py/cache", "/dev/null/cache", "/proc/cache", "x" * 300])
def test_a_place_that_cannot_be_is_no_reason_to_fail(fresh: Result, place: str) -> None:
    assert linted(cache_dir=place) == fresh


# what is no cache of ours


@pytest.mark.parametrize("place", [".", "../private", "~"])
def test_nothing_is_kept_among_other_things(place: str) -> None:
    """For it would be removed with them by `asynclint clean`."""
    before = state()
    Path("home").mkdir()
    Path("home/letter").write_text("dear")
    before = state()
    for arguments in (["."], ["clean"]):
        code, out, err = asynclint(*arguments, "--cache-dir", place, env={"HOME": os.path.abspath("home")})
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "is no cache of asynclint and holds other things; name a new or an empty directory" in err
    assert state() == before
    Path(FOLDER).mkdir()
    (KEPT / "letter").write_text("dear")
    assert asynclint(".").code == 1
    assert os.listdir(KEPT) == ["letter"]
    assert "is no cache of asynclint, so it stays" in error("clean")


def test_an_empty_directory_is_taken(fresh: Result) -> None:
    Path("kept").mkdir()
    assert linted(cache_dir="kept") == fresh
    assert sorted(os.listdir("kept"))[:2] == [".gitignore", "CACHEDIR.TAG"]
    assert asynclint("clean", "--cache-dir=kept").code == 0
    assert not Path("kept").exists()


@pytest.mark.parametrize("tag", [b"", b"Signature: 8a477f597d28d172789f06886806bc55\n", b"\xff" * 1000])
def test_a_directory_tagged_by_others_is_not_cleaned_away(tag: bytes) -> None:
    KEPT.mkdir()
    (KEPT / "CACHEDIR.TAG").write_bytes(tag)
    assert "is no cache of asynclint, so it stays" in error("clean")
    assert len(linted().findings) == 2
    assert os.listdir(KEPT) == ["CACHEDIR.TAG"]


def test_a_file_is_not_cleaned_away() -> None:
    KEPT.write_text("dear")
    assert "is no cache of asynclint, so it stays" in error("clean")
    assert KEPT.read_text() == "dear"


# links


def a_link_for(place: Path, to: str) -> None:
    """As it may lie in a repository that somebody clones."""
    if place.is_dir():
        shutil.rmtree(place)
    elif place.exists():
        place.unlink()
    place.symlink_to(os.path.abspath(to), target_is_directory=os.path.isdir(to))


PARTS: dict[str, Callable[[], Path]] = {
    "the cache": lambda: KEPT,
    "what is found": lambda: KEPT / "findings",
    "what this version finds": lambda: next(KEPT.glob("findings/*/")),
    "what packages say": lambda: next(each for each in KEPT.glob("*/") if each.name != "findings"),
    "what a package says": lambda: next(KEPT.glob("*/store/")),
}


@needs_links
@pytest.mark.parametrize("part", PARTS)
def test_no_directory_is_reached_by_a_link(fresh: Result, part: str) -> None:
    """Files in it would be removed as old ones."""
    linted()
    a_link_for(PARTS[part](), "../private")
    before = state("../private")
    assert [linted(), linted()] == [fresh, fresh]
    assert state("../private") == before


@needs_links
@pytest.mark.parametrize("to", ["/dev/zero", "bad.py", "nowhere", "pipe"])
def test_no_file_is_reached_by_a_link(expected: Outcome, to: str) -> None:
    asynclint(".")
    os.mkfifo("pipe")
    count = len(entries())
    for entry in (*entries(), KEPT / ".gitignore", KEPT / "CACHEDIR.TAG"):
        a_link_for(entry, to)
    before = state()
    assert asynclint(".") == expected
    assert state() == before
    assert not any((KEPT / name).is_file() for name in ("nowhere", "pipe"))
    (KEPT / "CACHEDIR.TAG").unlink()
    assert "is no cache" in error("clean")
    assert len(entries()) == count


@needs_links
def test_a_pipe_in_place_of_an_entry_is_not_waited_for(fresh: Result) -> None:
    linted()
    for entry in entries():
        entry.unlink()
        os.mkfifo(entry)
    assert linted() == fresh
    assert all(entry.is_file() for entry in entries())


@needs_links
def test_cleaning_follows_no_link(fresh: Result) -> None:
    linted()
    before = state()
    (KEPT / "findings" / "link").symlink_to(os.path.abspath("../private"), target_is_directory=True)
    assert asynclint("clean").code == 0
    assert state() == before
    linted(cache_dir="real")
    KEPT.symlink_to("real", target_is_directory=True)
    assert f"{os.path.abspath(KEPT)}: is a link, so it stays; remove it yourself" in error("clean")
    assert Path("real/CACHEDIR.TAG").exists()


@needs_links
def test_a_link_that_the_user_names_is_meant(fresh: Result) -> None:
    Path("../elsewhere").mkdir()
    Path("kept").symlink_to("../elsewhere", target_is_directory=True)
    assert linted(cache_dir="kept") == fresh
    assert Path("../elsewhere/CACHEDIR.TAG").exists()


# what a stranger writes


@needs_links
@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "/proc/self/mem"])
def test_a_place_that_a_stranger_names_is_not_read(expected: Outcome, place: str) -> None:
    """What has no end would be read for ever, to see whether it is what it was."""
    asynclint(".")
    os.mkfifo("pipe")
    [entry] = entries("findings/**/*.msgpack")
    parts = msgspec.msgpack.decode(entry.read_bytes(), strict=False)
    parts[1].append(os.path.abspath(place))
    for told in ([[1, 0, 1], "digest"], [None, "digest"]):
        parts[2][len(parts[1]) - 1] = told
        entry.write_bytes(msgspec.msgpack.encode(parts))
        assert asynclint(".") == expected


@needs_links
@pytest.mark.parametrize("place", ["/dev/zero", "pipe"])
def test_nor_is_one_of_which_facts_are_kept(expected: Outcome, place: str) -> None:
    """To see whether it says the same to others, though it is not what it was."""
    asynclint(".")
    os.mkfifo("pipe")
    mine, other = os.path.abspath("bad.py"), os.path.abspath(place)
    [record] = entries("findings/**/*.msgpack")
    [shelved] = entries(f"*/*/{digest(mine.encode())}.msgpack")
    facts = renamed(msgspec.msgpack.decode(shelved.read_bytes(), strict=False), mine, other)
    facts[1] = "digest"
    shelved.with_name(f"{digest(other.encode())}.msgpack").write_bytes(msgspec.msgpack.encode(facts))
    parts = msgspec.msgpack.decode(record.read_bytes(), strict=False)
    parts[1].append(other)
    parts[2][len(parts[1]) - 1] = [[1, 4096, 1], "digest"]
    record.write_bytes(msgspec.msgpack.encode(parts))
    assert asynclint(".") == expected


def renamed(value: Any, old: str, new: str) -> Any:
    """The same with another name for a file, wherever it is named."""
    if isinstance(value, list):
        return [renamed(each, old, new) for each in value]
    if isinstance(value, dict):
        return {key: renamed(each, old, new) for key, each in value.items()}
    return new if value == old else value


HOSTILE = {
    "a list that goes on": b"\xdd\xff\xff\xff\xff",
    "a record whose paths go on": b"\x99\xc4\x00\xdd\xff\xff\xff\xff",
    "a text that goes on": b"\x99\xdb\xff\xff\xff\xff",
    "lists in lists": b"\x91" * 1_000_000,
    "dictionaries in dictionaries": b"\x81\x00" * 1_000_000,
    "nothing at all": msgspec.msgpack.encode([None] * 9),
    "another world": b"PK\x03\x04" + bytes(range(256)) * 100,
    "code": b"cos\nsystem\n(S'touch ran'\ntR.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_nobody_of_us_has_written_is_made_anew(fresh: Result, name: str) -> None:
    linted()
    whole = {entry: entry.read_bytes() for entry in entries()}
    for entry in whole:
        entry.write_bytes(HOSTILE[name])
    assert linted() == fresh
    assert not Path("ran").exists()
    assert all(entry.read_bytes() != HOSTILE[name] for entry in whole)


@pytest.mark.parametrize(
    "change",
    [
        {1: ["/a"], 2: {2**63: [[2**63, 2**63, 2**63], ""]}},
        {1: ["/a"], 3: {2**64 - 1: [2**64 - 1]}, 6: [2**64 - 1]},
        {2: {-1: [None, ""]}, 3: {-1: [-1]}},
        {4: {-5: None}},
        {6: [-1, -1, 10**6]},
        {1: ["", "..", "a\0b", "\ud7ff"]},
        {1: ["/" + "a/" * 100_000]},
        {1: [1, 2, 3]},
        {2: {"a": 1}, 3: {1.5: []}},
        {6: [float("nan")]},
        {7: {0: {"findings": [[]]}}},
        {8: ["", ""]},
        {8: None},
    ],
)
def test_a_record_of_wrong_values_is_made_anew(fresh: Result, change: dict[int, object]) -> None:
    linted()
    [entry] = entries("findings/**/*.msgpack")
    whole = entry.read_bytes()
    parts = msgspec.msgpack.decode(whole, strict=False)
    assert len(parts) == 9
    entry.write_bytes(msgspec.msgpack.encode([change.get(number, part) for number, part in enumerate(parts)]))
    assert linted() == fresh
    assert linted() == fresh


def test_what_another_version_has_kept_is_left_alone(fresh: Result) -> None:
    linted()
    [mine] = KEPT.glob("findings/*/")
    other = mine.with_name("cpython-399-0123")
    mine.rename(other)
    [entry] = other.iterdir()
    entry.write_bytes(b"in words of its own")
    assert linted() == fresh
    assert mine.is_dir()
    assert entry.read_bytes() == b"in words of its own"


# several runs at once


def test_several_runs_at_once_do_each_other_no_harm(expected: Outcome) -> None:
    command = [sys.executable, "-m", "asynclint", "."]
    for _ in range(2):
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment({}), text=True) for _ in range(4)]
        assert [run.communicate()[0] for run in runs] == [expected.out] * 4
    assert unfinished() == []
    assert "1 files (1 unchanged)" in asynclint("--verbose", ".").err.replace("1 file ", "1 files ")


def test_cleaning_while_others_run_harms_neither(expected: Outcome) -> None:
    asynclint(".")
    command = [sys.executable, "-m", "asynclint"]
    runs = [subprocess.Popen([*command, "."], stdout=subprocess.PIPE, env=environment({}), text=True) for _ in range(3)]
    cleaned = asynclint("clean")
    assert cleaned.code in (0, 2)
    assert [run.communicate()[0] for run in runs] == [expected.out] * 3
