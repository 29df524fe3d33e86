"""Nothing is wrong here: a place for every mutation of cancellation, queues, locks and resources."""

import asyncio
import contextlib

import aiohttp

lock = asyncio.Lock()


async def guarded(client):
    while True:
        try:
            await client.update()
        except asyncio.CancelledError:
            print("stopping")
            raise
        finally:
            client.forget()


async def fetch_soon(client):
    try:
        return await asyncio.wait_for(client.get(), 5)
    except asyncio.TimeoutError:
        return None


async def closing(client):
    async with client.session() as session:
        return await session.load()


async def with_lock(client):
    async with lock:
        await client.update()
        client.done = True


class Worker:
    def __init__(self):
        self.queue = asyncio.Queue()

    async def run(self, handle):
        while True:
            item = await self.queue.get()
            try:
                await handle(item)
            finally:
                self.queue.task_done()

    async def finish(self):
        await self.queue.join()


async def news(url):
    async with aiohttp.ClientSession() as session:
        await session.post(url)
        answer = await session.get(url)
        return await answer.text()


async def load(session, url):
    async with session.get(url) as response:
        return await response.text()


async def rows(pool, names):
    connection = await pool.acquire()
    try:
        for name in names:
            yield name
    finally:
        await connection.close()


async def print_rows(pool, names):
    async for row in rows(pool, names):
        print(row)


async def numbers(count):
    for number in range(count):
        yield number


@contextlib.asynccontextmanager
async def borrowed(pool):
    connection = await pool.acquire()
    try:
        yield connection
    finally:
        await connection.close()


async def send(lines, host):
    reader, writer = await asyncio.open_connection(host, 7)
    try:
        for line in lines:
            writer.write(line)
            await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


async def output(program):
    process = await asyncio.create_subprocess_exec(program, stdout=asyncio.subprocess.PIPE)
    text, _ = await process.communicate()
    return text


async def send_twice(lines, host):
    await send(lines, host)
    await send(lines, host)
