"""`# noqa` comments written for findings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.fix import Fixed
from asynclint.engine.run import Choose, Runner
from asynclint.engine.waiving import HOUSEKEEPING
from asynclint.finding import Finding
from asynclint.source.comments import with_noqa
from asynclint.source.edits import edited
from asynclint.source.respell import parse
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Row, read_waivers, rows


class Silenced(Struct, frozen=True):
    """Texts with their new comments, and the findings for which none could be written."""

    files: tuple[Fixed, ...]
    withheld: tuple[Finding, ...]


def add_noqa(findings: Iterable[Finding], config: Config, choose: Choose, reason: str = "") -> Silenced:
    """Adds `# noqa: ASLnnn` for these findings, where flake8 would heed it too, in memory.

    Where a comment cannot be, would mean something else to Python or would not be heeded, none is added. Nothing is
    done about findings that speak of comments or of whole files.
    """
    by_path = defaultdict(list)
    for finding in findings:
        if finding.code not in HOUSEKEEPING:
            by_path[finding.path].append(finding)
    workspace = Runner(config, choose).workspace
    texts = {path: workspace.text(path) for path in by_path}
    after = {path: _with_comments(texts[path], wanted, reason) for path, wanted in by_path.items()}
    overlays = {path: text for path, text in after.items() if _means_the_same(texts[path], text)}
    deaf = _still_found(by_path, overlays, config, choose)
    heeded = {path: [finding for finding in wanted if finding not in deaf] for path, wanted in by_path.items()}
    files = [
        Fixed(path, texts[path].text, _with_comments(texts[path], wanted, reason), tuple(wanted))
        for path, wanted in heeded.items()
        if wanted
    ]
    return Silenced(tuple(files), tuple(sorted(deaf)))


def _with_comments(text: SourceText, findings: Sequence[Finding], reason: str) -> str:
    noqas = {waiver.line: waiver for waiver in read_waivers(text) if waiver.kind is Kind.NOQA and waiver.is_comment}
    edits = [
        with_noqa(text, row, noqas.get(row.last), sorted(codes), reason)
        for row, codes in _codes_by_row(text, findings).items()
    ]
    return edited(text, edits)


def _codes_by_row(text: SourceText, findings: Iterable[Finding]) -> Mapping[Row, set[str]]:
    row_of = {line: row for row in rows(text) for line in row.lines}
    codes = defaultdict(set)
    for finding in findings:
        codes[row_of[finding.span.line]].add(finding.code)
    return codes


def _means_the_same(before: SourceText, after: str) -> bool:
    from ast import dump

    try:
        return dump(parse(before.text)) == dump(parse(after))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _still_found(
    wanted: Mapping[str, Collection[Finding]], overlays: Mapping[str, str], config: Config, choose: Choose
) -> set[Finding]:
    """The findings that the comments do not silence, by their places, which no comment moves."""
    runner = Runner(config, choose, overlays)
    deaf: set[Finding] = set()
    for path, findings in wanted.items():
        places = {(finding.span, finding.code) for finding in runner.check(path).findings}
        deaf |= {finding for finding in findings if (finding.span, finding.code) in places}
    return deaf
