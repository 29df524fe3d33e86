"""`--fix` and its kin as a user meets them, and what becomes of the files."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from test_cli import FINDING, GOOD, asynclint

from asynclint.engine.cache import FOLDER

SAFE = "import time\n\n\nasync def serve():\n    time.sleep(1)  # wait\n"
MENDED = "import asyncio\nimport time\n\n\nasync def serve():\n    await asyncio.sleep(1)  # wait\n"
UNSAFE = "async def save(): ...\n\n\nasync def serve():\n    save()\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.asynclint]\n")
    Path("safe.py").write_text(SAFE)
    Path("unsafe.py").write_text(UNSAFE)


def test_safe_fixes_are_made_and_the_rest_is_reported() -> None:
    code, out, err = asynclint("--fix", "--output-format", "concise")
    assert (code, err) == (1, "")
    first, finding, found, fixable = out.splitlines()
    assert first == "Fixed 1 finding."
    assert finding.startswith("unsafe.py:5:5: ASL101")
    assert (found, fixable) == ("Found 1 error.", "1 fixable with `--fix --unsafe-fixes`.")
    assert Path("safe.py").read_text() == MENDED
    assert Path("unsafe.py").read_text() == UNSAFE


def test_unsafe_fixes_are_made_when_asked_for_by_option_or_configuration() -> None:
    assert asynclint("--fix", "--unsafe-fixes") == (0, "Fixed 2 findings.\nAll checks passed!\n", "")
    Path("unsafe.py").write_text(UNSAFE)
    Path("pyproject.toml").write_text("[tool.asynclint]\nunsafe-fixes = true\n")
    assert asynclint("--fix", "--no-unsafe-fixes", "-q").code == 1
    assert asynclint("--fix", "-q") == (0, "", "")
    assert "await save()" in Path("unsafe.py").read_text()


def test_the_fixes_that_were_made_can_be_listed_and_can_fail_a_run() -> None:
    code, out, _ = asynclint("--fix-only", "--unsafe-fixes", "--show-fixes", "--exit-non-zero-on-fix")
    assert code == 1
    assert out == (
        "safe.py:\n    1 x ASL201 [blocking-sleep]\n"
        "unsafe.py:\n    1 x ASL101 [unawaited-coroutine]\nFixed 2 findings.\n"
    )


def test_fix_only_reports_nothing_else() -> None:
    assert asynclint("--fix-only") == (0, "Fixed 1 finding.\n", "")
    assert asynclint("--fix-only") == (0, "", "")


def test_a_diff_is_what_patch_takes_and_changes_nothing() -> None:
    code, out, err = asynclint("--diff")
    assert (code, err) == (1, "asynclint: would fix 1 finding\n")
    assert Path("safe.py").read_text() == SAFE
    subprocess.run(["patch", "-p0"], input=out, text=True, check=True, capture_output=True)
    assert Path("safe.py").read_text() == MENDED
    assert asynclint("--diff") == (0, "", "")


@pytest.mark.parametrize("option", ["--unfixable=ASL201", "--fixable=ASL1", "--unfixable=blocking-sleep"])
def test_what_may_be_fixed_can_be_chosen(option: str) -> None:
    assert asynclint("safe.py", "--fix", option, "-q").out.startswith("safe.py:5:5: ASL201")
    assert Path("safe.py").read_text() == SAFE


def test_a_selector_that_means_nothing_is_one_line() -> None:
    code, out, err = asynclint("--fix", "--unfixable=ASL999", "--isolated")
    assert (code, out) == (2, "")
    assert err.startswith("asynclint: unknown rule `ASL999` in `unfixable`, did you mean `ASL")


def test_stdin_is_fixed_to_stdout() -> None:
    code, out, err = asynclint("-", "--fix", stdin=SAFE.replace("\n", "\r\n").encode())
    assert (code, err) == (0, "Fixed 1 finding.\nAll checks passed!\n")
    assert out.replace("\r\n", "\n") == MENDED
    assert out.count("\r\n") == out.count("\n")
    assert asynclint("-", "--fix", stdin=GOOD.encode()).out == GOOD
    assert asynclint("-", "--fix", stdin=b"\xff").out == "\ufffd"


# the files


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SAFE.encode("utf-8-sig"), MENDED.encode("utf-8-sig")),
        (SAFE.replace("\n", "\r\n").encode(), MENDED.replace("\n", "\r\n").encode()),
        (
            f"# coding: latin-1\nNAME = '\xe9'\n{SAFE}".encode("latin-1"),
            f"# coding: latin-1\nNAME = '\xe9'\n{MENDED}".replace("import asyncio\n", "", 1).encode("latin-1"),
        ),
        (SAFE.rstrip().encode(), MENDED.rstrip().encode()),
        (SAFE.replace("    ", "\t").encode(), MENDED.replace("    ", "\t").encode()),
        (SAFE.replace("\n\n\n", "\n\f\n").encode(), MENDED.replace("\n\n\n", "\n\f\n").encode()),
    ],
    ids=["mark", "crlf", "latin-1", "no-newline-at-the-end", "tabs", "page-break"],
)
def test_encoding_mark_and_newlines_are_kept(before: bytes, after: bytes) -> None:
    if b"latin" in before:  # the imports do not stand first
        after = after.replace(b"# coding: latin-1\n", b"# coding: latin-1\nimport asyncio\n\n\n", 1)
    Path("safe.py").write_bytes(before)
    assert asynclint("safe.py", "--fix").code == 0
    assert Path("safe.py").read_bytes() == after


def test_mode_and_links_are_kept() -> None:
    Path("safe.py").chmod(0o755)
    Path("link.py").symlink_to("safe.py")
    assert asynclint("link.py", "--fix").code == 0
    assert Path("link.py").is_symlink()
    assert Path("safe.py").read_text() == MENDED
    assert stat.S_IMODE(os.stat("safe.py").st_mode) == 0o755
    left = sorted(path.name for path in Path().iterdir() if path.name != FOLDER)
    assert left == ["link.py", "pyproject.toml", "safe.py", "unsafe.py"]


def test_a_read_only_file_stays_and_is_named() -> None:
    Path("safe.py").chmod(0o444)
    code, out, err = asynclint("--fix", "--unsafe-fixes")
    assert code == 2
    assert out.startswith("Fixed 1 finding.\n" + FINDING.replace("bad", "safe"))
    assert err == "asynclint: safe.py: cannot be fixed: it is read-only\n"
    assert Path("safe.py").read_text() == SAFE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device to write to")
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    limit = ["bash", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "bash"]  # no file may grow at all
    code, _, err = asynclint("safe.py", "--fix", "--no-cache", prefix=limit)
    assert code == 2
    assert err == "asynclint: safe.py: cannot be fixed: file too large\n"
    assert Path("safe.py").read_text() == SAFE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml", "safe.py", "unsafe.py"]
