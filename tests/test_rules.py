"""Every rule is whole: its page, its examples, its names, its place in the catalogue; and how rules are chosen."""

import ast
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from specimens import ROOT, config_for, folders

from asynclint import catalog, rules
from asynclint.catalog import BadRule, UnknownRule, all_rules, documented, enabled, find, page, pages
from asynclint.config import ConfigError, load
from asynclint.finding import Severity
from asynclint.linter import lint_source
from asynclint.rule import Rule
from asynclint.selectors import every_name

PAGES = ROOT / "rules"
TABLE = ROOT / "asynclint" / "rules.json"

HOUSEKEEPING = ("cannot-analyse.md", "unused-waiver.md", "waiver-without-reason.md")
_FLAGGED = re.compile(r"# (ASL\d{3}(?:, ASL\d{3})*)$")
_SECTION = re.compile(r"^## ", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

every_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)


# pages and their examples


def examples(rule: Rule, heading: str) -> list[str]:
    """The Python blocks of one section of a rule's page."""
    sections = [section for section in _SECTION.split(page(rule)) if section.startswith(f"{heading}\n")]
    return [found[1] for section in sections for found in _BLOCK.finditer(section)]


def flagged(code: str) -> list[tuple[int, str]]:
    """The lines that say which codes they get."""
    found = ((number, _FLAGGED.search(line)) for number, line in enumerate(code.splitlines(), 1))
    return sorted((number, name) for number, codes in found if codes for name in codes[1].split(", "))


def reported(rule: Rule, code: str) -> list[tuple[int, str]]:
    result = lint_source(code.encode(), "example.py", config_for(rule.name))
    assert result.errors == ()
    return sorted((finding.span.line, finding.code) for finding in result.findings)


@every_rule
def test_bad_examples_are_reported_exactly_where_they_say(rule: Rule) -> None:
    blocks = examples(rule, "Bad")
    assert blocks != []
    for block in blocks:
        assert rule.code in {code for _, code in flagged(block)}
        assert reported(rule, block) == flagged(block)


@every_rule
def test_good_examples_are_silent(rule: Rule) -> None:
    blocks = examples(rule, "Good")
    assert blocks != []
    for block in blocks:
        assert ast.parse(block).body != []
        assert reported(rule, block) == []


@every_rule
def test_a_page_has_a_heading_a_source_and_what_to_do(rule: Rule) -> None:
    lines = page(rule).splitlines()
    assert lines[0] == f"# {rule.name}"
    assert lines[2].startswith(f"**{rule.code}** ")
    assert rule.pitfall in lines[2]
    assert re.findall(r"^## (.*)$", page(rule), re.MULTILINE)[:3] == ["Bad", "Good", "What to do"]
    assert lines[4].endswith("."), "the first line of a docstring is its sentence in the catalogue"


def test_the_pages_are_those_of_the_docstrings(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless"):
        bless(pages())
    assert sorted(path.name for path in PAGES.iterdir()) == sorted(pages())
    stale = [name for name, text in pages().items() if (PAGES / name).read_bytes().decode() != text]
    assert stale == [], "`pytest --bless` rewrites them"


def test_the_table_of_names_is_that_of_the_rules(request: pytest.FixtureRequest) -> None:
    rows = [[rule.code, rule.name, *([rule.aliases] if rule.aliases else [])] for rule in documented()]
    table = "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]\n"
    if request.config.getoption("--bless"):
        TABLE.write_text(table)
    assert table == TABLE.read_text(), "`pytest --bless` rewrites it"
    assert [(each.code, each.name, each.aliases) for each in every_name()] == [
        (rule.code, rule.name, rule.aliases) for rule in documented()
    ]


def bless(texts: dict[str, str]) -> None:
    for path in PAGES.glob("*.md"):
        path.unlink()
    for name, text in texts.items():
        (PAGES / name).write_bytes(text.encode())


# names


def test_modules_folders_and_rules_have_the_same_names() -> None:
    modules = [path.stem for path in (ROOT / "asynclint" / "rules").glob("*.py") if path.stem != "__init__"]
    names = sorted(rule.name.replace("-", "_") for rule in all_rules())
    assert sorted(modules) == names
    assert [folder.name for folder in folders()] == names


def test_codes_and_names_are_unique_and_found() -> None:
    names = [name for rule in documented() for name in (rule.code, rule.name)]
    assert len(set(names)) == len(names)
    assert [find(rule.code) for rule in documented()] == [find(rule.name.upper()) for rule in documented()]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("ASL10l", "did you mean `ASL"), ("blocking-slep", "did you mean `blocking-sleep`?"), ("xyz", "lists them")],
)
def test_an_unknown_rule_is_answered_with_the_nearest_one(wanted: str, hint: str) -> None:
    with pytest.raises(UnknownRule) as error:
        find(wanted)
    assert f"unknown rule `{wanted}`" in str(error.value)
    assert hint in str(error.value)


