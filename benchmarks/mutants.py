"""Breaks clean packages in one place at a time, and counts what asynclint says of it, there and elsewhere.

Run `python benchmarks/mutants.py PATH...`; see the README beside this file.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutations import KINDS, chosen
from mutations.kind import Kind
from mutations.source import Mutant, Package, broken, shifted

from asynclint.catalog import UnknownRule
from asynclint.catalog import chosen as chosen_rules
from asynclint.config import Config, TargetVersion
from asynclint.engine.run import Runner
from asynclint.engine.workspace import Workspace
from asynclint.finding import Finding
from asynclint.source.text import SourceText

_HEADER = ("rule", "kind", "package", "places", "mutants", "found", "", "elsewhere", "seconds")
_WORDS = 3  # columns


@dataclass(frozen=True)
class Outcome:
    """What is said of a mutant and is not said of the clean file."""

    mutant: Mutant
    found: bool
    elsewhere: tuple[Finding, ...]


@dataclass(frozen=True)
class Score:
    """The outcomes of one kind in one package, chosen from so many places."""

    kind: Kind
    package: str
    places: int
    outcomes: tuple[Outcome, ...]
    seconds: float


# what is said of it


class Linting:
    """Lints files as they are and as they are broken, and reads what they import only once."""

    def __init__(self) -> None:
        self._read: Workspace | None = None
        self._clean: dict[tuple[str, tuple[str, ...], tuple[int, int]], Sequence[Finding]] = {}

    def outcomes(self, mutants: Sequence[Mutant], kind: Kind) -> Iterator[Outcome]:
        """Each mutant linted in the place of its file, and compared with the clean file."""
        for mutant in sorted(mutants, key=lambda mutant: mutant.path):
            text = SourceText.decode(Path(mutant.path).read_bytes()).text
            if (file := broken(text, mutant)) is not None:
                clean = self._findings(mutant.path, kind)
                said = ((f.code, shifted(text, mutant, f.span.line), f.message) for f in clean)
                new = _new(self._run(kind, mutant.path, file.text)[1], Counter(said))
                hits = [f for f in new if f.code in kind.codes and file.first <= f.span.line <= file.last]
                yield Outcome(mutant, bool(hits), tuple(f for f in new if f not in hits))

    def _findings(self, path: str, kind: Kind) -> Sequence[Finding]:
        known = path, kind.selected, kind.oldest
        if known not in self._clean:
            self._read, self._clean[known] = self._run(kind, path)
        return self._clean[known]

    def _run(self, kind: Kind, path: str, text: str | None = None) -> tuple[Workspace, Sequence[Finding]]:
        """A new run each time: what a file says may change what is known of every other one."""
        target = TargetVersion(kind.oldest, Config().target_version.newest)
        config = Config(extend_select=kind.selected, preview=True, target_version=target)
        runner = Runner(config, chosen_rules, {} if text is None else {path: text})
        if self._read is not None:
            runner.workspace.take_over(self._read, frozenset(() if text is None else (os.path.abspath(path),)))
        return runner.workspace, runner.check(path).findings


def _new(findings: Sequence[Finding], clean: Counter[tuple[str, int, str]]) -> list[Finding]:
    clean.subtract((finding.code, finding.span.line, finding.message) for finding in findings)
    return [finding for finding in findings if clean[finding.code, finding.span.line, finding.message] < 0]


def scores(root: Path, seed: int, size: int, kinds: Sequence[Kind]) -> Iterator[Score]:
    """Lints that many mutants of each kind, chosen at random in a package."""
    places: dict[str, list[Mutant]] = {kind.name: [] for kind in kinds}
    for source in Package(root).sources():
        for kind in kinds if "async " in source.text else ():
            if source.is_test == kind.in_tests:
                places[kind.name].extend(kind.mutants(source))
    linting = Linting()
    for kind in kinds:
        made = places[kind.name]
        few = random.Random(f"{seed} {root.name}").sample(made, min(size, len(made)))
        start = time.perf_counter()
        told = tuple(linting.outcomes(few, kind))
        yield Score(kind, root.name, len(made), told, time.perf_counter() - start)


# what is printed


def table(scores: Sequence[Score]) -> Iterator[str]:
    """One line for each kind and package, in columns."""
    rows = [_HEADER, *map(_row, scores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:_WORDS], widths, strict=False)]
        cells += [cell.rjust(width) for cell, width in zip(row[_WORDS:], widths[_WORDS:], strict=True)]
        yield "  ".join(cells)


def _row(score: Score) -> tuple[str, ...]:
    found, mutants = sum(o.found for o in score.outcomes), len(score.outcomes)
    share = f"{100 * found / mutants:.0f} %" if mutants else "-"
    elsewhere = sum(len(o.elsewhere) for o in score.outcomes)
    numbers = str(score.places), str(mutants), str(found), share, str(elsewhere), f"{score.seconds:.0f}"
    return score.kind.code, score.kind.name, score.package, *numbers


def misses(score: Score, count: int) -> Iterator[str]:
    """Every finding elsewhere, and that many of the mutants that were not found."""
    for outcome in score.outcomes:
        for finding in outcome.elsewhere:
            said = f"{finding.span.line}: {finding.code} {finding.message}"
            yield f"elsewhere: {score.kind.name}: {_place(outcome.mutant)} gives {said}"
    missed = [outcome.mutant for outcome in score.outcomes if not outcome.found]
    for mutant in random.Random(score.package).sample(missed, min(count, len(missed))):
        code = SourceText.decode(Path(mutant.path).read_bytes()).line(mutant.line).strip()
        yield f"missed: {score.kind.name}: {_place(mutant)}: {mutant.use}: {code}"


def _place(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.line}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+", type=Path, metavar="PATH", help="directory of a package")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="of each package and kind (default: 300)")
    parser.add_argument("--kind", default="await", help=f"a rule, `all`, or {', '.join(kind.name for kind in KINDS)}")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show so many of each package's misses")
    options = parser.parse_args()
    try:
        kinds = chosen(options.kind)
    except UnknownRule as unknown:
        parser.error(str(unknown))
    sys.stdout.write(f"seed {options.seed}\n")
    known = []
    for package in options.packages:
        for score in scores(package, options.seed, options.mutants, kinds):
            known.append(score)
            sys.stdout.writelines(f"{line}\n" for line in misses(score, options.misses))
            sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in table(known))


if __name__ == "__main__":
    main()
