"""Whatever the input: findings or ASL000, never an exception, never a dead process, and every span inside its file."""

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

import hypothesmith
import pytest
from hypothesis import HealthCheck, given, settings
from specimens import ROOT, lines_of

from asynclint.config import load
from asynclint.finding import Finding, Span
from asynclint.linter import Linter, Result, lint_source

EVERYTHING = load(str(ROOT), isolated=True, overrides={"select": ["ALL"], "preview": True})
STDLIB = Path(sysconfig.get_paths()["stdlib"])
GUILTY = "\n\nasync def guilty():\n    import time\n    time.sleep(1)\n"

generous = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def judged(data: bytes) -> Result:
    return lint_source(data, "module.py", EVERYTHING)


def judged_by_all(source: str) -> Result:
    """Every rule reads every body, whether it could be guilty or not."""
    return Linter(EVERYTHING, {"module.py": source.encode()}, sieve=False).lint("module.py")


def codes(result: Result) -> set[str]:
    return {finding.code for finding in result.findings}


def assert_sound(result: Result, text: str) -> None:
    """No error of ours, and every finding points at something."""
    assert result.errors == ()
    lines = lines_of(text.removeprefix("\ufeff"))
    for finding in result.findings:
        assert_inside(finding, lines)


def assert_inside(finding: Finding, lines: list[str]) -> None:
    spans = [finding.span, *(place.span for place in finding.related if place.path == finding.path)]
    assert [span for span in spans if not is_inside(span, lines)] == []
    assert finding.excerpt == lines[finding.span.line - 1]


def is_inside(span: Span, lines: list[str]) -> bool:
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    known = 1 <= span.line <= span.end_line <= len(lines)
    return known and (1, 1) <= start <= end and all(c <= len(lines[n - 1]) + 1 for n, c in (start, end))


# programs nobody wrote


@generous
@given(hypothesmith.from_node())
def test_generated_programs(source: str) -> None:
    assert_sound(judged_by_all(source), source)


@generous
@given(hypothesmith.from_node())
def test_generated_programs_in_a_coroutine(inside: str) -> None:
    indented = "".join(f"    {line}\n" for line in lines_of(inside))
    source = f"async def generated():\n    await x\n{indented}\n    import time; time.sleep(1)\n{GUILTY}"
    result = judged_by_all(source)
    assert_sound(result, source)
    assert codes(result) & {"ASL201", "ASL000"} != set()


# programs somebody wrote


def sample(paths: Iterable[Path], every: int) -> list[Path]:
    return sorted(paths)[::every]


def standard_library() -> list[Path]:
    odd = sample((STDLIB / "test").glob("test_*.py"), 12) if (STDLIB / "test").is_dir() else []
    syntax = [path for path in sample((STDLIB / "test").glob("test_*.py"), 1) if path.stem in ODD_SYNTAX]
    modules = [path for path in STDLIB.rglob("*.py") if {"test", "site-packages", "idlelib"}.isdisjoint(path.parts)]
    return [*sample((STDLIB / "asyncio").glob("*.py"), 1), *syntax, *odd[:20], *sample(modules, 9)[:90]]


ODD_SYNTAX = {
    *("test_asyncgen", "test_coroutines", "test_contextlib_async", "test_except_star", "test_fstring", "test_grammar"),
    *(
        "test_lambda",
        "test_named_expressions",
        "test_patma",
        "test_scope",
        "test_syntax",
        "test_type_params",
        "test_with",
    ),
}


def test_the_standard_library() -> None:
    linter = Linter(EVERYTHING)
    files = standard_library()
    assert len(files) > 100
    for path in files:
        result = linter.lint(str(path))
        assert_sound(result, readable(path))


def readable(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return path.read_bytes().decode("latin-1")  # as wide as any other encoding of one byte


# programs that try

DEEP = {
    "10,000 parentheses": "x = " + "(" * 10_000 + "1" + ")" * 10_000,
    "10,000 brackets": "x = " + "[" * 10_000 + "]" * 10_000,
    "a chain of 5,000 attributes": "x = a" + ".b" * 5_000,
    "a chain of 5,000 calls": "x = a" + "()" * 5_000,
    "a chain of 5,000 subscripts": "x = a" + "[0]" * 5_000,
    "a sum of 3,000": "x = " + " + ".join(["a"] * 3_000),
    "a string of 3,000": "x = (" + "\n'a' " * 3_000 + ")",
    "2,000 elif": "if a: pass\n" + "elif a: pass\n" * 2_000,
    "5,000 nots": "x = " + "not " * 5_000 + "a",
    "1,500 lambdas": "x = " + "lambda: " * 1_500 + "a",
    "1,500 ternaries": "x = " + "a if b else " * 1_500 + "c",
    "1,500 generator expressions": "x = " + "(a for a in " * 1_500 + "b" + ")" * 1_500,
    "90 functions": "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(90)) + " " * 90 + "pass",
    "19 blocks": "".join(f"{' ' * depth}while a:\n" for depth in range(19)) + " " * 19 + "pass",
    "2,000 ands": "x = " + " and ".join(["a"] * 2_000),
    "2,000 loops in a comprehension": "x = [a " + "for a in b " * 2_000 + "]",
    "an import of 2,000 names": "import a" + ".a" * 2_000,
    "a string of 30,000": "x = (" + "\n'a' " * 30_000 + ")",
    "500 awaits": "async def f():\n    return " + "await " * 500 + "a",
    "3,000 statements": "a()\n" * 3_000,
    "3,000 arguments": f"f({', '.join(['a()'] * 3_000)})",
    "a line of a million": f"x = '{'a' * 1_000_000}'",
}


def in_a_coroutine(source: str) -> str:
    return (
        "async def deep():\n"
        + "".join(f"    {line}\n" for line in source.splitlines())
        + "    import time; time.sleep(1)\n"
    )


def file_name(name: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '_', name)}.py"


