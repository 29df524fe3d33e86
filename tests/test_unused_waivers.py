"""What is said of waivers themselves: they silence nothing, nobody understands them, they do not say why."""

import os

import pytest
from msgspec.structs import replace

from asynclint.config import Config, ConfigError, Waiving, load
from asynclint.finding import Severity
from asynclint.fixing import fix
from asynclint.linter import lint_source

SLEEPY = "import time\n\n\nasync def wait():\n    {}\n"
SLEEP = "time.sleep(1)"
DEEP = 3000  # operators, more than libcst reads


def config(**options: object) -> Config:
    return load(os.getcwd(), isolated=True, overrides=options)


def linted(statement: str, name: str = "waivers.py", **options: object) -> list[tuple[str, str]]:
    result = lint_source(SLEEPY.format(statement), name, config(**options))
    assert result.errors == ()
    return [(finding.code, finding.message) for finding in result.findings]


def codes(statement: str, name: str = "waivers.py", **options: object) -> list[str]:
    return [code for code, _ in linted(statement, name, **options)]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: ASL201",
        "# noqa: ASL2",
        "# noqa: E501, ASL201",
        "# noqa",
        "# asynclint: ignore",
        "# asynclint: ignore[ASL201]",
        "# asynclint: ignore[ASL2, blocking-sleep]",
        "# asynclint: file-ignore[ASL201]",
        "# asynclint: file-ignore",
        "# asynclint: skip-file",
        "# flake8: noqa",
    ],
)
def test_waivers_that_silence_something_are_left_alone(comment: str) -> None:
    where = f"{SLEEP}\n{comment}" if "flake8" in comment else f"{SLEEP}  {comment}"
    assert linted(where) == []
    assert codes(where, ignore_noqa=None) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# noqa: ASL101", "`ASL101` in a waiver silences nothing: there is no such finding here"),
        ("# noqa: E501, ASL101,ASL3", "`ASL101`, `ASL3` in a waiver silence nothing: there is no such finding here"),
        ("# noqa: ASL999", "`ASL999` in a waiver is no rule"),
        ("# asynclint: ignore[ASL101]", "`ASL101` in a waiver silences nothing"),
        ("# asynclint: ignore[unawaited-coroutine] why", "`unawaited-coroutine` in a waiver silences nothing"),
        ("# asynclint: ignore[ASL1]", "`ASL1` in a waiver silences nothing"),
        ("# asynclint: file-ignore[ASL101]", "`ASL101` in a waiver silences nothing: there is no such finding in this"),
        (
            "# asynclint: ignore[blocking-slep]",
            "is no rule; did you mean `blocking-sleep`?",
        ),
        ("# asynclint: ignore[E501]", "`E501` in a waiver is no rule"),
        ("# asynclint: ignore[]", "`# asynclint: ignore[]` is no waiver: its brackets name no code"),
        ("# asynclint: ignore[ASL201", "`# asynclint: ignore[ASL201` is no waiver: its `[` is never closed"),
        ("# asynclint: skip-file[ASL201]", "is no waiver: it takes no codes; `file-ignore[...]` does"),
        ("# asynclint: ingore[ASL201]", "is no waiver: unknown word `ingore`; did you mean `ignore`?"),
        ("# asynclint: disable=ASL201", "is no waiver: unknown word `disable`; did you mean `ignore`?"),
        ("# asynclint: noqa", "is no waiver: unknown word `noqa`; did you mean `ignore`?"),
    ],
)
def test_others_are_reported(comment: str, message: str) -> None:
    found = linted(f"{SLEEP}  {comment}")
    assert [code for code, _ in found] == ["ASL201", "ASL001"]
    assert message in found[1][1]


@pytest.mark.parametrize("comment", ["# asynclint: ignore", "# asynclint: file-ignore"])
def test_a_waiver_of_everything_that_silences_nothing(comment: str) -> None:
    assert codes(f"pass  {comment}") == ["ASL001"]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: E501",
        "# NOQA-ASL101",
        "# noqa: A1",
        "# type: ignore",
        "# asynclint: this is prose",
        "# asynclint: ignore[ASL001]",
        "# asynclint: ignore[ASL101, ASL001]",
        "# asynclint: ignore[ASL000]",
    ],
)
def test_what_is_not_ours_to_judge(comment: str) -> None:
    assert codes(f"pass  {comment}") == []
    assert codes(f"pass; x = '{comment}'") == []


