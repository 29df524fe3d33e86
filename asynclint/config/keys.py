"""Every key of `[tool.asynclint]`, its type and what it means; the JSON schema and the documentation are made of it."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from asynclint.config.values import OUTPUT_FORMATS, Kind, Loudness


def _meaning(description: str, example: object, **schema: object) -> Meta:
    return Meta(description=description, examples=[example], extra_json_schema=schema)


_Flag = bool | UnsetType
_Text = str | UnsetType
_Texts = tuple[str, ...] | UnsetType
_ByGlob = dict[str, tuple[str, ...]] | UnsetType


class DecoratorKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """What decorators make of the functions they stand on, by dotted name or glob."""

    transparent: Annotated[
        tuple[str, ...], Meta(description="These leave a function what it is: an `async def` has to be awaited.")
    ] = ()
    opaque: Annotated[
        tuple[str, ...], Meta(description="Nothing is known of what these make, so nothing is said of calls to it.")
    ] = ()
    kind: Annotated[
        dict[str, Kind],
        Meta(
            description="What these make: `async`, a function that has to be awaited; `sync`, one that is called "
            "without `await`; `context-manager`, as `contextlib` does of a generator; `property`, read without a "
            "call; `cache`, run once for the same arguments."
        ),
    ] = {}


class Keys(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The keys a file or a caller may set, in the spelling of the file."""

    select: Annotated[
        _Texts,
        _meaning(
            "The rules to run: codes, prefixes of codes, names, or ALL. Without it those run that are on by default. "
            "The longest selector decides, and `ignore` wins between equals.",
            ["ASL1", "ASL2", "blocking-sleep"],
        ),
    ] = UNSET
    extend_select: Annotated[_Texts, _meaning("Rules to run besides those of `select`.", ["ASL604"])] = UNSET
    ignore: Annotated[_Texts, _meaning("Rules not to run.", ["ASL701"])] = UNSET
    per_file_ignores: Annotated[
        _ByGlob,
        _meaning(
            "Rules not to run in the files that a glob means: a name (`conftest.py`, `tests/`) wherever it occurs, or "
            "a path from the configuration file (`src/gen/**`). With `!` before it, in all other files.",
            {"tests/": ["ASL7"], "src/legacy/*.py": ["blocking-sleep"], "!src/": ["ASL2"]},
        ),
    ] = UNSET
    extend_per_file_ignores: Annotated[
        _ByGlob,
        _meaning("Rules not to run in some files besides those of `per-file-ignores`.", {"examples/": ["ALL"]}),
    ] = UNSET
    severity: Annotated[
        dict[str, Loudness] | UnsetType,
        _meaning(
            "How loud rules are, by code, prefix, name or ALL; the longest selector decides. Only an `error` makes the "
            "exit code 1, `info` is shown, `off` is not. It turns no rule on that `select` leaves out, and what a rule "
            "itself calls information stays that. Rules that are quiet in tests stay so.",
            {"ASL7": "info", "unbounded-concurrency": "off"},
        ),
    ] = UNSET
    preview: Annotated[_Flag, _meaning("Run rules that are still on trial, too.", True)] = UNSET
    fixable: Annotated[_Texts, _meaning("Rules whose fixes `--fix` may make.", ["ASL101", "ASL2"])] = UNSET
    unfixable: Annotated[_Texts, _meaning("Rules whose fixes it must not make.", ["ASL201"])] = UNSET
    unsafe_fixes: Annotated[_Flag, _meaning("Make fixes that may change behaviour, too.", True)] = UNSET
    exclude: Annotated[
        _Texts,
        _meaning(
            "Files and directories to leave out, in the globs of .gitignore: names (`build`, `*_pb2.py`) wherever they "
            "occur, paths (`src/gen`) from the configuration file. It replaces the defaults; see `extend-exclude`.",
            ["build", "src/gen"],
        ),
    ] = UNSET
    extend_exclude: Annotated[
        _Texts, _meaning("Files and directories to leave out besides those of `exclude`.", ["*_pb2.py", "vendor/"])
    ] = UNSET
    respect_gitignore: Annotated[_Flag, _meaning("Leave out what git ignores.", False)] = UNSET
    force_exclude: Annotated[
        _Flag, _meaning("Leave out even files that are named on the command line, as pre-commit does.", True)
    ] = UNSET
    test_files: Annotated[
        _Texts,
        _meaning(
            "What counts as test code, where some rules are quieter. Globs as in `exclude`.", ["test_*.py", "qa/"]
        ),
    ] = UNSET
    src: Annotated[
        _Texts,
        _meaning("Where modules are looked for: directories, from the configuration file.", [".", "lib/*/src"]),
    ] = UNSET
    python: Annotated[
        _Text,
        _meaning(
            "The interpreter, or the directory of the environment, whose packages the code uses; they are read, never "
            'imported. `""` is none. Without it the active environment counts, or `.venv` or `venv` near the project.',
            ".venv",
        ),
    ] = UNSET
    target_version: Annotated[
        object,
        _meaning(
            "The oldest Python the code runs on, or the oldest and the newest. Without it `project.requires-python` "
            "says so.",
            "3.12",
            anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}],
        ),
    ] = UNSET
    blocking_calls: Annotated[
        object,
        _meaning(
            "Calls that block the event loop, by dotted name or glob: what to use instead, or a table with that and "
            "the `code` of the rule to report it, or false for one that does not block.",
            {
                "mylib.fetch": "`await mylib.afetch(...)`",
                "mylib.db.*": {"code": "ASL204", "instead": "the async client"},
                "requests.get": False,
            },
            type="object",
            additionalProperties={
                "anyOf": [
                    {"type": "string"},
                    {"const": False},
                    {
                        "type": "object",
                        "properties": {"code": {"type": "string"}, "instead": {"type": "string"}},
                        "additionalProperties": False,
                    },
                ]
            },
        ),
    ] = UNSET
    decorators: Annotated[
        DecoratorKeys | UnsetType,
        _meaning(
            "What decorators make of the functions they stand on, by dotted name or glob: `transparent` ones leave a "
            "function what it is, of what `opaque` ones make nothing is known, and `kind` says what it becomes: "
            "`async`, `sync`, `context-manager`, `property` or `cache`. Without it what can be seen decides.",
            {"transparent": ["mylib.traced"], "opaque": ["mylib.tasks.*"], "kind": {"mylib.in_thread": "async"}},
        ),
    ] = UNSET
    limiters: Annotated[
        _Texts,
        _meaning(
            "Classes, functions and decorators that limit how much runs at once, by dotted name or glob, so that "
            "ASL701 is silent about work under them.",
            ["mylib.RateLimiter", "mylib.throttle.*"],
        ),
    ] = UNSET
    output_format: Annotated[_Text, _meaning("How findings are reported.", "concise", enum=list(OUTPUT_FORMATS))] = (
        UNSET
    )
    cache_dir: Annotated[
        _Text,
        _meaning(
            "Where what is found out about files and packages is kept between runs, from the configuration file: a "
            "directory in which nothing else lies. Without it that is `.asynclint_cache` beside the configuration file "
            "or in the repository.",
            "~/.cache/asynclint",
        ),
    ] = UNSET
    baseline: Annotated[
        _Text,
        _meaning(
            'The file of known findings to hide, from the configuration file; `--write-baseline` writes it. `""` is '
            "none. Without it `.asynclint-baseline.json` beside the configuration file or in the repository counts, if "
            "it is there.",
            "ci/known-findings.json",
        ),
    ] = UNSET
    require_reason: Annotated[
        _Flag, _meaning("Report each `# asynclint: ...` comment that silences findings and does not say why.", True)
    ] = UNSET
