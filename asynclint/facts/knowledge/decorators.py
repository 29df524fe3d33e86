"""Decorators that leave a function what it is. Any other decorator makes the result of a call unknown."""

TRANSPARENT = frozenset(
    {
        "abc.abstractmethod",
        "backoff.on_exception",
        "backoff.on_predicate",
        "builtins.classmethod",
        "builtins.staticmethod",
        "functools.wraps",
        "tenacity.retry",
        "typing.final",
        "typing.no_type_check",
        "typing.override",
        "typing.overload",
        "typing_extensions.deprecated",
        "typing_extensions.final",
        "typing_extensions.override",
        "typing_extensions.overload",
        "warnings.deprecated",
    }
)
# These leave a plain function what it is; of a coroutine function they keep the coroutine.
CACHES = frozenset({"functools.cache", "functools.lru_cache"})
KEEPERS = CACHES | {"functools.cached_property"}  # keep what a function gave and give the same again
TRANSPARENT_PREFIXES = ("pytest.mark.",)

# `@app.get("/")`: web frameworks register the function and give it back.
ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "route", "websocket", "api_route"})

PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "abc.abstractproperty"})
PROPERTY_NAMES = frozenset({"reify"})  # of any library, beside all whose name ends with "property"
CONTEXTS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
OVERLOADS = frozenset({"typing.overload", "typing_extensions.overload"})
