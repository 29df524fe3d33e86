"""The language server, the real program, spoken to by a client as editors speak to it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest_lsp = pytest.importorskip("pytest_lsp", reason="pip install pytest-lsp")

import pytest_asyncio  # noqa: E402
from editor import SERVER, Connection, Editor, call, framed, spoken, within_limit  # noqa: E402
from lsprotocol import types as lsp  # noqa: E402
from pytest_lsp import ClientServerConfig, LanguageClient  # noqa: E402

from asynclint.adopting import write_baseline  # noqa: E402
from asynclint.catalog import find, page  # noqa: E402
from asynclint.config import load  # noqa: E402
from asynclint.doors.lsp.words import Units  # noqa: E402
from asynclint.finding import Span  # noqa: E402
from asynclint.linter import lint  # noqa: E402
from asynclint.source.text import SourceText  # noqa: E402

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLEEPY = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
SAVES = "async def save():\n    return 1\n"
USES = "from saving import save\n\n\nasync def main():\n    save()\n"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=SERVER), params=["push", "pull"], scope="module")
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient) -> AsyncIterator[None]:
    lsp_client.connection = Connection(lsp_client, asks=request.param == "pull")
    await lsp_client.connection.start()
    yield
    await lsp_client.connection.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def editor(client: LanguageClient, tmp_path: Path) -> AsyncIterator[Editor]:
    found = Editor(client.connection, tmp_path)
    yield found
    found.leave()


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
    before = editor.connection.refreshed
    editor.change("saving.py", SAVES)
    if editor.asks:
        await editor.connection.until(lambda: editor.connection.refreshed > before)
    await editor.found("uses.py", "ASL101")
    editor.close("saving.py")
    await editor.found("uses.py")


async def test_a_call_chain_comes_as_related_information(editor: Editor) -> None:
    (editor.folder / "deep.py").write_text("import time\n\n\ndef pause():\n    time.sleep(1)\n")
    editor.open("shallow.py", "from deep import pause\n\n\nasync def main():\n    pause()\n")
    (found,) = await editor.found("shallow.py", "ASL210")
    assert found.related_information
    assert editor.uri("deep.py") in {each.location.uri for each in found.related_information}


async def test_severity_is_the_users(editor: Editor) -> None:
    (editor.folder / "asynclint.toml").write_text("severity = { ASL201 = 'info' }\n")
    editor.touched("asynclint.toml", lsp.FileChangeType.Created)
    editor.open("wait.py", SLEEPY)
    (found,) = await editor.found("wait.py", "ASL201")
    assert found.severity is lsp.DiagnosticSeverity.Information


async def test_a_waiver_that_silences_nothing_is_tagged_as_unnecessary(editor: Editor) -> None:
    editor.open("wait.py", "x = 1  # asynclint: ignore[ASL201]\n")
    (found,) = await editor.found("wait.py", "ASL001")
    assert tuple(found.tags or ()) == (lsp.DiagnosticTag.Unnecessary,)


async def test_lines_and_columns_are_the_clients(editor: Editor) -> None:
    editor.open("odd.py", 'import time\n"""\x0c\u2028\x85"""\n\n\nasync def wait():\n    "😀é"; time.sleep(1)\n')
    (found,) = await editor.found("odd.py", "ASL201")
    column = 14 if editor.asks else 11  # UTF-8, UTF-16
    assert found.range == lsp.Range(lsp.Position(5, column), lsp.Position(5, column + len("time.sleep(1)")))


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 6), ("utf-16", 3), ("utf-32", 2)])
async def test_columns_are_counted_in_the_clients_units(encoding: str, column: int) -> None:
    text = SourceText.of("x\né😀x\n")
    found = Units(encoding).range(text, Span(2, 3, 2, 4))
    assert found == lsp.Range(lsp.Position(1, column), lsp.Position(1, column + 1))


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


async def test_a_document_that_is_in_no_file(editor: Editor) -> None:
    editor.open("untitled:Untitled-1", SLEEPY)
    await editor.found("untitled:Untitled-1", "ASL201")


async def test_a_document_of_another_language_is_left_alone(editor: Editor) -> None:
    other = lsp.TextDocumentItem(editor.uri("wait.md"), "markdown", 1, SLEEPY)
    editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(other))
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py", "ASL201")
    assert editor.uri("wait.md") not in editor.connection.published


# code actions and hover


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


async def test_an_unsafe_fix_is_offered_and_not_preferred(editor: Editor) -> None:
    editor.open("saving.py", SAVES)
    editor.open("uses.py", USES)
    found = await editor.found("uses.py", "ASL101")
    (fix, _) = await editor.actions("uses.py", found)
    assert (fix.title, fix.is_preferred) == ("ASL101: add `await` (may change what the code does)", None)
    assert "    await save()\n" in editor.applied("uses.py", USES, fix)


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


async def test_hover_shows_the_page_of_the_rule(editor: Editor) -> None:
    editor.open("wait.py", SLEEPY)
    (found,) = await editor.found("wait.py", "ASL201")
    hover = await editor.hover("wait.py", found.range.start)
    assert hover is not None
    assert isinstance(hover.contents, lsp.MarkupContent)
    assert hover.contents.value == page(find("ASL201"))
    assert await editor.hover("wait.py", lsp.Position(0, 0)) is None


# files, folders, settings


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
    assert editor.connection.registered == (watched if editor.asks else [])


async def test_a_client_that_tells_of_no_files_has_them_read_again_when_it_saves(editor: Editor) -> None:
    editor.open("uses.py", USES)
    await editor.found("uses.py")
    (editor.folder / "saving.py").write_text(SAVES)
    editor.save("uses.py")
    await editor.found("uses.py", *([] if editor.asks else ["ASL101"]))


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


async def test_an_excluded_file_is_left_alone(editor: Editor) -> None:
    (editor.folder / "asynclint.toml").write_text("extend-exclude = ['generated']\n")
    editor.open("generated/wait.py", SLEEPY)
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py", "ASL201")
    await editor.found("generated/wait.py")


async def test_a_baseline_hides_what_it_knows(editor: Editor) -> None:
    (editor.folder / "asynclint.toml").write_text("")
    (editor.folder / "wait.py").write_text(SLEEPY)
    config = load(str(editor.folder))
    write_baseline(lint([str(editor.folder)], config, jobs=1), config)
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py")
    editor.change("wait.py", SLEEPY.replace("sleep(1)", "sleep(2)"))
    await editor.found("wait.py", "ASL201")


async def test_the_clients_settings_win(editor: Editor) -> None:
    (editor.folder / "asynclint.toml").write_text("ignore = ['ASL201']\n")
    editor.open("wait.py", SLEEPY)
    await editor.found("wait.py")
    before = editor.connection.refreshed
    editor.configure({"ignore": ["ASL202"], "respectGitignore": True, "trace": {"server": "off"}})
    if editor.asks:
        await editor.connection.until(lambda: editor.connection.refreshed > before)
    await editor.found("wait.py", "ASL201")
    before = editor.connection.refreshed
    editor.configure({})
    if editor.asks:
        await editor.connection.until(lambda: editor.connection.refreshed > before)
    await editor.found("wait.py")


async def test_a_broken_configuration_is_said_once_and_named(editor: Editor) -> None:
    said = len(editor.client.messages)
    (editor.folder / "pyproject.toml").write_text("[tool.asynclint]\nselekt = []\n")
    editor.open("wait.py", SLEEPY)
    editor.open("uses.py", USES)
    await editor.found("wait.py")
    await editor.found("uses.py")
    (told,) = [message.message for message in editor.client.messages[said:]]
    assert "selekt" in told
    (editor.folder / "pyproject.toml").write_text("[tool.asynclint]\n")
    editor.touched("pyproject.toml", lsp.FileChangeType.Changed)
    await editor.found("wait.py", "ASL201")


# whatever comes


async def test_of_many_changes_the_last_one_counts(editor: Editor) -> None:
    editor.open("wait.py", "")
    for number in range(200):
        editor.change("wait.py", SLEEPY if number % 2 else "")
    await editor.found("wait.py", "ASL201")


async def test_a_cancelled_request_is_answered_as_that(editor: Editor) -> None:
    if not editor.asks:
        pytest.skip("it does not ask")
    editor.open("long.py", _long(2_000))
    asking = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(editor.uri("long.py")))
    send = editor.client.protocol.send_request_async
    answer = asyncio.ensure_future(send(lsp.TEXT_DOCUMENT_DIAGNOSTIC, asking, msg_id="late"))
    await asyncio.sleep(0)
    editor.client.cancel_request(lsp.CancelParams(id="late"))
    with pytest.raises(Exception, match="cancel"):
        await within_limit(answer)
    editor.change("long.py", SLEEPY)
    await editor.found("long.py", "ASL201")


async def test_a_long_file_and_a_storm_of_renames(editor: Editor) -> None:
    editor.open("long.py", _long(12_500))
    for number in range(50):
        editor.open(f"wait_{number}.py", SLEEPY)
        editor.touched(f"wait_{number}.py", lsp.FileChangeType.Deleted)
        editor.close(f"wait_{number}.py")
        editor.touched(f"renamed_{number}.py", lsp.FileChangeType.Created)
    editor.change("long.py", SLEEPY)
    await editor.found("long.py", "ASL201")


def _long(functions: int) -> str:
    """Four lines each."""
    return "import time\n\n\n" + "".join(f"async def wait_{n}():\n    time.sleep({n})\n\n\n" for n in range(functions))


INITIALIZE = call("initialize", {"capabilities": {"textDocument": {"diagnostic": {}}}}, 1)
SHUTDOWN, EXIT = call("shutdown", None, 9), call("exit", None)


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 1}',
        b'{"jsonrpc": "2.0", "id": 5, "method": "textDocument/hover"}',
        call("textDocument/didChange", {"textDocument": {"uri": "file:///no.py", "version": 1}, "contentChanges": []}),
        call("workspace/didChangeConfiguration", {"settings": {"asynclint": {"select": [{}]}}}),
        call("no/such/method", {}, 6),
    ],
    ids=str,
)
async def test_a_malformed_message_is_survived(message: bytes) -> None:
    opened = {"textDocument": {"uri": "untitled:x.py", "languageId": "python", "version": 1, "text": "x = 1\n"}}
    said, code = spoken([INITIALIZE, message, call("textDocument/didOpen", opened), SHUTDOWN, EXIT])
    assert code == 0
    assert 9 in [answer.get("id") for answer in said]


async def test_what_the_client_says_at_the_start_holds(tmp_path: Path) -> None:
    options = {"settings": {"extendSelect": ["ASL7"], "ignore": ["ASL201"]}}
    capabilities = {"textDocument": {"diagnostic": {}}}
    start = call("initialize", {"capabilities": capabilities, "initializationOptions": options}, 1)
    assert await _answered(start, SLEEPY, SERVER) == []


async def test_nothing_but_the_protocol_is_on_stdout() -> None:
    """A rule is made to print and to fail: the server goes on, and says where."""
    program = """
