"""The hooks in the real pre-commit and prek: a commit with a mistake is refused, a clean one is made.

What makes an environment for the hooks takes half a minute, so it runs when ASYNCLINT_HOOKS is set, as in `.ci/run`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from specimens import ROOT

pytest.importorskip("pre_commit")

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
PACKAGED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
PRE_COMMIT = (sys.executable, "-m", "pre_commit")
TAG = "v1.0"

HELPERS = "import time\n\n\ndef fetch():\n    time.sleep(1)\n"
CALM = "async def show():\n    return 1\n"
BLOCKED = "from helpers import fetch\n\n\nasync def show():\n    return fetch()\n"
FIXABLE = "import asyncio\nimport time\n\n\nasync def show():\n    time.sleep(1)\n"
FIXED = FIXABLE.replace("time.sleep", "await asyncio.sleep")

slow = pytest.mark.skipif("ASYNCLINT_HOOKS" not in os.environ, reason="makes an environment: ASYNCLINT_HOOKS=1")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run("git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.org", *arguments, cwd=cwd)


def committed(folder: Path, message: str = "all") -> subprocess.CompletedProcess[str]:
    git("add", "--all", cwd=folder)
    return git("commit", "--quiet", "-m", message, cwd=folder)


def entries() -> dict[str, list[str]]:
    """The command of each hook in the manifest."""
    found = re.findall(r"^- id: (\S+)$.*?^  entry: (.+?)$", MANIFEST.read_text(), re.MULTILINE | re.DOTALL)
    return {hook: shlex.split(entry) for hook, entry in found}


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    done = run(*PRE_COMMIT, "validate-manifest", str(MANIFEST), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("hook", "content", "code", "left"),
    [
        ("asynclint", CALM, 0, CALM),
        ("asynclint", FIXABLE, 1, FIXABLE),
        ("asynclint-fix", CALM, 0, CALM),
        ("asynclint-fix", FIXABLE, 1, FIXED),
        ("asynclint-fix", BLOCKED, 1, BLOCKED),
    ],
    ids=["clean", "found", "nothing-to-fix", "fixed", "left"],
)
def test_the_command_of_a_hook_given_a_file(tmp_path: Path, hook: str, content: str, code: int, left: str) -> None:
    """pre-commit asks of it to fail when it has changed something or something is left."""
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "page.py").write_text(content)
    done = run(sys.executable, "-m", *entries()[hook], "page.py", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "page.py").read_text()) == (code, left), done.stdout + done.stderr


@pytest.mark.parametrize("hook", ["asynclint", "asynclint-fix"])
def test_a_file_of_a_commit_may_be_excluded(tmp_path: Path, hook: str) -> None:
    (tmp_path / "page.py").write_text(FIXABLE)
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\nextend-exclude = ['page.py']\n")
    done = run(sys.executable, "-m", *entries()[hook], "page.py", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "page.py").read_text()) == (0, FIXABLE), done.stdout


# in pre-commit's and prek's own environments


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A repository that gives the hooks, to be installed without a network from a wheelhouse."""
    folder = tmp_path_factory.mktemp("hooks")
    wheels, repository = folder / "wheels", folder / "asynclint"
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(wheels))
    made = run(*pip, str(ROOT), "hatchling", cwd=folder)
    if made.returncode:
        pytest.skip(f"no wheelhouse can be built: {made.stderr.strip().splitlines()[-1:]}")
    shutil.copytree(ROOT / "asynclint", repository / "asynclint", ignore=shutil.ignore_patterns("__pycache__"))
    for name in PACKAGED:
        shutil.copy(ROOT / name, repository)
    git("init", "--quiet", cwd=repository)
    committed(repository)
    git("tag", TAG, cwd=repository)
    with pytest.MonkeyPatch.context() as variables:
        for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            variables.delenv(name, raising=False)
        variables.setenv("PIP_NO_INDEX", "1")
        variables.setenv("UV_NO_INDEX", "1")
        variables.setenv("PIP_FIND_LINKS", str(wheels))
        variables.setenv("UV_FIND_LINKS", str(wheels))
        variables.setenv("PIP_CONFIG_FILE", os.devnull)
        variables.setenv("PRE_COMMIT_HOME", str(folder / "pre-commit"))
        variables.setenv("PREK_HOME", str(folder / "prek"))
        yield repository.as_uri()


@pytest.fixture
def project(tmp_path: Path, hooks: str) -> Path:
    """A project that has two clean modules and runs the hook `asynclint`."""
    use(hooks, "asynclint", tmp_path)
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "page.py").write_text(CALM)
    git("init", "--quiet", cwd=tmp_path)
    for key, value in (("user.name", "nobody"), ("user.email", "nobody@example.org")):
        git("config", key, value, cwd=tmp_path)
    assert committed(tmp_path).returncode == 0
    return tmp_path


def use(hooks: str, hook: str, folder: Path) -> None:
    config = f"repos:\n- repo: {hooks}\n  rev: {TAG}\n  hooks:\n  - id: {hook}\n"
    (folder / ".pre-commit-config.yaml").write_text(config)


@slow
def test_a_commit_is_refused_until_it_is_clean(project: Path) -> None:
    """Only `page.py` is in the commit; what it calls is known from the project all the same."""
    assert run(*PRE_COMMIT, "install", cwd=project).returncode == 0
    (project / "page.py").write_text(BLOCKED)
    refused = committed(project)
    assert refused.returncode == 1
    assert "page.py:5:12: ASL210" in refused.stderr, refused.stderr
    (project / "page.py").write_text(FIXED)
    made = committed(project)
    assert made.returncode == 0, made.stderr
    assert "Passed" in made.stderr


@slow
def test_a_commit_that_was_fixed_is_made_the_second_time(project: Path, hooks: str) -> None:
    use(hooks, "asynclint-fix", project)
    assert run(*PRE_COMMIT, "install", cwd=project).returncode == 0
    (project / "page.py").write_text(FIXABLE)
    refused = committed(project)
    assert refused.returncode == 1
    assert "files were modified by this hook" in refused.stderr
    assert (project / "page.py").read_text() == FIXED
    assert committed(project).returncode == 0


@slow
def test_try_repo_on_a_whole_project(project: Path, hooks: str) -> None:
    (project / "page.py").write_text(BLOCKED)
    done = run(*PRE_COMMIT, "try-repo", hooks, "asynclint-project", "--all-files", cwd=project)
    assert (done.returncode, "page.py:5:12: ASL210" in done.stdout) == (1, True), done.stdout + done.stderr


@slow
def test_prek_runs_the_same_hooks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prek = shutil.which("prek", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if prek is None:
        pytest.skip("prek is not installed; the dev extra brings it")
    monkeypatch.delenv("PIP_NO_INDEX")  # for uv alone, which prek fetches and then tells what to install
    monkeypatch.delenv("PIP_CONFIG_FILE")
    clean = run(prek, "run", "--all-files", cwd=project)
    if "Failed to install uv" in clean.stderr:
        pytest.skip("prek cannot fetch uv, with which it makes environments")
    assert (clean.returncode, "Passed" in clean.stdout) == (0, True), clean.stdout + clean.stderr
    (project / "page.py").write_text(BLOCKED)
    refused = run(prek, "run", "--all-files", cwd=project)
    assert (refused.returncode, "page.py:5:12: ASL210" in refused.stdout) == (1, True), refused.stdout
