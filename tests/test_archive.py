"""What is found is kept between runs: only what may have changed is linted again, and nothing is trusted blindly."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specimens import ROOT
from test_cli import asynclint, error
from test_watch import BROKEN, COROUTINE, PROJECT, delete, write

from asynclint import linter
from asynclint.config import Config, load
from asynclint.engine.cache import FOLDER
from asynclint.linter import Observer, Work, lint

FILES = 5


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in PROJECT.items():
        write(name, text)


class Count(Observer):
    """How many files were linted and parsed, and how many bodies read closely."""

    def __init__(self) -> None:
        self.linted = self.kept = self.parsed = self.bodies = 0

    def unchanged(self, files: int) -> None:
        self.kept += files

    def worked(self, work: Work) -> None:
        self.linted += work.files
        self.parsed += work.parsed
        self.bodies += work.bodies


def linted(*paths: str, config: Config | None = None, jobs: int = 1) -> int:
    """How many files a run lints, whose result is that of a run for which nothing is kept."""
    count = Count()
    config = config or load(".")
    result = lint(paths or ["."], config, jobs=jobs, observer=count)
    fresh = lint(paths or ["."], msgspec.structs.replace(config, cache=False), jobs=1)
    assert result == fresh
    assert count.linted + count.kept == result.files
    return count.linted


def kept_files() -> list[Path]:
    return sorted(Path(FOLDER).glob("findings/*/*.msgpack"))


def test_only_what_a_change_affects_is_linted_again() -> None:
    assert [linted(), linted()] == [FILES, 0]
    write("alone.py", "x = 1\n")
    assert [linted(), linted()] == [1, 0]
    write("shop/store.py", COROUTINE)
    assert [linted(), linted()] == [3, 0]
    write("shop/store.py", BROKEN)
    assert [linted(), linted()] == [3, 0]
    delete("shop/store.py")
    assert linted() > 0
    write("shop/store.pyi", "async def save(): ...\n")
    assert linted() > 0
    assert linted() == 0


HUB = """\
import time


class Hub:
    def __init__(self):
        self.waiting = []

    async def send(self, text):
        length = len(text)
        return length

    def pause(self, text):
        if text:
            return text.strip()
"""
USER = "import hub\n\n\nasync def use{0}(it: hub.Hub):\n    it.pause('')\n    await it.send('')\n"
IN_BODIES = [
    ("length = len(text)", "# it counts\n        length = len(text)"),
    ("return length", "unused = 1\n        return length"),
    ("if text:", "if text and not text.isspace:"),
    ("    def pause", "\n    def pause"),
]
TO_OTHERS = [
    ("if text:", "time.sleep(1)\n        if text:"),
    ("async def send", "def send"),
    ("def pause", "async def pause"),
    ("self.waiting = []", "self.waiting = []\n        self.send = print"),
]


def write_hub(text: str = HUB) -> None:
    write("hub.py", text)
    for number in range(9):
        write(f"user{number}.py", USER.format(number))


@pytest.mark.parametrize(("old", "new"), IN_BODIES)
def test_a_change_inside_of_a_function_that_others_cannot_notice(old: str, new: str) -> None:
    write_hub()
    assert [linted(), linted()] == [FILES + 10, 0]
    write_hub(HUB.replace(old, new))
    assert [linted(), linted()] == [1, 0]
    write_hub()
    assert linted("user1.py") == 0
    write_hub(HUB.replace(*TO_OTHERS[1]))
    assert linted() == 10


@pytest.mark.parametrize(("old", "new"), TO_OTHERS)
def test_a_change_that_others_can_notice(old: str, new: str) -> None:
    write_hub()
    linted()
    write_hub(HUB.replace(old, new))
    assert [linted(), linted()] == [10, 0]


def test_findings_that_tell_where_something_stands_are_made_anew() -> None:
    write_hub(HUB.replace(*TO_OTHERS[0]))
    linted()
    write_hub(HUB.replace(*TO_OTHERS[0]).replace("import time", "# a line more\nimport time"))
    assert [linted(), linted()] == [10, 0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from([*IN_BODIES, *TO_OTHERS]), max_size=3), min_size=1, max_size=4))
def test_whatever_changes_the_result_is_that_of_a_fresh_run(changes: list[list[tuple[str, str]]]) -> None:
    for replaced in changes:
        text = HUB
        for old, new in replaced:
            text = text.replace(old, new)
        write_hub(text)
        linted()


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_file_is_parsed_once(jobs: int) -> None:
    write_hub()
    assert work(jobs) == (FILES + 10, FILES + 10, 2)
    write("user1.py", USER.format(1) + "    it.send('')\n")
    assert work(jobs) == (1, 1, 1)
    write("hub.py", HUB.replace(*TO_OTHERS[0]))
    assert work(jobs) == (10, 1, 9)
    assert work(jobs) == (0, 0, 0)


def work(jobs: int) -> tuple[int, int, int]:
    count = Count()
    lint(["."], load("."), jobs=jobs, observer=count)
    return count.linted, count.parsed, count.bodies


def test_it_is_the_same_in_several_processes() -> None:
    assert [linted(jobs=2), linted(jobs=2), linted()] == [FILES, 0, 0]
    write("shop/store.py", COROUTINE)
    assert [linted(jobs=2), linted()] == [3, 0]


def test_a_fresh_checkout_is_recognised_by_its_content() -> None:
    linted()
    for name in PROJECT:
        os.utime(name, ns=(1, 1))
    assert linted() == 0
    for name in PROJECT:
        write(name, Path(name).read_text())  # another file, as git writes it
    assert linted() == 0


def test_a_file_that_is_dated_anew_is_read_once_more() -> None:
    linted()
    os.utime("alone.py", ns=(1, 1))
    kept = kept_files()[0].read_bytes()
    assert linted() == 0
    renewed = kept_files()[0].read_bytes()
    assert renewed != kept
    assert linted() == 0
    assert kept_files()[0].read_bytes() == renewed


WATCHED = """
import atexit
import sys
from collections import Counter
from asynclint.__main__ import main

