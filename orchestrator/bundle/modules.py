"""From a Worker's source to the modules that are uploaded.

esbuild makes one ES module of each Worker's sources, by the rules of wrangler; WebAssembly (`.wasm`) and data (`.bin`)
stay modules of their own beside it. What is made from data is given to it as modules too: the routing table as
`routing-table`. What the routing Worker only hands out (its API document) stands beside it, as static assets.

Names of functions and classes are kept, but for the routing Worker, which pays for them with each task
(docs/decisions/0048); the source map has them too.

The same sources give the same bytes on every machine (no time, no absolute path, pinned esbuild), because Pulumi
decides by the SHA-256 of the module whether a Worker is uploaded again. Everything is bundled each time: that takes
milliseconds, and a bundle that was kept could miss a file that did not exist when it was made.

What Cloudflare would refuse at the upload is refused here: a module without a default export, service worker syntax,
and a `node:` module without the compatibility flag.

Touches: files below the project's root, and esbuild.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from orchestrator.bundle import esbuild
from orchestrator.bundle.admin_page import BESIDE, SOURCE, Assets, build_assets
from orchestrator.catalog import load_catalog
from orchestrator.desired.derive import Desired
from orchestrator.desired.workers import ROUTER_SOURCE
from orchestrator.errors import BundleError
from orchestrator.files import sha256_of, write_changed
from orchestrator.issues import Issue
from orchestrator.limits import ModuleSize
from orchestrator.limits.plans import METERED
from orchestrator.routing.table import RoutingTable

BUILD = Path(".build")
_API = Path("router/openapi.yaml")
_CONTENT_TYPES = {".wasm": "application/wasm", ".bin": "application/octet-stream"}


@dataclass(frozen=True, kw_only=True)
class ModuleFile:
    """A module beside a main one: its `name` for imports, `path` and `sha256` as of Module."""

    name: str
    path: str
    sha256: str
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Module:
    """A main module, ready to upload: `path` relative to the project's root, `sha256` of its bytes in hex; and those
    that it imports. `assets`: the static assets that belong to the Worker."""

    path: str
    sha256: str
    files: tuple[ModuleFile, ...] = ()
    assets: Assets | None = None

    @property
    def fingerprint(self) -> str:
        """Of all of it, as `fingerprint` gives it."""
        return fingerprint(self.sha256, [each.sha256 for each in self.files])


def fingerprint(main: str, others: Sequence[str]) -> str:
    """One hash for the hashes of a Worker's modules, whatever their order; of a main module alone its own."""
    return hashlib.sha256("\n".join([main, *sorted(others)]).encode()).hexdigest() if others else main


def bundle_workers(desired: Desired, *, root: Path, build: Path = BUILD) -> dict[str, Module]:
    """Make the module of every Worker of `desired`, by key; see `bundle`."""
    return bundle(
        sources={worker.key: worker.source for worker in desired.workers if worker.source},
        contents={worker.key: worker.content for worker in desired.workers if worker.content},
        data=router_data(desired.routes, root=root),
        root=root,
        build=build,
        flags={worker.key: worker.compatibility_flags for worker in desired.workers},
    )


def with_assets(modules: Mapping[str, Module], desired: Desired, *, root: Path) -> dict[str, Module]:
    """The same, with the static assets of the routing Worker; see `build_assets`."""
    assets = build_assets(root, router_documents(root))
    return {**modules, desired.router: replace(modules[desired.router], assets=assets)}


def is_of_assets(path: str) -> bool:
    """Whether the routing Worker's static assets are made of the file at this path, relative to the root."""
    return path.startswith(f"{SOURCE}/") or path in (_API.as_posix(), *BESIDE)


def hashes_of(modules: Mapping[str, Module]) -> dict[str, str]:
    """What tells each Worker's upload from any other: of its module by key, and of its assets."""
    assets = {f"{key} assets": module.assets.sha256 for key, module in modules.items() if module.assets}
    return {key: module.fingerprint for key, module in modules.items()} | assets


