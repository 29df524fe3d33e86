"""What waivers do to the findings of a file, and what is to be said of the waivers themselves."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from asynclint.config import Waiving
from asynclint.engine.file_report import CANNOT_ANALYSE
from asynclint.finding import Finding, Fix, Span
from asynclint.rule import Rule
from asynclint.source.comments import without
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Selector, Waiver

UNUSED_WAIVER = "ASL001", "unused-waiver"
WAIVER_WITHOUT_REASON = "ASL002", "waiver-without-reason"
_BY_CODE_ALONE = frozenset({UNUSED_WAIVER[0], WAIVER_WITHOUT_REASON[0]})
HOUSEKEEPING = frozenset({CANNOT_ANALYSE[0], *_BY_CODE_ALONE})
_PLACE = {Kind.NOQA: "here", Kind.IGNORE: "here", Kind.FILE_IGNORE: "in this file"}
_BLANKET = (Kind.IGNORE, Kind.FILE_IGNORE)  # a bare `noqa` may be meant for another tool
_OUR_PREFIX = re.compile(r"ASL\d{0,3}")
_OUR_CODE = re.compile(r"ASL\d+")  # in a `noqa` that other tools share


class Heard(Struct, frozen=True):
    """The rules there are, which of them speak in a file, and which do unless somebody decides otherwise."""

    known: Sequence[Rule]
    codes: frozenset[str]
    usual: frozenset[str]


class Waived(Struct, frozen=True):
    """The findings that are left, and which selectors are of use on the command line at least.

    None stands for a waiver without selectors.
    """

    findings: frozenset[Finding]
    used: frozenset[tuple[Waiver, Selector | None]]


def waive(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    waiving: Waiving,
    aliases: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Waived:
    """Silences what is waived; `aliases` are, by code, the names that rules had before."""
    left: set[Finding] = set()
    used: set[tuple[Waiver, Selector | None]] = set()
    for finding in findings:
        names = (finding.name, *aliases.get(finding.code, ()))
        means = {(waiver, how) for waiver in waivers for how in _means(waiver, finding, names)}
        used |= means
        if not any(_silences(waiver, finding.span.line, waiving) for waiver, _ in means):
            left.add(finding)
    return Waived(frozenset(left), frozenset(used))


def _silences(waiver: Waiver, line: int, waiving: Waiving) -> bool:
    """Does a waiver that means a finding silence it? Beside flake8, which reads the `noqa` itself, on its line only."""
    if waiving is Waiving.STATEMENTS or waiver.kind is Kind.FILE_IGNORE:
        return True
    return waiver.kind is Kind.IGNORE and line in waiver.lines


def _means(waiver: Waiver, finding: Finding, names: Collection[str]) -> Iterator[Selector | None]:
    """By which of its selectors a waiver means a finding of a rule of these names."""
    if waiver.flaw or finding.code == CANNOT_ANALYSE[0] or not _governs(waiver, finding.span.line):
        return
    is_easy = finding.code not in _BY_CODE_ALONE
    if not waiver.selectors and is_easy:
        yield None
    for selector in waiver.selectors:
        if finding.code == selector.text or (is_easy and _reaches(waiver, selector, finding.code, names)):
            yield selector


def _governs(waiver: Waiver, line: int) -> bool:
    if waiver.kind is Kind.FILE_IGNORE:
        return True
    return line in waiver.lines or (waiver.is_comment and line in waiver.statement)


def _reaches(waiver: Waiver, selector: Selector, code: str, names: Collection[str]) -> bool:
    if waiver.kind is Kind.NOQA:
        return code.startswith(selector.text)
    if selector.text.lower() in names:
        return True
    return selector.text == "ALL" or (
        _OUR_PREFIX.fullmatch(selector.text) is not None and code.startswith(selector.text)
    )


# what is said of waivers


class Page(Struct, frozen=True):
    """A file's text and the name it is shown by."""

    text: SourceText
    shown: str

    def finding(self, rule: tuple[str, str], waiver: Waiver, message: str, fix: Fix | None = None) -> Finding:
        """A finding about a waiver."""
        span = Span(waiver.line, waiver.start, waiver.line, waiver.end)
        fixes = (fix,) if fix else ()
        return Finding(self.shown, span, *rule, message, excerpt=self.text.line(waiver.line), fixes=fixes)

    def quoted(self, waiver: Waiver) -> str:
        """The waiver as it is written, without its reason."""
        written = self.text.line(waiver.line)[waiver.start - 1 : waiver.end - 1]
        return f"`{written.removesuffix(waiver.reason).rstrip()}`"

    def removal(self, waiver: Waiver, dropped: Collection[Selector]) -> Fix:
        """The fix that takes selectors out of a waiver, and the waiver out of the text when none is left."""
        is_whole = len(dropped) == len(waiver.selectors)
        title = "remove the waiver" if is_whole else f"remove {_enumerated(dropped)} from the waiver"
        return Fix(title, (without(self.text, waiver, dropped),), is_safe=True)


