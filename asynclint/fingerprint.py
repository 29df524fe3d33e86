"""A finding's name that stays when its line moves: the same in baselines, in SARIF and in GitLab's reports."""

from collections import Counter
from collections.abc import Iterable

from asynclint.finding import Finding

_DIGITS = 16


def fingerprint(finding: Finding) -> str:
    """Hexadecimal digits made of the rule's code, the qualified name of its function and the words of its line.

    Neither the file nor the place in it counts, nor does the white space; so several findings may share one.
    """
    return _hashed(finding.code, finding.scope, " ".join(finding.excerpt.split()))


def unique_fingerprints(findings: Iterable[Finding]) -> list[str]:
    """One for each finding, no two alike: of its path as it is given, its fingerprint, and how often that came before.

    The findings of a file have to be in their order, from the top down.
    """
    seen: Counter[tuple[str, str]] = Counter()
    unique = []
    for finding in findings:
        path, mark = finding.path.replace("\\", "/"), fingerprint(finding)
        unique.append(_hashed(path, mark, str(seen[path, mark])))
        seen[path, mark] += 1
    return unique


def _hashed(*parts: str) -> str:
    from hashlib import sha256

    return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
