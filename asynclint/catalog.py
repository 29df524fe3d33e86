"""The rules there are: found, refused when badly made, chosen, and written down as pages.

The housekeeping codes (ASL000 to ASL002) are documented here, because no rule reports them.
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec.structs import replace

from asynclint import rules
from asynclint.config import Config, Loudness
from asynclint.engine.check import Chosen, Enabled
from asynclint.engine.file_report import CANNOT_ANALYSE
from asynclint.engine.waiving import UNUSED_WAIVER, WAIVER_WITHOUT_REASON
from asynclint.finding import RuleDescription, Severity
from asynclint.rule import Default, Rule
from asynclint.rule.wants import Want
from asynclint.selectors import check_selectors, did_you_mean, longest, reach

_CODE = re.compile(r"ASL\d{3}")
_ADDRESS = ""  # the public address of the catalogue's directory, as soon as it has one


class BadRule(Exception):  # noqa: N818
    """A rule that breaks the house's rules: a mistake of ours, found by the tests."""


class UnknownRule(LookupError):  # noqa: N818
    """No such rule; `str` is the one line to print."""


def _housekeeping(code: str, name: str, pitfall: str, doc: str, default: Default = Default.ON) -> Rule:
    return Rule(code, name, lambda body: iter(()), Want(), pitfall, doc, default)


_CANNOT_ANALYSE = _housekeeping(
    *CANNOT_ANALYSE,
    "https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations",
    """A file could not be read as Python, wholly or in part, so nothing is known about it.

The message says why: a syntax error, an encoding that does not fit (PEP 263), a null byte, code nested too deeply,
or an error of asynclint's own, which is worth a report. Other files are linted all the same. It cannot be switched
off: silence about a file that was not read would look like praise. Under flake8 a syntax error is flake8's own E999.
""",
)
_UNUSED_WAIVER = _housekeeping(
    *UNUSED_WAIVER,
    "https://docs.astral.sh/ruff/rules/unused-noqa/",
    """A comment asks for silence where there is nothing to silence.

Left where it is, it will hide the next mistake on that line. Reported are `# asynclint: ignore`, `file-ignore` and our
codes in `# noqa: ...` that silence no finding, codes and names that no rule has, and comments that were meant for
asynclint but cannot be understood. Only rules that speak in the run are judged, so a run with `--select` accuses no
waiver of another rule; nothing is said of a bare `# noqa`, of other tools' codes, or of a file that could not be
analysed as a whole. It is silenced by its own code alone: `# noqa: ASL001`.

## Fix

Removes the code, or the whole comment when nothing else is left in it; it is safe, because comments do nothing.
Withheld where a code is unknown or a comment is misspelled: somebody meant something by it.
""",
    Default.INFO,
)
_WAIVER_WITHOUT_REASON = _housekeeping(
    *WAIVER_WITHOUT_REASON,
    "https://google.github.io/eng-practices/review/reviewer/looking-for.html#comments",
    """A waiver of ours does not say why it is there.

`# asynclint: ignore[ASL201] only at start-up` tells the next reader what was considered; without the reason they have
to find out again. The comment silences its findings all the same. `require-reason = true` in the configuration
switches this on; a `# noqa` needs no reason, because other tools read it too.
""",
    Default.OFF,
)


