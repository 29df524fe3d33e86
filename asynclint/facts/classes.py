"""What is kept of a class."""

from msgspec import Struct

from asynclint.facts.names import Binding


class ClassFacts(Struct, array_like=True):
    """A class: the codes of its bases, the annotations between their brackets, what its methods bind on `self`.

    The names bound in the class body are those of its scope; `attributes` are the ones set through the first parameter.
    """

    bases: tuple[str, ...] = ()
    base_arguments: tuple[tuple[str, ...], ...] = ()
    decorators: tuple[str, ...] = ()
    attributes: dict[str, list[Binding]] = {}
    metaclass: str = ""  # a code, "?" when it has none
