"""The language server, the real program, spoken to by a client as editors speak to it."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest_lsp = pytest.importorskip("pytest_lsp")

from lsprotocol import types as lsp  # noqa: E402
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities  # noqa: E402

from asynclint.catalog import find, page  # noqa: E402

SERVER = [sys.executable, "-m", "asynclint", "server"]
SLEEPY = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
SAVES = "async def save():\n    return 1\n"
USES = "from saving import save\n\n\nasync def main():\n    save()\n"


class Editor:
    """A client and the folder it has opened."""

    def __init__(self, client: LanguageClient, folder: Path, asks: bool) -> None:
        self.client = client
        self.folder = folder
        self.asks = asks
        self.versions: dict[str, int] = {}
        self.refreshed = asyncio.Event()
        self.registered: list[str] = []
        self.encoding = "utf-16"

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        document = lsp.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))

    def change(self, name: str, text: str) -> None:
        self.versions[name] += 1
        document = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, changes))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(self.uri(name))))

    async def found(self, name: str, *codes: str) -> list[lsp.Diagnostic]:
        """The diagnostics of a file; without pull, once they have these codes."""
        uri = self.uri(name)
        if self.asks:
            params = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(uri))
            report = await self.client.text_document_diagnostic_async(params)
            assert codes_of(report.items) == list(codes)
            return list(report.items)
        while uri not in self.client.diagnostics or codes_of(self.client.diagnostics[uri]) != list(codes):
            await asyncio.wait_for(self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 30)
        return list(self.client.diagnostics[uri])

    def touched(self, name: str, kind: lsp.FileChangeType) -> None:
        """Something happened to a file on the disk."""
        event = lsp.FileEvent(self.uri(name), kind)
        self.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))

    async def actions(
        self, name: str, found: list[lsp.Diagnostic], only: list[str] | None = None
    ) -> list[lsp.CodeAction]:
        """What is offered where the first of these was found."""
        place = found[0].range if found else lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        context = lsp.CodeActionContext(found[:1], only)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(self.uri(name)), place, context)
        return list(await self.client.text_document_code_action_async(params) or [])

    def applied(self, name: str, text: str, action: lsp.CodeAction) -> str:
        """The text after an action; all texts here are ASCII."""
        assert action.edit is not None
        if action.edit.changes:
            edits = list(action.edit.changes[self.uri(name)])
        else:
            (change,) = action.edit.document_changes or ()
            assert change.text_document.version == self.versions[name]
            edits = list(change.edits)
        lines = re.findall(r".*?(?:\r\n|\n|$)", text)
        starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
        for edit in reversed(edits):
            start, end = (starts[at.line] + at.character for at in (edit.range.start, edit.range.end))
            text = text[:start] + edit.new_text + text[end:]
        return text


def codes_of(diagnostics: Any) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def capabilities(name: str, asks: bool) -> lsp.ClientCapabilities:
    known = client_capabilities(name)
    assert known.text_document is not None
    assert known.workspace is not None
    known.text_document.diagnostic = lsp.DiagnosticClientCapabilities() if asks else None
    known.workspace.diagnostics = lsp.DiagnosticWorkspaceClientCapabilities(refresh_support=asks)
    return known


@pytest_lsp.fixture(config=ClientServerConfig(server_command=SERVER), params=["push", "pull"])
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path
) -> AsyncIterator[LanguageClient]:
    asks = request.param == "pull"
    editor = Editor(lsp_client, tmp_path, asks)
    lsp_client.editor = editor

    @lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def _register(params: lsp.RegistrationParams) -> None:
        editor.registered += [each.method for each in params.registrations]

    lsp_client.protocol.fm.features.pop(lsp.WORKSPACE_DIAGNOSTIC_REFRESH)  # it has one that asks by itself

    @lsp_client.feature(lsp.WORKSPACE_DIAGNOSTIC_REFRESH)
    def _refresh(params: None) -> None:
        editor.refreshed.set()

    result = await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=capabilities("visual_studio_code" if asks else "neovim", asks),
            workspace_folders=[lsp.WorkspaceFolder(tmp_path.as_uri(), "it")],
        )
    )
    editor.encoding = result.capabilities.position_encoding or "utf-16"
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient) -> Editor:
    found: Editor = client.editor
    return found


# diagnostics


async def test_what_is_typed_is_linted_before_it_is_saved(editor: Editor) -> None:
    editor.open("wait.py", "")
    await editor.found("wait.py")
    editor.change("wait.py", SLEEPY)
    (found,) = await editor.found("wait.py", "ASL201")
    assert found.source == "asynclint"
    assert found.severity is lsp.DiagnosticSeverity.Error
    assert found.range == lsp.Range(lsp.Position(4, 4), lsp.Position(4, 17))
    editor.change("wait.py", SLEEPY.replace("time.sleep(1)", "pass"))
    await editor.found("wait.py")


async def test_an_edit_updates_the_open_files_that_depend_on_it(editor: Editor) -> None:
    (editor.folder / "saving.py").write_text("def save():\n    return 1\n")
    editor.open("uses.py", USES)
    await editor.found("uses.py")
    editor.open("saving.py", SAVES)
    await editor.found("uses.py", "ASL101")
    editor.change("saving.py", SAVES.replace("async ", ""))
    await editor.found("uses.py")
    editor.refreshed.clear()
    editor.change("saving.py", SAVES)
    if editor.asks:
        await asyncio.wait_for(editor.refreshed.wait(), 30)
    await editor.found("uses.py", "ASL101")
    editor.close("saving.py")
    await editor.found("uses.py")


async def test_a_call_chain_comes_as_related_information(editor: Editor) -> None:
    (editor.folder / "deep.py").write_text("import time\n\n\ndef pause():\n    time.sleep(1)\n")
    editor.open("shallow.py", "from deep import pause\n\n\nasync def main():\n    pause()\n")
    (found,) = await editor.found("shallow.py", "ASL210")
    assert found.related_information
    assert editor.uri("deep.py") in {each.location.uri for each in found.related_information}


async def test_lines_and_columns_are_the_clients(editor: Editor) -> None:
    editor.open("odd.py", 'import time\n"""\x0c\u2028\x85"""\n\n\nasync def wait():\n    "😀é"; time.sleep(1)\n')
    (found,) = await editor.found("odd.py", "ASL201")
    column = {"utf-8": 14, "utf-16": 11, "utf-32": 10}[editor.encoding]
    assert found.range == lsp.Range(lsp.Position(5, column), lsp.Position(5, column + len("time.sleep(1)")))


async def test_a_syntax_error_is_an_error(editor: Editor) -> None:
    editor.open("broken.py", "async def f(:\n")
    (found,) = await editor.found("broken.py", "ASL000")
    assert found.severity is lsp.DiagnosticSeverity.Error
    editor.change("broken.py", "nothing = 1\n")
    await editor.found("broken.py")


async def test_what_is_closed_has_no_diagnostics(editor: Editor) -> None:
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py", "ASL201")
    editor.close("wait.py")
    await editor.found("wait.py")


async def test_of_many_changes_the_last_one_counts(editor: Editor) -> None:
    editor.open("wait.py", "")
    for number in range(200):
        editor.change("wait.py", SLEEPY if number % 2 else "")
    await editor.found("wait.py", "ASL201")


async def test_a_document_that_is_in_no_file(editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "python", 1, SLEEPY)))
    if editor.asks:
        params = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(uri))
        assert codes_of((await editor.client.text_document_diagnostic_async(params)).items) == ["ASL201"]
    else:
        await asyncio.wait_for(editor.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 30)
        assert codes_of(editor.client.diagnostics[uri]) == ["ASL201"]


# code actions


async def test_the_safe_fix_is_preferred_and_mends_it(editor: Editor) -> None:
    editor.open("wait.py", SLEEPY)
    found = await editor.found("wait.py", "ASL201")
    actions = await editor.actions("wait.py", found)
    assert [action.title for action in actions if action.is_preferred] == ["ASL201: use `await asyncio.sleep`"]
    assert list(actions[0].diagnostics or ()) == found
    mended = editor.applied("wait.py", SLEEPY, actions[0])
    assert "    await asyncio.sleep(1)\n" in mended
    editor.change("wait.py", mended)
    await editor.found("wait.py")


async def test_a_finding_is_ignored_on_its_line(editor: Editor) -> None:
    text = SLEEPY.replace("\n", "\r\n").replace("sleep(1)", "sleep(1)  # noqa: E501")
    editor.open("wait.py", text)
    found = await editor.found("wait.py", "ASL201")
    (ignore,) = [action for action in await editor.actions("wait.py", found) if "ignore" in action.title]
    assert not ignore.is_preferred
    quiet = editor.applied("wait.py", text, ignore)
    assert quiet == text.replace("E501", "E501  # asynclint: ignore[ASL201]")
    editor.change("wait.py", quiet)
    await editor.found("wait.py")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
async def test_all_safe_fixes_are_made_at_once(editor: Editor, newline: str, end: str) -> None:
    text = (SLEEPY.rstrip("\n") + "\n    time.sleep(2)" + end).replace("\n", newline)
    editor.open("wait.py", text)
    found = await editor.found("wait.py", "ASL201", "ASL201")
    (action,) = await editor.actions("wait.py", found, only=["source.fixAll"])
    assert action.kind == "source.fixAll.asynclint"
    mended = editor.applied("wait.py", text, action)
    assert mended.count("await asyncio.sleep(") == 2
    assert mended.endswith("sleep(2)" + end.replace("\n", newline))
    assert mended.count("\n") == mended.count(newline)
    editor.change("wait.py", mended)
    await editor.found("wait.py")


async def test_no_action_where_nothing_is_found(editor: Editor) -> None:
    editor.open("wait.py", "pass\n")
    await editor.found("wait.py")
    assert await editor.actions("wait.py", []) == []


# hover, files, settings


async def test_hover_shows_the_page_of_the_rule(editor: Editor) -> None:
    editor.open("wait.py", SLEEPY)
    (found,) = await editor.found("wait.py", "ASL201")
    identifier = lsp.TextDocumentIdentifier(editor.uri("wait.py"))
    hover = await editor.client.text_document_hover_async(lsp.HoverParams(identifier, found.range.start))
    assert hover is not None
    assert isinstance(hover.contents, lsp.MarkupContent)
    assert hover.contents.value == page(find("ASL201"))
    assert await editor.client.text_document_hover_async(lsp.HoverParams(identifier, lsp.Position(0, 0))) is None


async def test_files_that_change_on_the_disk_are_read_again(editor: Editor) -> None:
    editor.open("uses.py", USES)
    await editor.found("uses.py")
    (editor.folder / "saving.py").write_text(SAVES)
    editor.touched("saving.py", lsp.FileChangeType.Created)
    await editor.found("uses.py", "ASL101")
    (editor.folder / "saving.py").write_text("def save():\n    return 1\n")
    editor.touched("saving.py", lsp.FileChangeType.Changed)
    await editor.found("uses.py")
    watched = ["workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"]
    assert editor.registered == (watched if editor.asks else [])


async def test_the_nearest_configuration_governs_a_file(editor: Editor) -> None:
    (editor.folder / "quiet").mkdir()
    (editor.folder / "quiet" / "pyproject.toml").write_text("[tool.asynclint]\nignore = ['ASL201']\n")
    editor.open("quiet/wait.py", SLEEPY)
    editor.open("wait.py", SLEEPY)
    await editor.found("quiet/wait.py")
    await editor.found("wait.py", "ASL201")
    (editor.folder / "quiet" / "pyproject.toml").write_text("[tool.asynclint]\n")
    editor.touched("quiet/pyproject.toml", lsp.FileChangeType.Changed)
    await editor.found("quiet/wait.py", "ASL201")


async def test_the_clients_settings_win(editor: Editor) -> None:
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py", "ASL201")
    settings = {"asynclint": {"ignore": ["ASL201"], "respectGitignore": True}}
    editor.client.set_configuration(settings)
    editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings))
    if editor.asks:
        await asyncio.wait_for(editor.refreshed.wait(), 30)
    await editor.found("wait.py")


async def test_a_broken_configuration_is_said_once_and_named(editor: Editor) -> None:
    (editor.folder / "pyproject.toml").write_text("[tool.asynclint]\nselekt = []\n")
    editor.open("wait.py", SLEEPY)
    editor.open("uses.py", USES)
    await editor.found("wait.py")
    await editor.found("uses.py")
    (told,) = [message.message for message in editor.client.messages]
    assert "selekt" in told
    (editor.folder / "pyproject.toml").write_text("[tool.asynclint]\n")
    editor.touched("pyproject.toml", lsp.FileChangeType.Changed)
    await editor.found("wait.py", "ASL201")


# whatever comes


@pytest.mark.parametrize(
    "message",
    [b"nonsense", b"[]", b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 1}'],
)
def test_a_malformed_message_is_survived(message: bytes) -> None:
    shutdown = b'{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}'
    initialize = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}'
    done = _spoken([initialize, message, shutdown, b'{"jsonrpc": "2.0", "method": "exit"}'])
    assert done.returncode == 0
    assert b'"id":2' in done.stdout.replace(b" ", b"")


def _spoken(messages: list[bytes]) -> subprocess.CompletedProcess[bytes]:
    said = b"".join(map(_framed, messages))
    return subprocess.run(SERVER, input=said, capture_output=True, check=False, timeout=60)


def _framed(message: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)


# the command


def test_without_pygls_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError('no pygls', name='pygls')\n")
    program = "import sys; sys.path.insert(0, sys.argv.pop()); from asynclint.__main__ import main; main()"
    command = [sys.executable, "-c", program, "server", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "asynclint: the language server needs pygls; install it with `python -m pip install 'asynclint[lsp]'`"
    ]
