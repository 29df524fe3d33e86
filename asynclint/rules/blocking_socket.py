from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL205",
    wants=blocking_calls("ASL205"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_socket(body: Body) -> Iterator[Problem]:
    """A coroutine that waits for a socket, a name server or a mail server stops the event loop meanwhile.

    A socket is blocking unless somebody says otherwise: `connect`, `recv` and `accept` wait in the thread of the
    event loop. So do `socket.getaddrinfo`, `select.select`, `smtplib`, `ftplib`, `paramiko` and `serve_forever`.

    ## Bad

    ```python
    import socket

    async def probe(host, port):
        connection = socket.create_connection((host, port))  # ASL205
        connection.sendall(b"ping")  # ASL205
        return connection.recv(4)  # ASL205
    ```

    ## Good

    ```python
    import asyncio

    async def probe(host, port):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"ping")
            await writer.drain()
            return await reader.readexactly(4)
        finally:
            writer.close()
    ```

    ## What to do

    Use asyncio's streams, or the `sock_...` methods of the event loop on a socket after `setblocking(False)`. Ask for
    addresses with `loop.getaddrinfo`. For protocols, use the asynchronous client that the message names.

    ## Fix

    Hands the call to a thread: `await asyncio.to_thread(...)`. Unsafe: there it may meet other code that uses the same
    objects. None in a `with` or a `for`, where the waiting goes on afterwards.

    ## Not reported

    Methods of sockets in a file that makes sockets non-blocking, or that makes none and is handed them; connecting
    and sending in a file that makes datagram sockets, which does not wait; functions handed on without being called.
    """
    yield from blocking_problems(body, "ASL205", "waits for the network")
