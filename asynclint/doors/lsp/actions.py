"""What the client may do about findings: fix one, silence one, fix all."""

from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types as lsp
from msgspec import Struct

from asynclint.doors.lsp.session import Checked
from asynclint.doors.lsp.words import Units, text_edits, touches
from asynclint.engine.waiving import HOUSEKEEPING
from asynclint.finding import Edit, Finding
from asynclint.source.comments import with_ignore

FIX_ALL = "source.fixAll.asynclint"
KINDS = (lsp.CodeActionKind.QuickFix, FIX_ALL)


class Desk(Struct, frozen=True):
    """A document, how the client counts in it, and whether it wants to be told which version is meant."""

    checked: Checked
    units: Units
    with_versions: bool

    def edit(self, edits: Iterable[Edit]) -> lsp.WorkspaceEdit:
        """Edits of the document, for the client to make."""
        document = self.checked.document
        made = text_edits(edits, self.units, self.checked.text)
        if not self.with_versions:
            return lsp.WorkspaceEdit(changes={document.uri: made})
        named = lsp.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(named, made)])


def quick_fixes(desk: Desk, place: lsp.Range, shown: Sequence[lsp.Diagnostic]) -> Iterator[lsp.CodeAction]:
    """The fixes of the findings at a place, safe ones first and preferred, then the comments that silence them."""
    findings = [f for f in desk.checked.findings if touches(f, place, desk.units, desk.checked.text)]
    for finding in findings:
        for index, fix in enumerate(sorted(finding.fixes, key=lambda fix: not fix.is_safe)):
            title = f"{finding.code}: {fix.title}" + ("" if fix.is_safe else " (may change what the code does)")
            is_preferred = fix.is_safe and index == 0
            yield _quick_fix(desk, title, fix.edits, _about(finding, desk, shown), is_preferred=is_preferred)
    for finding in {finding.code: finding for finding in reversed(findings)}.values():
        if finding.code not in HOUSEKEEPING:
            edit = with_ignore(desk.checked.text, finding.span.line, finding.code)
            title = f"{finding.code}: ignore on this line"
            yield _quick_fix(desk, title, [edit], _about(finding, desk, shown), is_preferred=False)


def fix_all(desk: Desk, edits: Sequence[Edit]) -> Iterator[lsp.CodeAction]:
    """The one action that makes all safe fixes, if there are any."""
    if edits:
        yield lsp.CodeAction("asynclint: make all safe fixes", FIX_ALL, edit=desk.edit(edits))


def wants(only: Sequence[lsp.CodeActionKind | str] | None, kind: lsp.CodeActionKind | str) -> bool:
    """Does the client ask for actions of this kind? It names kinds by their beginnings."""
    asked, dotted = [str(getattr(each, "value", each)) for each in only or ()], str(getattr(kind, "value", kind))
    return only is None or any(dotted == each or dotted.startswith(f"{each}.") for each in asked)


def _quick_fix(
    desk: Desk, title: str, edits: Iterable[Edit], about: list[lsp.Diagnostic], *, is_preferred: bool
) -> lsp.CodeAction:
    kind = lsp.CodeActionKind.QuickFix
    return lsp.CodeAction(title, kind, about or None, is_preferred=is_preferred or None, edit=desk.edit(edits))


def _about(finding: Finding, desk: Desk, shown: Sequence[lsp.Diagnostic]) -> list[lsp.Diagnostic]:
    """The client's own diagnostics that stand for a finding."""
    start = desk.units.range(desk.checked.text, finding.span).start
    return [each for each in shown if each.code == finding.code and each.range.start == start]
