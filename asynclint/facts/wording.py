"""Entities and codes in words."""

from asynclint.facts.entities import (
    Alias,
    AsyncGenerator,
    Class,
    Context,
    Coroutine,
    Either,
    Entity,
    Function,
    Instance,
    Items,
    Module,
    Named,
    Taken,
    Variable,
)
from asynclint.facts.knowledge import call_of, stdlib
from asynclint.facts.names import arms, chain, items_of
from asynclint.facts.project import Project

_ALONE = {"()": "(...)", "[]": "[...]", "!": "await", "*": "an element", "*!": "an element", "@": "`as`", "@!": "`as`"}
_AROUND = {
    "!": "await {}",
    "*": "an element of {}",
    "*!": "an element of {}",
    "@": "with {}",
    "@!": "async with {}",
}
_PLAIN = {"[]": "[...]", "/": " / ..."}


def spelled(code: str) -> str:
    """A code, or a postfix of one, as Python would spell it, as far as it can."""
    if code in _ALONE:
        return _ALONE[code]
    if code[:1] == "{":
        return code[1:-1]
    if code[:1] == "(" and code[-1:] == ")" and code != "()":
        return f"({', '.join(spelled(item) or '...' for item in items_of(code))})"
    if len(arms(code)) > 1:
        return " or ".join(map(spelled, arms(code)))
    root, *postfixes = chain(code) or (code,)
    text = around = root
    for postfix in postfixes:
        if postfix in _AROUND:
            text = _AROUND[postfix].format(around)
            around = f"({text})"
        else:
            text = around = around + ("(...)" if postfix.startswith("()") else _PLAIN.get(postfix, postfix))
    return text


def described(project: Project, entity: Entity) -> str:
    """What an entity is: `coroutine function Session.fetch`, `an instance of Session`."""
    match entity:
        case Module():
            return f"module `{min(project.module_names(entity.path), key=len, default='')}`"
        case Function():
            return f"{_kind(project, entity)} `{project.qualname(entity)}`"
        case Class():
            return f"class `{project.qualname(entity)}`"
        case Named(name=name):
            return f"the builtin `{name[9:]}`" if name.startswith("builtins.") else f"`{name}`, {_known(name)}"
        case Instance(of=klass, above=above):
            return f"{'what is above' if above else 'an instance of'} `{project.qualname(klass)}`"
        case Coroutine(of=function):
            return f"a coroutine of `{project.qualname(function)}`"
        case AsyncGenerator(of=function):
            return f"an async generator of `{project.qualname(function)}`"
        case Items(items=items):
            return f"a tuple of {len(items)}"
        case Context(of=function):
            return f"a context manager made by `{project.qualname(function)}`"
        case Taken(container=container, name=name):
            return f"`{name}` of {described(project, container)}"
        case Either(options=options):
            return " or ".join(described(project, option) for option in options)
        case Alias(of=of):
            return f"the name of an annotation, {described(project, of)}"
        case Variable(name=name):
            return f"whatever the type variable `{name}` stands for"


def place_of(project: Project, entity: Entity) -> tuple[str, int]:
    """The file and line where it is defined, `("", 0)` for what is outside the project."""
    match entity:
        case Module(path=path):
            return path, 1
        case Function(path=path) | Class(path=path):
            return path, project.scope(entity).line
        case Instance(of=of) | Coroutine(of=of) | AsyncGenerator(of=of):
            return place_of(project, of)
    return "", 0


def _kind(project: Project, function: Function) -> str:
    facts = project.function(function)
    if facts.is_async:
        return "async generator function" if facts.is_generator else "coroutine function"
    return "property" if project.is_property(function) else "generator function" if facts.is_generator else "function"


def _known(name: str) -> str:
    where = "of the standard library" if is_of_stdlib(name) else "outside the project"
    facts = call_of(name)
    if facts is None:
        return where
    return f"{'coroutine function' if facts.kind == 'coroutine' else 'function'} {where}"


def is_of_stdlib(name: str) -> bool:
    """Is it a name, or a module, of the standard library?"""
    known = stdlib()
    return (
        name in known.functions
        or name in known.classes
        or any(each.startswith(f"{name}.") for each in (*known.functions, *known.classes))
    )
