"""What the shell completes besides commands and options."""

from collections.abc import Callable, MutableMapping, Sequence

INSTRUCTION = "_ASYNCLINT_COMPLETE"  # the variable in which the shell says what it wants

Completion = tuple[str, str]  # a word, and what it means


def complete_rule(incomplete: str) -> list[Completion]:
    """The codes and names of rules that begin like this."""
    from asynclint.selectors import every_name

    rules = every_name()
    words = [*((rule.code, rule.name) for rule in rules), *((rule.name, rule.code) for rule in rules)]
    return [(word, meaning) for word, meaning in words if word.startswith(incomplete)]


def complete_rules(incomplete: str) -> list[Completion]:
    """The same for the last of several rules: `ASL101,blo`."""
    before, comma, last = incomplete.rpartition(",")
    return [(f"{before}{comma}{word}", meaning) for word, meaning in complete_rule(last)]


def complete_format(incomplete: str) -> list[str]:
    """The names of formats that begin like this."""
    from asynclint.config import OUTPUT_FORMATS

    return [name for name in OUTPUT_FORMATS if name.startswith(incomplete)]


def name_the_command(environment: MutableMapping[str, str], is_named: Callable[[str], bool]) -> None:
    """Adds the `check` that may be left out to the line the shell asks about, so that its options are known."""
    if "COMP_WORDS" in environment:
        words = environment["COMP_WORDS"].split("\n")
        if _is_short(words[1:], is_named, is_only=environment.get("COMP_CWORD") == "1"):
            environment["COMP_WORDS"] = "\n".join([*words[:1], "check", *words[1:]])
            environment["COMP_CWORD"] = str(int(environment["COMP_CWORD"]) + 1)
    elif "_TYPER_COMPLETE_ARGS" in environment:
        line = environment["_TYPER_COMPLETE_ARGS"]
        program, _, rest = line.partition(" ")
        words = rest.split()
        if _is_short(words, is_named, is_only=len(words) == 1 and not line.endswith(" ")):
            environment["_TYPER_COMPLETE_ARGS"] = f"{program} check {rest}"


def _is_short(words: Sequence[str], is_named: Callable[[str], bool], *, is_only: bool) -> bool:
    """Is the command left out? A first word that is not complete yet may still become one."""
    first = next(iter(words), "")
    return first.startswith("-") if is_only else bool(first) and not is_named(first)
