"""Shapes that the facts must not settle: what a rule finds where it reads every body, it finds behind the sieve."""

from textwrap import dedent, indent

import pytest
from specimens import ROOT

from asynclint.config import load
from asynclint.linter import Linter

EVERYTHING = load(str(ROOT), isolated=True, overrides={"select": ["ALL"], "preview": True, "target_version": "3.10"})

RACES = {
    "in a loop, written above the read": """
        seen = 0
        while True:
            self.total = seen + 1
            seen = self.total
            await self.wait()
    """,
    "through another variable": """
        seen = self.total
        await self.wait()
        more = seen + 1
        self.total = more
    """,
    "in a handler": """
        seen = self.total
        try:
            await self.wait()
        except OSError:
            self.total = seen + 1
    """,
    "left by an async with": """
        async with self.manager:
            seen = self.total
        self.total = seen + 1
    """,
    "in an async for": """
        async for item in self.items:
            self.total = seen + item
            seen = self.total
    """,
    "in a case": """
        match await self.wait():
            case 1:
                seen = self.total
                await self.wait()
                self.total = seen + 1
    """,
    "in a text": """
        self.total = f"{self.total}{await self.wait()}"
    """,
    "an element": """
        self.totals["a"] = self.totals["a"] + await self.wait()
    """,
    "one of several targets": """
        first, self.total = 1, self.total + await self.wait()
    """,
    "an augmented element": """
        self.totals["a"] *= await self.wait()
    """,
    "created late": """
        if not self.total:
            self.total = await connect()
    """,
    "created late in a thread": """
        if self.total is None:
            self.total = await asyncio.to_thread(connect)
    """,
    "an element created late": """
        if "a" not in self.totals:
            made = await connect()
            self.totals["a"] = made
    """,
    "taken late": """
        if 5 <= self.total:
            await self.wait()
            self.total -= 5
    """,
}
CLASS = """
import asyncio

async def connect(): ...

class Counter:
    def __init__(self):
        self.total = 0
        self.totals = {}

    async def wait(self):
        await asyncio.sleep(1)
        return 1

    async def update(self):
"""


@pytest.mark.parametrize("body", RACES.values(), ids=RACES)
def test_races(body: str) -> None:
    assert "ASL504" in found(CLASS + indent(dedent(body), " " * 8))


