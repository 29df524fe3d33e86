"""What a baseline hides, what it lets through, and what becomes of its file."""

import contextlib
import json
import os
import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_cli import asynclint, error

from asynclint.adopting import write_baseline
from asynclint.baseline import FILE_NAME, Baseline, counted, encoded, split
from asynclint.config import Config, load
from asynclint.finding import Finding, Span
from asynclint.fingerprint import fingerprint, unique_fingerprints
from asynclint.linter import Linter, lint

BAD = "import time\n\n\nasync def serve():\n    time.sleep(1)\n"
TWICE = BAD + "    time.sleep(1)\n"
CLEAN = "All checks passed!\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.asynclint]\n")
    Path("pkg").mkdir()
    Path("pkg/bad.py").write_text(BAD)


def files() -> dict[str, dict[str, int]]:
    """How many findings of each code the baseline holds, by file."""
    held = json.loads(Path(FILE_NAME).read_text())["files"]
    return {path: {code: sum(marks.values()) for code, marks in codes.items()} for path, codes in held.items()}


# hiding


def test_what_was_there_before_is_hidden() -> None:
    assert asynclint("--write-baseline") == (0, f"Wrote 1 finding to {FILE_NAME}.\n", "")
    assert asynclint() == (0, f"{CLEAN}1 finding in the baseline.\n", "")
    assert asynclint("--baseline", "").code == 1
    assert asynclint("--isolated").code == 1
    assert asynclint("--isolated", "--baseline", FILE_NAME).code == 0
    assert json.loads(asynclint("--output-format=json").out) == []


def test_what_is_new_is_shown() -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(BAD.replace("serve", "other") + BAD.replace("import time\n", ""))
    code, out, err = asynclint("--output-format=concise")
    assert (code, err) == (1, "")
    assert [line.split(":")[1] for line in out.splitlines() if "ASL201" in line] == ["5"]


def test_the_same_once_more_is_shown_and_it_is_the_last_one() -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(TWICE)
    out = asynclint("--output-format=concise").out
    assert [line.split(":")[1] for line in out.splitlines() if "ASL201" in line] == ["6"]
    assert asynclint("--write-baseline").out == f"Wrote 2 findings to {FILE_NAME}.\n"
    assert files() == {"pkg/bad.py": {"ASL201": 2}}
    assert asynclint().code == 0


@pytest.mark.parametrize(
    "text",
    [
        "import os\n" + BAD,
        BAD.replace("    time", "\n    # why\n    x = 1\n    time"),
        BAD.replace("    time.sleep", "    if True:\n        time.sleep"),
        BAD.replace("\n", "\r\n"),
        BAD + "\n\nasync def later():\n    pass\n",
    ],
)
def test_moved_lines_stay_hidden(text: str) -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_bytes(text.encode())
    assert asynclint() == (0, f"{CLEAN}1 finding in the baseline.\n", "")


@pytest.mark.parametrize("text", [BAD.replace("(1)", "(2)"), BAD.replace("serve", "renamed")])
def test_changed_lines_and_renamed_functions_do_not(text: str) -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(text)
    code, out, err = asynclint()
    assert (code, "ASL201" in out) == (1, True)
    assert err == f"asynclint: 1 entry of {FILE_NAME} matches nothing any more; `--prune-baseline` removes it\n"
    assert asynclint("-q").err == ""


def test_what_could_not_be_analysed_is_never_hidden() -> None:
    Path("pkg/bad.py").write_text("async def f(:\n")
    assert asynclint("--write-baseline").out == f"Wrote 0 findings to {FILE_NAME}.\n"
    assert asynclint().code == 1


def test_fixes_are_made_of_what_is_shown_only() -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(BAD + "\n\nasync def new():\n    time.sleep(2)\n    time.sleep(3)\n")
    assert asynclint("--fix").out == f"Fixed 2 findings.\n{CLEAN}1 finding in the baseline.\n"
    text = Path("pkg/bad.py").read_text()
    assert "    time.sleep(1)\n" in text
    assert text.count("await asyncio.sleep") == 2
    assert asynclint("--diff") == (0, "", "")


def test_comments_are_added_to_what_is_shown_only() -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(BAD + "    time.sleep(2)\n")
    assert asynclint("--add-noqa").out == "Added 1 code to `# noqa` comments in 1 file.\n"
    assert Path("pkg/bad.py").read_text() == BAD + "    time.sleep(2)  # noqa: ASL201\n"


