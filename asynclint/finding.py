"""What a rule found, as plain values: nothing here knows where it came from or how it will be shown."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How loud a finding is; `INFO` never changes the exit code."""

    ERROR = "error"
    INFO = "info"


class Span(Struct, frozen=True, order=True):
    """A stretch of source: lines are 1-based, columns 1-based code points, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Related(Struct, frozen=True, order=True):
    """Another place that explains a finding: a step of a call chain, the `get` an early exit belongs to."""

    path: str
    span: Span
    message: str


class Edit(Struct, frozen=True, order=True):
    """A stretch of source, empty for an insertion, and the text to put in its place; its newlines are `\\n`."""

    span: Span
    text: str


class Fix(Struct, frozen=True, order=True):
    """Edits of the finding's own file that mend it together; they do not overlap.

    A safe fix changes nothing but the defect. `title` says what it does, as an order: "add `await`".
    """

    title: str
    edits: tuple[Edit, ...]
    is_safe: bool = False


class Finding(Struct, frozen=True, order=True):
    """One defect at one place.

    `path` is as the user would type it, `excerpt` the whole source line `span.line` without its newline, `scope` the
    qualified name of the function it stands in, "" for a module. The first of `fixes` is the one to apply unasked.
    Findings sort by path, then place, then code, so that every report is in the same order.
    """

    path: str
    span: Span
    code: str
    name: str
    message: str
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    related: tuple[Related, ...] = ()
    scope: str = ""
    fixes: tuple[Fix, ...] = ()


class RuleDescription(Struct, frozen=True):
    """What readers of findings may want to know of a rule: `page` is its page in Markdown, `address` where that lies.

    The address is "" as long as there is none.
    """

    code: str
    name: str
    severity: Severity
    is_on: bool
    summary: str
    page: str
    address: str = ""
