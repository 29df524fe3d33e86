"""An editor for tests: it opens a folder of its own in a running language server, and never waits for ever."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pytest_lsp import LanguageClient, client_capabilities

SERVER = [sys.executable, "-m", "asynclint", "server"]
LIMIT = 60  # seconds: nothing takes a tenth of it, and nobody waits longer

Answer = TypeVar("Answer")


async def within_limit(answer: Awaitable[Answer]) -> Answer:
    """The answer, an error when it does not come."""
    return await asyncio.wait_for(answer, LIMIT)


class Connection:
    """A server that is running, and what it has said unasked."""

    def __init__(self, client: LanguageClient, *, asks: bool) -> None:
        self.client = client
        self.asks = asks
        self.registered: list[str] = []
        self.published: dict[str, lsp.PublishDiagnosticsParams] = {}
        self.refreshed = 0
        self._news = asyncio.Event()
        for method, hear in (
            (lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, lambda params: self._publish(params)),
            (lsp.WORKSPACE_DIAGNOSTIC_REFRESH, lambda params: self._refresh()),
            (lsp.CLIENT_REGISTER_CAPABILITY, lambda params: self._register(params)),
        ):
            client.protocol.fm.features.pop(method, None)  # the client has some of its own
            client.feature(method)(hear)

    async def start(self, **options: Any) -> None:
        name = "visual_studio_code" if self.asks else "neovim"
        parameters = lsp.InitializeParams(capabilities=_capabilities(name, asks=self.asks), **options)
        await within_limit(self.client.initialize_session(parameters))

    async def stop(self) -> None:
        """Ends the server, by force if it will not."""
        try:
            await within_limit(self.client.shutdown_session())
        finally:
            if self.client._server is not None and self.client._server.returncode is None:
                self.client._server.kill()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for what the server says."""
        async with asyncio.timeout(LIMIT):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _publish(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.published[params.uri] = params
        self._news.set()

    def _refresh(self) -> None:
        self.refreshed += 1
        self._news.set()

    def _register(self, params: lsp.RegistrationParams) -> None:
        self.registered += [each.method for each in params.registrations]
        self._news.set()


class Editor:
    """A folder that is open in an editor."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.client = connection.client
        self.asks = connection.asks
        self.folder = folder
        self.versions: dict[str, int] = {}
        self._move(added=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)])

    def leave(self) -> None:
        """Closes all that is open."""
        for name in [*self.versions]:
            self.close(name)
        self._move(removed=[lsp.WorkspaceFolder(self.folder.as_uri(), self.folder.name)])

    def _move(self, *, added: list[lsp.WorkspaceFolder] = [], removed: list[lsp.WorkspaceFolder] = []) -> None:  # noqa: B006
        event = lsp.WorkspaceFoldersChangeEvent(added, removed)
        self.client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))

    def uri(self, name: str) -> str:
        return name if name.startswith("untitled:") else (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        document = lsp.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))

    def change(self, name: str, text: str) -> None:
        self.versions[name] += 1
        document = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, changes))

    def save(self, name: str) -> None:
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(self.uri(name))))

    def close(self, name: str) -> None:
        del self.versions[name]
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(self.uri(name))))

    def touched(self, name: str, kind: lsp.FileChangeType) -> None:
        """Something happened to a file on the disk."""
        event = lsp.FileEvent(self.uri(name), kind)
        self.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))

    def configure(self, settings: dict[str, object]) -> None:
        self.client.set_configuration({"asynclint": settings})
        self.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"asynclint": settings}))

    async def found(self, name: str, *codes: str) -> list[lsp.Diagnostic]:
        """The diagnostics of the newest text of a file, once they have these codes; where it asks, they must have."""
        uri, version = self.uri(name), self.versions.get(name)
        if self.asks:
            report = await within_limit(self.client.text_document_diagnostic_async(self._asking(name)))
            assert codes_of(report.items) == [*codes]
            return [*report.items]

        def has_come() -> bool:
            said = self.connection.published.get(uri)
            return said is not None and said.version == version and codes_of(said.diagnostics) == [*codes]

        await self.connection.until(has_come)
        return [*self.connection.published[uri].diagnostics]

    def _asking(self, name: str) -> lsp.DocumentDiagnosticParams:
        return lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(self.uri(name)))

    async def actions(
        self, name: str, found: list[lsp.Diagnostic], only: list[str] | None = None
    ) -> list[lsp.CodeAction]:
        """What is offered where the first of these was found."""
        place = found[0].range if found else lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        context = lsp.CodeActionContext(found[:1], only)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri(name)), place, context)
        return [*(await within_limit(self.client.text_document_code_action_async(params)) or [])]

    async def hover(self, name: str, at: lsp.Position) -> lsp.Hover | None:
        params = lsp.HoverParams(lsp.TextDocumentIdentifier(self.uri(name)), at)
        return await within_limit(self.client.text_document_hover_async(params))

    def applied(self, name: str, text: str, action: lsp.CodeAction) -> str:
        """The text after an action; all texts here are ASCII."""
        assert action.edit is not None
        if action.edit.changes:
            edits = [*action.edit.changes[self.uri(name)]]
        else:
            (change,) = action.edit.document_changes or ()
            assert change.text_document.version == self.versions[name]
            edits = [*change.edits]
        lines = re.findall(r".*?(?:\r\n|\n|$)", text)
        starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
        for edit in reversed(edits):
            start, end = (starts[at.line] + at.character for at in (edit.range.start, edit.range.end))
            text = text[:start] + edit.new_text + text[end:]
        return text


def codes_of(diagnostics: Any) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def _capabilities(name: str, *, asks: bool) -> lsp.ClientCapabilities:
    known = client_capabilities(name)
    assert known.general is not None
    assert known.text_document is not None
    assert known.workspace is not None
    known.general.position_encodings = ["utf-8"] if asks else ["utf-16"]
    known.text_document.diagnostic = lsp.DiagnosticClientCapabilities() if asks else None
    known.workspace.diagnostics = lsp.DiagnosticWorkspaceClientCapabilities(refresh_support=asks)
    known.workspace.workspace_folders = True
    return known


# below all clients: messages as bytes


def framed(message: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)


def call(method: str, params: object, number: int | None = None) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if number is None else {**message, "id": number}).encode()


def spoken(messages: list[bytes], command: list[str] = SERVER) -> tuple[list[Any], int]:
    """All that a server answers to these messages, in the protocol and nothing else, and its exit code."""
    said = b"".join(map(framed, messages))
    done = subprocess.run(command, input=said, capture_output=True, check=False, timeout=LIMIT)
    return [*_parsed(done.stdout)], done.returncode


def _parsed(output: bytes) -> Iterator[Any]:
    while output:
        head, _, rest = output.partition(b"\r\n\r\n")
        found = re.match(rb"Content-Length: (\d+)\r\n", head + b"\r\n")
        assert found, output[:200]
        length = int(found[1])
        yield json.loads(rest[:length])
        output = rest[length:]
