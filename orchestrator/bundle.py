"""From a Worker's source to the one module that is uploaded.

esbuild makes one ES module of each Worker's TypeScript; what is made from data is given to it as modules too: the
routing table as `routing-table`, the routing Worker's API document as `openapi`. The same sources give the same bytes
on every machine (no time, no absolute path, pinned esbuild), because Pulumi decides by the SHA-256 of the module
whether a Worker is uploaded again. Everything is bundled each time: that takes milliseconds, and a bundle that was
kept could miss a file that did not exist when it was made.

What Cloudflare would refuse at the upload is refused here: a module without a default export, service worker syntax,
and a `node:` module without the compatibility flag.

Touches: files below the project's root, and a child process (esbuild).
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestrator.desired.derive import Desired
from orchestrator.errors import BundleError, SetupError
from orchestrator.files import sha256_of, write_whole
from orchestrator.issues import Issue
from orchestrator.limits import ModuleSize
from orchestrator.routing.table import RoutingTable

BUILD = Path(".build")
_API = Path("router/openapi.yaml")
# esbuild's own program: the one in `esbuild/bin` starts Node first, and prints Node's stack after an error.
_ESBUILD = "node_modules/@esbuild/*/bin/esbuild"
_OPTIONS = (
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--platform=browser",
    "--conditions=workerd,worker,browser",
    "--main-fields=module,main",
    "--external:cloudflare:*",
    "--external:node:*",
    "--loader:.js=jsx",
    "--loader:.mjs=jsx",
    "--loader:.cjs=jsx",
    "--loader:.txt=text",
    "--loader:.html=text",
    "--loader:.sql=text",
    "--minify",
    "--keep-names",
    "--legal-comments=none",
    "--charset=utf8",
    "--log-level=error",
    "--log-limit=20",
    "--color=false",
)
_ERROR = re.compile(r"^✘ \[ERROR\] (?P<message>.+)$(?:\n\n {4}(?P<file>.+?):(?P<line>\d+):(?P<column>\d+):$)?", re.M)


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module, ready to upload: `path` relative to the project's root, `sha256` of its bytes in hex."""

    path: str
    sha256: str


def bundle_workers(desired: Desired, *, root: Path) -> dict[str, Module]:
    """Make the module of every Worker of `desired`, by key; see `bundle`."""
    return bundle(
        sources={worker.key: worker.source for worker in desired.workers if worker.source},
        contents={worker.key: worker.content for worker in desired.workers if worker.content},
        data=router_data(desired.routes, root=root),
        root=root,
        flags={worker.key: worker.compatibility_flags for worker in desired.workers},
    )


def router_data(routes: RoutingTable, *, root: Path) -> dict[str, str]:
    """The JSON modules of the routing Worker, by name. Raises BundleError where its API document is not there."""
    try:
        api = (root / _API).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BundleError(f"no such file: {_API}", "run this in the project's folder") from error
    return {"routing-table": routes.to_json(), "openapi": json.dumps(yaml.safe_load(api))}


def bundle(
    *,
    sources: Mapping[str, str],
    contents: Mapping[str, str],
    data: Mapping[str, str],
    root: Path,
    build: Path = BUILD,
    flags: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Module]:
    """Make the module of every Worker, by name.

    `sources` has Workers by the path of their entry point (relative to `root`), `contents` those whose script stands
    in the manifest and is taken as it is, `data` JSON that sources may import by its name, `flags` the compatibility
    flags of each. The modules are written to `build`, below `root`. Raises BundleError with every mistake of every
    Worker that esbuild or Cloudflare would not take, SetupError when esbuild is not installed.
    """
    (root / build).mkdir(parents=True, exist_ok=True)
    for name, text in data.items():
        _write(root / build / f"{name}.json", text.encode())
    for name, text in contents.items():
        _write(root / build / f"{name}.js", text.encode())
    entries = {**sources, **{name: (build / f"{name}.js").as_posix() for name in contents}}
    if entries:
        made = _run_esbuild(entries, data, root, build)
        issues = [
            issue
            for name, (_, output) in sorted(made.items())
            for issue in _refused(name, entries[name], output, frozenset((flags or {}).get(name, ())))
        ]
        if issues:
            raise _broken(issues)
        for name in sources:
            _write(root / build / f"{name}.js", made[name][0])
    return {name: _module(name, root, build) for name in sorted(entries)}


