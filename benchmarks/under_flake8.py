"""What the plugin adds to flake8, against what `asynclint` itself costs: CPU seconds, with the processes they start.

    python benchmarks/under_flake8.py PATH [--jobs 2] [--rounds 3]

flake8 runs with its own plugins alone, and with ours besides, with nothing in the cache; the best of the rounds counts.
"""

import argparse
import os
import sys
import tempfile

from measuring import Failed, measured

FLAKE8 = """
import sys
from importlib import metadata

every, wanted = metadata.distributions, sys.argv.pop(1).split(",")
metadata.distributions = lambda: (each for each in every() if each.metadata["name"] in wanted)
from flake8.main.cli import main

sys.exit(main())
"""
QUIET = ("--isolated", "--exit-zero", "--output-file", os.devnull)


def seconds(*arguments: str, cwd: str) -> float:
    """The CPU time of a Python program and of the processes it has started. Exits when the program fails."""
    with tempfile.TemporaryDirectory() as cache:
        try:
            return measured((sys.executable, *arguments), cwd, {**os.environ, "ASYNCLINT_CACHE_DIR": cache}).cost.cpu
        except Failed as failure:
            sys.exit(str(failure))


def flake8(path: str, jobs: int, *plugins: str) -> float:
    return seconds("-c", FLAKE8, ",".join(("flake8", *plugins)), *QUIET, f"-j{jobs}", ".", cwd=path)


def asynclint(path: str, jobs: int) -> float:
    return seconds("-m", "asynclint", "check", "--exit-zero", f"-j{jobs}", ".", cwd=path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", help="The directory to lint, outside any project.")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    path, jobs = asked.path, asked.jobs
    rounds = [(flake8(path, jobs), flake8(path, jobs, "asynclint"), asynclint(path, jobs)) for _ in range(asked.rounds)]
    alone, beside, itself = map(min, zip(*rounds, strict=True))
    print(f"flake8 {alone:.1f} s, with the plugin {beside:.1f} s, asynclint {itself:.1f} s")  # noqa: T201
    print(f"added by the plugin: {(beside - alone) / itself:.2f} times what asynclint costs")  # noqa: T201


if __name__ == "__main__":
    main()
