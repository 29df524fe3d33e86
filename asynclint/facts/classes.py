"""What is kept of a class."""

from msgspec import Struct

from asynclint.facts.names import Binding


class ClassFacts(Struct, array_like=True):
    """A class: the codes of its bases, the annotations between their brackets, what its methods bind on `self`.

    The names bound in the class body are those of its scope; `attributes` are the ones set through the first parameter.
    `replaced` are attributes of these attributes that are assigned: `executor.submit` of `self.executor.submit = f`.
    `type_parameters` are those of `class C[T: Bound]`, each with the annotation it is bound to or "".
    """

    bases: tuple[str, ...] = ()
    base_arguments: tuple[tuple[str, ...], ...] = ()
    decorators: tuple[str, ...] = ()
    attributes: dict[str, list[Binding]] = {}
    type_parameters: dict[str, str] = {}
    keywords: tuple[str, ...] = ()  # names of what else the `class` statement is given: `metaclass`
    replaced: list[str] = []
    metaclass: str = ""  # a code, "?" when it has none
