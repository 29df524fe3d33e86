"""The blocking calls of a file, told from those that only look like it by what else the file says."""

from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Named
from asynclint.facts.knowledge.blocking import Blocked, blocked_by
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
    if not isinstance(callee, Named):
        return None
    blocked = blocked_by(callee.name, call.arguments)
    return blocked if blocked and may_block(module, call.scope, call.callee, callee.name) else None


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
