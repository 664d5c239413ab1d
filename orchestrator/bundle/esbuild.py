"""esbuild, as wrangler uses it: its options, a run, and its messages as issues.

The options are those of wrangler 4 (`bundleWorker` in its source), but for `--minify`. A module of WebAssembly or data
is copied, and stays imported under a name with its hash. With `nodejs_compat` the built-in modules of Node.js are
imported from workerd, by their short names too. Touches files below the project's root, and a child process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import SetupError
from orchestrator.issues import Issue

NODEJS_COMPAT = frozenset({"nodejs_compat", "nodejs_compat_v2"})
# esbuild's own program: the one in `esbuild/bin` starts Node first, and prints Node's stack after an error.
_ESBUILD = "node_modules/@esbuild/*/bin/esbuild"
_TEXT = (".txt", ".html", ".sql")
_COPIED = (".wasm", ".bin")
_SCRIPT = (".js", ".mjs", ".cjs")
_OPTIONS = (
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--platform=browser",
    "--conditions=workerd,worker,browser",
    "--supported:import-source=true",
    "--external:cloudflare:*",
    "--external:node:*",
    *(f"--define:{name}process.env.NODE_ENV='production'" for name in ("", "global.", "globalThis.")),
    "--define:navigator.userAgent='Cloudflare-Workers'",
    *(f"--loader:{suffix}=jsx" for suffix in _SCRIPT),
    *(f"--loader:{suffix}=text" for suffix in _TEXT),
    *(f"--loader:{suffix}=copy" for suffix in _COPIED),
    "--asset-names=[name]-[hash]",
    "--sourcemap=external",
    "--sources-content=false",
    "--minify",
    "--legal-comments=none",
    "--charset=utf8",
    "--log-level=error",
    "--log-limit=20",
    "--color=false",
)
_ERROR = re.compile(r"^✘ \[ERROR\] (?P<message>.+)$(?:\n\n {4}(?P<file>.+?):(?P<line>\d+):(?P<column>\d+):$)?", re.M)
_UNRESOLVED = re.compile(r'Could not resolve "(?:node:)?([a-z0-9_]+)(?:/[a-z/]+)?"')
_REQUIRE = b'import{createRequire}from"node:module";var require=createRequire("/");\n'
"""What `require` of a module of Node.js needs: esbuild's own calls one that is in scope, and workerd has none."""

_BUILT_IN = (
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module",
    "net", "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream",
    "string_decoder", "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi",
    "worker_threads", "zlib",
)  # fmt: skip
"""Of Node.js, `module.builtinModules`; those below one of them (`fs/promises`) go with it."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """What was made of an entry: the module, its source map (sources below the project's root), what esbuild's metafile
    says of it, and the copied files that it imports, by the name under which it does."""

    module: bytes
    source_map: bytes
    about: Mapping[str, Any]
    copied: Mapping[str, bytes]


class Mistakes(Exception):
    """esbuild's messages."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__(f"{len(issues)} mistakes")
        self.issues = issues


def run(
    entries: Mapping[str, str], aliases: Mapping[str, str], *, node: bool, keep_names: bool, root: Path, build: Path
) -> dict[str, Output]:
    """Bundle each of `entries`, paths by name. `aliases`: files for the names that sources import; `node`: with Node's
    built-in modules; `keep_names`: of functions and classes, as they are when it runs; `build`: a folder below `root`
    for what comes in between. Raises Mistakes, or SetupError.
    """
    program = next(root.glob(_ESBUILD), None)
    if program is None:
        raise SetupError("esbuild, which bundles the Workers, is not installed", "run `make setup`")
    with _folder(root / build) as folder:
        output = folder.relative_to(root)
        command = [
            str(program),
            *(f"{name}={entry}" for name, entry in entries.items()),
            *_OPTIONS,
            *(["--keep-names"] if keep_names else []),
            f"--outdir={output}",
            *(f"--alias:{name}={file}" for name, file in aliases.items()),
            *(f"--alias:{name}=node:{name}" for name in (_BUILT_IN if node else ())),
            f"--metafile={output}/metafile.json",
        ]
        done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            raise Mistakes(list(_issues(done.stderr)))
        outputs = json.loads((folder / "metafile.json").read_text(encoding="utf-8"))["outputs"]
        return {name: _output(name, folder, outputs, root) for name in entries}


def _output(name: str, folder: Path, outputs: Mapping[str, Any], root: Path) -> Output:
    prefix = folder.relative_to(root).as_posix()
    about = outputs[f"{prefix}/{name}.js"]
    imported = {each["path"].removeprefix(f"{prefix}/") for each in about["imports"] if not each.get("external")}
    copied = {path: (folder / path.partition("?")[0]).read_bytes() for path in sorted(imported)}
    module = (folder / f"{name}.js").read_bytes()
    mapping = json.loads((folder / f"{name}.js.map").read_text(encoding="utf-8"))
    mapping["sources"] = [_below(root, folder / each) for each in mapping["sources"]]
    if any(each["kind"] == "require-call" for each in about["imports"]):
        module = _REQUIRE + module
        mapping["mappings"] = f";{mapping['mappings']}"  # it is a line
    return Output(module=module, source_map=json.dumps(mapping).encode(), about=about, copied=copied)


def _below(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


@contextmanager
def _folder(build: Path) -> Iterator[Path]:
    """A folder of its own: two may bundle at once."""
    with tempfile.TemporaryDirectory(dir=build) as directory:
        yield Path(directory)


def _issues(log: str) -> Iterable[Issue]:
    """esbuild's messages, without the excerpts and advice below them."""
    for found in _ERROR.finditer(log):
        yield Issue(
            file=found["file"] or "",
            line=int(found["line"] or 1),
            column=int(found["column"] or 0) + 1,
            code="source",
            message=found["message"],
            hint=_hint(found["message"]),
        )


def _hint(message: str) -> str:
    """The way out, where esbuild's own words do not lead there."""
    unresolved = _UNRESOLVED.match(message)
    if unresolved and unresolved[1] in _BUILT_IN:
        return (
            "it is a module of Node.js: set `compatibilityFlags: [nodejs_compat]` for this Worker, or install a "
            "package of that name"
        )
    if "source phase imports" in message:
        return "leave the word `source` out: the import of a `.wasm` is its WebAssembly.Module"
    return ""