# choosing and refusing, among rules made for it

RULE = '''
from asynclint.rule import Default, InTests, Problem, calls, rule

@rule(code="{code}", wants=calls("builtins.print"), pitfall="https://docs.python.org/", {more})
def {name}(body):
    """It prints."""
    for call in body.calls("builtins.print"):
        yield Problem(call, "prints")
'''

Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Puts modules into a rules package of their own, instead of ours."""
    monkeypatch.setattr(rules, "__path__", [str(tmp_path)])
    known = {name for name in sys.modules if name.startswith(f"{rules.__name__}.")}
    for name in known:
        monkeypatch.delitem(sys.modules, name)
    all_rules.cache_clear()

    def write(name: str, code: str = "", more: str = "", text: str = RULE) -> None:
        (tmp_path / f"{name}.py").write_text(text.format(name=name, code=code, more=more))

    yield write
    for name in [name for name in sys.modules if name.startswith(f"{rules.__name__}.")]:
        monkeypatch.delitem(sys.modules, name)
    all_rules.cache_clear()


@pytest.fixture
def four(make: Make) -> None:
    make("loud", "ASL901")
    make("quiet", "ASL902", "default=Default.OFF")
    make("early", "ASL911", "preview=True")
    make("soft", "ASL912", "default=Default.INFO")


def chosen(**options: object) -> list[str]:
    return [each.rule.name for each in enabled(load(str(ROOT), isolated=True, overrides=options))]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "loud soft"),
        ({"select": ["ALL"]}, "loud quiet soft"),
        ({"select": ["ALL"], "preview": True}, "loud quiet early soft"),
        ({"preview": True}, "loud early soft"),
        ({"select": ["ASL902"]}, "quiet"),
        ({"select": ["quiet"]}, "quiet"),
        ({"select": ["ASL91"]}, "soft"),
        ({"select": ["ASL911"]}, ""),
        ({"select": ["ASL9"]}, "loud quiet soft"),
        ({"select": ["ASL"]}, "loud quiet soft"),
        ({"select": ["ASL90", "soft"]}, "loud quiet soft"),
        ({"extend-select": ["quiet"]}, "loud quiet soft"),
        ({"extend-select": ["ASL90"]}, "loud quiet soft"),
        ({"ignore": ["loud"]}, "soft"),
        ({"ignore": ["ASL9"]}, ""),
        ({"ignore": ["ALL"]}, ""),
        ({"select": ["ALL"], "ignore": ["ALL"]}, ""),
        ({"select": ["ASL9"], "ignore": ["ASL90"]}, "soft"),
        ({"select": ["ASL90"], "ignore": ["ASL9"]}, "loud quiet"),
        ({"select": ["ASL901"], "ignore": ["loud"]}, ""),
        ({"select": ["ASL90"], "ignore": ["ASL902"]}, "loud"),
        ({"select": ["ASL912"], "extend-select": ["ASL90"], "ignore": ["ASL9"]}, "loud quiet soft"),
    ],
    ids=str,
)
def test_the_longest_selector_decides(options: dict[str, object], expected: str) -> None:
    assert chosen(**options) == expected.split()


def test_a_renamed_rule_is_still_known_by_its_old_name(make: Make) -> None:
    make("loud", "ASL901", "aliases=('noisy', 'shrill')")
    make("soft", "ASL902")
    assert chosen(select=["noisy"]) == chosen(select=["Shrill"]) == ["loud"]
    assert chosen(ignore=["noisy"]) == ["soft"]
    assert find("noisy").name == "loud"
    config = load(str(ROOT), isolated=True, overrides={"select": ["noisy"], "severity": {"shrill": "info"}})
    assert [(each.by_name, each.said) for each in enabled(config)] == [(True, Severity.INFO)]
    assert "formerly `noisy` · formerly `shrill`" in pages()["loud.md"]


@pytest.mark.parametrize("taken", ["soft", "noisy"])
def test_a_name_is_never_given_twice(make: Make, taken: str) -> None:
    make("loud", "ASL901", f"aliases=('noisy', {taken!r})")
    make("soft", "ASL902")
    with pytest.raises(BadRule, match="names are given twice"):
        all_rules()


@pytest.mark.usefixtures("four")
def test_a_rule_chosen_by_its_own_name_is_loud() -> None:
    def by_name(*selectors: str) -> list[str]:
        config = load(str(ROOT), isolated=True, overrides={"select": selectors})
        return [each.rule.name for each in enabled(config) if each.by_name]

    assert by_name("ASL9", "soft") == ["soft"]
    assert by_name("ASL901") == ["loud"]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize("key", ["select", "extend-select", "ignore"])
@pytest.mark.parametrize(
    ("selector", "hint"), [("ASL9O1", "did you mean `ASL9"), ("qiet", "`quiet`"), ("ASL8", ""), ("E501", ""), ("", "")]
)
def test_a_selector_that_means_nothing_is_an_error(key: str, selector: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        chosen(**{key: [selector]})
    assert f"unknown rule `{selector}`" in str(error.value)
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asynclint]\nselect = ["blocking-slep"]\n')
    with pytest.raises(ConfigError, match=r"pyproject\.toml.*blocking-slep.*did you mean `blocking-sleep`"):
        enabled(load(str(tmp_path)))


BAD = {
    "no rule at all": "x = 1\n",
    "another name": RULE.replace("{name}", "other"),
    "a code of somebody else": RULE.replace("{code}", "E501"),
    "no source": RULE.replace("https://docs.python.org/", ""),
    "no docstring": RULE.replace('"""It prints."""', "pass"),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_bad_rules_are_refused(make: Make, text: str) -> None:
    make("fine", "ASL900")
    make("wrong", "ASL901", text=text)
    with pytest.raises(BadRule, match=r"rules/wrong\.py"):
        catalog.all_rules()


def test_codes_given_twice_are_refused(make: Make) -> None:
    make("one", "ASL901")
    make("two", "ASL901")
    with pytest.raises(BadRule, match="ASL901"):
        catalog.all_rules()


def test_a_new_rule_needs_only_its_module(make: Make) -> None:
    make("brand_new", "ASL999")
    assert list(pages()) == ["README.md", *HOUSEKEEPING, "brand-new.md"]
    result = lint_source(b"print(1)\n", "new.py", load(str(ROOT), isolated=True))
    assert [(finding.name, finding.span.line) for finding in result.findings] == [("brand-new", 1)]
    assert textwrap.dedent(pages()["brand-new.md"]).startswith("# brand-new\n\n**ASL999** ")


# advice


@pytest.mark.parametrize(
    ("oldest", "advice"), [("py310", "`except asyncio.CancelledError: raise`"), ("py311", ".cancelling(): raise`")]
)
def test_advice_is_given_for_the_oldest_python(oldest: str, advice: str) -> None:
    code = """
        import asyncio

        async def connect(client):
            try:
                await client.connect()
            except (OSError, asyncio.CancelledError):
                raise RuntimeError("cannot connect")
    """
    config = load(".", isolated=True, overrides={"target-version": oldest})
    (finding,) = lint_source(textwrap.dedent(code).encode(), "example.py", config).findings
    assert advice in finding.message


CLOSES = """
    async def stop(client, failure):
        try:
            await client.{method}()
        finally:
            raise RuntimeError("not ready") from failure
