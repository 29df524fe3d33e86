"""The examples on the pages, executed: the mistake shows at run time as the page says, and the good code has it not.

A rule whose mistake shows has a `proof.py` among its fixtures: a program that runs the page's own code, written beside
it as `example.py`. Its first two lines say what the output contains for the page's first bad and first good block:

    # bad: ValueError: task_done() called too many times
    # good: 3 done

`hangs` instead means that the program never ends.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from specimens import FIXTURES, folders
from test_rules import examples

from asynclint.catalog import find

PROOFS = [folder for folder in folders() if (folder / "proof.py").exists()]
LONG_ENOUGH = 20.0  # seconds, for a program that ends by itself in a fraction of one
HANGS = 3.0  # seconds after which such a program is believed to hang


def expected(folder: Path, kind: str) -> str:
    """What the proof says of one kind of example."""
    found = re.search(rf"^# {kind}: (.+)$", (folder / "proof.py").read_text(), re.MULTILINE)
    assert found, f"{folder.name}/proof.py has no line `# {kind}: ...`"
    return found[1]


def output(folder: Path, kind: str, directory: Path, *, seconds: float) -> str:
    """All that the program prints, "hangs" when it had to be ended."""
    block = examples(find(folder.name.replace("_", "-")), kind.title())[0]
    (directory / "example.py").write_text(block)
    (directory / "proof.py").write_text((folder / "proof.py").read_text())
    command = [sys.executable, "-X", "dev", "-W", "always", "proof.py"]
    try:
        run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    return run.stdout + run.stderr


@pytest.mark.parametrize("folder", PROOFS, ids=lambda folder: folder.name)
def test_the_symptom_appears_and_disappears(folder: Path, tmp_path: Path) -> None:
    bad, good = expected(folder, "bad"), expected(folder, "good")
    shown = output(folder, "bad", tmp_path, seconds=HANGS if bad == "hangs" else LONG_ENOUGH)
    assert bad in shown
    healed = output(folder, "good", tmp_path, seconds=LONG_ENOUGH)
    assert good in healed
    assert bad not in healed
    assert good not in shown


def test_there_are_proofs() -> None:
    assert FIXTURES / "missing_task_done" in PROOFS
