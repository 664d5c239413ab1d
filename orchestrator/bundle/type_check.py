"""The types of the Workers' sources, checked by TypeScript with what autopilots.yaml binds to each Worker.

For each Worker in TypeScript a declaration file with its bindings is written below `.build/types`, and a
module that hands these to the Worker's `fetch`: a binding that it reads and does not have is a mistake. Workers are
checked together that have the same tsconfig.json (the nearest one above the source) and the same say on Node.js.
TypeScript keeps what it has found, so the next check is short. docs/decisions/0057-types-of-bindings.md

Touches: files below `.build/types`, and Node.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestrator.bundle import esbuild
from orchestrator.bundle.admin_page import find_node
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Worker
from orchestrator.desired.worker_types import configuration
from orchestrator.errors import BundleError, SetupError
from orchestrator.files import write_changed
from orchestrator.issues import Issue

_FOLDER = Path(".build/types")
_TSC = "node_modules/typescript/bin/tsc"
_TYPESCRIPT = (".ts", ".tsx", ".mts")
_GIVEN = """import type worker from "{source}";
import type {{ Env }} from "./worker-configuration.d.ts";

type Handler = NonNullable<(typeof worker)["fetch" & keyof typeof worker]>;
type Given = Handler extends (...given: infer G) => unknown ? G : [];
type Needed = Given extends [unknown, infer E, ...unknown[]] ? E : unknown;
declare const env: Env;
export const given: Needed = env;
"""
_MODULES = """declare module "*.html" { const text: string; export default text; }
declare module "*.txt" { const text: string; export default text; }
declare module "*.sql" { const text: string; export default text; }
declare module "*.wasm" { const module: WebAssembly.Module; export default module; }
declare module "*.bin" { const data: ArrayBuffer; export default data; }
"""
_ERROR = re.compile(
    r"^(?P<file>[^\s(][^(\n]*)\((?P<line>\d+),(?P<column>\d+)\): error (?P<code>TS\d+): (?P<message>.*(?:\n +.*)*)",
    re.M,
)
_PROPERTY = re.compile(r"[Pp]roperty '(\w+)' is|property '(\w+)' are|following properties from type [^:]*: (.+)$", re.M)


def check_types(desired: Desired, *, root: Path) -> None:
    """Raises BundleError with every mistake, SetupError where TypeScript is not installed."""
    workers = [each for each in desired.workers if each.source and each.source.endswith(_TYPESCRIPT)]
    if not workers:
        return
    tsc = root / _TSC
    if not tsc.is_file():
        raise SetupError("TypeScript, which checks the sources, is not installed", "run `make setup`")
    groups: dict[tuple[Path, bool], list[Worker]] = {}
    for worker in workers:
        _write_types(worker, root)
        is_node = not esbuild.NODEJS_COMPAT.isdisjoint(worker.compatibility_flags)
        groups.setdefault((_tsconfig_of(worker, root), is_node), []).append(worker)
    write_changed(root / _FOLDER / "modules.d.ts", _MODULES)
    issues = [
        issue
        for number, ((tsconfig, is_node), members) in enumerate(sorted(groups.items()))
        for issue in _issues(tsc, _project(number, tsconfig, members, root, is_node=is_node), members, root)
    ]
    if issues:
        found = sorted(dict.fromkeys(issues))
        raise BundleError("\n".join(["the Workers' types do not fit:", *map(str, found)]), issues=found)


def _write_types(worker: Worker, root: Path) -> None:
    folder = root / _FOLDER / worker.key
    source = os.path.relpath(root / str(worker.source), folder)
    write_changed(folder / "worker-configuration.d.ts", configuration(worker))
    write_changed(folder / "given.ts", _GIVEN.format(source=Path(source).as_posix()))


def _tsconfig_of(worker: Worker, root: Path) -> Path:
    """The nearest one at or above the source, as esbuild takes it; below the project's root."""
    source = root / str(worker.source)
    above = [folder for folder in source.parents if folder.is_relative_to(root)]
    return next((folder / "tsconfig.json" for folder in above if (folder / "tsconfig.json").is_file()), root)


def _project(number: int, tsconfig: Path, members: Sequence[Worker], root: Path, *, is_node: bool) -> Path:
    """A project file for those Workers."""
    folder = root / _FOLDER
    document: dict[str, Any] = {
        "compilerOptions": {
            "types": ["@cloudflare/workers-types", *(["node"] if is_node else [])],
            "noEmit": True,
            "allowImportingTsExtensions": True,
            "checkJs": False,
            "noUnusedLocals": False,  # untidy, and no mistake
            "noUnusedParameters": False,
            "skipLibCheck": True,
            "incremental": True,
            "tsBuildInfoFile": f"./{number}.tsbuildinfo",
        },
        "include": ["modules.d.ts", "../../router/src/**/*.d.ts", *(f"{each.key}/given.ts" for each in members)],
    }
    if tsconfig.is_file():
        document["extends"] = Path(os.path.relpath(tsconfig, folder)).as_posix()
    path = folder / f"{number}.json"
    write_changed(path, json.dumps(document, indent=1))
    return path


def _issues(tsc: Path, project: Path, members: Sequence[Worker], root: Path) -> Iterator[Issue]:
    command = [find_node(), str(tsc), "-p", str(project), "--pretty", "false"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    sources = {f"{_FOLDER.as_posix()}/{each.key}/given.ts": each for each in members}
    found = list(_ERROR.finditer(done.stdout))
    if done.returncode != 0 and not found:
        raise SetupError(
            f"TypeScript could not check the sources: {(done.stdout + done.stderr).strip()}", "`make setup`"
        )
    for match in found:
        worker = sources.get(match["file"])
        if worker is None:
            place = {"file": match["file"], "line": int(match["line"]), "column": int(match["column"])}
            yield Issue(**place, code="type", message=f"{match['message'].splitlines()[0]} ({match['code']})")  # type: ignore[arg-type]
        else:
            yield _of_bindings(worker, match["message"])


def _of_bindings(worker: Worker, message: str) -> Issue:
    """What a Worker reads, and is not given."""
    names = ", ".join(next(filter(None, found.groups())) for found in _PROPERTY.finditer(message))
    what = names or message.splitlines()[0]
    return Issue(
        file=str(worker.source),
        line=1,
        column=1,
        code="binding",
        message=f"the Worker {worker.key} needs bindings that autopilots.yaml does not give it: {what}",
        hint=f"declare them below `needs`, or correct its type of `env`; what it is given is in "
        f"{_FOLDER.as_posix()}/{worker.key}/worker-configuration.d.ts",
    )
