"""The dotted names by which code is written down, whatever they turn out to mean."""

from collections.abc import Iterator

from asynclint.facts.code import Code
from asynclint.facts.module import ModuleFacts
from asynclint.facts.names import Binding, Bound


def written(code: Code, path: str, scope: int, name: str) -> Iterator[str]:
    """`app.task` in a scope of a file, as `shop.app.task` where `app` is imported from or defined in module `shop`."""
    root, _, rest = name.partition(".")
    module = code.module(path)
    bindings = _bindings(module, scope, root) if module is not None else []
    imports = [binding.value for binding in bindings if binding.bound is Bound.IMPORT]
    for value in imports:
        source, _, attribute = value.partition(":")
        located = code.located(source, path)
        for each in code.module_names(located) if located else (source,):
            yield ".".join(filter(None, (each, attribute, rest)))
    if bindings and not imports:
        yield from (f"{each}.{name}" for each in code.module_names(path))
    yield name


def _bindings(module: ModuleFacts, scope: int, name: str) -> list[Binding]:
    """Those of the innermost scope that binds it."""
    while scope >= 0:
        if name in module.scopes[scope].names:
            return list(module.scopes[scope].names[name])
        scope = module.scopes[scope].parent
    return []
