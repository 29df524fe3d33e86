"""The nearest configuration upward from each file governs it, however it comes to be linted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import asynclint, environment, error

from asynclint.config import Nearest, load
from asynclint.linter import Linter, lint

APP = "import time\n\nfrom {other}.work import load\n\n\nasync def wait():\n    time.sleep(1)\n    load()\n"
FILES = {
    "pyproject.toml": "[tool.asynclint]\nsrc = ['packages/*']\nseverity.ASL2 = 'info'\n",
    "top.py": APP.format(other="shop"),
    "packages/shop/pyproject.toml": "[tool.asynclint]\nignore = ['ASL2']\nextend-exclude = ['gen']\n",
    "packages/shop/shop/__init__.py": "",
    "packages/shop/shop/work.py": "async def load(): ...\n",
    "packages/shop/shop/app.py": APP.format(other="bank"),
    "packages/shop/shop/gen/app.py": APP.format(other="bank"),
    "packages/bank/asynclint.toml": "select = ['ASL201']\n",
    "packages/bank/bank/__init__.py": "",
    "packages/bank/bank/work.py": "async def load(): ...\n",
    "packages/bank/bank/app.py": APP.format(other="shop"),
    "packages/bank/bank/gen/app.py": APP.format(other="shop"),
    "packages/none/pyproject.toml": "[project]\nrequires-python = '>=3.13'\n",
    "packages/none/app.py": APP.format(other="shop"),
}
EXPECTED = {
    "packages/bank/bank/app.py": ["ASL201 error"],
    "packages/bank/bank/gen/app.py": ["ASL201 error"],
    "packages/none/app.py": ["ASL201 info", "ASL101 error"],
    "packages/shop/shop/app.py": ["ASL101 error"],
    "top.py": ["ASL201 info", "ASL101 error"],
}


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    for name, text in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def found(*arguments: str) -> dict[str, list[str]]:
    by_path: dict[str, list[str]] = {}
    for each in json.loads(asynclint("--no-cache", "--output-format=json", *arguments).out):
        by_path.setdefault(Path(each["filename"]).as_posix(), []).append(f"{each['code']} {each['severity']}")
    return by_path


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_each_package_is_linted_under_its_own(jobs: str) -> None:
    assert found(jobs, ".") == EXPECTED


def test_a_file_alone_gives_what_it_gives_among_all() -> None:
    each = {path: codes for name in EXPECTED for path, codes in found(name).items()}
    assert each == EXPECTED
    assert found("packages/shop") == {name: EXPECTED[name] for name in EXPECTED if name.startswith("packages/shop")}


def test_from_stdin_as_well() -> None:
    name = "packages/shop/shop/app.py"
    done = asynclint("--no-cache", "--output-format=json", f"--stdin-filename={name}", "-", stdin=FILES[name].encode())
    assert [each["code"] for each in json.loads(done.out)] == ["ASL101"]


def test_options_govern_all_and_so_does_a_file_that_is_named() -> None:
    assert set(found("--select=ASL101", "--ignore=ASL2", ".")) == set(EXPECTED) | {"packages/bank/bank/app.py"}
    assert found("--config=packages/bank/asynclint.toml", "packages/shop/shop/app.py") == {
        "packages/shop/shop/app.py": ["ASL201 error"]
    }
    assert set(found("--isolated", "--no-cache", ".")) == {*EXPECTED, "packages/shop/shop/gen/app.py"}


def test_fixes_are_those_that_each_package_wants() -> None:
    Path("packages/bank/asynclint.toml").write_text("unfixable = ['ALL']\n")
    before = Path("packages/bank/bank/app.py").read_text()
    asynclint("--no-cache", "--fix", ".")
    assert Path("packages/bank/bank/app.py").read_text() == before
    assert "time.sleep(1)" in Path("packages/shop/shop/app.py").read_text()
    assert "await asyncio.sleep(1)" in Path("top.py").read_text()


def test_flake8_says_the_same() -> None:
    pytest.importorskip("flake8")
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=ASL", "--format=%(path)s %(code)s", "."]
    done = subprocess.run(command, capture_output=True, text=True, env=environment({}), check=False)
    shown = {tuple(line.removeprefix("./").split()) for line in done.stdout.splitlines()}
    loud = {(path, code.split()[0]) for path, codes in EXPECTED.items() for code in codes if code.endswith("error")}
    assert {each for each in shown if "shop/gen" not in each[0]} == loud  # flake8 has excludes of its own


def test_a_mistake_further_down_is_named() -> None:
    Path("packages/bank/asynclint.toml").write_text("selct = 3\n")
    assert "packages/bank/asynclint.toml: `selct`: unknown setting" in error(".")
    Path("packages/bank/asynclint.toml").write_text("select = ['ASL99']\n")
    assert "packages/bank/asynclint.toml: unknown rule `ASL99` in `select`" in error(".")
    pytest.importorskip("flake8")
    command = [sys.executable, "-m", "flake8", "--isolated", "-j1", "."]
    done = subprocess.run(command, capture_output=True, text=True, env=environment({}), check=False)
    assert "unknown rule `ASL99`" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_file_of_somebody_else_is_none_of_ours() -> None:
    Path("packages/none/pyproject.toml").write_text("[project]\nname = {{ name }}\n")
    assert found(".") == EXPECTED
    Path("packages/none/pyproject.toml").write_text("[tool.asynclint]\nselect = {{ name }}\n")
    assert "packages/none/pyproject.toml:2:" in error(".")


def test_files_of_which_the_same_is_decided_share_a_configuration() -> None:
    settings = Nearest(".", load)
    assert settings.governing("top.py") is settings.common
    assert settings.governing("packages") is settings.common
    assert settings.governing("packages/shop/shop/app.py") is settings.governing("packages/shop")
    none = settings.governing("packages/none/app.py")
    assert (none.file, none.target_version.oldest) == (settings.common.file, (3, 13))
    Path("packages/none/pyproject.toml").write_text("[project]\nrequires-python = '>=3.11'\n")
    assert Nearest(".", load).governing("packages/none") is not settings.common


def test_a_single_configuration_governs_every_file() -> None:
    one = load(".", overrides={"select": ["ASL101"]})
    assert {finding.code for finding in lint(["."], one).findings} == {"ASL101"}
    assert [finding.code for finding in Linter(one).lint("top.py").findings] == ["ASL101"]


def test_each_package_has_its_own_baseline() -> None:
    own, bank, shop = (f"{folder}.asynclint-baseline.json" for folder in ("", "packages/bank/", "packages/shop/"))
    written = asynclint("--no-cache", "--write-baseline", ".").out.splitlines()
    assert set(written) == {
        f"Wrote 4 findings to {own}.",
        f"Wrote 2 findings to {bank}.",
        f"Wrote 1 finding to {shop}.",
    }
    for paths in ((".", "-j2"), ("packages/shop",), ("packages/bank/bank/app.py", "top.py"), ("packages/none",)):
        assert found(*paths) == {}
    Path("top.py").unlink()
    Path("packages/bank/bank/app.py").unlink()
    assert set(asynclint("--no-cache", "--prune-baseline", ".").err.splitlines()) == {
        f"asynclint: removed 2 entries from {own}",
        f"asynclint: removed 1 entry from {bank}",
        f"asynclint: removed 0 entries from {shop}",
    }


def test_comments_can_be_disregarded_everywhere() -> None:
    for path in EXPECTED:
        Path(path).write_text(f"# asynclint: file-ignore\n{Path(path).read_text()}")
    assert found(".") == {}
    assert found(".", "--ignore-noqa") == EXPECTED


def test_comments_are_written_as_each_configuration_asks() -> None:
    before = {path: Path(path).read_text() for path in EXPECTED}
    assert asynclint("--no-cache", "--add-noqa", ".").out == "Added 7 codes to `# noqa` comments in 5 files.\n"
    assert found(".") == {}
    assert {path: Path(path).read_text().count("# noqa: ") for path in before} == {
        path: len(codes) for path, codes in EXPECTED.items()
    }
