"""By what a finding is recognised in another run."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from asynclint.finding import Finding


def fingerprints(findings: Sequence[Finding]) -> tuple[str, ...]:
    """A text for each finding, none twice, that stays the same when its lines move or are indented otherwise."""
    seen: Counter[tuple[str, ...]] = Counter()
    return tuple(_fingerprint(finding, seen) for finding in findings)


def _fingerprint(finding: Finding, seen: Counter[tuple[str, ...]]) -> str:
    what = finding.code, finding.scope, " ".join(finding.excerpt.split())
    seen[what] += 1
    text = "\0".join((*what, str(seen[what])))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
