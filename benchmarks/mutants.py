"""Breaks clean packages in one place at a time, and counts what asynclint says of it, there and elsewhere.

Run `python benchmarks/mutants.py PATH...`; see the README beside this file.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutations import KINDS, Mutant, mutated

from asynclint.config import Config
from asynclint.finding import Finding
from asynclint.linter import Linter
from asynclint.source.text import SourceText

_HEADER = ("package", "places", "mutants", "found", "", "elsewhere", "seconds")


@dataclass(frozen=True)
class Outcome:
    """What is said of a mutant and is not said of the clean file."""

    mutant: Mutant
    found: bool
    elsewhere: tuple[Finding, ...]


@dataclass(frozen=True)
class Score:
    """The outcomes of one package, chosen from so many places."""

    package: str
    places: int
    outcomes: tuple[Outcome, ...]
    seconds: float


# what is said of it


def outcomes(mutants: Sequence[Mutant], codes: frozenset[str]) -> Iterator[Outcome]:
    """Each mutant linted in the place of its file, and compared with the clean file."""
    for path in sorted({mutant.path for mutant in mutants}):
        text = SourceText.decode(Path(path).read_bytes()).text
        clean = Counter(map(_said, _findings(path, text)))
        for mutant in mutants:
            if mutant.path == path and (broken := mutated(text, mutant)) is not None:
                new = _new(_findings(path, broken), _shifted(clean, mutant))
                hits = [f for f in new if f.code in codes and mutant.first <= f.span.line <= mutant.last]
                yield Outcome(mutant, bool(hits), tuple(f for f in new if f not in hits))


def _findings(path: str, text: str) -> Sequence[Finding]:
    """A new linter each time: what a file says may change what is known of every other one."""
    return Linter(Config(), {path: text}).lint(path).findings


def _said(finding: Finding) -> tuple[str, int, str]:
    return finding.code, finding.span.line, finding.message


def _shifted(clean: Counter[tuple[str, int, str]], mutant: Mutant) -> Counter[tuple[str, int, str]]:
    """The same findings below the lines that were added."""
    if not mutant.added:
        return clean
    moved = ((code, line + mutant.added * (line > mutant.line), message) for code, line, message in clean.elements())
    return Counter(moved)


def _new(findings: Sequence[Finding], clean: Counter[tuple[str, int, str]]) -> list[Finding]:
    left = clean.copy()
    left.subtract(map(_said, findings))
    return [finding for finding in findings if left[_said(finding)] < 0]


def score(package: Path, seed: int, size: int, kind: str) -> Score:
    """Lints that many mutants of a package, chosen at random."""
    places = list(KINDS[kind].mutants(package))
    chosen = random.Random(f"{seed} {package.name}").sample(places, min(size, len(places)))
    start = time.perf_counter()
    told = tuple(outcomes(chosen, KINDS[kind].codes))
    return Score(package.name, len(places), told, time.perf_counter() - start)


# what is printed


def table(scores: Sequence[Score]) -> Iterator[str]:
    """One line for each package, in columns."""
    rows = [_HEADER, *map(_row, scores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((row[0].ljust(widths[0]), *cells))


def _row(score: Score) -> tuple[str, ...]:
    found, mutants = sum(o.found for o in score.outcomes), len(score.outcomes)
    share = f"{100 * found / mutants:.0f} %" if mutants else "-"
    elsewhere = sum(len(o.elsewhere) for o in score.outcomes)
    return score.package, str(score.places), str(mutants), str(found), share, str(elsewhere), f"{score.seconds:.0f}"


def misses(score: Score, count: int) -> Iterator[str]:
    """Every finding elsewhere, and that many of the mutants that were not found."""
    for outcome in score.outcomes:
        for finding in outcome.elsewhere:
            made = f"{outcome.mutant.path}:{outcome.mutant.line}"
            yield f"elsewhere: {made} gives {finding.span.line}: {finding.code} {finding.message}"
    missed = [outcome.mutant for outcome in score.outcomes if not outcome.found]
    for mutant in random.Random(score.package).sample(missed, min(count, len(missed))):
        code = SourceText.decode(Path(mutant.path).read_bytes()).line(mutant.line).strip()
        yield f"missed: {mutant.path}:{mutant.line}: {mutant.use}: {code}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+", type=Path, metavar="PATH", help="directory of a package")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="of each package (default: 300)")
    parser.add_argument("--kind", choices=sorted(KINDS), default="await")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show so many of each package's misses")
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    scores = []
    for package in options.packages:
        scores.append(score(package, options.seed, options.mutants, options.kind))
        sys.stdout.writelines(f"{line}\n" for line in misses(scores[-1], options.misses))
        sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in table(scores))


if __name__ == "__main__":
    main()
