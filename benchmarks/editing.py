"""How long an editor waits: from an edit of a file to its diagnostics, and from opening it to the first ones.

The real server is spoken to over its pipes, as an editor that asks for diagnostics does. See the README here.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READING = 3.0  # seconds until somebody who has opened a file begins to type
EDIT = "\n\nimport time\n\n\nasync def edited_{number}():\n    time.sleep({number})\n"


class Server:
    """A language server and what is said to it."""

    def __init__(self, folder: Path, cache: str) -> None:
        command, surroundings = [sys.executable, "-m", "asynclint", "server"], {"ASYNCLINT_CACHE_DIR": cache}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **surroundings}
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self._calls = 0
        folders = [{"uri": folder.as_uri(), "name": folder.name}]
        self.ask("initialize", {"capabilities": {"textDocument": {"diagnostic": {}}}, "workspaceFolders": folders})
        self.tell("initialized", {})

    def tell(self, method: str, params: object, **more: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def ask(self, method: str, params: object) -> Any:
        self._calls += 1
        self.tell(method, params, id=self._calls)
        while (answer := self._read()).get("id") != self._calls or "method" in answer:
            pass
        return answer["result"]

    def _read(self) -> Any:
        length = 0
        while line := self._from.readline().strip():
            if line.startswith(b"Content-Length:"):
                length = int(line.split()[1])
        return json.loads(self._from.read(length))

    def diagnostics(self, uri: str) -> list[Any]:
        return list(self.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"])

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "python", "version": 0, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, text: str) -> None:
        document, changes = {"uri": uri, "version": version}, [{"text": text}]
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def cpu(self) -> float:
        """Seconds of work so far, however busy the machine is otherwise; 0 where that cannot be seen."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait(60)


@contextmanager
def serving(folder: Path, cache: str) -> Iterator[Server]:
    server = Server(folder, cache)
    yield server
    server.end()


def first(folder: Path, file: Path, cache: str) -> float:
    """Seconds from starting a server to the first diagnostics of a file."""
    started = time.perf_counter()
    with serving(folder, cache) as server:
        server.open(file.as_uri(), file.read_text())
        server.diagnostics(file.as_uri())
        return time.perf_counter() - started


def edits(folder: Path, file: Path, cache: str, times: int) -> tuple[list[float], float]:
    """Seconds from each edit to the diagnostics of what was then typed, and those of work for each.

    The first diagnostics are awaited before.
    """
    text, uri, taken = file.read_text(), file.as_uri(), []
    with serving(folder, cache) as server:
        server.open(uri, text)
        known = len(server.diagnostics(uri))
        time.sleep(READING)
        before = server.cpu()
        for number in range(1, times + 1):
            started = time.perf_counter()
            server.change(uri, number, text + EDIT.format(number=number) * (number % 2))
            found = len(server.diagnostics(uri))
            taken.append(time.perf_counter() - started)
            assert found == known + number % 2, f"{file}: {found} findings instead of {known + number % 2}"
        return taken, (server.cpu() - before) / times


def files_of(folder: Path, lines: int, number: int) -> list[Path]:
    """The files of about so many lines, spread over the whole project."""
    sized = ((path, path.read_bytes().count(b"\n")) for path in sorted(folder.rglob("*.py")))
    fitting = [path for path, count in sized if abs(count - lines) <= lines // 25]
    return fitting[:: max(1, len(fitting) // number)][:number]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the directory of a project")
    parser.add_argument("--lines", type=int, default=500, help="how long the edited files are")
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--edits", type=int, default=40, help="of each file")
    options = parser.parse_args()
    folder = options.path.resolve()
    files = files_of(folder, options.lines, options.files)
    show = sys.stdout.write
    show("| file | first (s) | median (ms) | 99th percentile (ms) | work (ms) |\n|---|--:|--:|--:|--:|\n")
    every, firsts, works = list[float](), list[float](), list[float]()
    for file in files:
        with tempfile.TemporaryDirectory() as cache:
            first(folder, file, cache)  # which fills it
            firsts.append(first(folder, file, cache))
            taken, work = edits(folder, file, cache, options.edits)
        every += taken
        works.append(work)
        show(f"| {file.relative_to(folder)} | {firsts[-1]:.2f} | {_shown(taken)} | {1e3 * work:.0f} |\n")
        sys.stdout.flush()
    work = statistics.mean(works)
    show(f"| together | {statistics.median(firsts):.2f} | {_shown(every)} | {1e3 * work:.0f} |\n")


def _shown(taken: list[float]) -> str:
    return f"{1e3 * statistics.median(taken):.0f} | {1e3 * statistics.quantiles(taken, n=100)[98]:.0f}"


if __name__ == "__main__":
    main()