_EVERYWHERE = (_CANNOT_ANALYSE.code, _UNUSED_WAIVER.code, _WAIVER_WITHOUT_REASON.code)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code. Raises `BadRule`."""
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    found = [_rule_of(name) for name in names]
    codes = [rule.code for rule in found]
    if len(set(codes)) != len(codes):
        raise BadRule(f"codes are given twice: {sorted(code for code in codes if codes.count(code) > 1)}")
    names = [name for rule in found for name in (rule.name, *rule.aliases)]
    if len(set(names)) != len(names):
        raise BadRule(f"names are given twice: {sorted(name for name in names if names.count(name) > 1)}")
    return tuple(sorted(found, key=lambda rule: rule.code))


def _rule_of(name: str) -> Rule:
    module = importlib.import_module(f"{rules.__name__}.{name}")
    rule = getattr(module, name, None)
    if not isinstance(rule, Rule):
        raise BadRule(f"rules/{name}.py defines no rule named {name}")
    if not _CODE.fullmatch(rule.code) or not rule.pitfall.startswith("https://") or not rule.doc.strip():
        raise BadRule(f"rules/{name}.py needs a code ASLnnn, a documented pitfall and a docstring")
    return rule


def documented() -> tuple[Rule, ...]:
    """Every code with a page: the housekeeping ones and the rules."""
    return (_CANNOT_ANALYSE, _UNUSED_WAIVER, _WAIVER_WITHOUT_REASON, *all_rules())


def find(name_or_code: str) -> Rule:
    """The rule of a code or a name. Raises `UnknownRule`."""
    wanted = name_or_code.strip().lower()
    for rule in documented():
        if wanted in (rule.code.lower(), rule.name, *rule.aliases):
            return rule
    hint = did_you_mean(name_or_code, documented())
    raise UnknownRule(f"unknown rule `{name_or_code}`{hint}; `asynclint rule --all` lists them")


# choosing


def enabled(config: Config) -> tuple[Enabled, ...]:
    """The rules a configuration asks for. Raises `ConfigError` for a selector that means nothing."""
    return chosen(config).rules


def chosen(config: Config) -> Chosen:
    """The same with the housekeeping codes it asks for, and all rules there are. Raises `ConfigError`."""
    check_selectors(config, documented())
    _check_blocking_codes(config)
    if config.require_reason:
        config = replace(config, extend_select=(*config.extend_select, _WAIVER_WITHOUT_REASON.code))
    housekeeping = (_UNUSED_WAIVER, _WAIVER_WITHOUT_REASON)
    return Chosen(_enabled(all_rules(), config), _enabled(housekeeping, config), documented())


def _enabled(rules: Iterable[Rule], config: Config) -> tuple[Enabled, ...]:
    return tuple(
        _as_wanted(rule, config)
        for rule in rules
        if _is_enabled(rule, config) and (config.preview or not rule.preview) and _loudness(rule, config) != "off"
    )


def _as_wanted(rule: Rule, config: Config) -> Enabled:
    loudness = _loudness(rule, config)
    return Enabled(
        rule,
        by_name=_names(rule, (*config.select, *config.extend_select)),
        said=Severity(loudness) if loudness else None,
        ignored_in=_ignored_in(rule, config),
    )


def _loudness(rule: Rule, config: Config) -> Loudness | None:
    """What the user says of a rule: of the selectors that reach it, the longest decides, and the later of equals."""
    by_reach: dict[int, Loudness] = {reach(rule, selector): said for selector, said in config.severity.items()}
    return by_reach[most] if (most := max(by_reach, default=0)) else None


def _ignored_in(rule: Rule, config: Config) -> tuple[str, ...]:
    """The globs of the files in which a rule is ignored."""
    entries = (*config.per_file_ignores.items(), *config.extend_per_file_ignores.items())
    return tuple(dict.fromkeys(glob for glob, selectors in entries if longest(rule, selectors)))


def _check_blocking_codes(config: Config) -> None:
    known = sorted(code for rule in all_rules() for code in rule.wants.blocking)
    for name, said in config.blocking_calls.items():
        if said is not None and said.code and said.code not in known:
            key = f'blocking-calls."{name}".code'
            hint = next((rule.code for rule in all_rules() if rule.name == said.code and rule.code in known), "")
            close = [hint] if hint else difflib.get_close_matches(said.code.upper(), known, n=1)
            remedy = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
            origin = config.origin("blocking_calls", name)
            raise origin.error(key, f"`{said.code}` is no code of a blocking call; {remedy}")


def _is_enabled(rule: Rule, config: Config) -> bool:
    """The longest selector that reaches a rule decides; `ignore` wins between equals."""
    default = 1 if rule.default is not Default.OFF else 0
    wanted = longest(rule, config.select) if config.select else default
    wanted = max(wanted, longest(rule, config.extend_select))
    return wanted > 0 and wanted > longest(rule, config.ignore)


def _names(rule: Rule, selectors: Sequence[str]) -> bool:
    return any(selector in (rule.code, rule.name, *rule.aliases) for selector in selectors)


# pages


def pages() -> dict[str, str]:
    """The catalogue as Markdown, by file name."""
    return {"README.md": _index(), **{f"{rule.name}.md": page(rule) for rule in documented()}}


def page(rule: Rule) -> str:
    """A rule's page: its docstring under a heading, with its code, default and source."""
    facts = f"**{rule.code}** · {_default_words(rule)}{_libraries(rule)} · [documented pitfall]({rule.pitfall})"
    former = "".join(f" · formerly `{name}`" for name in rule.aliases)
    return f"# {rule.name}\n\n{facts}{former}\n\n{_text(rule)}\n"


def descriptions() -> dict[str, RuleDescription]:
    """What reports say of the rules themselves, by code."""
    return {rule.code: _description(rule) for rule in documented()}


def _description(rule: Rule) -> RuleDescription:
    return RuleDescription(
        rule.code,
        rule.name,
        severity=Severity.INFO if rule.default is Default.INFO else Severity.ERROR,
        is_on=rule.default is not Default.OFF and not rule.preview,
        summary=_text(rule).splitlines()[0],
        page=page(rule),
        address=f"{_ADDRESS}/{rule.name}.md" if _ADDRESS else "",
    )


def _libraries(rule: Rule) -> str:
    if rule.code in _EVERYWHERE:
        return ""
    return " · asyncio and anyio" if rule.on_anyio else " · asyncio only"


def _text(rule: Rule) -> str:
    first, _, rest = rule.doc.strip().partition("\n")
    indent = min((len(line) - len(line.lstrip()) for line in rest.splitlines() if line.strip()), default=0)
    return "\n".join([first, *(line[indent:].rstrip() for line in rest.splitlines())])


def _default_words(rule: Rule) -> str:
    if rule.code == _CANNOT_ANALYSE.code:
        return "always on"
    words = {Default.ON: "on by default", Default.INFO: "shown as information", Default.OFF: "off by default"}
    return words[rule.default] + (", preview" if rule.preview else "")


def _index() -> str:
    rows = [
        f"| {rule.code} | [{rule.name}]({rule.name}.md) | {_default_words(rule)} | {_text(rule).splitlines()[0]} |"
        for rule in documented()
    ]
    heading = "# The catalogue\n\nOne rule per documented pitfall. These pages are generated from the rules' docstrings"
    table = "| code | name | default | the mistake |\n|---|---|---|---|"
    return "\n".join([f"{heading} by `asynclint pages`.\n", table, *rows]) + "\n"
