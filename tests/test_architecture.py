"""The walls of the house stand: who may import whom, what a rule's module looks like, what a clean run leaves alone."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from specimens import ROOT

PACKAGE = ROOT / "asynclint"
RULES = sorted(path for path in (PACKAGE / "rules").glob("*.py") if path.stem != "__init__")
SOURCES = sorted(PACKAGE.rglob("*.py"))

TOO_SLOW = re.compile(r"\blibcst\.matchers\b|\bQualifiedNameProvider\b|\bScopeProvider\b")

every_rule = pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())


def test_the_contracts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    assert lint_imports(no_cache=True, no_logo=True) == 0


# the text of the package


@every_source
def test_nothing_slow_of_libcst_is_used(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    mentioned = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name | ast.alias)}
    sources = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = mentioned | sources | {f"{source}.{name}" for source in sources for name in mentioned}
    assert [name for name in sorted(names) if TOO_SLOW.search(name)] == []


@every_rule
def test_a_rule_is_one_function_with_one_decorator(path: Path) -> None:
    functions = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    declared = [function.name for function in functions if any(map(is_rule, function.decorator_list))]
    assert declared == [path.stem]
    assert all(function.name.startswith("_") for function in functions if function.name not in declared)


def is_rule(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "rule"


@every_rule
def test_a_rule_has_no_class_and_no_state(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    kept = (ast.ClassDef, ast.Global, ast.Nonlocal)
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, kept)] == []
    assert [ast.unparse(value) for value in module_values(tree) if not is_frozen(value)] == []
    cached = [d for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for d in f.decorator_list if not is_rule(d)]
    assert [ast.unparse(decorator) for decorator in cached if "cache" in ast.unparse(decorator)] == []


def module_values(tree: ast.Module) -> Iterator[ast.expr]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield statement.value


FROZEN_CALLS = ("frozenset", "re.compile", "MappingProxyType", "calls", "handlers", "awaited_methods", "TypeVar")


def is_frozen(value: ast.expr) -> bool:
    """Is it a value that nobody can change?"""
    match value:
        case ast.Constant() | ast.Name() | ast.Attribute():
            return True
        case ast.Tuple(elts=items):
            return all(map(is_frozen, items))
        case ast.BinOp(left=left, right=right):
            return is_frozen(left) and is_frozen(right)
        case ast.Subscript():  # a type alias
            return True
        case ast.Starred(value=inner):
            return is_frozen(inner)
        case ast.Call(func=func):
            return ast.unparse(func) in FROZEN_CALLS
    return False


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        ("frozenset({'a'})", True),
        ("(1, 2), (3, *X)", True),
        ("A | B", True),
        ("re.compile('x')", True),
        ("[]", False),
        ("{}", False),
        ("{1}", False),
        ("(1, [])", False),
        ("set()", False),
        ("dict(a=1)", False),
        ("[x for x in y]", False),
    ],
)
def test_state_is_told_from_constants(value: str, frozen: bool) -> None:
    assert is_frozen(ast.parse(value, mode="eval").body) is frozen


@every_rule
def test_a_rule_knows_only_what_a_rule_may(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    modules = [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    ours = [module for module in modules if module.startswith(("asynclint", "."))]
    assert [module for module in ours if not re.fullmatch(r"asynclint\.rule(\.\w+)?", module)] == []


# what is loaded


def run(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def modules(report: str) -> set[str]:
    """What `-X importtime` writes of."""
    return {line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")}


def imported(report: str) -> set[str]:
    """The top-level packages among them."""
    return {name.partition(".")[0] for name in modules(report)}


def test_the_catalogue_loads_no_libcst(tmp_path: Path) -> None:
    program = "from asynclint import catalog; catalog.all_rules(); catalog.pages()"
    result = run("-X", "importtime", "-c", program, directory=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "asynclint" in imported(result.stderr)
    assert imported(result.stderr) & {"libcst", "rich", "typer", "pygls"} == set()


def lint(text: str, directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    module = directory / "module.py"
    if not module.exists():
        module.write_text(text)
    return run("-X", "importtime", "-m", "asynclint", "--isolated", *options, "module.py", directory=directory)


CLEAN = "import asyncio\n\nasync def main():\n    await asyncio.sleep(1)\n\nasyncio.run(main())\n"
SLEEPY = "import time\n\nasync def main():\n    time.sleep(1)\n"


def test_a_clean_run_loads_nothing_heavy(tmp_path: Path) -> None:
    result = lint(CLEAN, tmp_path, "--no-cache")
    assert result.returncode == 0, result.stderr
    assert "asynclint.engine.check" in modules(result.stderr)
    assert imported(result.stderr) & {"libcst", "rich", "pygls", "pydantic"} == set()


def test_a_run_that_finds_something_loads_libcst(tmp_path: Path) -> None:
    result = lint(SLEEPY, tmp_path, "--no-cache")
    assert result.returncode == 1, result.stderr
    assert "libcst" in imported(result.stderr)


# what neither knows rules nor reads code
HEAVY = {"libcst", "rich", "pygls", "asyncio", "pydantic", "concurrent", "multiprocessing", "pathspec", "tempfile"}
OURS = ("asynclint.rules.", "asynclint.catalog", "asynclint.engine.check", "asynclint.engine.run", "asynclint.facts.")


@pytest.mark.parametrize("text", [CLEAN, SLEEPY], ids=["clean", "with findings"])
@pytest.mark.parametrize(
    "options", [(), ("--output-format=concise", "--color=never", "--extend-select=ASL6", "-j2")], ids=str
)
def test_a_run_with_nothing_changed_loads_no_rule(text: str, options: tuple[str, ...], tmp_path: Path) -> None:
    cold, warm = (lint(text, tmp_path, "--cache-dir=.kept", *options) for _ in range(2))
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    assert "asynclint.linter" in modules(warm.stderr)
    assert imported(warm.stderr) & HEAVY == set()
    assert [name for name in modules(warm.stderr) if name.startswith(OURS) and name != "asynclint.facts.said"] == []


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_is_only_told_loads_no_linter(option: str, tmp_path: Path) -> None:
    result = run("-X", "importtime", "-m", "asynclint", option, directory=tmp_path)
    assert result.returncode == 0, result.stderr
    assert imported(result.stderr) & {*HEAVY, "msgspec"} == set()
    assert {name for name in modules(result.stderr) if name.startswith("asynclint.")} <= {
        "asynclint.__main__",
        "asynclint.doors",
        *(name for name in modules(result.stderr) if name.startswith("asynclint.doors.cli")),
        *(["asynclint.report", "asynclint.report.text"] if option == "--help" else []),
    }
