"""The event loop is blocked: ASL201 to ASL213."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from mutations.kind import Kind
from mutations.shapes import awaited_statements, awaits, names
from mutations.source import Mutant, Source

_TIME = "_blocking_time"  # in no module's way
_HELPER = f"def _blocking_sleep(seconds):\n    {_TIME}.sleep(seconds)"
_TRUSTED = frozenset({"is_set", "empty", "full", "done", "locked", "monotonic", "time"})  # change nothing
_TWIN = re.compile(r"^(?:async_(\w+)|(\w+)_async|a(\w+))$")

_RUNNERS = "asyncio.run", "asyncio.get_running_loop().run_until_complete"

# An import, and a call that blocks.
_HTTP = (
    ("import requests as _http", "_http.get('http://localhost')"),
    ("import requests as _http", "_http.Session().post('http://localhost', data={})"),
    ("import urllib.request as _http", "_http.urlopen('http://localhost')"),
    ("import httpx as _http", "_http.Client().get('http://localhost')"),
    ("from requests import put as _http", "_http('http://localhost')"),
)
_PROCESSES = (
    ("import subprocess as _commands", "_commands.run(['true'], check=True)"),
    ("import subprocess as _commands", "_commands.check_output('true')"),
    ("import subprocess as _commands", "_commands.Popen(['true']).wait()"),
    ("import os as _commands", "_commands.system('true')"),
    ("from subprocess import call as _commands", "_commands('true')"),
)
_DATABASES = (
    ("import sqlite3 as _database", "_database.connect('people.db')"),
    ("import sqlite3 as _database", "_database.connect('people.db').execute('select 1')"),
    ("import psycopg2 as _database", "_database.connect('')"),
    ("import redis as _database", "_database.Redis().get('key')"),
    ("import pymongo as _database", "_database.MongoClient().people.names.find_one({})"),
)
_SOCKETS = (
    ("import socket as _network", "_network.create_connection(('localhost', 80))"),
    ("import socket as _network", "_network.getaddrinfo('localhost', 80)"),
    ("import smtplib as _network", "_network.SMTP('localhost').quit()"),
    ("import ftplib as _network", "_network.FTP('localhost')"),
    ("import select as _network", "_network.select([0], [], [])"),
)
_WAITS = (
    ("import threading as _threads", "_threads.Event().wait()"),
    ("import threading as _threads", "_threads.Barrier(2).wait()"),
    ("import queue as _threads", "_threads.Queue().get()"),
    ("import concurrent.futures as _threads", "_threads.Future().result()"),
    ("from threading import Lock as _threads", "_threads().acquire()"),
)
_INPUTS = (
    ("import sys as _terminal", "_terminal.stdin.readline()"),
    ("import getpass as _terminal", "_terminal.getpass()"),
    ("import builtins as _terminal", "_terminal.input()"),
)
_FILES = (
    ("import pathlib as _paths", "_paths.Path('notes.txt').read_text()"),
    ("import shutil as _paths", "_paths.copy('notes.txt', 'other.txt')"),
    ("import builtins as _paths", "_paths.open('notes.txt').read()"),
    ("from pathlib import Path as _paths", "_paths('notes.txt').write_text('')"),
)
_COMPUTING = (
    ("import bcrypt as _computing", "_computing.hashpw(b'secret', _computing.gensalt())"),
    ("import hashlib as _computing", "_computing.pbkdf2_hmac('sha256', b'secret', b'salt', 500_000)"),
    ("import zlib as _computing", "_computing.compress(bytes(10**8))"),
    ("import pandas as _computing", "_computing.read_csv('names.csv')"),
)


def sleeps(source: Source, callee: str = f"{_TIME}.sleep") -> Iterator[Mutant]:
    """Every `await asyncio.sleep(x)` that sleeps, to become a `time.sleep(x)`."""
    for node in source.each(ast.Await):
        if _is_sleep(node) and source.coroutine(node) and (imported := source.imported(f"import time as {_TIME}")):
            assert isinstance(node.value, ast.Call)
            edit = source.start(node), source.end(node.value.func), callee
            yield source.mutant(node, "sleep", edit, *imported, within=node)


def helpers(source: Source) -> Iterator[Mutant]:
    """The same sleeps, to become calls of a plain function at the end of the file that calls `time.sleep`."""
    for mutant in sleeps(source, "_blocking_sleep"):
        yield replace(mutant, use="helper", edits=(*mutant.edits, source.appended(_HELPER)))


def _is_sleep(node: ast.Await) -> bool:
    match node.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"), args=[seconds]):
            return not (isinstance(seconds, ast.Constant) and seconds.value == 0)  # only gives way to other tasks
    return False


def blocked(source: Source, spellings: Sequence[tuple[str, str]]) -> Iterator[Mutant]:
    """Every `await f()` whose result nobody asks for, to have a call that blocks before it, in one of its spellings."""
    for statement, _ in awaited_statements(source):
        module, call = spellings[statement.lineno % len(spellings)]
        if (imported := source.imported(module)) and not _opens_files(source, statement):
            yield source.mutant(statement, call, source.before(statement, call), *imported)


def _opens_files(source: Source, statement: ast.stmt) -> bool:
    """Where files are worked on already, one more call says nothing new."""
    function = source.coroutine(statement)
    return function is not None and not names(function).isdisjoint({"open", "Path"})


def starved(source: Source) -> Iterator[Mutant]:
    """Every loop that only sleeps until something has changed, to spin instead."""
    for node in source.each(ast.While):
        match node.body:
            case [ast.Expr(value=ast.Await() as waiting) as sleep] if _is_sleep(waiting) and _only_looks(node.test):
                yield source.mutant(node, ast.unparse(node.test), source.instead(sleep, "pass"))


def _only_looks(test: ast.expr) -> bool:
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call)]
    trusted = all(isinstance(call.func, ast.Attribute) and call.func.attr in _TRUSTED for call in calls)
    return trusted and not isinstance(test, ast.Constant) and not awaits([test])


def nested(source: Source) -> Iterator[Mutant]:
    """Every `await f()`, to become an `asyncio.run(f())`, outside of any `try` that may expect it to fail."""
    for node in source.each(ast.Await) if source.imports_asyncio else ():
        if isinstance(node.value, ast.Call) and source.coroutine(node) and not source.is_tried(node):
            runner = _RUNNERS[node.lineno % len(_RUNNERS)]
            yield source.mutant(node, runner, source.instead(node, f"{runner}({source.code(node.value)})"))


def twins(source: Source) -> Iterator[Mutant]:
    """Every `await self.async_save()` where the class has a plain `save` that calls something, to become that."""
    for node in source.each(ast.Await):
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name) as func) as call:
                plain = _TWIN.sub(lambda match: match[match.lastindex or 0], name)
                function = source.coroutine(node)
                if function and function.name not in (name, plain) and _has_twin(source, function, name, plain):
                    edit = source.start(node), source.end(func), f"self.{plain}"
                    yield source.mutant(node, name, edit, within=call)


def _has_twin(source: Source, function: ast.AsyncFunctionDef, name: str, plain: str) -> bool:
    owner = source.owner(function)
    methods = {each.name: each for each in owner.body if isinstance(each, _FUNCTIONS)} if owner else {}
    slow, quick = methods.get(name), methods.get(plain)
    if not isinstance(slow, ast.AsyncFunctionDef) or not isinstance(quick, ast.FunctionDef) or quick.decorator_list:
        return False
    works = any(isinstance(node, ast.Call) for node in ast.walk(quick))
    return works and awaits(slow.body) and ast.dump(slow.args) == ast.dump(quick.args)


_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef

KINDS: tuple[Kind, ...] = (
    Kind("sleep", "ASL201", sleeps),
    Kind("http", "ASL202", partial(blocked, spellings=_HTTP)),
    Kind("subprocess", "ASL203", partial(blocked, spellings=_PROCESSES)),
    Kind("database", "ASL204", partial(blocked, spellings=_DATABASES)),
    Kind("socket", "ASL205", partial(blocked, spellings=_SOCKETS)),
    Kind("thread", "ASL206", partial(blocked, spellings=_WAITS)),
    Kind("input", "ASL207", partial(blocked, spellings=_INPUTS)),
    Kind("file", "ASL208", partial(blocked, spellings=_FILES)),
    Kind("computing", "ASL209", partial(blocked, spellings=_COMPUTING)),
    Kind("helper", "ASL210", helpers),
    Kind("spin", "ASL211", starved),
    Kind("run", "ASL212", nested),
    Kind("twin", "ASL213", twins),
)
