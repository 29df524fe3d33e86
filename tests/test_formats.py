"""Findings as other programs read them: each format is read back by what defines it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from specimens import ROOT

from asynclint import catalog
from asynclint.config import OUTPUT_FORMATS
from asynclint.finding import Edit, Finding, Fix, Related, RuleDescription, Severity, Span
from asynclint.fingerprint import unique_fingerprints
from asynclint.report import FOR_PEOPLE, FOR_PROGRAMS, for_people, for_programs, relative, statistics

SCHEMAS = Path(os.environ.get("ASYNCLINT_SCHEMAS") or ROOT.parent / "shared" / "recipes" / "formats" / "schemas")
SPAN = Span(12, 18, 12, 24)
PAGES = {
    "ASL101": RuleDescription("ASL101", "late", Severity.ERROR, True, "Too late.", "# late\n", "https://x.org/late")
}

EMOJI = 'import time\n\n\nasync def pause():\n    print("😀é"); time.sleep(1)\n'
HELPER = "import time\n\n\ndef slow():\n    time.sleep(1)\n"
CALLER = "from shop.helper import slow\n\n\nasync def call():\n    slow()\n"


def finding(
    message: str = "never awaited",
    *,
    path: str = "src/a.py",
    excerpt: str = '    print("😀é"); save()',
    span: Span = SPAN,
    severity: Severity = Severity.ERROR,
    related: tuple[Related, ...] = (),
    scope: str = "main",
    fixes: tuple[Fix, ...] = (),
) -> Finding:
    return Finding(path, span, "ASL101", "unawaited-coroutine", message, severity, excerpt, related, scope, fixes)


def run(*arguments: str) -> str:
    """What a run in the current directory prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "asynclint", "--isolated", "--no-cache", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run finds one error on a line with an emoji, and one that reaches through another file."""
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    for name, text in {"__init__": "", "pause": EMOJI, "helper": HELPER, "caller": CALLER}.items():
        Path(f"shop/{name}.py").write_text(text, "utf-8")
    return tmp_path


def valid(text: str, schema: str) -> Any:
    """The JSON, once it keeps to a published schema."""
    path = SCHEMAS / schema
    if not path.exists():
        pytest.skip(f"the schema {schema} is not at {SCHEMAS}; set ASYNCLINT_SCHEMAS to its directory")
    document = json.loads(text)
    jsonschema.Draft4Validator(json.loads(path.read_text("utf-8"))).validate(document)
    return document


# all formats


def test_every_format_has_a_name_and_a_function() -> None:
    assert {*FOR_PEOPLE, *FOR_PROGRAMS} == set(OUTPUT_FORMATS)
    assert all(callable(for_people(name)) for name in FOR_PEOPLE)
    assert all(callable(for_programs(name)) for name in FOR_PROGRAMS)


def test_the_help_names_every_format() -> None:
    command = [sys.executable, "-m", "asynclint", "check", "--help"]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert [name for name in OUTPUT_FORMATS if not re.search(rf"\b{name}\b", shown)] == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("full", "shop/pause.py:5:18: "),
        ("concise", "shop/pause.py:5:18: "),
        ("grouped", "shop/pause.py:\n  5:18  "),
        ("json", '"row": 5,\n      "column": 18'),
        ("json-lines", '"location": {"row": 5, "column": 18}'),
        ("sarif", '"startLine": 5,\n                  "startColumn": 18'),
        ("github", "file=shop/pause.py,line=5,endLine=5,col=18,endColumn=31::"),
        ("gitlab", '"line": 5,\n          "column": 18'),
        ("junit", 'file="shop/pause.py" line="5" column="18"'),
        ("rdjson", '"line": 5,\n            "column": 22'),  # bytes
        ("azure", "sourcepath=shop/pause.py;linenumber=5;columnnumber=18;"),
        ("pylint", "shop/pause.py:5: "),
    ],
)
def test_columns_after_an_emoji_count_code_points(project: Path, name: str, place: str) -> None:
    assert place in run("--output-format", name, "shop")


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_can_be_written_in_any_format(message: str, path: str, excerpt: str, scope: str) -> None:
    found = [finding(message, path=path, excerpt=excerpt, scope=scope)]
    for name in FOR_PROGRAMS:
        shown = for_programs(name)(found, PAGES)
        assert shown.endswith("\n")
        assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", shown)
        shown.encode()


def test_paths_are_seen_from_where_we_stand() -> None:
    related = (Related("/work/src/b.py", Span(1, 1, 1, 1), "here"),)
    found = [finding(path=path, related=related) for path in ("/work/src/a.py", "src/a.py", "/else/a.py")]
    seen = relative(found, "/work")
    assert [each.path for each in seen] == ["src/a.py", "src/a.py", "/else/a.py"]
    assert {each.related[0].path for each in seen} == {"src/b.py"}


def test_absolute_paths_become_relative_for_services(project: Path) -> None:
    for name in ("sarif", "github", "gitlab", "junit", "rdjson", "azure"):
        shown = run("--output-format", name, str(project))
        assert "shop/pause.py" in shown
        assert str(project) not in shown


# SARIF


def test_sarif_keeps_to_its_schema(project: Path) -> None:
    log = valid(run("--output-format", "sarif", "shop"), "sarif-2.1.0.json")
    chained, plain = log["runs"][0]["results"]
    assert plain["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/pause.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 5, "startColumn": 18, "endLine": 5, "endColumn": 31},
    }
    steps = chained["codeFlows"][0]["threadFlows"][0]["locations"]
    places = [step["location"]["physicalLocation"] for step in steps]
    assert [place["artifactLocation"]["uri"] for place in places] == ["shop/caller.py", "shop/helper.py"]
    assert len({result["partialFingerprints"]["asynclint/v1"] for result in (chained, plain)}) == 2


def test_sarif_without_findings_keeps_to_its_schema() -> None:
    assert valid(for_programs("sarif")([], {}), "sarif-2.1.0.json")["runs"][0]["results"] == []


def test_sarif_carries_rules_fixes_and_levels() -> None:
    fix = Fix("add `await`", (Edit(Span(12, 18, 12, 18), "await "), Edit(Span(1, 1, 1, 1), "import a\n")), is_safe=True)
    found = [
        finding(fixes=(fix,), related=(Related("b.py", Span(3, 1, 3, 1), "here"),)),
        finding(severity=Severity.INFO),
    ]
    run_ = valid(for_programs("sarif")(found, PAGES), "sarif-2.1.0.json")["runs"][0]
    assert run_["columnKind"] == "unicodeCodePoints"
    assert "SRCROOT" in run_["originalUriBaseIds"]
    (rule,) = run_["tool"]["driver"]["rules"]
    assert (rule["id"], rule["helpUri"], rule["help"]["markdown"]) == ("ASL101", "https://x.org/late", "# late\n")
    assert rule["defaultConfiguration"] == {"enabled": True, "level": "error"}
    error, note = run_["results"]
    assert (error["level"], note["level"], error["ruleIndex"]) == ("error", "note", 0)
    (change,) = error["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "src/a.py", "uriBaseId": "SRCROOT"}
    assert [each["insertedContent"]["text"] for each in change["replacements"]] == ["await ", "import a\n"]


def test_sarif_names_no_address_while_there_is_none() -> None:
    rules = catalog.descriptions()
    assert "helpUri" not in for_programs("sarif")([finding()], rules)
    assert rules["ASL101"].page == catalog.page(catalog.find("ASL101"))
    assert [rules[code].is_on for code in ("ASL101", "ASL303", "ASL703")] == [True, False, False]


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        ("src/a b#1.py", {"uri": "src/a%20b%231.py", "uriBaseId": "SRCROOT"}),
        ("caf\udce9.py", {"uri": "caf%E9.py", "uriBaseId": "SRCROOT"}),
        ("é.py", {"uri": "%C3%A9.py", "uriBaseId": "SRCROOT"}),
        ("/else/a.py", {"uri": "file:///else/a.py"}),
        ("C:/else/a.py", {"uri": "file:///C%3A/else/a.py"}),
    ],
)
def test_sarif_addresses(path: str, artifact: dict[str, str]) -> None:
    log = valid(for_programs("sarif")([finding(path=path)], {}), "sarif-2.1.0.json")
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


# reviewdog


def test_rdjson_keeps_to_its_schema(project: Path) -> None:
    diagnostics = valid(run("--output-format", "rdjson", "shop"), "rdf.json")["diagnostics"]
    assert [each["code"]["value"] for each in diagnostics] == ["ASL210", "ASL201"]
    assert diagnostics[0]["related_locations"][0]["location"]["path"] == "shop/helper.py"


def test_rdjson_counts_bytes_in_the_line_it_knows() -> None:
    insertion = Fix("add `await`", (Edit(Span(12, 18, 12, 18), "await "),))
    elsewhere = Fix("move", (Edit(Span(14, 3, 14, 4), ""),))
    found = [finding(span=Span(12, 18, 14, 3), fixes=(insertion,)), finding(fixes=(elsewhere,)), finding(excerpt="")]
    first, second, third = valid(for_programs("rdjson")(found, PAGES), "rdf.json")["diagnostics"]
    place = {"line": 12, "column": 22}
    assert first["location"]["range"] == {"start": place, "end": {"line": 12, "column": 28}}
    assert first["suggestions"] == [{"range": {"start": place, "end": place}, "text": "await "}]
    assert first["code"]["url"] == "https://x.org/late"
    assert second["suggestions"] == []
    assert third["location"]["range"]["start"] == {"line": 12, "column": 18}


# GitLab


def test_gitlab_has_what_it_wants(project: Path) -> None:
    issues = json.loads(run("--output-format", "gitlab", "shop"))
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not os.path.isabs(issue["location"]["path"])
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 2


def test_fingerprints_stay_when_lines_move(project: Path) -> None:
    def known() -> list[str]:
        return [issue["fingerprint"] for issue in json.loads(run("--output-format", "gitlab", "shop"))]

    before = known()
    Path("shop/pause.py").write_text("# one more line\n\n" + EMOJI, "utf-8")
    assert known() == before


def test_fingerprints_are_never_given_twice() -> None:
    found = [finding(), finding(), finding(path="b.py"), finding(excerpt="other()"), finding(scope="other")]
    assert len(set(unique_fingerprints(found))) == len(found)
    moved = [finding(span=Span(99, 1, 99, 2), excerpt='print("😀é");\tsave()')]
    assert unique_fingerprints(moved) == unique_fingerprints(found[:1])


# JUnit


def test_junit_is_read_by_junitparser(project: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(run("--output-format", "junit", "shop"), "utf-8")
    suites = list(junitparser.JUnitXml.fromfile(str(report)))
    assert [(suite.name, suite.tests, suite.failures) for suite in suites] == [
        ("shop/caller.py", 1, 1),
        ("shop/pause.py", 1, 1),
    ]
    (case,) = suites[1]
    assert (case.name, case.classname) == ("ASL201 [blocking-sleep]", "shop/pause.py")
    (failure,) = case.result
    assert '    print("😀é"); time.sleep(1)' in failure.text


def test_junit_takes_notes_for_passed_tests_and_silence_for_one() -> None:
    read = junitparser.JUnitXml.fromstring
    (suite,) = read(for_programs("junit")([finding(severity=Severity.INFO)], {}).encode())
    assert (suite.tests, suite.failures) == (1, 0)
    (empty,) = read(for_programs("junit")([], {}).encode())
    assert (empty.tests, empty.failures) == (1, 0)


def test_junit_spells_out_what_xml_forbids() -> None:
    text = "tab\t\x0c\x1b[31m\0 <&>\"' \ufffe \udce9 \x85 a\nb"
    case = ElementTree.fromstring(for_programs("junit")([finding(text, excerpt=text)], {}).encode())[0][0][0]
    expected = "tab\t\\x0c\\x1b[31m\\x00 <&>\"' \\ufffe \\udce9 \\x85 a\nb"
    assert case.get("message") == expected
    assert (case.text or "").endswith(expected)


# commands in logs


def test_github_escapes_what_would_end_a_command() -> None:
    found = [finding("100%\r\n::error::x", path="a,b:c%.py"), finding(span=Span(1, 2, 3, 4), severity=Severity.INFO)]
    escaped, several = for_programs("github")(found, {}).splitlines()
    assert escaped == (
        "::error title=ASL101 [unawaited-coroutine],file=a%2Cb%3Ac%25.py,line=12,endLine=12,col=18,endColumn=24::"
        "a,b:c%25.py:12:18: ASL101 100%25%0D%0A::error::x"
    )
    assert several.startswith("::notice title=ASL101 [unawaited-coroutine],file=src/a.py,line=1,endLine=3::")


def test_azure_escapes_what_would_end_a_command() -> None:
    found = [finding("100%\r\n]x;", path="a;b]%.py"), finding(severity=Severity.INFO)]
    escaped, note = for_programs("azure")(found, {}).splitlines()
    assert escaped == (
        "##vso[task.logissue type=error;sourcepath=a%3Bb%5D%AZP25.py;linenumber=12;columnnumber=18;code=ASL101;]"
        "[unawaited-coroutine] 100%AZP25%0D%0A]x;"
    )
    assert note.startswith("##vso[task.logissue type=warning;")


def test_pylint_is_what_its_readers_parse() -> None:
    shown = for_programs("pylint")([finding()], {})
    assert shown == "src/a.py:12: [ASL101(unawaited-coroutine), main] never awaited\n"


# JSON


def test_json_lines_are_the_objects_of_json(project: Path) -> None:
    lines = run("--output-format", "json-lines", "shop").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(run("--output-format", "json", "shop"))
    assert json.loads(for_programs("json")([finding()], PAGES))[0]["url"] == "https://x.org/late"


# statistics


def test_statistics_count_each_rule_and_mark_what_can_be_fixed() -> None:
    note = Finding("a.py", Span(1, 1, 1, 2), "ASL208", "blocking-file-io", "slow", Severity.INFO)
    sleep = Finding("a.py", Span(2, 1, 2, 2), "ASL201", "blocking-sleep", "slow")
    found = [finding(), finding(scope="b"), sleep, note]
    assert statistics.report(found, {found[0], sleep}) == (
        "2  ASL101  [-] unawaited-coroutine\n"
        "1  ASL201  [*] blocking-sleep\n"
        "1  ASL208  [ ] blocking-file-io\n"
        "[*] fixable with `--fix`\n"
        "[-] some of them fixable with `--fix`\n"
    )
    coloured = statistics.report(found, {sleep}, True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == statistics.report(found, {sleep})
    assert statistics.report([], ()) == ""
    assert json.loads(statistics.json_report([sleep], ())) == [
        {"code": "ASL201", "name": "blocking-sleep", "count": 1, "fixable": 0}
    ]
