"""Where the protocols of `with` and `for` are used by name, and what of the standard library has only one of them."""

CONTEXT_MANAGER_MAKERS = {
    "contextlib.contextmanager": "__enter__",
    "contextlib.asynccontextmanager": "__aenter__",
}

# Builtins that iterate over their first argument, whatever else they are given.
ITERATES = frozenset(
    f"builtins.{name}"
    for name in (
        *("all", "any", "dict", "enumerate", "frozenset", "iter", "list", "max", "min", "next", "reversed", "set"),
        *("sorted", "sum", "tuple"),
    )
)

PLAIN_CONTEXT_MANAGERS = frozenset(
    {
        *("io.TextIOWrapper", "socket.socket", "subprocess.Popen", "sqlite3.Connection", "requests.Session"),
        *("tarfile.TarFile", "zipfile.ZipFile", "tempfile.TemporaryDirectory"),
    }
)
PLAIN_ITERABLES = frozenset(
    {
        *(f"builtins.{name}" for name in ("bytearray", "bytes", "dict", "frozenset", "list", "range", "set", "str")),
        *("builtins.tuple", "builtins.enumerate", "builtins.zip", "io.TextIOWrapper", "collections.deque"),
        *(f"typing.{name}" for name in ("Dict", "List", "Set", "FrozenSet", "Tuple", "Deque")),
    }
)
# May be both: what is declared with these says only what it has, not what it has not.
ABSTRACT = frozenset({"contextlib.AbstractAsyncContextManager", "contextlib.AbstractContextManager"})
