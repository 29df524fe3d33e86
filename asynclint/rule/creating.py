"""What creates something when it is awaited, as far as its name tells."""

from typing import TYPE_CHECKING

from asynclint.facts import creating as facts
from asynclint.rule import nodes as cst
from asynclint.rule.trees import call_name, code_of

if TYPE_CHECKING:
    from libcst import Call, CSTNode


def creates(waits: "CSTNode") -> bool:
    """Is it an `await` of what creates something, by its name, be it done in a thread?"""
    match waits:
        case cst.Await(expression=cst.Call() as call):
            return facts.creates(_name_of_work(call))
    return False


def _name_of_work(call: "Call") -> str:
    """The name of what is called, or of the function that the call hands to a thread."""
    name = call_name(call)
    if not facts.offloads(name):
        return name
    given = call.args[int(name == "run_in_executor") :][:1]
    match given:
        case [cst.Arg(value=cst.Call() as made)] if made.args:  # functools.partial
            return code_of(made.args[0].value).rpartition(".")[2]
        case [cst.Arg(value=work)]:
            return code_of(work).rpartition(".")[2]
    return name
