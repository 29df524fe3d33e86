"""What the built-in containers give, judged by what they are declared to hold."""

from asynclint.facts.entities import Entity, Instance, Items, Named, Taken, union

_PLAIN = ("typing", "collections.abc")
_TUPLES = frozenset({"builtins.tuple", "typing.Tuple"})
_SEQUENCES = frozenset(
    {
        *_TUPLES,
        *(f"builtins.{name}" for name in ("list", "set", "frozenset", "dict_keys", "dict_values", "dict_items")),
        *(f"typing.{name}" for name in ("List", "Set", "FrozenSet", "Deque")),
        *(f"{module}.{name}" for module in _PLAIN for name in ("Sequence", "MutableSequence", "Collection")),
        *(f"{module}.{name}" for module in _PLAIN for name in ("AbstractSet", "Set", "MutableSet")),
        *(f"{module}.{name}" for module in _PLAIN for name in ("Iterable", "Iterator", "Generator", "Reversible")),
        *(f"{module}.{name}" for module in _PLAIN for name in ("AsyncIterable", "AsyncIterator", "AsyncGenerator")),
        "collections.deque",
    }
)
_MAPPINGS = frozenset(
    {
        *("builtins.dict", "typing.Dict", "collections.defaultdict", "collections.OrderedDict", "typing.DefaultDict"),
        *("weakref.WeakValueDictionary", "types.MappingProxyType"),
        *(f"{module}.{name}" for module in _PLAIN for name in ("Mapping", "MutableMapping")),
    }
)
_ONE_ITEM = frozenset({"get", "pop", "popleft", "setdefault"})
_METHODS = _ONE_ITEM | {"values", "items", "keys", "popitem", "copy"}


def listed(item: Entity | None) -> Instance:
    """A list of such items."""
    return Instance(Named("builtins.list"), arguments=(item,))


def element(entity: Entity) -> Entity | None:
    """What iterating over the entity gives."""
    match entity:
        case Items(items=items):
            return union(items)
        case Instance(of=Named(name=name), arguments=(_, *_) as arguments):
            if name in _TUPLES:
                return union(arguments)
            return arguments[0] if name in _SEQUENCES or name in _MAPPINGS else None
    return None


def item(entity: Entity, place: int | None) -> Entity | None:
    """What a subscript of the entity gives; `place` is its number, where that is known."""
    match entity:
        case Items(items=items):
            return items[place] if place is not None and place < len(items) else None
        case Instance(of=Named(name=name), arguments=(_, value)) if name in _MAPPINGS:
            return value
        case Instance(of=Named(name=name), arguments=(_, _, *_) as arguments) if name in _TUPLES and place is not None:
            return arguments[place] if place < len(arguments) else None
        case Instance(of=Named(name=name)) if name in _SEQUENCES:
            return element(entity)
    return None


def method(entity: Instance, name: str) -> Taken | None:
    """A method that gives what the container holds, None for any other."""
    match entity.of:
        case Named(name=klass) if name in _METHODS and entity.arguments and klass in _SEQUENCES | _MAPPINGS:
            return Taken(entity, name)
    return None


def taken(method: Taken) -> Entity | None:
    """What calling such a method gives."""
    container, name = method.container, method.name
    is_mapping = isinstance(container.of, Named) and container.of.name in _MAPPINGS
    if name == "copy":
        return container
    if not is_mapping:
        return element(container) if name in _ONE_ITEM else None
    if len(container.arguments) != 2:
        return None
    key, value = container.arguments
    match name:
        case "values":
            return listed(value)
        case "keys":
            return listed(key)
        case "items":
            return listed(Items((key, value)))
        case "popitem":
            return Items((key, value))
    return value
