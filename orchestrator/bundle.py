"""From a Worker's source to the one module that is uploaded.

esbuild makes one ES module of each Worker's TypeScript; what is made from data is given to it as modules too: the
routing table as `routing-table`, the routing Worker's API document as `openapi`. The same sources give the same bytes
on every machine (no time, no absolute path, pinned esbuild), because Pulumi decides by the SHA-256 of the module
whether a Worker is uploaded again. What a bundle was made of is kept beside it, so that nothing runs when no source
has changed.

Touches: files below the project's root, and a child process (esbuild).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestrator.desired.derive import Desired
from orchestrator.errors import BundleError, SetupError
from orchestrator.routing.table import RoutingTable

BUILD = Path(".build")
_API = Path("router/openapi.yaml")
_ESBUILD = Path("node_modules/esbuild/bin/esbuild")
_OPTIONS = (
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--platform=browser",
    "--conditions=workerd,worker,browser",
    "--main-fields=module,main",
    "--external:cloudflare:*",
    "--external:node:*",
    "--minify",
    "--legal-comments=none",
    "--charset=utf8",
    "--log-level=warning",
    "--log-limit=20",
    "--color=false",
)


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
    )


def router_data(routes: RoutingTable, *, root: Path) -> dict[str, str]:
    """The JSON modules of the routing Worker, by name. Raises BundleError where its API document is not there."""
    try:
        api = (root / _API).read_text()
    except FileNotFoundError as error:
        raise BundleError(f"no such file: {_API}", "run this in the project's folder") from error
    return {"routing-table": routes.to_json(), "openapi": json.dumps(yaml.safe_load(api))}


def bundle(
    *, sources: Mapping[str, str], contents: Mapping[str, str], data: Mapping[str, str], root: Path, build: Path = BUILD
) -> dict[str, Module]:
    """Make the module of every Worker, by name.

    `sources` has Workers by the path of their entry point (relative to `root`), `contents` those whose script stands
    in the manifest, `data` JSON that sources may import by its name. The modules are written to `build`, below `root`.
    Raises BundleError with esbuild's own message, SetupError when esbuild is not installed.
    """
    (root / build).mkdir(parents=True, exist_ok=True)
    for name, text in data.items():
        _write(root / build / f"{name}.json", text.encode())
    for name, text in contents.items():
        _write(root / build / f"{name}.js", text.encode())
    stale = {name: source for name, source in sources.items() if not _is_fresh(name, source, root, build)}
    if stale:
        _run_esbuild(stale, data, root, build)
    return {name: _module(name, root, build) for name in sorted({*sources, *contents})}


def compressed_sizes(modules: Mapping[str, Module], *, root: Path) -> dict[str, int]:
    """The bytes of each module after gzip, by Worker: what Cloudflare's limit of a script's size counts."""
    return {name: len(gzip.compress((root / module.path).read_bytes())) for name, module in modules.items()}


def _module(name: str, root: Path, build: Path) -> Module:
    path = build / f"{name}.js"
    return Module(path=path.as_posix(), sha256=_sha256(root / path))


def _run_esbuild(sources: Mapping[str, str], data: Iterable[str], root: Path, build: Path) -> None:
    if not (root / _ESBUILD).exists():
        raise SetupError("esbuild, which bundles the Workers, is not installed", "run `make setup`")
    missing = [source for source in sources.values() if not (root / source).is_file()]
    if missing:
        raise BundleError(f"no such file: {', '.join(missing)}", "name the Worker's entry point in `source:`")
    with tempfile.TemporaryDirectory(dir=root / build) as directory:  # two may bundle at once
        output = Path(directory).relative_to(root)
        command = [
            "node",
            str(_ESBUILD),
            *(f"{name}={source}" for name, source in sources.items()),
            *_OPTIONS,
            f"--outdir={output}",
            *(f"--alias:{name}=./{build}/{name}.json" for name in data),
            f"--metafile={output}/metafile.json",
        ]
        try:
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            hint = "run `make setup`, then `make shell`"
            raise SetupError("node, which runs esbuild, is not on PATH", hint) from error
        if done.returncode != 0:
            raise BundleError(f"the Workers do not compile:\n{done.stderr.strip()}")
        outputs = json.loads((root / output / "metafile.json").read_text())["outputs"]
        for name, source in sources.items():
            module = (root / output / f"{name}.js").read_bytes()
            inputs = {path: _sha256(root / path) for path in outputs[f"{output.as_posix()}/{name}.js"]["inputs"]}
            record = {
                "source": source,
                "options": _OPTIONS,
                "output": hashlib.sha256(module).hexdigest(),
                "inputs": inputs,
            }
            _write(root / build / f"{name}.js", module)
            _write(root / build / f"{name}.inputs.json", json.dumps(record, indent=1).encode())


def _is_fresh(name: str, source: str, root: Path, build: Path) -> bool:
    """Whether the module on disk was made by these options from files that still have the same bytes."""
    try:
        record = json.loads((root / build / f"{name}.inputs.json").read_text())
        return (
            record["source"] == source
            and record["options"] == list(_OPTIONS)
            and record["output"] == _sha256(root / build / f"{name}.js")
            and all(_sha256(root / path) == digest for path, digest in record["inputs"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and not when it says the same already."""
    if path.exists() and path.read_bytes() == data:
        return
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
        temporary.write(data)
    Path(temporary.name).replace(path)