def module_sizes(modules: Mapping[str, Module], *, root: Path) -> dict[str, ModuleSize]:
    """The size of each module, by Worker, as Cloudflare's limits count it."""
    contents = {name: (root / module.path).read_bytes() for name, module in modules.items()}
    return {name: ModuleSize(raw=len(each), compressed=len(gzip.compress(each))) for name, each in contents.items()}


def _module(name: str, root: Path, build: Path) -> Module:
    path = build / f"{name}.js"
    return Module(path=path.as_posix(), sha256=sha256_of(root / path))


def _run_esbuild(
    entries: Mapping[str, str], data: Iterable[str], root: Path, build: Path
) -> dict[str, tuple[bytes, Mapping[str, Any]]]:
    """The module of each entry, and what esbuild's metafile says of it."""
    missing = [entry for entry in entries.values() if not (root / entry).is_file()]
    if missing:
        raise BundleError(f"no such file: {', '.join(missing)}", "name the Worker's entry point in `source:`")
    program = next(root.glob(_ESBUILD), None)
    if program is None:
        raise SetupError("esbuild, which bundles the Workers, is not installed", "run `make setup`")
    with tempfile.TemporaryDirectory(dir=root / build) as directory:  # two may bundle at once
        output = Path(directory).relative_to(root)
        command = [
            str(program),
            *(f"{name}={entry}" for name, entry in entries.items()),
            *_OPTIONS,
            f"--outdir={output}",
            *(f"--alias:{name}=./{build}/{name}.json" for name in data),
            f"--metafile={output}/metafile.json",
        ]
        done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            raise _broken(_issues(done.stderr))
        outputs = json.loads((root / output / "metafile.json").read_text(encoding="utf-8"))["outputs"]
        return {
            name: ((root / output / f"{name}.js").read_bytes(), outputs[f"{output.as_posix()}/{name}.js"])
            for name in entries
        }


def _issues(log: str) -> list[Issue]:
    """esbuild's messages, without the excerpts and advice below them."""
    return [
        Issue(
            file=found["file"] or "",
            line=int(found["line"] or 1),
            column=int(found["column"] or 0) + 1,
            code="source",
            message=found["message"],
        )
        for found in _ERROR.finditer(log)
    ]


def _refused(name: str, entry: str, output: Mapping[str, Any], flags: frozenset[str]) -> Iterator[Issue]:
    """What Cloudflare refuses of a module that compiles."""
    if "default" not in output["exports"]:
        yield Issue(
            file=entry,
            line=1,
            column=1,
            code="no-default-export",
            message=f"the Worker {name} has no default export, so Cloudflare does not take it",
            hint="write `export default { fetch(request, env, ctx) { … } }`; "
            '`addEventListener("fetch", …)` (service worker syntax) is not supported',
        )
    node = sorted({each["path"] for each in output["imports"] if each["path"].startswith("node:")})
    if node and not flags & {"nodejs_compat", "nodejs_compat_v2"}:
        yield Issue(
            file=entry,
            line=1,
            column=1,
            code="node-import",
            message=f"the Worker {name} imports {', '.join(node)}, which needs the flag nodejs_compat",
            hint="set `compatibilityFlags: [nodejs_compat]` for this Worker in autopilots.yaml",
        )


def _broken(issues: list[Issue]) -> BundleError:
    return BundleError("\n".join(["the Workers do not compile:", *(str(issue) for issue in issues)]), issues=issues)


def _write(path: Path, data: bytes) -> None:
    """Write a file, unless it says the same already."""
    if path.exists() and path.read_bytes() == data:
        return
    write_whole(path, data)
