"""The language server in the real Emacs, with eglot: it shows a finding, applies the fix, and sees the finding vanish.

It runs when ASYNCLINT_EDITORS is set, as in `.ci/run`.
"""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("eglot.el")
TEXT = 'import time\n\n\nasync def wait():\n    "é😀"; time.sleep(1)\n'
HAS_EGLOT = "(progn (package-initialize) (require 'eglot))"


@cache
def has_eglot() -> bool:
    """Newer versions of Emacs bring it along; for Emacs 28 it is a package."""
    if shutil.which("emacs") is None:
        return False
    return subprocess.run(["emacs", "--batch", "--eval", HAS_EGLOT], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif("ASYNCLINT_EDITORS" not in os.environ, reason="starts an editor: ASYNCLINT_EDITORS=1")
def test_a_finding_is_shown_and_fixed(tmp_path: Path) -> None:
    pytest.importorskip("pygls")
    if not has_eglot():
        pytest.skip("Emacs with eglot is not installed")
    (tmp_path / "wait.py").write_text(TEXT)
    answer = tmp_path / "seen.json"
    surroundings = {
        **os.environ,
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SERVER": json.dumps([sys.executable, "-m", "asynclint", "server"]),
        "SEEN": str(answer),
    }
    command = ["emacs", "--batch", "--no-init-file", "--load", str(SCRIPT)]
    done = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.exists(), done.stdout + done.stderr
    seen = json.loads(answer.read_text())
    assert (seen["managed"], seen["came"]) == (True, True), done.stderr
    (message,) = seen["before"]
    assert "time.sleep" in message
    assert seen["shown"] == "time.sleep(1)"
    assert (seen["went"], seen["after"]) == (True, []), done.stderr
    assert seen["text"] == TEXT.replace("import time", "import asyncio\nimport time").replace(
        "time.sleep", "await asyncio.sleep"
    )
