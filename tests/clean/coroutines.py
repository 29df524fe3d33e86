"""Nothing is wrong here: a place for every mutation of coroutines, blocking calls, tasks and loops."""

import asyncio
import contextlib
import inspect
import logging
import threading

logger = logging.getLogger(__name__)
flags = {"ready": False}
work = asyncio.Queue(maxsize=10)
turn = asyncio.Lock()


class Settings:
    def __init__(self, path):
        self.path = path


async def fetch(client, url):
    async with client.get(url) as response:
        return await response.text()


async def fetch_all(client, urls):
    return await asyncio.gather(*[fetch(client, url) for url in urls[:10]])


async def ask(name):
    await asyncio.sleep(1)
    return f"{name} is fine"


async def ask_all(names):
    return await asyncio.gather(*[ask(name) for name in names[:10]])


async def fetch_in_turn(client, urls):
    for url in urls:
        await fetch(client, url)


async def fetch_two(client, first, second):
    await asyncio.gather(fetch(client, first), fetch(client, second))


async def fetch_soon(client, url):
    async with asyncio.timeout(5):
        return await fetch(client, url)


async def fetch_if_there(client, url):
    try:
        await fetch(client, url)
    except ConnectionError:
        logger.info("nothing at %s", url)


async def poll(client, url):
    while True:
        await fetch(client, url)
        await asyncio.sleep(60)


async def first_of(client, first, second):
    return await asyncio.wait({asyncio.create_task(fetch(client, url)) for url in (first, second)})


async def handed_on(client, urls):
    loop = asyncio.get_running_loop()
    for number in range(3):
        await work.put((number, client))

    def report():
        print(urls)

    loop.call_later(5, report)


async def wait_for_flag(event):
    while not event.is_set():
        await asyncio.sleep(1)


async def wait_until(event, timeout):
    await asyncio.wait_for(event.wait(), timeout)


async def listen():
    loop = asyncio.get_running_loop()
    loop.call_soon(print)

    def reader():
        loop.call_soon_threadsafe(work.put_nowait, "line")

    threading.Thread(target=reader, daemon=True).start()
    return await work.get()


async def meet():
    async with turn:
        await asyncio.sleep(0.1)


def _area(width, height):
    return width * height


async def report_area(rooms):
    for width, height in rooms:
        print(_area(width, height))
    await asyncio.sleep(0.1)


def is_wanted(function):
    return inspect.iscoroutinefunction(function)


def main():
    asyncio.run(meet())


class Store:
    def __init__(self, client, plain_client):
        self.client = client
        self.plain_client = plain_client
        self.loaded = False
        self.seen = 0
        self.users = set()
        self.refreshing = None

    def open(self):
        self.loaded = True

    def save(self, record):
        self.plain_client.put(record)

    async def async_save(self, record):
        await self.client.put(record)

    async def handle(self, record):
        await self.async_save(record)
        self.seen += 1

    async def watch(self):
        self.refreshing = asyncio.create_task(self.handle(None))

    async def join(self, user):
        self.users.add(user)
        await user.left.wait()
        self.users.discard(user)

    async def tell(self, text):
        for user in list(self.users):
            await user.send(text)


async def run_for(seconds, client):
    async def job():
        try:
            await client.listen()
        finally:
            await client.close()

    task = asyncio.create_task(job())
    await asyncio.sleep(seconds)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