def router_data(routes: RoutingTable, *, root: Path) -> dict[str, str]:
    """The JSON modules of the routing Worker, by name."""
    return {
        "routing-table": routes.to_json(),
        "free-plan": json.dumps({limit.name: [limit.scope, limit.free] for limit in METERED}),
        "catalog": json.dumps({name: entry.document() for name, entry in load_catalog(root).items()}),
    }


def router_documents(root: Path) -> dict[str, str]:
    """What the routing Worker hands out as it is, by path. Raises BundleError where its API document is not there."""
    try:
        api = (root / _API).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BundleError(f"no such file: {_API}", "run this in the project's folder") from error
    return {"openapi.json": json.dumps(yaml.safe_load(api))}


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
        write_changed(root / build / f"{name}.json", text)
    for name, text in contents.items():
        write_changed(root / build / f"{name}.js", text)
    entries = {**sources, **{name: (build / f"{name}.js").as_posix() for name in contents}}
    made = _bundle_entries(entries, {name: f"./{build}/{name}.json" for name in data}, flags or {}, root, build)
    return {
        name: _module(name, output if name in sources else None, root, build) for name, output in sorted(made.items())
    }


def _bundle_entries(
    entries: Mapping[str, str], aliases: Mapping[str, str], flags: Mapping[str, Iterable[str]], root: Path, build: Path
) -> dict[str, esbuild.Output]:
    """What is made of each entry. Raises BundleError with all mistakes of all."""
    if missing := [entry for entry in entries.values() if not (root / entry).is_file()]:
        hint = "name the Worker's entry point in `source:`"
        raise BundleError(
            f"no such file: {', '.join(missing)}",
            hint,
            issues=[
                Issue(file=each, line=1, column=1, code="no-such-file", message=f"no such file: {each}", hint=hint)
                for each in missing
            ],
        )
    made: dict[str, esbuild.Output] = {}
    issues: list[Issue] = []
    for node, keep_names in product((False, True), repeat=2):
        part = {
            name: entry
            for name, entry in entries.items()
            if (_is_node(flags.get(name, ())), entry != ROUTER_SOURCE) == (node, keep_names)
        }
        if part:
            try:
                made |= esbuild.run(part, aliases, node=node, keep_names=keep_names, root=root, build=build)
            except esbuild.Mistakes as mistakes:
                issues += mistakes.issues
    for name, output in sorted(made.items()):
        issues += _refused(name, entries[name], output.about, frozenset(flags.get(name, ())))
    if issues:
        raise _broken(issues)
    return made


def _is_node(flags: Iterable[str]) -> bool:
    return not esbuild.NODEJS_COMPAT.isdisjoint(flags)


def module_sizes(modules: Mapping[str, Module], *, root: Path) -> dict[str, ModuleSize]:
    """The size of each Worker's modules, as Cloudflare's limits count it."""
    found = {}
    for name, module in modules.items():
        paths = [module.path, *(each.path for each in module.files)]
        contents = [(root / path).read_bytes() for path in paths]
        compressed = sum(len(gzip.compress(each)) for each in contents)
        found[name] = ModuleSize(raw=sum(map(len, contents)), compressed=compressed)
    return found


def _module(name: str, output: esbuild.Output | None, root: Path, build: Path) -> Module:
    """Write what was made; a script that stands in the manifest (no `output`) is there already."""
    path = build / f"{name}.js"
    files = []
    if output:
        write_changed(root / path, output.module)
        write_changed(root / build / f"{name}.js.map", output.source_map)
        files = [_file(each, content, root, build) for each, content in output.copied.items()]
    return Module(path=path.as_posix(), sha256=sha256_of(root / path), files=tuple(files))


def _file(name: str, content: bytes, root: Path, build: Path) -> ModuleFile:
    path = build / name.partition("?")[0]  # `.wasm?module` is another name for the same file
    write_changed(root / path, content)
    type = _CONTENT_TYPES[path.suffix]
    return ModuleFile(name=name, path=path.as_posix(), sha256=sha256_of(root / path), content_type=type)


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
    if flags & {"nodejs_als"}:
        node = [name for name in node if name != "node:async_hooks"]
    if node and not _is_node(flags):
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
