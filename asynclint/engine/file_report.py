"""What came of one file."""

from msgspec import Struct

from asynclint.baseline import Stale
from asynclint.finding import Finding

CANNOT_ANALYSE = "ASL000", "cannot-analyse"


class FileReport(Struct, frozen=True):
    """What came of one file: findings in order, and errors that are not the file's fault or kept it from being read.

    `hidden` are the findings that the baseline knows, `stale` its entries that match nothing any more.
    """

    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    hidden: tuple[Finding, ...] = ()
    stale: tuple[Stale, ...] = ()
