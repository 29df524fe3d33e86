"""A process that is killed loses nothing: its files are done again, and the one that kills is named."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from test_cli import Outcome, environment

from asynclint.engine.pool import BATCH

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is arranged here, only a forked process inherits")

BAD = "import time\n\n\nasync def serve():\n    time.sleep(1)\n"
FILES = 2 * BATCH + 1

# The tool, whose processes are killed as if memory was short: by each text that says "deadly" when it is read, by each
# body that says so when it is checked, or once by one.
PROGRAM = """
import ast, libcst, os, pathlib, signal

this, mercy = os.getpid(), pathlib.Path("mercy")

def risky(parse):
    def parse_or_die(source, *arguments, **options):
        if "deadly" in source and os.getpid() != this and not mercy.exists():
            if "once" in source:
                mercy.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return parse(source, *arguments, **options)
    return parse_or_die

def born():
    with open("born", "a") as file:
        file.write(".")

libcst.parse_module = risky(libcst.parse_module)
if not os.path.exists("checking"):
    ast.parse = risky(ast.parse)
os.register_at_fork(after_in_child=born)
from asynclint.__main__ import main
main()
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(FILES):
        Path(f"file{number:03}.py").write_text(BAD)


def run(*arguments: str) -> Outcome:
    """In two processes, of which one or the other may be killed."""
    command = [sys.executable, "-c", PROGRAM, "-j2", *(arguments or ["--no-cache"]), "--output-format=concise", "."]
    done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def say(word: str, *numbers: int) -> None:
    for number in numbers:
        Path(f"file{number:03}.py").write_text(f"{BAD}    # {word}\n    await serve()\n")


def found(out: str) -> set[str]:
    return {line.split(":")[0] for line in out.splitlines() if "ASL201" in line}


def names(numbers: Iterable[int]) -> set[str]:
    return {f"file{number:03}.py" for number in numbers}


@pytest.fixture(params=["reading", "checking"])
def _phase(request: pytest.FixtureRequest) -> None:
    Path(request.param).touch()


@pytest.mark.usefixtures("_phase")
def test_a_process_that_is_killed_once_makes_no_difference() -> None:
    say("deadly once", 50)
    killed, unharmed = run(), run()
    assert Path("mercy").exists()
    assert killed == unharmed
    assert found(killed.out) == names(range(FILES))


@pytest.mark.usefixtures("_phase")
@pytest.mark.parametrize("deadly", [[0], [FILES - 1], [3, 4, 60]])
def test_a_file_that_kills_is_named_and_no_other_is_lost(deadly: list[int]) -> None:
    say("deadly", *deadly)
    code, out, err = run()
    assert (code, sorted(err.splitlines())) == (2, [told(name) for name in sorted(names(deadly))])
    assert found(out) == names(range(FILES)) - names(deadly)


def told(name: str) -> str:
    return f"asynclint: {name}: ended the process that analysed it; please report it"


def test_who_imports_a_file_that_kills_is_not_harmed() -> None:
    say("deadly", 7)
    for number in range(20, 40):
        Path(f"file{number:03}.py").write_text(f"import file007\n{BAD}    file007.serve()\n")
    code, out, err = run()
    assert (code, err.splitlines()) == (2, [told("file007.py")])
    assert found(out) == names(range(FILES)) - names([7])


@pytest.mark.usefixtures("_phase")
def test_it_is_found_by_halving() -> None:
    """A process for each file would take hours where there are thousands."""
    say("deadly", 7)
    run()
    assert Path("born").stat().st_size < 6 + 2 * BATCH.bit_length()


def test_what_was_killed_is_tried_again_by_the_next_run() -> None:
    Path("file.py").write_text("import file007\n\n\nasync def run():\n    file007.serve()\n")
    say("deadly", 7)
    assert run("--cache-dir=kept").code == 2
    Path("mercy").touch()
    code, out, err = run("--cache-dir=kept")
    assert (code, err) == (1, "")
    assert found(out) == names(range(FILES))
    assert "file.py:5:5: ASL101" in out
