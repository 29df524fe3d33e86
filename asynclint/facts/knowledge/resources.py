"""What has to be closed: which call opens it, which methods close it, and what is left behind when none is called.

The names were looked up in the sources of CPython 3.12, aiohttp 3.14, httpx 0.28, asyncpg 0.32, redis 8, aio-pika 10,
websockets 17, aiofiles 25, anyio 4, aiosqlite 0.22, aiokafka 0.14, aiomysql 0.3, aiopg 1.4 and SQLAlchemy 2.1. Most say
so themselves, by a ResourceWarning, when they are collected unclosed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class Resource(Struct, frozen=True):
    """One kind of thing that has to be closed.

    `closing` are the methods that do so, the recommended one first, with `await ` before it where that is needed.
    `is_awaited` says that the call that opens it has to be awaited, `place` where it stands in the tuple that gives.
    `enters` says that `async with` closes it. `is_lasting` is what may be meant to outlive the function: nothing
    but the end of the program closes some servers, and a process ends by itself. With one of the keywords in `shares`
    something else may have to be closed in its stead. `gives` are the methods whose results hold on to it and may be
    how it is closed, `data` the attributes that are only looked at. `breaks` says that a lost connection closes it,
    `begins` is the method before which there is nothing to be closed.
    """

    what: str
    closing: tuple[str, ...]
    stays: str
    is_awaited: bool = True
    place: int = -1
    enters: bool = True
    is_lasting: bool = False
    shares: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    breaks: bool = False
    begins: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods that close it."""
        return tuple(method.removeprefix("await ") for method in self.closing)


_CONNECTED = "its connection stays open"
_POOLED = "its connections stay open"

_WRITER = Resource("connection", ("close",), "the connection stays open", place=1, enters=False, breaks=True)
_SERVER = Resource(
    "server",
    ("close", "await serve_forever"),
    "it goes on listening",
    is_lasting=True,
    data=frozenset({"sockets"}),
)
_PROCESS = Resource(
    "process",
    ("await wait", "await communicate", "kill", "terminate", "send_signal"),
    "it may go on running",
    enters=False,
    is_lasting=True,
    data=frozenset({"stdin", "stdout", "stderr", "returncode"}),
)
_CLIENT = Resource(
    "client session",
    ("await close", "detach"),
    _POOLED,
    is_awaited=False,
    shares=frozenset({"connector", "connector_owner"}),
    gives=frozenset({"ws_connect"}),
    data=frozenset({"closed", "cookie_jar", "headers", "timeout"}),
)
_HTTPX = Resource(
    "client",
    ("await aclose",),
    _POOLED,
    is_awaited=False,
    shares=frozenset({"transport", "mounts", "app"}),
    data=frozenset({"is_closed", "headers", "cookies", "timeout", "base_url", "params"}),
)
_REDIS = Resource(
    "client",
    ("await aclose", "await close"),
    _POOLED,
    is_awaited=False,
    shares=frozenset({"connection_pool"}),
    gives=frozenset({"client", "lock", "monitor", "pipeline", "pubsub", "register_script"}),
)
_POSTGRES = Resource(
    "connection", ("await close", "terminate"), _CONNECTED, enters=False, gives=frozenset({"cursor", "transaction"})
)
_POSTGRES_POOL = Resource("pool", ("await close", "terminate"), _POOLED, gives=frozenset({"acquire"}))
_OLD_POOL = Resource("pool", ("close", "terminate"), _POOLED, gives=frozenset({"acquire"}))
_OLD_CONNECTION = Resource("connection", ("close", "ensure_closed"), _CONNECTED, gives=frozenset({"cursor"}))
_BROKER = Resource("connection", ("await close",), _CONNECTED, gives=frozenset({"channel"}))
_SOCKET = Resource("connection", ("await close",), _CONNECTED, enters=False, data=frozenset({"closed", "state"}))
_SQLITE = Resource(
    "connection",
    ("await close",),
    "its thread goes on running",
    gives=frozenset({"cursor", "execute", "executemany", "executescript"}),
)
_FILE = Resource("file", ("await close",), "the file stays open")
_ANYIO_FILE = Resource("file", ("await aclose",), "the file stays open", data=frozenset({"wrapped"}))
_ENGINE = Resource(
    "engine",
    ("await dispose",),
    _POOLED,
    is_awaited=False,
    enters=False,
    gives=frozenset({"begin", "connect", "execution_options", "raw_connection"}),
    data=frozenset({"dialect", "url"}),
)
_KAFKA = Resource("client", ("await stop",), _POOLED, is_awaited=False, begins="start")

RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        "asyncio.open_connection": _WRITER,
        "asyncio.open_unix_connection": _WRITER,
        "asyncio.start_server": _SERVER,
        "asyncio.start_unix_server": _SERVER,
        "asyncio.AbstractEventLoop.create_server": _SERVER,
        "asyncio.AbstractEventLoop.create_unix_server": _SERVER,
        "asyncio.create_subprocess_exec": _PROCESS,
        "asyncio.create_subprocess_shell": _PROCESS,
        "aiohttp.ClientSession": _CLIENT,
        "httpx.AsyncClient": _HTTPX,
        "redis.asyncio.client.Redis": _REDIS,
        "redis.asyncio.Redis.from_url": _REDIS,
        "redis.asyncio.client.Redis.from_url": _REDIS,
        "redis.asyncio.utils.from_url": _REDIS,
        "asyncpg.connect": _POSTGRES,
        "asyncpg.create_pool": _POSTGRES_POOL,
        "aiomysql.create_pool": _OLD_POOL,
        "aiopg.create_pool": _OLD_POOL,
        "aiomysql.connect": _OLD_CONNECTION,
        "aiopg.connect": _OLD_CONNECTION,
        "aio_pika.connect": _BROKER,
        "aio_pika.connect_robust": _BROKER,
        "websockets.connect": _SOCKET,
        "websockets.client.connect": _SOCKET,
        "websockets.legacy.client.Connect": _SOCKET,
        "aiosqlite.connect": _SQLITE,
        "aiofiles.open": _FILE,
        "anyio.open_file": _ANYIO_FILE,
        "sqlalchemy.ext.asyncio.engine.create_async_engine": _ENGINE,
        "aiokafka.AIOKafkaProducer": _KAFKA,
        "aiokafka.AIOKafkaConsumer": _KAFKA,
    }
)