OTHERS = {
    "a global that is read late": (
        "ASL504",
        """
        import asyncio
        total = 0
        async def update():
            global total
            total = total + await asyncio.sleep(1, 1)
        """,
    ),
    "a container behind functions": (
        "ASL505",
        """
        import asyncio
        class Hub:
            def __init__(self):
                self.clients = set()
            async def connect(self, client):
                self.clients.add(client)
                await client.closed.wait()
                self.clients.discard(client)
            async def broadcast(self, text):
                clients = self.clients
                for number, client in enumerate(iter(clients)):
                    async with client.lock:
                        client.send(text)
        """,
    ),
    "a cache with arguments": (
        "ASL106",
        """
        from functools import lru_cache as remember
        async def fetch(url): ...
        cached = remember(maxsize=5)(fetch)
        """,
    ),
    "a coroutine for a value, by keyword and after self": (
        "ASL102",
        """
        async def fetch(url): ...
        class Shop:
            def note(self, name: str, *, price: int): ...
            def run(self):
                self.note("a", price=fetch("b"))
                self.note(fetch("a"), price=1)
        """,
    ),
    "suppressed in a tuple": (
        "ASL401",
        """
        import asyncio
        from contextlib import suppress as quietly
        async def run(client):
            with quietly(OSError, (ValueError, asyncio.CancelledError)):
                await client.get()
            await client.put()
        """,
    ),
    "awaited in the head of a timeout": (
        "ASL406",
        """
        import asyncio
        async def run(client):
            async with client.open(await client.get()), asyncio.timeout(
                await client.limit(),
            ):
                client.note()
        """,
    ),
    "waits only in a function inside a timeout": (
        "ASL406",
        """
        import asyncio
        async def run(client):
            async with asyncio.timeout(5):
                async def later():
                    await client.get()
                client.add(later)
        """,
    ),
    "a timeout that nobody enters": (
        "ASL406",
        """
        import asyncio
        async def run(client):
            limit = asyncio.timeout(5)
            await client.get()
        """,
    ),
    "a lock that is entered again": (
        "ASL506",
        """
        import asyncio
        class Box:
            def __init__(self):
                self.lock = asyncio.Lock()
            async def put(self):
                async with self.lock:
                    await self.put_all()
            async def put_all(self):
                async with self.lock:
                    await asyncio.sleep(1)
        """,
    ),
    "a lock by hand": (
        "ASL506",
        """
        import asyncio
        lock = asyncio.Lock()
        async def put(client):
            await lock.acquire()
            await client.save()
            lock.release()
        """,
    ),
    "a task in a local dict": (
        "ASL301",
        """
        import asyncio
        async def save(record):
            await asyncio.sleep(1)
        async def handle(record):
            tasks = {}
            tasks[record] = asyncio.create_task(save(record))
        """,
    ),
    "a fan-out by map": (
        "ASL701",
        """
        import asyncio
        import aiohttp
        async def fetch(url):
            async with aiohttp.ClientSession() as session:
                async with session.get(url) as response:
                    return await response.read()
        async def fetch_all(urls: list[str]):
            return await asyncio.gather(*map(fetch, urls))
        """,
    ),
    "a fan-out that is written above what it goes over": (
        "ASL701",
        """
        import asyncio
        import aiohttp
        async def fetch(session: aiohttp.ClientSession, url):
            return await session.get(url)
        async def fetch_all(session, urls: list[str]):
            return await asyncio.gather(*[
                fetch(session, url)
                for url in urls
            ])
        """,
    ),
    "a fan-out by a loop, through a wrapper": (
        "ASL701",
        """
        import asyncio
        import aiohttp
        async def fetch(session: aiohttp.ClientSession, url):
            return await session.get(url)
        async def fetch_all(session, urls: list[str]):
            tasks = []
            for url in urls:
                tasks.append(asyncio.create_task(asyncio.wait_for(fetch(session, url), 5)))
            await asyncio.gather(*tasks)
        """,
    ),
    "a fan-out to members": (
        "ASL701",
        """
        import asyncio
        class Client:
            async def send(self, text):
                await self.websocket.send(text)
        class Hub:
            clients: set[Client]
            def join(self, client):
                self.clients.add(client)
            def leave(self, client):
                self.clients.discard(client)
            async def tell(self, text):
                await asyncio.gather(*(client.send(text) for client in self.clients))
        """,
    ),
    "an idle turn by a handler": (
        "ASL211",
        """
        import asyncio
        async def run(queue: asyncio.Queue):
            while True:
                try:
                    item = queue.get_nowait()
                except asyncio.QueueEmpty:
                    continue
                await item.save()
        """,
    ),
    "an idle turn by a branch of a match": (
        "ASL211",
        """
        async def run(client):
            while True:
                match client.state:
                    case 1:
                        await client.save()
                    case _:
                        if client.is_open:
                            continue
                        await client.open()
        """,
    ),
    "an idle turn after an inner loop": (
        "ASL211",
        """
        async def run(client):
            while not client.done():
                while client.is_open:
                    await client.save()
                else:
                    continue
                await client.open()
        """,
    ),
    "a loop that only sleeps": (
        "ASL902",
        """
        import asyncio
        class Box:
            is_open = False
            def open(self):
                self.is_open = True
            async def wait(self):
                while not self.is_open:
                    "until somebody opens it"
                    await asyncio.sleep(0.1)
        """,
    ),
    "a task that is cancelled in a condition": (
        "ASL305",
        """
        import asyncio
        async def save():
            try:
                await asyncio.sleep(1)
            finally:
                await asyncio.sleep(2)
        async def run(stop):
            task = asyncio.create_task(save())
            await asyncio.sleep(1)
            task.cancel("enough") if stop else None
        """,
    ),
    "tasks that are cancelled in a loop": (
        "ASL305",
        """
        import asyncio
        async def save():
            try:
                await asyncio.sleep(1)
            finally:
                await asyncio.sleep(2)
        async def run():
            tasks = [asyncio.create_task(save())]
            await asyncio.sleep(1)
            for task in tasks:
                task.cancel()
        """,
    ),
    "a yield in the block of what is not decorated away": (
        "ASL804",
        """
        import asyncio
        async def lines(reader):
            while True:
                async with asyncio.timeout(5):
                    yield await reader.readline()
        """,
    ),
    "a lock made in the head of its block": (
        "ASL506",
        """
        import asyncio
        async def put(client):
            async with asyncio.Lock():
                await client.save()
        """,
    ),
    "a lock of the module that is entered again": (
        "ASL506",
        """
        import asyncio
        lock = asyncio.Lock()
        async def put():
            async with lock:
                await put_all()
        async def put_all():
            await put_each()
        async def put_each():
            async with lock:
                await asyncio.sleep(1)
        """,
    ),
    "a keyword of the base": (
        "ASL602",
        """
        import asyncio
        class Box(asyncio.Event):
            def __init__(self, loop):
                super().__init__(loop=loop)
        """,
    ),
    "an async generator that is dropped": (
        "ASL101",
        """
        async def lines(reader):
            yield await reader.readline()
        async def run(reader):
            lines(reader)
        """,
    ),
    "a writer that is given": (
        "ASL807",
        """
        import asyncio
        async def send(writer: asyncio.StreamWriter, lines):
            for line in lines:
                writer.write(line)
        """,
    ),
    "an old timeout without await": (
        "ASL405",
        """
        import async_timeout
        async def run(client):
            try:
                with async_timeout.timeout(5):
                    client.get()
            except TimeoutError:
                pass
        """,
    ),
}


@pytest.mark.parametrize(("code", "source"), OTHERS.values(), ids=OTHERS)
def test_others(code: str, source: str) -> None:
    assert code in found(dedent(source))


def found(source: str) -> list[str]:
    """The codes of what is found behind the sieve, which is all that is found without it."""
    sieved, all_read = (
        Linter(EVERYTHING, {"module.py": source}, sieve=sieve).lint("module.py").findings for sieve in (True, False)
    )
    assert sieved == all_read
    return [finding.code for finding in sieved]