def test_stdin_has_the_baseline_of_the_file_it_is_named_after() -> None:
    asynclint("--write-baseline")
    assert asynclint("-", "--stdin-filename", "pkg/bad.py", stdin=BAD.encode()).code == 0
    assert asynclint("-", "--stdin-filename", "pkg/bad.py", stdin=b"x = 1\n").err == ""
    assert asynclint("-", "--stdin-filename", "pkg/new.py", stdin=BAD.encode()).code == 1


# from everywhere the same


def test_where_we_stand_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asynclint("--write-baseline", "pkg")
    first = Path(FILE_NAME).read_bytes()
    for place, path in ((".", "."), (".", "pkg/bad.py"), ("pkg", "."), ("pkg", "bad.py"), ("pkg", "../pkg")):
        with contextlib.chdir(place):
            assert asynclint(path, "-j2").out.startswith(CLEAN)
            asynclint("--write-baseline", path)
    absolute = str(Path.cwd())
    monkeypatch.chdir("/")
    assert asynclint(absolute).out.startswith(CLEAN)
    asynclint("--write-baseline", absolute)
    monkeypatch.chdir(absolute)
    assert Path(FILE_NAME).read_bytes() == first


def test_links_change_nothing() -> None:
    asynclint("--write-baseline")
    Path("linked").symlink_to("pkg")
    assert asynclint("linked/bad.py").code == 0


def test_processes_and_order_change_nothing() -> None:
    for name in "cab":
        Path(f"pkg/{name}.py").write_text(TWICE)
    written = set()
    for arguments in (("-j1",), ("-j3",), ("pkg/c.py", "pkg/bad.py", "pkg/a.py", "pkg/b.py")):
        Path(FILE_NAME).unlink(missing_ok=True)
        asynclint("--write-baseline", *arguments)
        written.add(Path(FILE_NAME).read_bytes())
    assert len(written) == 1
    assert list(files()) == ["pkg/a.py", "pkg/b.py", "pkg/bad.py", "pkg/c.py"]
    assert asynclint("-j3", "pkg/c.py", "pkg/a.py").code == 0


def test_the_configuration_names_another_file() -> None:
    Path("pyproject.toml").write_text('[tool.asynclint]\nbaseline = "ci/known.json"\n')
    Path("ci").mkdir()
    message = "asynclint: ci/known.json: there is no such baseline; `--write-baseline` writes one\n"
    assert error() == error("-j2", "pkg") == message
    with contextlib.chdir("pkg"):
        assert asynclint("--write-baseline", "..").code == 0
        assert asynclint().code == 0
    assert list(json.loads(Path("ci/known.json").read_text())["files"]) == ["../pkg/bad.py"]
    assert asynclint("--baseline", "").code == 1


def test_flake8_hides_the_same(tmp_path: Path) -> None:
    from test_flake8 import flake8

    asynclint("--write-baseline")
    Path("pkg/new.py").write_text(BAD)
    for arguments in ((".", "-j2"), ("pkg/bad.py", "pkg/new.py")):
        found = flake8("--select=ASL", *arguments, cwd=tmp_path).stdout.splitlines()
        assert [line.removeprefix("./").partition(":")[0] for line in found] == ["pkg/new.py"]


# keeping it


def test_what_is_found_no_more_is_pruned() -> None:
    Path("pkg/gone.py").write_text(BAD)
    Path("pkg/bad.py").write_text(TWICE)
    asynclint("--write-baseline")
    Path("pkg/gone.py").unlink()
    Path("pkg/bad.py").write_text(BAD)
    code, _, err = asynclint()
    assert (code, "2 entries" in err) == (0, True)
    assert asynclint("--prune-baseline").err == f"asynclint: removed 2 entries from {FILE_NAME}\n"
    assert files() == {"pkg/bad.py": {"ASL201": 1}}
    assert asynclint() == (0, f"{CLEAN}1 finding in the baseline.\n", "")
    assert asynclint("--prune-baseline").err == f"asynclint: removed 0 entries from {FILE_NAME}\n"


def test_pruning_reports_what_is_new_and_does_not_hide_it() -> None:
    asynclint("--write-baseline")
    Path("pkg/bad.py").write_text(BAD.replace("(1)", "(2)"))
    code, out, _ = asynclint("--prune-baseline")
    assert (code, "ASL201" in out) == (1, True)
    assert files() == {}
    assert asynclint("--prune-baseline").code == 1