def without_reason(page: Page, waivers: Iterable[Waiver]) -> Iterator[Finding]:
    """An ASL002 for each waiver of ours that does not say why."""
    for waiver in waivers:
        if waiver.kind is not Kind.NOQA and not waiver.flaw and not any(map(str.isalnum, waiver.reason)):
            message = f"{page.quoted(waiver)} gives no reason; write one behind it"
            yield page.finding(WAIVER_WITHOUT_REASON, waiver, message)


def unused(page: Page, waivers: Iterable[Waiver], waived: Waived, heard: Heard) -> Iterator[Finding]:
    """An ASL001 for each waiver, as far as it is known to silence nothing or cannot be understood."""
    for waiver in waivers:
        if waiver.flaw:
            message = f"{page.quoted(waiver)} is no waiver: {waiver.flaw}"
            yield page.finding(UNUSED_WAIVER, waiver, message)
        elif waiver.selectors and waiver.is_comment:
            yield from _unknown(page, waiver, heard)
            yield from _idle(page, waiver, waived, heard)
        elif waiver.kind in _BLANKET and (waiver, None) not in waived.used and _can_judge(heard.known, heard):
            message = f"{page.quoted(waiver)} silences nothing: there is no finding {_PLACE[waiver.kind]}"
            yield page.finding(UNUSED_WAIVER, waiver, message, page.removal(waiver, ()))


def _unknown(page: Page, waiver: Waiver, heard: Heard) -> Iterator[Finding]:
    for selector in _ours(waiver):
        if not _reached(waiver, selector, heard):
            message = f"`{selector.text}` in a waiver is no rule{_did_you_mean(selector.text, heard.known)}"
            yield page.finding(UNUSED_WAIVER, waiver, message)


def _idle(page: Page, waiver: Waiver, waived: Waived, heard: Heard) -> Iterator[Finding]:
    unused = (selector for selector in _ours(waiver) if (waiver, selector) not in waived.used)
    if idle := [selector for selector in unused if _can_judge(_reached(waiver, selector, heard), heard)]:
        verb = "silences" if len(idle) == 1 else "silence"
        message = f"{_enumerated(idle)} in a waiver {verb} nothing: there is no such finding {_PLACE[waiver.kind]}"
        yield page.finding(UNUSED_WAIVER, waiver, message, page.removal(waiver, idle))


def _ours(waiver: Waiver) -> list[Selector]:
    is_shared = waiver.kind is Kind.NOQA
    return [selector for selector in waiver.selectors if not is_shared or _OUR_CODE.fullmatch(selector.text)]


def _reached(waiver: Waiver, selector: Selector, heard: Heard) -> list[Rule]:
    return [rule for rule in heard.known if _reaches(waiver, selector, rule.code, (rule.name, *rule.aliases))]


def _can_judge(reached: Iterable[Rule], heard: Heard) -> bool:
    """Would what these rules find be seen? Of a prefix, all that are on by default have to be heard."""
    codes = {rule.code for rule in reached}
    return not codes.isdisjoint(heard.codes) and codes & heard.usual <= heard.codes


def _enumerated(selectors: Iterable[Selector]) -> str:
    return ", ".join(f"`{selector.text}`" for selector in selectors)


def _did_you_mean(text: str, known: Iterable[Rule]) -> str:
    names = {name.lower(): name for rule in known for name in (rule.code, rule.name)}
    close = difflib.get_close_matches(text.lower(), names, n=1)
    return f"; did you mean `{names[close[0]]}`?" if close else ""
