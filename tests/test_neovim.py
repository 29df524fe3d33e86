"""The language server in the real Neovim: it shows a finding, applies the fix, and sees the finding vanish.

It runs when ASYNCLINT_EDITORS is set, as in `.ci/run`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("neovim.lua")
TEXT = 'import time\n\n\nasync def wait():\n    "é😀"; time.sleep(1)\n'

pytestmark = [
    pytest.mark.skipif("ASYNCLINT_EDITORS" not in os.environ, reason="starts an editor: ASYNCLINT_EDITORS=1"),
    pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed"),
]


def test_a_finding_is_shown_and_fixed(tmp_path: Path) -> None:
    pytest.importorskip("pygls")
    (tmp_path / "wait.py").write_text(TEXT)
    (tmp_path / "seen").mkdir()
    answer = tmp_path / "seen" / "it.json"
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SERVER": json.dumps([sys.executable, "-m", "asynclint", "server"]),
        "SEEN": str(answer),
        **{name: str(tmp_path / "seen") for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")},
    }
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {SCRIPT}"]
    done = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.exists(), done.stdout + done.stderr
    seen = json.loads(answer.read_text())
    assert (seen["came"], seen["before"]) == (True, ["ASL201"]), done.stderr
    assert seen["place"] == [4, 14, 4, 27]  # Neovim counts bytes
    assert seen["severity"] == 1
    assert "time.sleep" in seen["message"]
    assert (seen["went"], seen["after"]) == (True, [])
    expected = TEXT.replace("import time", "import asyncio\nimport time").replace("time.sleep", "await asyncio.sleep")
    assert seen["lines"] == expected.splitlines()
