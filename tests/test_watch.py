"""`--watch`: after each change the findings are those of a fresh run, and only what may have changed is linted."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_cli import asynclint, environment, error

from asynclint.adopting import write_baseline
from asynclint.config import load
from asynclint.finding import Finding
from asynclint.linter import lint
from asynclint.live import Watch

PROJECT = {
    "pyproject.toml": "[tool.asynclint]\n",
    "app.py": "from shop.api import place\n\n\nasync def main():\n    place()\n",
    "alone.py": "import time\n\n\nasync def wait():\n    time.sleep(1)\n",
    "shop/__init__.py": "",
    "shop/api.py": "from shop.store import save as place\n",
    "shop/store.py": "import time\n\n\ndef save():\n    time.sleep(1)\n",
}
PLAIN = "def save():\n    pass\n"
COROUTINE = "async def save():\n    pass\n"
BROKEN = "def save(:\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in PROJECT.items():
        write(name, text)


def write(name: str, text: str) -> None:
    """Whole or not at all, so that nobody looks at half of it."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)


def delete(name: str) -> None:
    Path(name).unlink()


class Watched:
    """Someone who looks at the results while files are edited."""

    def __init__(self, *paths: str) -> None:
        self._paths = paths
        self._watch = Watch(paths, lambda: load("."))
        self.findings: tuple[Finding, ...] = ()
        self.linted: list[str] = []
        self.look()

    def look(self) -> "Watched":
        """Findings as a fresh run has them, whatever was linted for it."""
        new = self._watch.lint()
        self.linted = []
        if new is not None:
            self.findings, self.linted = new[0].findings, sorted(new[1])
        fresh = lint(self._paths, load(".", cache=False), jobs=1)
        assert lint(self._paths, load("."), jobs=1) == fresh  # from what such runs have kept
        assert self.findings == fresh.findings
        assert new is None or new[0] == fresh
        return self

    def is_outdated(self) -> bool:
        return self._watch.is_outdated()

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]


EVERY = ["alone.py", "app.py", "shop/__init__.py", "shop/api.py", "shop/store.py"]


def test_only_what_a_change_affects_is_linted() -> None:
    watched = Watched(".")
    assert (watched.codes, watched.linted) == (["ASL201", "ASL210"], EVERY)
    assert watched.look().linted == []
    write("alone.py", "x = 1\n")
    assert watched.look().linted == ["alone.py"]
    write("shop/store.py", COROUTINE)
    assert watched.look().linted == ["app.py", "shop/api.py", "shop/store.py"]
    assert watched.codes == ["ASL101"]
    write("shop/store.py", BROKEN)
    assert watched.look().codes == ["ASL000"]
    write("shop/store.py", PLAIN)
    assert watched.look().codes == []
    write("app.py", PROJECT["app.py"] + "\n\nimport time\n\n\nasync def more():\n    time.sleep(1)\n")
    assert watched.look().linted == ["app.py"]
    assert watched.codes == ["ASL201"]


def test_the_baseline_may_come_and_go() -> None:
    watched = Watched(".")
    write_baseline(lint(["alone.py"], load(".")), load("."))
    assert watched.is_outdated()
    assert watched.look().codes == ["ASL210"]
    write("alone.py", PROJECT["alone.py"].replace("(1)", "(2)"))
    assert watched.look().codes == ["ASL201", "ASL210"]
    assert watched.linted == ["alone.py"]
    write("alone.py", PROJECT["alone.py"])
    assert watched.look().codes == ["ASL210"]
    delete(".asynclint-baseline.json")
    assert watched.look().codes == ["ASL201", "ASL210"]


def test_files_may_come_and_go() -> None:
    watched = Watched(".")
    write("new.py", PROJECT["app.py"])
    assert watched.look().codes == ["ASL201", "ASL210", "ASL210"]
    write("shop/store.pyi", "async def save(): ...\n")
    watched.look()
    delete("shop/store.pyi")
    delete("shop/store.py")
    assert watched.look().codes == ["ASL201"]
    write("shop/store/__init__.py", "from shop.store.deep import save\n")
    write("shop/store/deep.py", COROUTINE)
    assert watched.look().codes == ["ASL201", "ASL101", "ASL101"]
    delete("new.py")
    watched.look()
    Path("far/away").mkdir(parents=True)
    assert watched.look().linted == []
    write("far/away/late.py", PROJECT["app.py"])
    assert watched.look().linted == ["far/away/late.py"]
    assert watched.look().linted == []
    delete("far/away/late.py")
    watched.look()
    os.replace("alone.py", "shop/store/deep.py")
    assert watched.look().codes == ["ASL201"]


def test_what_is_read_matters_though_it_is_not_linted() -> None:
    watched = Watched("app.py")
    assert (watched.codes, watched.linted) == (["ASL210"], ["app.py"])
    write("alone.py", "x = 1\n")
    assert watched.look().linted == []
    write("shop/store.py", COROUTINE)
    assert watched.look().codes == ["ASL101"]
    write("shop.py", "def api(): ...\n")
    watched.look()


def test_configuration_and_ignored_files_are_followed() -> None:
    watched = Watched(".")
    write("pyproject.toml", '[tool.asynclint]\nignore = ["ASL201"]\n')
    assert (watched.look().codes, watched.linted) == (["ASL210"], EVERY)
    write(".git/HEAD", "")
    write(".gitignore", "app.py\n")
    assert watched.look().codes == []
    write(".gitignore", "")
    assert watched.look().codes == ["ASL210"]