from msgspec.structs import replace
from asynclint import catalog
from asynclint.__main__ import main

def fail(body):
    print("spoilt")
    raise RuntimeError("on purpose")
    yield

rules = catalog.all_rules()
catalog.all_rules = lambda: tuple(replace(r, check=fail) if r.code == "ASL201" else r for r in rules)
main()
"""
    (found,) = await _answered(INITIALIZE, SLEEPY, [sys.executable, "-c", program, "server"])
    assert found["code"] == "ASL000"
    assert "on purpose" in found["message"]


async def _answered(initialize: bytes, text: str, command: list[str]) -> list[dict[str, object]]:
    """The diagnostics that a server of its own gives for a text."""
    server = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert server.stdin is not None
    assert server.stdout is not None
    opened = {"textDocument": {"uri": "untitled:wait.py", "languageId": "python", "version": 1, "text": text}}
    asked = {"textDocument": {"uri": "untitled:wait.py"}}
    calls = [call("initialized", {}), call("textDocument/didOpen", opened), call("textDocument/diagnostic", asked, 2)]
    server.stdin.write(b"".join(map(framed, [initialize, *calls])))
    try:
        while True:
            head = await within_limit(server.stdout.readuntil(b"\r\n\r\n"))
            assert head.startswith(b"Content-Length: "), head
            answer = json.loads(await server.stdout.readexactly(int(head.split()[1])))
            if answer.get("id") == 2:
                items: list[dict[str, object]] = answer["result"]["items"]
                return items
    finally:
        server.stdin.close()
        await within_limit(server.wait())


# the command


async def test_without_pygls_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError('no pygls', name='pygls')\n")
    program = "import sys; sys.path.insert(0, sys.argv.pop()); from asynclint.__main__ import main; main()"
    command = [sys.executable, "-c", program, "server", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "asynclint: the language server needs pygls; install it with `python -m pip install 'asynclint[lsp]'`"
    ]