here = sys.argv.pop(1)
done = Counter()

def note(event, arguments):
    if event in ("open", "os.scandir") and here in str(arguments[0]):
        done[event, arguments[0]] += 1

def tell():
    print(*sorted((event, path, times) for (event, path), times in done.items()), sep="\\n", file=sys.stderr)

atexit.register(tell)
sys.addaudithook(note)
main()
"""


def test_a_run_with_nothing_changed_reads_no_file_and_lists_each_directory_once(tmp_path: Path) -> None:
    let_rest(tmp_path)
    command = [sys.executable, "-c", WATCHED, str(tmp_path)]
    options = ["--isolated", "-q", f"--cache-dir={tmp_path}/../kept", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    cold, warm = (
        subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert str(("open", str(tmp_path / "app.py"), 1)) in cold.stderr
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    directories = sorted([tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())])
    searched = [path for path in directories if ".git" not in path.parts]
    ignored = str(("open", str(tmp_path / ".git/info/exclude"), 1))
    assert warm.stderr.splitlines() == [ignored, *(str(("os.scandir", str(path), 1)) for path in searched)]


def let_rest(directory: Path) -> None:
    """As if nobody had touched these directories for a while."""
    for path in (directory, *directory.rglob("*")):
        if path.is_dir():
            os.utime(path, ns=(10**18, 10**18))


def test_what_comes_into_a_directory_is_seen_however_quickly_it_comes(tmp_path: Path) -> None:
    write("app.py", "import extra\n\n\nasync def main():\n    extra.load()\n")
    assert linted() == FILES
    status = tmp_path.stat()
    write("extra.py", "async def load(): ...\n")
    os.utime(tmp_path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if the clock had not gone on meanwhile
    assert linted() > 1


@pytest.mark.parametrize("name", [".asynclint_cache", ".pytest_cache", "__pycache__"])
def test_caches_come_and_go_unnoticed(name: str, tmp_path: Path) -> None:
    write("app.py", "import elsewhere\n")  # looked for everywhere
    linted(config=load(".", overrides={"cache_dir": f"{tmp_path}/../kept"}))
    Path(name).mkdir(exist_ok=True)
    assert linted(config=load(".", overrides={"cache_dir": f"{tmp_path}/../kept"})) == 0


def test_what_a_link_leads_to_is_looked_at_again(tmp_path: Path) -> None:
    write("elsewhere/load.py", "async def load(): ...\n")
    Path("extra").symlink_to(tmp_path / "nowhere")
    write("app.py", "import extra.load\n\n\nasync def main():\n    extra.load.load()\n")
    let_rest(tmp_path)
    linted("app.py")
    os.rename("elsewhere", "nowhere")
    let_rest(tmp_path)
    assert linted("app.py") == 1


def test_runs_on_parts_add_to_what_is_kept() -> None:
    assert [linted("app.py"), linted("app.py"), linted()] == [1, 0, FILES - 1]
    write("shop/store.py", COROUTINE)
    assert [linted("alone.py"), linted("app.py"), linted()] == [0, 1, 2]


def test_paths_are_shown_as_they_are_typed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    linted()
    assert linted(os.path.abspath(".")) == 0
    monkeypatch.chdir("shop")
    assert linted("..", config=load(".")) == 0


def test_each_configuration_keeps_its_own() -> None:
    assert linted() == FILES
    assert linted(config=load(".", overrides={"ignore": ["ASL2"]})) == FILES
    assert linted(config=load(".", overrides={"output_format": "json"})) == 0
    assert linted() == 0
    for number in range(1, 10):
        linted(config=load(".", overrides={"ignore": [f"ASL10{number}"]}))
    assert len(kept_files()) == 8


def test_what_no_module_is_imported_from_changes_nothing() -> None:
    """Directories above the repository, and those in which tools keep things."""
    write("org/tools.py", "import org.odd\n\n\nasync def tool():\n    org.odd.run()\n")
    write("org/odd.py", "async def run(): ...\n")
    write(".git/HEAD", "")
    write("other/pyproject.toml", "")
    write("other/inner.py", "import org.tools\n\norg.tools.tool()\n")
    linted()
    Path("../neighbour").mkdir()
    Path(".mypy_cache").mkdir()
    assert linted() == 0
    Path("../neighbour").rmdir()


def test_installed_packages_are_part_of_what_it_rests_on() -> None:
    site = Path(".venv/lib/python3.11/site-packages")
    write("pyvenv.cfg", "")
    write(".venv/pyvenv.cfg", "")
    write(str(site / "outside.py"), "async def load(): ...\n")
    write("app.py", "import outside\n\n\nasync def main():\n    outside.load()\n")
    linted()
    assert linted() == 0
    write(str(site / "outside.py"), "def load(): ...\n")
    assert linted() > 0


def test_other_code_of_ours_finds_everything_anew(tmp_path: Path) -> None:
    ours = tmp_path / ".." / "ours"
    shutil.copytree(ROOT / "asynclint", ours / "asynclint")

    def unchanged() -> int:
        command = [sys.executable, "-m", "asynclint", "--isolated", "-v", "--cache-dir=.kept", "."]
        environment = {**os.environ, "PYTHONPATH": str(ours), "PYTHONDONTWRITEBYTECODE": "1"}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stderr
        return int(found[1]) if (found := re.search(r"\((\d+) unchanged\)", told)) else 0

    module = ours / "asynclint" / "rule" / "wants.py"
    assert [unchanged(), unchanged()] == [0, FILES]
    for path in ours.rglob("*.py"):
        os.utime(path, ns=(1, 1))  # as another installation of it
    assert unchanged() == FILES
    module.write_text(module.read_text() + "# edited\n")
    assert [unchanged(), unchanged()] == [0, FILES]


def test_the_user_sees_how_much_was_unchanged() -> None:
    asynclint(".")
    code, out, err = asynclint("--verbose", ".")
    assert (code, "ASL201" in out) == (1, True)
    assert f"{FILES} files ({FILES} unchanged), 1 worker" in err


def test_a_run_that_changes_files_keeps_nothing_wrong() -> None:
    linted()
    asynclint("--fix", ".")
    assert "await asyncio.sleep" in Path("alone.py").read_text()
    assert linted() == 0


# what a stranger writes


def test_a_fix_is_never_taken_from_what_is_kept() -> None:
    linted()
    (place,) = kept_files()
    content = place.read_bytes()
    bad = content.replace(b"asyncio.sleep", b"os.abort_____"[:13])
    assert bad != content
    place.write_bytes(bad)
    asynclint("--fix", "alone.py")
    assert "os.abort" not in Path("alone.py").read_text()


@pytest.mark.parametrize("damage", [b"", b"\x00", b"{}", b"\x98" + b"\xc0" * 8])
def test_what_is_damaged_is_made_anew(damage: bytes) -> None:
    linted()
    (place,) = kept_files()
    whole = place.read_bytes()
    for content in (damage, whole[: len(whole) // 2], whole + damage):
        place.write_bytes(content)
        assert linted() in (0, FILES)
        assert place.read_bytes() == whole or linted() == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_kept_a_run_ends_well(data: st.DataObject) -> None:
    """Perhaps with what a stranger wants it to say, never with an error."""
    lint(["."], load("."), jobs=1)
    (place,) = kept_files()
    content = bytearray(place.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 1 << 20)) % len(content)] = data.draw(st.integers(0, 255))
    place.write_bytes(content)
    result = lint(["."], load("."), jobs=1)
    assert result.files == FILES
    assert all(finding.message.isprintable() and finding.span.line > 0 for finding in result.findings)
    place.unlink()


def test_numbers_that_fit_nothing_are_refused() -> None:
    linted()
    (place,) = kept_files()
    parts = msgspec.msgpack.decode(place.read_bytes(), strict=False)
    report = next(iter(parts[7].values()))
    finding = report["findings"][0]
    for change in ({"code": "ASL999"}, {"message": "\x1b[2J"}, {"path": "elsewhere.py"}):
        twisted = {**report, "findings": [{**finding, **change}]}
        place.write_bytes(msgspec.msgpack.encode([*parts[:7], {next(iter(parts[7])): twisted}, *parts[8:]]))
        assert linted() == FILES


# where it cannot be kept


def test_nothing_is_kept_where_that_is_not_wanted_or_not_possible() -> None:
    linter.lint(["."], load(".", cache=False))
    assert not Path(FOLDER).exists()
    Path(FOLDER).write_text("a file")
    assert [linted(), linted()] == [FILES, FILES]
    assert Path(FOLDER).read_text() == "a file"


def test_it_can_be_cleaned_away() -> None:
    linted()
    linted(config=load(".", overrides={"cache_dir": "kept"}))
    assert asynclint("clean").out == f"Removed {os.path.abspath(FOLDER)}\n"
    assert not Path(FOLDER).exists()
    assert asynclint("clean").out == "There was nothing to remove.\n"
    assert asynclint("clean", "--cache-dir", "kept").code == 0
    assert not Path("kept").exists()


def test_nothing_but_a_cache_is_cleaned_away() -> None:
    told = error("clean", "--cache-dir", "shop")
    assert "is no cache of asynclint" in told
    assert Path("shop/store.py").exists()