def test_only_rules_that_speak_are_judged() -> None:
    judged = "pass  # noqa: ASL101"
    assert codes(judged, select=["ASL1", "ASL001"]) == ["ASL001"]
    assert codes(judged, select=["ASL2", "ASL001"]) == []
    assert codes(judged, extend_select=["ASL001"], ignore=["ASL101"]) == []
    prefix = "pass  # asynclint: ignore[ASL2]"
    assert codes(prefix) == ["ASL001"]
    assert codes(prefix, select=["ASL201", "ASL001"]) == []
    everything = "pass  # asynclint: ignore"
    assert codes(everything, select=["ASL201", "ASL001"]) == []


def test_rules_that_are_silent_in_tests_are_not_judged_there() -> None:
    from asynclint.catalog import all_rules
    from asynclint.rule import Default, InTests

    silent = next(r for r in all_rules() if r.in_tests is InTests.SILENT and r.default is Default.ON and not r.preview)
    comment = f"pass  # asynclint: ignore[{silent.code}]"
    assert codes(comment, "module.py") == ["ASL001"]
    assert codes(comment, "test_module.py") == []
    assert codes("pass  # asynclint: ignore", "test_module.py") == ["ASL001"]


def test_nothing_is_said_where_the_file_was_not_read_as_a_whole() -> None:
    unused = "pass  # noqa: ASL101\n"
    assert codes(f"{unused}    x = {SLEEP}") == ["ASL001", "ASL201"]
    assert codes(f"{unused}    x = {'-' * DEEP}{SLEEP}") == ["ASL000"]


def test_it_is_information_unless_asked_for() -> None:
    def severity(**options: object) -> list[Severity]:
        text = SLEEPY.format("pass  # noqa: ASL101")
        return [finding.severity for finding in lint_source(text, "a.py", config(**options)).findings]

    assert severity() == [Severity.INFO]
    assert severity(extend_select=["unused-waiver"]) == [Severity.ERROR]
    assert severity(ignore=["ASL001"]) == severity(ignore=["ASL"]) == severity(select=["ASL101"]) == []


def test_comments_can_be_disregarded() -> None:
    text = SLEEPY.format(f"{SLEEP}  # noqa") + "# asynclint: skip-file\n# flake8: noqa\n# asynclint: ignore[ASL101]\n"
    heedless = replace(config(require_reason=True), waiving=Waiving.NOTHING)
    assert lint_source(text, "a.py", config()).findings == ()
    assert [finding.code for finding in lint_source(text, "a.py", heedless).findings] == ["ASL201"]


# the fix


def fixed(text: str, **options: object) -> str:
    settings = config(**options)
    made = fix(lint_source(text, "a.py", settings).findings, settings, {"a.py": text})
    return made[0].after if made else text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: ASL101\n", "x = 1\n"),
        ("x = 1 # noqa: ASL101", "x = 1"),
        ("x = 1  # noqa: ASL101, ASL102\n", "x = 1\n"),
        ("x = 1  # noqa: E501, ASL101\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: ASL101,E501,W291\n", "x = 1  # noqa: E501,W291\n"),
        ("x = 1  # noqa: ASL101 E501 why\n", "x = 1  # noqa: E501 why\n"),
        ("x = 1  # noqa: ASL101 it is said here\n", "x = 1  # it is said here\n"),
        ("x = 1  # noqa: ASL101  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # type: ignore  # noqa: ASL101\n", "x = 1  # type: ignore\n"),
        ("# noqa: ASL101\nx = 1\n", "x = 1\n"),
        ("    # noqa: ASL101", ""),
        ("# noqa: ASL101 prose\nx = 1\n", "# prose\nx = 1\n"),
        ("x = 1  # asynclint: ignore\n", "x = 1\n"),
        ("x = 1  # asynclint: ignore[ASL1] why it is  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # asynclint: ignore[ASL101, blocking-sleep, X] why\n", "x = 1  # asynclint: ignore[X] why\n"),
        ("x = 1\r\n# asynclint: file-ignore[ASL1]\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        ("x = 1\n# asynclint: file-ignore[ASL1]\n# kept\n", "x = 1\n# kept\n"),
        ("x = [\n    1,  # noqa: ASL101\n]  # noqa: ASL102\n", "x = [\n    1,\n]\n"),
        ("x = 'é😀'  # noqa: ASL101\n", "x = 'é😀'\n"),
        ("x = 1  # asynclint: ignore[ASL9O1]\n", "x = 1  # asynclint: ignore[ASL9O1]\n"),
        ("x = 1  # asynclint: ingore[ASL101]\n", "x = 1  # asynclint: ingore[ASL101]\n"),
        ("x = '# noqa: ASL101'\n", "x = '# noqa: ASL101'\n"),
    ],
)
def test_what_is_unused_is_taken_out_and_nothing_else(before: str, after: str) -> None:
    assert fixed(before) == after
    assert fixed(before, unfixable=["ASL001"]) == before


