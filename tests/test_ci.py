"""What docs/ci.md and action.yml tell a pipeline to do, done on a real repository."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import fences
from specimens import ROOT
from test_cli import environment

PAGE = ROOT / "docs" / "ci.md"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEP = ACTION["runs"]["steps"][-1]
CLEAN = "async def place(store, order):\n    await store.save(order)\n"

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nrequires-python = ">=3.11"\n\n'
    '[tool.asynclint]\nsrc = ["src"]\nextend-exclude = ["generated"]\n',
    "src/shop/__init__.py": "",
    "src/shop/store.py": "class Store:\n    async def save(self, order: str) -> None: ...\n",
    "src/shop/orders.py": "from shop.store import Store\n\n\n"
    "async def place(store: Store, order: str) -> None:\n    store.save(order)\n",
    "src/shop/generated/client.py": "import time\n\n\nasync def call():\n    time.sleep(1)\n",
    "tests/test_orders.py": "from shop.orders import place\n\n\nasync def test() -> None:\n    await place(None)\n",
}
PROGRAMS = {  # those that fetch asynclint say what they would fetch, and run the one that is here
    "asynclint": f'exec {shlex.quote(sys.executable)} -m asynclint "$@"',
    "pipx": 'echo "$@" > "$FETCHED"; while [ "$1" != asynclint ]; do shift; done; exec "$@"',
    "uvx": 'echo "$@" > "$FETCHED"; exec "$@"',
    "reviewdog": "cat",
}


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(content)
    (tmp_path / "bin").mkdir()
    for name, script in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FETCHED", str(tmp_path / "fetched"))
    monkeypatch.chdir(tmp_path / "shop")
    sh("git init --quiet")


def sh(script: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a script as a step of GitHub Actions does."""
    command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
    return subprocess.run(command, env=environment(variables or {}), capture_output=True, text=True, check=False)


