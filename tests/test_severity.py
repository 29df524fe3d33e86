"""Which findings are information, whatever the rule's own default is."""

from pathlib import Path

import pytest
from specimens import lint_files

from asynclint.finding import Severity

WAITING = """\
import asyncio

async def fetch(url): raise ValueError(url)

async def main(store, urls):
    tasks = [asyncio.create_task(fetch(url)) for url in ("a", "b")]
"""
HUB = "import asyncio\n\nasync def connect(api):\n"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("blocking-input", "async def main():\n    return input('name: ')\n"),
        ("ignored-wait-result", f"{WAITING}    await asyncio.wait(tasks)\n"),
        ("ignored-wait-result", f"{WAITING}    await asyncio.wait(tasks)\n    tasks.clear()\n    return store\n"),
        ("sync-twin", "class S:\n    def save(self): self.db.put()\n    async def asave(self): await self.db.aput()\n"
         "async def main(s: S):\n    s.save()\n"),
        ("dangling-task", f"{HUB}    async with asyncio.timeout(5):\n        await api.connect()\n\n"
         "def main(api, loop: asyncio.AbstractEventLoop):\n    loop.create_task(connect(api))\n"),
    ],
)  # fmt: skip
def test_what_harms_little_is_information(rule: str, text: str, tmp_path: Path) -> None:
    assert severities(rule, text, tmp_path) == [Severity.INFO]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("blocking-input", "async def main():\n    while input('more? '):\n        print()\n"),
        ("blocking-input", "import asyncio\nasync def main():\n    return input()\nasync def serve(handle):\n"
         "    await asyncio.start_server(handle, port=80)\n"),
        ("ignored-wait-result", f"{WAITING}    await asyncio.wait(tasks)\n    return store.create()\n"),
        ("ignored-wait-result", f"{WAITING}    try:\n        await asyncio.wait(tasks)\n    except ValueError:\n"
         "        return False\n    return True\n"),
        ("sync-twin", "import time\nclass S:\n    def save(self): time.sleep(1)\n"
         "    async def asave(self): await self.db.aput()\nasync def main(s: S):\n    s.save()\n"),
        ("dangling-task", f"{HUB}    async with asyncio.timeout(5):\n        await api.connect()\n"
         "    await api.ready()\n\n"
         "def main(api, loop: asyncio.AbstractEventLoop):\n    loop.create_task(connect(api))\n"),
    ],
)  # fmt: skip
def test_what_harms_is_an_error(rule: str, text: str, tmp_path: Path) -> None:
    assert severities(rule, text, tmp_path) == [Severity.ERROR]


def severities(rule: str, text: str, directory: Path) -> list[Severity]:
    return [finding.severity for finding in lint_files({"a.py": text}, rule, directory) if finding.name == rule]
