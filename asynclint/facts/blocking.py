"""The blocking calls of a file, told from those that only look like it by what else the file says."""

from collections.abc import Sequence

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Entity, Function, Named
from asynclint.facts.knowledge.blocking import HARMLESS, Blocked, with_code
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project

_SOCKETS = ("socket.socket.", "ssl.SSLSocket.")
_SOCKET_MAKERS = frozenset({"socket", "create_connection", "socketpair", "wrap_socket", "accept", "fromfd"})
_DATAGRAM_METHODS = frozenset({"connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"})
_SETTERS = frozenset({"setblocking", "settimeout"})
_ZERO = frozenset({"0", "False"})
_QUEUES = frozenset({"Queue", "LifoQueue", "PriorityQueue"})
_FILES = "io.TextIOWrapper."
_OPENERS = frozenset({"open", "fdopen", "TemporaryFile", "NamedTemporaryFile"})
_FUTURE = "concurrent.futures.Future."
_WAITERS = frozenset({"wrap_future", "wait", "wait_for", "gather", "shield"})
_ASKED = {  # what tells beforehand that the call will not wait
    "queue.Queue.get": frozenset({"empty", "qsize"}),
    "queue.SimpleQueue.get": frozenset({"empty", "qsize"}),
    "subprocess.Popen.communicate": frozenset({"poll"}),
    "subprocess.Popen.wait": frozenset({"poll"}),
    "sys.stdin.read": frozenset({"select"}),
    "sys.stdin.readline": frozenset({"select"}),
    "threading.Event.wait": frozenset({"is_set"}),
    f"{_FUTURE}exception": frozenset({"done", "add_done_callback"}),
    f"{_FUTURE}result": frozenset({"done", "add_done_callback"}),
}


def blocked_call(project: Project, module: ModuleFacts, call: CallFacts) -> Blocked | None:
    """What is known of a call of a file, None when it is not known to block. An awaited call is none of the table."""
    callee = project.call(module.path, call) if call.use is not Use.AWAITED else None
    blocked = blocked_by(project, callee, call.arguments)
    return blocked if blocked and may_block(module, call.scope, call.callee, name_of(callee)) else None


def blocked_by(project: Project, callee: Entity | None, arguments: Sequence[str]) -> Blocked | None:
    """What is known of calling something with arguments (codes), whatever else the file says."""
    if isinstance(callee, Named):
        return project.blocking.with_arguments(callee.name, arguments)
    said = declared(project, callee)
    return with_code(said) if said is not None and said != HARMLESS and not _is_async(project, callee) else None


def blocking_codes(project: Project, callee: Entity | None) -> frozenset[str]:
    """The rules that may have something to say of calling it, or of a `with` around the call."""
    if isinstance(callee, Named):
        return project.blocking.codes(callee.name)
    blocked = blocked_by(project, callee, ())
    return frozenset({blocked.code}) if blocked is not None else frozenset()


def declared(project: Project, callee: Entity | None) -> Blocked | None:
    """What the user has said of a function or class of the project, None when nothing."""
    if project.blocking.is_shipped or not isinstance(callee, Function | Class):
        return None
    qualname = project.qualname(callee)
    said = (project.blocking.declared(f"{name}.{qualname}") for name in project.module_names(callee.path))
    return next((blocked for blocked in said if blocked is not None), None)


def name_of(callee: Entity | None) -> str:
    """The documented name of what is called, "" for what is of the project."""
    return callee.name if isinstance(callee, Named) else ""


def _is_async(project: Project, callee: Entity | None) -> bool:
    return isinstance(callee, Function) and project.function(callee).is_async


def may_block(module: ModuleFacts, scope: int, code: str, name: str) -> bool:
    """Does nothing else in the file say that the call `code` in a scope, documented as `name`, needs no mention?"""
    receiver = code.rpartition(".")[0]
    here = [call for call in module.calls if module.executor(call.scope) == module.executor(scope)]
    if name in _ASKED and any(call.last_name in _ASKED[name] for call in here):
        return False
    if name.startswith(_FUTURE):
        return _is_local(receiver) and not any(_awaits(call, receiver) for call in here)
    if name.startswith(_FILES):
        return not any(call.last_name in _OPENERS for call in here)
    if name.startswith(_SOCKETS):
        return _has_blocking_sockets(module, name.rpartition(".")[2])
    if name == "queue.Queue.put":
        return any(_is_bounded_queue(call) for call in module.calls)
    return name != "threading.Lock.acquire" or not _is_fresh(module, scope, receiver)


def _is_local(future: str) -> bool:
    """Is it made where it is waited for? One that is kept in an attribute may be known to be done by then."""
    return "." not in future or future.endswith("()")


def _awaits(call: CallFacts, future: str) -> bool:
    return call.last_name in _WAITERS and future in call.arguments


def _is_fresh(module: ModuleFacts, scope: int, lock: str) -> bool:
    """Has the function made the lock itself, so that nobody else can hold it?"""
    made = module.scopes[module.executor(scope)].names.get(lock, [])
    return bool(made) and all(binding.value.endswith("Lock()") for binding in made)


def _has_blocking_sockets(module: ModuleFacts, method: str) -> bool:
    if any(call.last_name in _SETTERS and "".join(call.arguments) in _ZERO for call in module.calls):
        return False
    made = [call for call in module.calls if call.last_name in _SOCKET_MAKERS]
    is_datagram = any(argument.endswith("SOCK_DGRAM") for call in made for argument in call.arguments)
    return bool(made) and not (is_datagram and method in _DATAGRAM_METHODS)


def _is_bounded_queue(call: CallFacts) -> bool:
    size = "".join(call.arguments[:1]).removeprefix("maxsize=")
    return call.last_name in _QUEUES and bool(call.arguments) and size not in _ZERO