def action(**inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the last step of the action with these inputs."""
    values = {f"inputs.{name}": each["default"] for name, each in ACTION["inputs"].items()}
    values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
    values |= {"steps.python.outputs.python-path": ""}
    variables = {
        name: re.sub(r"\$\{\{ (.+?) \}\}", lambda at: values[at[1]], text) for name, text in STEP["env"].items()
    }
    return sh(STEP["run"], {**variables, "GITHUB_ACTION_PATH": "/the/action"})


def annotations(output: str) -> list[dict[str, Any]]:
    """What GitHub reads out of a log."""
    found = []
    for line in output.splitlines():
        kind, properties, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
        found.append({"kind": kind, "message": message, **dict(each.split("=", 1) for each in properties.split(","))})
    return found


# the action


@pytest.mark.parametrize("inputs", [{}, {"command": "asynclint"}, {"paths": "src\ntests\n"}], ids=str)
def test_the_action_shows_a_finding_at_its_place(inputs: dict[str, str]) -> None:
    done = action(**inputs)
    assert (done.returncode, done.stderr) == (1, "")
    (shown,) = annotations(done.stdout)
    assert shown.pop("message").startswith(
        "src/shop/orders.py:5:5: ASL101 coroutine `store.save(...)` is never awaited"
    )
    assert shown == {
        "kind": "error",
        "title": "ASL101 [unawaited-coroutine]",
        "file": "src/shop/orders.py",
        "line": "5",
        "endLine": "5",
        "col": "5",
        "endColumn": "22",
    }


def test_the_action_passes_when_nothing_is_found() -> None:
    Path("src/shop/orders.py").write_text(CLEAN)
    done = action()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_action_says_what_is_wrong_with_its_inputs() -> None:
    done = action(paths="nowhere")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "asynclint: nowhere: no such file or directory\n")


@pytest.mark.parametrize(
    ("version", "package"),
    [("", "/the/action"), ("1.2", "asynclint==1.2"), (">=1.2,<2", "asynclint>=1.2,<2")],
)
def test_the_action_fetches_the_version_that_is_asked_for(tmp_path: Path, version: str, package: str) -> None:
    action(version=version, args="--show-files")
    fetched = (tmp_path / "fetched").read_text().strip()
    assert fetched == f"run --spec {package} asynclint check --output-format github --show-files -- ."


def test_the_action_fetches_nothing_where_asynclint_is(tmp_path: Path) -> None:
    assert action(command="asynclint", version="1.2").returncode == 1
    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("name", ["paths", "args", "output-format", "version", "command"])
def test_no_input_is_ever_run(name: str) -> None:
    assert action(
        **{name: "$(touch hacked) `touch hacked` \"; touch hacked; ' & touch hacked\ntouch hacked"}
    ).returncode
    assert not Path("hacked").exists()


def test_a_path_may_hold_spaces() -> None:
    Path("src/shop/orders.py").rename("src/shop/my orders.py")
    assert [each["file"] for each in annotations(action(paths="src/shop/my orders.py\ntests").stdout)] == [
        "src/shop/my orders.py"
    ]


def test_values_reach_the_script_as_variables_only() -> None:
    assert "${{" not in STEP["run"]


def test_the_page_names_every_input_and_its_default() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|(.*?)\|", PAGE.read_text(), re.MULTILINE)
    defaults = {name: f"`{each['default']}`" if each["default"] else "" for name, each in ACTION["inputs"].items()}
    assert {name: default.strip() for name, default in rows} == {**defaults, "version": "the one of the tag"}


# the lines of the page

LINES = {
    "pipx run asynclint src/": 1,
    "uvx asynclint src/": 1,
    "asynclint --output-format github src/": 1,
    "asynclint --output-format junit --output-file asynclint.xml src/": 1,
    "asynclint --output-format azure src/": 1,
    "asynclint --output-format rdjson src/ | reviewdog -f=rdjson -reporter=github-pr-review": 1,
    'asynclint --baseline "" --statistics --exit-zero src/': 0,
}
TRIED_BELOW = {"asynclint --write-baseline", "asynclint --output-format gitlab --output-file asynclint.json src/"}


def test_every_line_of_the_page_is_tried() -> None:
    lines = [line for block in fences(PAGE, "sh") for line in block.splitlines()]
    lines += re.findall(r"^ *- (?:run: )?(asynclint .*)$", "".join(fences(PAGE, "yaml")), re.MULTILINE)
    assert {*lines} - {"git add .asynclint-baseline.json"} == LINES.keys() | TRIED_BELOW


@pytest.mark.parametrize(("line", "code"), LINES.items())
def test_a_line_of_the_page(line: str, code: int) -> None:
    done = sh(line)
    assert (done.returncode, done.stderr) == (code, "")
    report = Path("asynclint.xml")
    assert "ASL101" in (report.read_text() if report.exists() else done.stdout)


def test_the_report_for_gitlab() -> None:
    (job,) = (found["asynclint"] for block in fences(PAGE, "yaml") if "asynclint" in (found := yaml.safe_load(block)))
    install, lint = job["script"]
    assert install == "pip install asynclint"
    assert sh(lint).returncode == 1
    (issue,) = json.loads(Path(job["artifacts"]["reports"]["codequality"]).read_text())
    assert issue["check_name"] == "ASL101"
    assert issue["severity"] == "major"
    assert issue["location"] == {
        "path": "src/shop/orders.py",
        "positions": {"begin": {"line": 5, "column": 5}, "end": {"line": 5, "column": 22}},
    }
    Path("src/shop/orders.py").write_text("# moved\n" + FILES["src/shop/orders.py"])
    sh(lint)
    (moved,) = json.loads(Path("asynclint.json").read_text())
    assert moved["fingerprint"] == issue["fingerprint"]
    assert moved["location"]["positions"]["begin"]["line"] == 6


def uses(workflow: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What a workflow of the page gives to the action, in the names of its inputs."""
    steps = workflow.get("steps") or [step for job in workflow.get("jobs", {}).values() for step in job["steps"]]
    for step in steps:
        if step.get("uses") == "OWNER/asynclint@TAG":
            yield step.get("with", {})


WORKFLOWS = [found for block in fences(PAGE, "yaml") if isinstance(found := yaml.safe_load(block), dict)]


@pytest.mark.parametrize("inputs", [each for workflow in WORKFLOWS for each in uses(workflow)], ids=str)
def test_a_workflow_of_the_page(inputs: dict[str, str]) -> None:
    assert inputs.keys() <= ACTION["inputs"].keys()
    done = action(**{**inputs, "command": "asynclint"})
    if "sarif" not in inputs.values():
        assert [each["file"] for each in annotations(done.stdout)] == ["src/shop/orders.py"]
        return
    assert (done.returncode, done.stdout) == (0, "")
    (result,) = json.loads(Path("asynclint.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "ASL101"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/shop/orders.py"


def test_with_a_baseline_only_what_is_new_fails() -> None:
    accept, add = next(block for block in fences(PAGE, "sh") if "--write-baseline" in block).splitlines()
    assert [sh(accept).returncode, sh(add).returncode] == [0, 0]
    assert action().returncode == 0
    Path("src/shop/sleepy.py").write_text("import time\n\n\nasync def nap():\n    time.sleep(1)\n")
    done = action()
    assert (done.returncode, [each["file"] for each in annotations(done.stdout)]) == (1, ["src/shop/sleepy.py"])


@pytest.mark.parametrize(
    ("schema", "documents"),
    [
        ("github-actions", [(ROOT / "action.yml").read_text()]),
        ("github-workflows", [block for block in fences(PAGE, "yaml") if "\njobs:" in block]),
        (
            "gitlab-ci",
            [block for block in fences(PAGE, "yaml") if "codequality" in block or block.startswith("cache:")],
        ),
    ],
)
def test_the_definitions_are_valid(tmp_path: Path, schema: str, documents: list[str]) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed; the dev extra brings it")
    assert documents
    for number, document in enumerate(documents):
        (tmp_path / f"{number}.yml").write_text(document)
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}")
    done = subprocess.run([*command, *tmp_path.glob("*.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
