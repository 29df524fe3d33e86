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


class Finding(Struct, frozen=True, order=True):
    """One defect at one place.

    `path` is as the user would type it, `excerpt` the whole source line `span.line` without its newline.
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
