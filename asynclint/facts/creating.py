"""What creates something when it is awaited, as far as its name tells."""

import re

# What is done twice to no good, unlike reading or computing the same value again.
_CREATES = re.compile(
    r"_*(async_)?(acquire|add|begin|boot|book|charge|connect|create|init|initiali[sz]e|insert|launch|listen|login|new|open|"
    r"pay|post|publish|register|reserve|send|serve|set_?up|spawn|start|subscribe|transfer)(_\w+)?"
)
_OFFLOADS = re.compile(r"to_thread|run_sync|run_in_(executor|threadpool|thread)|\w*executor_job")


def creates(name: str) -> bool:
    """Does a function of this name create something?"""
    return _CREATES.fullmatch(name) is not None


def offloads(name: str) -> bool:
    """Does a function of this name hand another one to a thread?"""
    return _OFFLOADS.fullmatch(name) is not None