def test_files_that_cannot_be_read_are_tried_again() -> None:
    watched = Watched(".")
    delete("app.py")
    Path("app.py").symlink_to("nowhere.py")
    watched.look()
    write("nowhere.py", PROJECT["app.py"])
    assert watched.look().codes == ["ASL201", "ASL210"]


def test_what_nobody_told_is_noticed() -> None:
    watch = Watch(["."], lambda: load("."))
    watch.lint()
    assert watch.lint() is None
    assert not watch.is_outdated()
    for change in (
        lambda: write("shop/store.py", PLAIN),
        lambda: write("shop/more.py", PLAIN),
        lambda: delete("app.py"),
        lambda: write("pyproject.toml", '[tool.asynclint]\nignore = ["ASL2"]\n'),
    ):
        change()
        assert watch.is_outdated()
        watch.lint()
        watch.lint()
        assert not watch.is_outdated()


def test_the_places_to_watch_hold_whatever_matters() -> None:
    watch = Watch(["shop/api.py"], lambda: load("."))
    watch.lint()
    assert {os.path.abspath(place) for place in (".", "shop")} <= watch.places()


def test_what_depends_on_all_files_is_always_linted() -> None:
    write("pyproject.toml", '[tool.asynclint]\nselect = ["async-without-await"]\n')
    write("pkg/__init__.py", "")
    write("pkg/idle.py", "async def idle():\n    return 1\n\n\nasync def user():\n    await idle()\n")
    watched = Watched(".")
    assert watched.codes
    write("elsewhere.py", "import pkg.idle\n\nhandlers = {'x': pkg.idle.idle, 'idle': pkg.idle.user}\n")
    assert "pkg/idle.py" in watched.look().linted
    assert watched.codes == []
    delete("elsewhere.py")
    assert watched.look().codes


# the command line


@pytest.fixture
def watching() -> Iterator[Callable[[], str]]:
    """A run that watches; each call waits for its next word."""
    # A background job of a shell ignores SIGINT, and its children inherit that.
    code = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = f"{code}runpy.run_module('asynclint', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", program, "--watch", "-o", "report.json", "--output-format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})) as run:

        def said() -> str:
            assert run.stderr is not None
            assert select.select([run.stderr], [], [], 60)[0], "nothing was said"
            return run.stderr.readline().decode()

        yield said
        run.send_signal(signal.SIGINT)
        assert run.communicate() == (b"", b"")
    assert run.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="signals and pipes are another matter there")
def test_edits_are_followed_until_an_interrupt(watching: Callable[[], str]) -> None:
    def fresh() -> list[object]:
        return list(json.loads(asynclint("--output-format", "json").out))

    def reported() -> list[object]:
        return list(json.loads(Path("report.json").read_text()))

    assert watching() == "asynclint: linted 5 of 5 files; watching, Ctrl-C ends\n"
    assert reported() == fresh()
    write("shop/store.py", COROUTINE)
    assert watching() == "asynclint: linted 3 of 5 files; watching, Ctrl-C ends\n"
    assert [found["code"] for found in reported()] == ["ASL201", "ASL101"]  # type: ignore[index]
    assert reported() == fresh()
    write("new/deep/late.py", PROJECT["alone.py"])
    assert "linted 1 of 6 files" in watching()
    assert reported() == fresh()
    assert len(fresh()) == 3
    write("pyproject.toml", "[tool.asynclint\n")
    assert "invalid TOML" in watching()
    write("pyproject.toml", '[tool.asynclint]\nselect = ["ASL1"]\n')
    assert "linted 6 of 6 files" in watching()
    assert reported() == fresh()
    write("app.py", "x = 1\n")
    assert "linted 1 of 6 files" in watching()
    assert reported() == fresh() == []


def test_watching_clears_the_screen_of_a_terminal_only() -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "asynclint", "--watch", "alone.py"]
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.PIPE, env=environment({})) as run:
        assert run.stderr is not None
        assert b"watching" in run.stderr.readline()
        run.kill()
    assert os.read(leader, 10_000).startswith(b"\x1b[2J")
    os.close(leader)
    os.close(follower)


@pytest.mark.parametrize("arguments", [("--fix",), ("--diff",), ("--fix-only",), ("-",)])
def test_watching_only_reports(arguments: tuple[str, ...]) -> None:
    assert "--watch lints files and reports" in error("--watch", *arguments)


def test_a_wrong_configuration_does_not_start_to_watch() -> None:
    write("pyproject.toml", '[tool.asynclint]\nselect = ["ASL9999"]\n')
    assert "unknown rule `ASL9999`" in error("--watch")


def test_watching_without_watchfiles_says_how_to_get_it(tmp_path: Path) -> None:
    write("hidden/watchfiles.py", "raise ImportError\n")
    path = os.pathsep.join([str(tmp_path / "hidden"), *sys.path])
    code, out, err = asynclint("--watch", env={"PYTHONPATH": path})
    assert (code, out) == (2, "")
    assert err == "asynclint: --watch needs watchfiles; `pip install 'asynclint[watch]'` installs it\n"
