"""Functions that pass on what they are given for their first argument, or make something of it."""

from collections.abc import Mapping
from enum import Enum


class Passing(Enum):
    """What comes of the argument."""

    SAME = "same"
    RESULT = "result"  # a coroutine that gives what awaiting the argument gives
    TASK = "task"  # the same as a task
    ELEMENT = "element"
    LIST = "list"  # an iterable of its elements
    NUMBERED = "numbered"  # an iterable of pairs of a number and an element


PASSING: Mapping[str, Passing] = {
    "asyncio.AbstractEventLoop.create_task": Passing.TASK,
    "asyncio.TaskGroup.create_task": Passing.TASK,
    "asyncio.create_task": Passing.TASK,
    "asyncio.ensure_future": Passing.TASK,
    "asyncio.shield": Passing.TASK,
    "asyncio.wait_for": Passing.RESULT,
    "builtins.enumerate": Passing.NUMBERED,
    "builtins.frozenset": Passing.LIST,
    "builtins.iter": Passing.LIST,
    "builtins.list": Passing.LIST,
    "builtins.next": Passing.ELEMENT,
    "builtins.reversed": Passing.LIST,
    "builtins.set": Passing.LIST,
    "builtins.sorted": Passing.LIST,
    "builtins.tuple": Passing.LIST,
    "copy.copy": Passing.SAME,
    "copy.deepcopy": Passing.SAME,
    "functools.partial": Passing.SAME,
}