"""
ANSWERS = """
    import asyncio

    async def upload({parameter}, store, Response):
        try:
            await store({parameter})
        except asyncio.CancelledError:
            return Response(status=500)
        return Response()
"""
STARTS_ALL = """
    import asyncio

    async def fetch(client, each):
        return await client.get(each)

    async def fetch_all(client, {many}):
        return await asyncio.gather(*[fetch(client, each) for each in {many}])
"""
ASKS_FOR_A_LOOP = """
    import asyncio

    class Stream:
        def __init__(self, loop=None):
            self.loop = loop or asyncio.get_event_loop()

    def stream(running):
        return Stream({argument})
"""


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        (CLOSES.format(method="disconnect"), Severity.INFO),
        (CLOSES.format(method="send"), Severity.ERROR),
        (ANSWERS.format(parameter="request"), Severity.INFO),
        (ANSWERS.format(parameter="row"), Severity.ERROR),
        (STARTS_ALL.format(many="attachments"), Severity.INFO),
        (STARTS_ALL.format(many="urls"), Severity.ERROR),
        (ASKS_FOR_A_LOOP.format(argument="loop=running"), Severity.INFO),
        (ASKS_FOR_A_LOOP.format(argument=""), Severity.ERROR),
    ],
)
def test_what_may_well_be_meant_is_information(code: str, severity: Severity) -> None:
    config = load(".", isolated=True)
    (finding,) = lint_source(textwrap.dedent(code).encode(), "example.py", config).findings
    assert finding.severity is severity
