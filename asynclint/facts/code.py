"""What the parts that resolve names ask of the whole; see `asynclint.facts.project`."""

from typing import Protocol

from asynclint.facts.entities import Class, Entity, Function, Named
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.knowledge.blocking import BlockingCalls
from asynclint.facts.knowledge.declared import Declarations
from asynclint.facts.module import ModuleFacts, Scope


class Code(Protocol):
    """The code of a project."""

    @property
    def blocking(self) -> BlockingCalls:
        """What keeps it waiting."""
        ...

    @property
    def declarations(self) -> Declarations:
        """What the user says of it."""
        ...

    def module(self, path: str) -> ModuleFacts | None:
        """The facts of a file."""
        ...

    def located(self, name: str, importer: str) -> str | None:
        """The file of a module name as a file means it, None when it is not part of the project."""
        ...

    def module_names(self, path: str) -> tuple[str, ...]:
        """The dotted names by which a file of the project can be imported."""
        ...

    def scope(self, entity: Function | Class) -> Scope:
        """The scope of a function or a class."""
        ...

    def dotted_names(self, entity: Entity | None) -> tuple[str, ...]:
        """The dotted names of a function or class; none for what is neither."""
        ...

    def function(self, function: Function) -> FunctionFacts:
        """The facts of a function."""
        ...

    def owner(self, function: Function) -> Class | None:
        """The class whose body defines a function."""
        ...

    def lineage(self, klass: Class) -> tuple[Class | Named | None, ...]:
        """A class and all it inherits from, in order; None for a base that is not known."""
        ...

    def bases(self, klass: Class) -> tuple[Class | Named | None, ...]:
        """The direct bases of a class."""
        ...

    def evaluate(self, path: str, scope: int, code: str) -> Entity | None:
        """What a code means in a scope of a file."""
        ...

    def annotated(self, path: str, scope: int, text: str) -> Entity | None:
        """The value an annotation promises."""
        ...

    def member(self, entity: Entity, name: str) -> Entity | None:
        """What an attribute of an entity means."""
        ...

    def result(self, entity: Entity) -> Entity | None:
        """What calling an entity gives."""
        ...

    def is_property(self, function: Function) -> bool:
        """Is it read without being called?"""
        ...