def test_files_and_rules_that_are_left_out_keep_their_entries() -> None:
    Path("pkg/other.py").write_text(BAD + "    input()\n")
    asynclint("--write-baseline")
    before = files()
    Path("pkg/bad.py").write_text("x = 1\n")
    for arguments in (("pkg/other.py",), ("--select=ASL3",), ("--ignore=ASL201",)):
        assert asynclint(*arguments).err == ""
        asynclint("--prune-baseline", *arguments)
        asynclint("--write-baseline", *arguments)
        assert files() == before
    Path("pkg/bad.py").write_text("async def f(:\n")
    asynclint("--prune-baseline")
    assert files() == before


def test_pruning_needs_a_baseline() -> None:
    assert "no baseline" in error("--prune-baseline", "-q")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: is damaged: it is not valid JSON here; restore it"),
        (b'{\n"version": 1,\n<<<<<<< HEAD\n', ":3: is damaged: it is not valid JSON here; restore it"),
        (b"\xff", ":1: is damaged"),
        (b"[" * 20_000, ":1: is damaged"),
        (b"[]", ": is no baseline of asynclint; name another file"),
        (b'{"a.py": {"no-debugger": {"count": 1}}}', ": is no baseline of asynclint"),
        (b'{"version": 2, "files": [], "more": 1}', ": is of version 2, known is 1; use a newer asynclint"),
        (b'{"version": "1", "files": {}}', ": is damaged: `version`: expected `int`, got `str`; restore it"),
        (b'{"version": 1, "files": {"a.py": {"ASL201": {"12": 0}}}}', ": is damaged: `files[...][...][...]`: expected"),
        (
            b'{"version": 1, "files": {"a.py": ["ASL201"]}}',
            ": is damaged: `files[...]`: expected `object`",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_one_line(content: bytes, message: str) -> None:
    Path(FILE_NAME).write_bytes(content)
    for arguments in ((), ("-j2", "pkg"), ("--write-baseline",), ("--prune-baseline",)):
        assert error(*arguments).startswith(f"asynclint: {FILE_NAME}{message}")
    assert Path(FILE_NAME).read_bytes() == content


def test_a_directory_is_no_baseline() -> None:
    assert "cannot be read: is a directory" in error("--baseline", "pkg")
    assert "cannot be written: no such file or directory" in error("--write-baseline", "--baseline", "nowhere/b.json")


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    asynclint("--write-baseline")
    before = Path(FILE_NAME).read_bytes()
    assert stat.S_IMODE(os.stat(FILE_NAME).st_mode) == stat.S_IMODE(os.stat("pyproject.toml").st_mode)
    Path("pkg/bad.py").write_text(TWICE)
    Path(FILE_NAME).chmod(0o444)
    assert "cannot be written: it is read-only" in error("--write-baseline")
    Path(FILE_NAME).chmod(0o640)
    limit = ["bash", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "bash"]
    code, _, err = asynclint("--write-baseline", "--no-cache", prefix=limit)
    assert (code, err) == (2, f"asynclint: {FILE_NAME}: cannot be written: file too large\n")
    assert Path(FILE_NAME).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if "baseline" in path.name) == [FILE_NAME]
    assert asynclint("--write-baseline").code == 0
    assert stat.S_IMODE(os.stat(FILE_NAME).st_mode) == 0o640


def test_it_is_readable_and_ends_in_a_newline() -> None:
    asynclint("--write-baseline")
    mark = next(iter(json.loads(Path(FILE_NAME).read_text())["files"]["pkg/bad.py"]["ASL201"]))
    expected = {"version": 1, "files": {"pkg/bad.py": {"ASL201": {mark: 1}}}}
    assert Path(FILE_NAME).read_text() == json.dumps(expected, indent=2) + "\n"


# laws


def finding(line: str, *, number: int = 1, scope: str = "f", code: str = "ASL201", path: str = "a.py") -> Finding:
    return Finding(path, Span(number, 1, number, 2), code, "", "", excerpt=line, scope=scope)


