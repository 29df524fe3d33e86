"""Commands that take the words they are given as they are, as far as these may stay so.

typer has pydantic convert each value, even a text into a text, or one that was not given; and importing that takes
longer than many a run. Where typer looks different inside, or something has to be converted, it does as always.
"""

import re
from functools import partial
from typing import Any, get_args

from typer.core import TyperCommand, TyperGroup

_TEXTS = (str, list[str])
_DIGITS = re.compile("[0-9]{1,9}")


class Command(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> Any:
        """What may be given to it."""
        return _frugal(super().get_params(ctx))


class Group(TyperGroup):
    """All commands together."""

    def get_params(self, ctx: Any) -> Any:
        """What may be given before a command."""
        return _frugal(super().get_params(ctx))


def _frugal(parameters: Any) -> Any:
    for each in parameters:
        if "process_value" not in vars(each) and hasattr(each, "type_descriptor") and not each.required:
            vars(each)["process_value"] = partial(_processed, each, each.process_value)
    return parameters


def _processed(parameter: Any, convert: Any, context: Any, value: Any) -> Any:
    """What a value, None for none, is for the command."""
    annotation = parameter.type_descriptor.annotation
    bounds = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if annotation is int and bounds == (0, None) and _DIGITS.fullmatch(str(value)):
        value = int(value)
    elif value not in (None, parameter.default) and annotation not in _TEXTS and value not in get_args(annotation):
        return convert(context, value)
    return parameter.callback(context, parameter, value) if parameter.callback else value
