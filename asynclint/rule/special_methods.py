"""What Python does with a special method that gives a coroutine; see the data model in the language reference."""

# What Python does with the result of each method; seen with Python 3.11 to 3.13.
RAISES = {
    "__aiter__": "`async for` over it",
    "__await__": "awaiting it",
    "__bool__": "testing it",
    "__bytes__": "`bytes()` of it",
    "__complex__": "`complex()` of it",
    "__dir__": "`dir()` of it",
    "__float__": "`float()` of it",
    "__format__": "formatting it",
    "__fspath__": "using it as a path",
    "__getnewargs__": "copying or pickling it",
    "__getnewargs_ex__": "copying or pickling it",
    "__getstate__": "copying or pickling it",
    "__hash__": "hashing it",
    "__index__": "using it as an index",
    "__int__": "`int()` of it",
    "__iter__": "iterating over it",
    "__len__": "`len()` of it",
    "__length_hint__": "`operator.length_hint()` of it",
    "__reduce__": "copying or pickling it",
    "__reduce_ex__": "copying or pickling it",
    "__repr__": "`repr()` of it",
    "__sizeof__": "`sys.getsizeof()` of it",
    "__str__": "`str()` of it",
}
DROPPED = {
    "__del__": "when the object goes away",
    "__delattr__": "for `del x.name`",
    "__delete__": "for `del x.name`",
    "__delitem__": "for `del x[key]`",
    "__init_subclass__": "for each subclass",
    "__set__": "for `x.name = value`",
    "__set_name__": "where the class is made",
    "__setattr__": "for `x.name = value`",
    "__setitem__": "for `x[key] = value`",
    "__setstate__": "for each copy",
}
TRUE = {
    "__contains__": "`in` is always true",
    "__exit__": "`with` swallows every exception, because what it returns is always true",
    "__instancecheck__": "`isinstance` is always true",
    "__subclasscheck__": "`issubclass` is always true",
}
HANDED_OUT = {
    "__enter__": "`with` enters nothing and `as` gives an object that is not the one meant",
    "__next__": "a `for` over it never ends, because `StopIteration` cannot leave an `async def`",
}
MADE = frozenset({"__init__", "__post_init__"})
TWINS = {
    "__enter__": "`__aenter__` and `async with`",
    "__exit__": "`__aexit__` and `async with`",
    "__iter__": "`__aiter__` and `async for`",
    "__next__": "`__anext__` and `async for`",
}
