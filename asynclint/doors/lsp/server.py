"""The server: what the client asks and tells, and when it is answered."""

import asyncio
import gc
import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from asynclint import __version__
from asynclint.catalog import find, page
from asynclint.doors.lsp.actions import FIX_ALL, KINDS, Desk, fix_all, quick_fixes, wants
from asynclint.doors.lsp.session import CONFIGURATION, Checked, Document, Session
from asynclint.doors.lsp.words import SOURCE, Units, diagnostic, touches
from asynclint.live import warm_up
from asynclint.source.text import SourceText, Unreadable

_STACK = 64 << 20  # bytes for the thread that works: what nests deeply needs them, and not every system gives as many
_WATCHED = ("**/*.{py,pyi}", *(f"**/{name}" for name in CONFIGURATION))
_CLIENTS_OWN = frozenset({"enable", "interpreter", "path", "trace"})  # settings that say how to start a server
_IDLE = 1.0  # seconds in which nobody types
_CAPITAL = re.compile(r"[A-Z]")
_CELLS = "vscode-notebook-cell:"  # none of them is a module

Answer = TypeVar("Answer")


class Server(LanguageServer):
    """Listens in one thread and works in another."""

    def __init__(self) -> None:
        super().__init__(SOURCE, __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        threading.stack_size(_STACK)
        self.session = Session()
        self.is_over = False  # has the client ended it?
        self._is_settled = False  # has it read most of what it will ever read?
        self._worker = ThreadPoolExecutor(1, "asynclint")
        self._delivery: asyncio.Task[None] | None = None
        self._delivered: dict[str, tuple[int | None, list[lsp.Diagnostic]]] = {}
        self._told: set[str] = set()
        self._is_configured = False  # has the client ever said anything but nothing?

    @property
    def units(self) -> Units:
        """How this client counts columns."""
        return Units(self.server_capabilities.position_encoding or lsp.PositionEncodingKind.Utf16)

    @property
    def is_asked(self) -> bool:
        """Does the client ask for diagnostics, so that none are to be sent unasked?"""
        documents = self.client_capabilities.text_document
        return bool(documents and documents.diagnostic)

    @property
    def takes_versions(self) -> bool:
        """Can edits name the version of the document they are for?"""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes)

    # documents

    def move(self) -> None:
        """Takes over which folders are open."""
        folders = (path_of(folder.uri) for folder in self.workspace.folders.values())
        root = (self.workspace.root_path,) if self.workspace.root_path else ()
        self.session.move(tuple(dict.fromkeys((*folders, *root))))
        self.announce()

    @property
    def is_told(self) -> bool:
        """Will the client tell of files that change on the disk?"""
        workspace = self.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        return bool(watching and watching.dynamic_registration)

    async def register(self) -> None:
        """Asks to be told of files and settings that change, where the client can be asked."""
        wishes = []
        if self.is_told:
            watched = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(each) for each in _WATCHED])
            wishes.append(lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched))
        workspace = self.client_capabilities.workspace
        telling = workspace.did_change_configuration if workspace else None
        if telling and telling.dynamic_registration:
            section = lsp.DidChangeConfigurationRegistrationOptions(SOURCE)
            wishes.append(lsp.Registration("settings", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
        if wishes:
            await self.client_register_capability_async(lsp.RegistrationParams(wishes))

    async def ask_for_settings(self) -> bool:
        """Takes over the client's settings, where it can be asked for them; says whether it could."""
        workspace = self.client_capabilities.workspace
        if not (workspace and workspace.configuration):
            return False
        wish = lsp.ConfigurationParams([lsp.ConfigurationItem(section=SOURCE)])
        (settings,) = await self.workspace_configuration_async(wish) or [None]
        self.configure(settings)
        return True

    def configure(self, options: object) -> None:
        """The client says what it wants; as long as that is nothing, what it said at the start holds."""
        settings = settings_in(options)
        self._is_configured = self._is_configured or bool(settings)
        if self._is_configured and settings != self.session.world.settings:
            self._told.clear()
            self.session.configure(settings)
            self.announce()

    def look_again(self) -> None:
        """Anything may have changed on the disk, where the client does not tell."""
        if not self.is_told:
            self.session.look_again()

    def show(self, uri: str) -> None:
        """Takes over what the client shows, and tells it what is found."""
        document = self.workspace.get_text_document(uri)
        if uri.startswith(_CELLS) or document.language_id not in (None, "", "python"):
            return
        self.session.show(Document(uri, path_of(uri), document.version, document.source))
        self.announce(uri)

    def hide(self, uri: str) -> None:
        """Forgets a document, and takes back what was said of it."""
        self.session.hide(path_of(uri))
        self._delivered.pop(uri, None)
        if not self.is_asked:
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        self.announce()

    # answers

    async def work(self, job: Callable[..., Answer], *arguments: object) -> Answer:
        """What a job gives, done in the thread that works; jobs that nobody waits for any more are not begun."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, job, *arguments)

    async def checked(self, uri: str) -> Checked | None:
        """What is found in a document as it is now, None when it is not open."""
        path = path_of(uri)
        while path in self.session.world.documents:
            checked = await self.work(self.session.check, path)
            if checked is not None and self.session.world.documents.get(path) is checked.document:
                self._tell(checked.problems)
                return checked
        return None

    async def diagnostics(self, checked: Checked) -> list[lsp.Diagnostic]:
        """What is found in a document, in the words of the protocol."""
        found = await self.work(self._diagnostics, checked)
        self._delivered[checked.document.uri] = checked.document.version, found
        return found

    def _diagnostics(self, checked: Checked) -> list[lsp.Diagnostic]:
        return [diagnostic(finding, self.units, checked.text, self._elsewhere) for finding in checked.findings]

    def _elsewhere(self, path: str) -> tuple[str, SourceText | None]:
        document = self.session.world.documents.get(path)
        try:
            if document is not None:
                return document.uri, SourceText.of(document.text)
            with open(path, "rb") as file:
                return uris.from_fs_path(path) or path, SourceText.decode(file.read())
        except (OSError, Unreadable):
            return uris.from_fs_path(path) or path, None

    def _tell(self, problems: Iterable[str]) -> None:
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"asynclint: {problem}"))

    # what is said unasked

    def announce(self, first: str = "") -> None:
        """Tells the client what is found in all open documents by now, this one first, and no more of before."""
        if self._delivery is not None:
            self._delivery.cancel()
        self._delivery = asyncio.get_running_loop().create_task(self._deliver(first))

    async def _deliver(self, first: str) -> None:
        documents = [document.uri for document in self.session.world.documents.values()]
        is_news = False
        for uri in sorted(documents, key=lambda uri: uri != first):
            try:
                checked = await self.checked(uri)
                if checked is not None and not (self.is_asked and uri == first):  # for that one it asks anyway
                    is_news |= await self._deliver_one(checked)
            except Exception as error:
                self._tell([f"{path_of(uri)}: internal error: {type(error).__name__}: {error}; please report it"])
        if is_news and self.is_asked:
            await self.refresh()
        if documents and not self._is_settled:
            await self._settle()

    async def _settle(self) -> None:
        """Gets ready for what is typed, after the first findings and while nobody types."""
        await self.work(warm_up)
        await asyncio.sleep(_IDLE)
        self._is_settled = True
        await self.work(_freeze)

    async def _deliver_one(self, checked: Checked) -> bool:
        """Publishes what is found unless the client asks for it; says whether it is anything new."""
        uri, version = checked.document.uri, checked.document.version
        before = self._delivered.get(uri)
        found = await self.diagnostics(checked)
        is_new = before is None or before[1] != found
        if not self.is_asked and before != (version, found):
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))
        return is_new

    async def refresh(self) -> None:
        """Makes a client that asks for diagnostics ask again, where it can be made to."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            await self.workspace_diagnostic_refresh_async(None)

    # the end

    def stop_working(self) -> None:
        """Nobody waits for answers any more."""
        self.is_over = True
        self.session.end()
        self._worker.shutdown(wait=False, cancel_futures=True)


def _freeze() -> None:
    """What has been read by now stays: no cycles are looked for in it any more."""
    gc.collect()
    gc.freeze()


def path_of(uri: str) -> str:
    """The absolute path of a document; one that lies in no file has one of its own."""
    return (uris.to_fs_path(uri) if uri.startswith("file:") else None) or unquote(uri)


def settings_in(options: object) -> dict[str, object]:
    """The settings that a client sends, bare or under our name, in the spelling of the configuration file."""
    for key in ("settings", SOURCE):
        options = options.get(key, options) if isinstance(options, dict) else options
    if not isinstance(options, dict):
        return {}
    keys = {str(key): _CAPITAL.sub(lambda found: f"-{found[0].lower()}", str(key)) for key in options}
    return {keys[key]: value for key, value in options.items() if keys[key] not in _CLIENTS_OWN}


server = Server()


@server.feature(lsp.INITIALIZE)
def _initialize(ls: Server, params: lsp.InitializeParams) -> None:
    ls.session.configure(settings_in(params.initialization_options))


@server.feature(lsp.INITIALIZED)
async def _initialized(ls: Server, params: lsp.InitializedParams) -> None:
    ls.move()
    await asyncio.gather(ls.register(), ls.ask_for_settings(), return_exceptions=True)  # it need not answer


@server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def _did_change_folders(ls: Server, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    ls.move()


@server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
async def _did_change_configuration(ls: Server, params: lsp.DidChangeConfigurationParams) -> None:
    if not await ls.ask_for_settings():
        ls.configure(params.settings)


@server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def _did_change_files(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
    for change in params.changes:
        ls.session.touch(path_of(change.uri))
    ls.announce()


@server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
def _did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    ls.look_again()
    ls.show(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
def _did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    ls.show(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
def _did_save(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    ls.look_again()
    ls.announce(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
def _did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    ls.hide(params.text_document.uri)


@server.feature(
    lsp.TEXT_DOCUMENT_DIAGNOSTIC,
    lsp.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=SOURCE),
)
async def _diagnostic(ls: Server, params: lsp.DocumentDiagnosticParams) -> lsp.RelatedFullDocumentDiagnosticReport:
    checked = await ls.checked(params.text_document.uri)
    return lsp.RelatedFullDocumentDiagnosticReport(await ls.diagnostics(checked) if checked else [])


@server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=list(KINDS)))
async def _code_action(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    uri, only = params.text_document.uri, params.context.only
    checked = await ls.checked(uri)
    if checked is None:
        return []
    desk, actions = Desk(checked, ls.units, ls.takes_versions), list[lsp.CodeAction]()
    if wants(only, lsp.CodeActionKind.QuickFix):
        actions += await ls.work(lambda: list(quick_fixes(desk, params.range, params.context.diagnostics)))
    is_asked = only is not None or params.context.trigger_kind is not lsp.CodeActionTriggerKind.Automatic
    if is_asked and wants(only, FIX_ALL):
        edits = await ls.work(ls.session.fix_all, checked)
        actions += fix_all(desk, edits)
    return actions


@server.feature(lsp.TEXT_DOCUMENT_HOVER)
async def _hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    checked = await ls.checked(params.text_document.uri)
    place = lsp.Range(params.position, params.position)
    units = ls.units
    found = [f for f in checked.findings if touches(f, place, units, checked.text)] if checked else []
    if checked is None or not found:
        return None
    pages = "\n\n---\n\n".join(page(find(code)) for code in dict.fromkeys(finding.code for finding in found))
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, pages)
    return lsp.Hover(content, units.range(checked.text, found[0].span))


@server.feature(lsp.SHUTDOWN)
def _shutdown(ls: Server, params: None) -> None:
    ls.stop_working()