def test_a_fingerprint_stays_when_the_finding_moves_and_only_then() -> None:
    one = finding("    x(1,  2)")
    moved = (finding("x(1, 2)", number=9), replace(one, message="other words", path="b.py"))
    assert {fingerprint(other) for other in (one, *moved)} == {fingerprint(one)}
    others = (finding("x(1, 3)"), finding("x(1, 2)", scope="g"), finding("x(1, 2)", code="ASL202"), finding("fx(1, 2)"))
    assert len({fingerprint(other) for other in (one, *others)}) == 5
    assert fingerprint(one) == "98378a634080f86a", "a baseline that users have written would be lost"
    assert fingerprint(finding("\udce9 x")), "an undecodable byte of a name"


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["x()", "y()", "await z()"]),
        scope=st.sampled_from(["f", "g"]),
        code=st.sampled_from(["ASL201", "ASL301"]),
        number=st.integers(1, 99),
        path=st.sampled_from(["a.py", "b/c.py"]),
    )
).map(sorted)


@given(FINDINGS)
def test_unique_fingerprints_are_unique_and_stay(findings: list[Finding]) -> None:
    unique = unique_fingerprints(findings)
    assert len(set(unique)) == len(findings)
    moved = [replace(each, span=Span(each.span.line + 5, 3, each.span.line + 5, 4)) for each in findings]
    assert unique_fingerprints(moved) == unique


@given(FINDINGS, FINDINGS)
def test_a_baseline_hides_as_many_as_it_knows(before: list[Finding], after: list[Finding]) -> None:
    parted = split(after, counted(before))
    assert counted(parted.hidden) == counted(before) & counted(after)
    assert counted(parted.shown) == counted(after) - counted(before)
    assert parted.left == counted(before) - counted(after)
    assert sorted([*parted.shown, *parted.hidden]) == after


@given(FINDINGS, FINDINGS)
def test_a_baseline_is_the_same_whatever_it_was_made_of_first(one: list[Finding], other: list[Finding]) -> None:
    first = Baseline.of({"a.py": counted(one)}).changed({"b.py": counted(other)}, {})
    second = Baseline.of({"b.py": counted(other), "a.py": Counter()}).changed({"a.py": counted(one)}, {})
    assert encoded(first) == encoded(second)
    assert first.changed({}, {"a.py": counted(one), "b.py": counted(other)}) == Baseline()


GUILTY = st.lists(st.sampled_from(["time.sleep(1)", "time.sleep(2)", "x = input()", "open('a').read()"]), max_size=4)
FILLERS = st.lists(st.sampled_from(["", "# a comment", "x = 1", "def sync():\n    return 2", "class C:\n    a = 1"]))


def module(functions: Sequence[tuple[str, Sequence[str]]], fillers: Sequence[str]) -> str:
    parts = ["import time", *fillers]
    for index, (name, body) in enumerate(functions):
        lines = "".join(f"    {line}\n" for line in [*body, "pass"])
        parts += [f"async def {name}():\n{lines}", *fillers[: index + 1]]
    return "\n".join(parts) + "\n"


def linted(config: Config, text: str) -> tuple[int, int, int]:
    """How many findings are shown and hidden, and how many entries match nothing."""
    result = Linter(config, {"law.py": text}).lint("law.py")
    assert result.errors == ()
    return len(result.findings), len(result.hidden), len(result.stale)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GUILTY, min_size=1, max_size=3), FILLERS, FILLERS, st.data())
def test_unrelated_lines_may_move_as_they_like(
    bodies: list[list[str]], before: list[str], after: list[str], data: st.DataObject
) -> None:
    functions = [(f"f{index}", body) for index, body in enumerate(bodies)]
    Path(FILE_NAME).unlink(missing_ok=True)
    Path("law.py").write_text(module(functions, before))
    accepted = lint(["law.py"], load("."))
    write_baseline(accepted, load("."))
    reordered = [(name, data.draw(st.permutations(body))) for name, body in data.draw(st.permutations(functions))]
    config = load(".", overrides={"baseline": FILE_NAME})
    assert linted(config, module(reordered, after)) == (0, len(accepted.findings), 0)


def test_reports_name_findings_by_what_the_baseline_keeps_of_them() -> None:
    Path("pkg/bad.py").write_text(TWICE)
    results = json.loads(asynclint("--output-format=sarif").out)["runs"][0]["results"]
    issues = json.loads(asynclint("--output-format=gitlab").out)
    marks = unique_fingerprints(lint(["pkg"], load(".")).findings)
    assert [each["partialFingerprints"]["asynclint/v1"] for each in results] == marks
    assert [each["fingerprint"] for each in issues] == marks


@pytest.mark.parametrize("others", [("--add-noqa",), ("--write-baseline",), ("--prune-baseline",)])
def test_watching_writes_nothing(others: tuple[str, ...]) -> None:
    assert "--watch lints files and reports" in error("--watch", *others)
