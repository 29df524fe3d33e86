"""The benchmarks measure what they say, and leave what they measure as it is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from imported import add_line, leaf_and_hub
from measuring import Failed, measured
from specimens import ROOT
from test_cli import environment

HELPERS = "import time\n\n\ndef wait():\n    x = 1\n    time.sleep(x)\n"
PACKAGE = {
    "__init__.py": "",
    "helpers.py": HELPERS,
    "a.py": "from .helpers import wait\n\n\nasync def a():\n    wait()\n    return 1\n",
    "b.py": "import shop.helpers\nfrom shop import a\n\n\nasync def b():\n    await a.a()\n    return 2\n",
    "inner/__init__.py": "",
    "inner/c.py": "from .. import helpers\nfrom ..a import a\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def state(folder: Path) -> dict[Path, object]:
    """All that is there, and when it was changed."""
    return {each: (each.stat().st_mtime_ns, each.is_file() and each.read_bytes()) for each in folder.parent.rglob("*")}


def test_who_is_imported_by_nobody_and_who_by_most(package: Path) -> None:
    leaf, hub, importers = leaf_and_hub(package, sorted(package.rglob("*.py")))
    assert (leaf.name, hub.name, importers) == ("b.py", "helpers.py", 3)


def test_a_line_is_added_to_a_body_alone(package: Path) -> None:
    for _ in range(2):
        add_line(package / "helpers.py")
    text = (package / "helpers.py").read_text()
    assert text == HELPERS.replace("    time", "    pass\n    pass\n    time")
    assert ast.parse(text)


def test_what_a_process_cost_is_told_with_its_children() -> None:
    program = "bytearray(b'x') * 100_000_000"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    cost = measured((sys.executable, "-c", child)).cost
    assert cost.peak > 100
    assert cost.cpu > 0


def test_a_tool_that_fails_is_no_quick_tool() -> None:
    with pytest.raises(Failed, match="no such thing"):
        measured((sys.executable, "-c", "raise SystemExit('no such thing')"))


def test_all_of_asynclint_is_measured_on_a_copy(package: Path) -> None:
    before = state(package)
    command = (sys.executable, "speed.py", str(package), "--runs=1", "--tools=floor,asynclint")
    ran = subprocess.run(
        command, cwd=ROOT / "benchmarks", env=environment({}), capture_output=True, text=True, check=False
    )
    linted = [line.split("|")[-2].strip() for line in ran.stdout.splitlines() if line.startswith("| asynclint")]
    assert (ran.returncode, linted[:3]) == (0, ["6", "0", "0"]), ran.stderr
    assert all(0 < int(number) <= 6 for number in linted[3:])
    assert state(package) == before