def lint_apart(sources: Mapping[str, str], directory: Path) -> Mapping[str, set[str]]:
    """The codes of each source, found by a process that might die of it."""
    for name, source in sources.items():
        (directory / file_name(name)).write_text(source)
    arguments = ("-m", "asynclint", "--isolated", "--no-cache", "--output-format", "json", "-j", "1", ".")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    ran = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    found = json.loads(ran.stdout)
    return {name: {each["code"] for each in found if each["filename"] == file_name(name)} for name in sources}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    sources = {name: f"{source}\n{GUILTY}" for name, source in DEEP.items()}
    return lint_apart(sources, tmp_path_factory.mktemp("beside"))


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    sources = {name: in_a_coroutine(source) + GUILTY for name, source in DEEP.items()}
    return lint_apart(sources, tmp_path_factory.mktemp("inside"))


@pytest.mark.parametrize("name", DEEP)
def test_deep_code_hides_no_coroutine_beside_it(name: str, beside: Mapping[str, set[str]]) -> None:
    assert beside[name] == ({"ASL201"} if is_python(DEEP[name]) else {"ASL000"})


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_coroutine_hides_no_other(name: str, inside: Mapping[str, set[str]]) -> None:
    if is_python(in_a_coroutine(DEEP[name])):
        assert "ASL201" in inside[name]
    else:
        assert inside[name] == {"ASL000"}


def is_python(source: str) -> bool:
    """Does this very Python read it?"""
    try:
        ast.parse(source)
    except (SyntaxError, RecursionError, MemoryError):
        return False
    return True


# bytes that try


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"x = 1\nx = 'a\0b'\n", 2, "null byte"),
        (b"x = 1\n\n# caf\xe9\n", 3, "is not UTF-8: byte 0xe9 at line 3, column 6"),
        (b"# coding: nonsense\n", 1, "unknown encoding nonsense"),
        (b"def f(:\n", 1, "not valid Python"),
        (b"def f():\n\tpass\n        pass\n", 3, "not valid Python"),
        (b"async def f():\n    yield from x\n", 2, ""),
        (b"x = 08\n", 1, "not valid Python"),
        (b"'\\N{no such name}'\n", 1, "not valid Python"),
        (b"\xff\xfea\x00", 1, ""),
    ],
)
def test_what_is_not_python_is_said(data: bytes, line: int, message: str) -> None:
    result = judged(data + GUILTY.encode())
    assert result.errors == ()
    first = result.findings[0]
    if first.code == "ASL000":
        assert (len(result.findings), first.span.line) == (1, line)
    assert message in first.message


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"\x0c", b"#", b"\\\n", b"\r", b"   ", b"pass"])
def test_nothing_is_nothing(data: bytes) -> None:
    result = judged(data)
    assert result.errors == ()
    assert codes(result) <= {"ASL000"}


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("import time\n\x0c\nasync def f():\n    time.sleep(1)\n", (4, 5)),
        ("import time\nclass A:\n\x0c    async def f(self):\n\x0c        time.sleep(1)\n", (4, 10)),
        ("import time\nclass A:\n \x0c    @a\n\x0c    async def f(self): time.sleep(1)\n", (4, 25)),
        ("import time\nasync def f(self):\n  \x0c\n  time.sleep(1)\n", (4, 3)),
        ("import time\n\x0casync def f():\n    time.sleep(1)\n", (3, 5)),
        ("import time\rasync def f():\r    time.sleep(1)\r", (3, 5)),
        ("import time\r\nasync def f():\n    time.sleep(1)\r\n", (3, 5)),
        ("\ufeffimport time\nasync def f(): time.sleep(1)", (2, 16)),
        ("import time\nasync def f():\n\ttime.sleep(1)", (3, 2)),
        ("import time\nasync def f():\n    'é🎈'; time.sleep(1)", (3, 11)),
        ("import time\nx = '\x85\u2028\x1c'\nasync def f():\n    time.sleep(1)", (4, 5)),
        ("import time\nasync def f():\n    '''\n\x0c\x1e'''; time.sleep(1)", (4, 8)),
        ("import time\nasync def \ufb01\u00aa():\n    time.sleep(1)", (3, 5)),
        ("import time\nasync def f(\n  a=1,\n): time.sleep(1)", (4, 4)),
        ("import time\nasync def f():\n    if a: \\\n  time.sleep(1)", (4, 3)),
        ("import time\n@a\n@b(\n    1)\nasync def f():\n    time.sleep(1)", (6, 5)),
        ("import time\nif a:\n        async def f():\n         time.sleep(1)", (4, 10)),
        ("import time\nif a:\n\tclass B:\n\t\tasync def f(self):\n\t\t    time.sleep(1)", (5, 7)),
        ("import time\nif a: x = 1; y = 2\nelse:\n  async def f(): 'a'; time.sleep(1)", (4, 23)),
        ("# coding: latin-1\nimport time\nasync def f():\n    'é'; time.sleep(1)", (4, 10)),
        ("import time\nasync def f[T](): time.sleep(1)\ntype X = int", (2, 19)),
    ],
    ids=repr,
)
def test_odd_spellings_keep_their_places(source: str, place: tuple[int, int]) -> None:
    encoding = "latin-1" if "latin-1" in source else "utf-8"
    result = judged(source.encode(encoding))
    if codes(result) == {"ASL000"} and not is_python(source):
        pytest.skip("newer than this Python")
    assert [(finding.code, finding.span.line, finding.span.column) for finding in result.findings] == [
        ("ASL201", *place)
    ]
    assert_sound(result, source)