def test_a_waiver_that_a_fix_leaves_without_work_is_taken_out_too() -> None:
    text = SLEEPY.format(f"{SLEEP}  # asynclint: ignore[ASL101] because\n    {SLEEP}")
    assert "ignore" not in fixed(text)
    assert fixed(text).count("await asyncio.sleep(1)") == 2


# reasons


@pytest.mark.parametrize(
    ("comment", "is_missing"),
    [
        ("# asynclint: ignore[ASL201]", True),
        ("# asynclint: ignore[ASL201] --", True),
        ("# asynclint: ignore[ASL201]  # because", True),
        ("# asynclint: ignore", True),
        ("# asynclint: file-ignore[ASL201]", True),
        ("# asynclint: skip-file", True),
        ("# asynclint: ignore[ASL201] at start-up only", False),
        ("# asynclint: ignore[ASL201]: at start-up only", False),
        ("# asynclint: skip-file generated", False),
        ("# noqa: ASL201", False),
    ],
)
def test_a_reason_can_be_required(comment: str, is_missing: bool) -> None:
    assert codes(f"{SLEEP}  {comment}") == []
    assert codes(f"{SLEEP}  {comment}", require_reason=True) == ["ASL002"] * is_missing
    assert codes(f"{SLEEP}  {comment}", extend_select=["ASL002"]) == ["ASL002"] * is_missing
    assert codes(f"{SLEEP}  {comment}", require_reason=True, ignore=["ASL002"]) == []


def test_a_required_reason_is_yes_or_no() -> None:
    with pytest.raises(ConfigError, match="require-reason"):
        config(require_reason="always")


def test_what_is_said_of_them_obeys_severity_and_files() -> None:
    def severities(name: str = "waivers.py", **options: object) -> list[tuple[str, Severity]]:
        found = lint_source(SLEEPY.format("x = 1  # asynclint: ignore"), name, config(**options)).findings
        return [(finding.code, finding.severity) for finding in found]

    assert severities() == [("ASL001", Severity.INFO)]
    assert severities(severity={"unused-waiver": "error"}) == [("ASL001", Severity.ERROR)]
    assert severities(severity={"ASL0": "off"}) == []
    assert severities(require_reason=True, severity={"ASL002": "info", "ASL001": "off"}) == [("ASL002", Severity.INFO)]
    assert severities("gen/a.py", require_reason=True, per_file_ignores={"gen/": ["ASL0"]}) == []
    assert severities("a.py", per_file_ignores={"gen/": ["ASL0"]}) == [("ASL001", Severity.INFO)]


def test_rules_that_are_ignored_in_a_file_accuse_no_waiver_there() -> None:
    idle = "x = 1  # noqa: ASL201"
    assert codes(idle) == ["ASL001"]
    assert codes(idle, per_file_ignores={"waivers.py": ["ASL201"]}) == []
    assert codes(idle, severity={"ASL201": "off"}) == []
    assert codes(idle, per_file_ignores={"waivers.py": ["ASL301"]}) == ["ASL001"]
