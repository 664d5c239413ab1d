"""Who may import what: effects stay at the edge, and nothing that is deployed knows the local Cloudflare."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.support.project import ROOT

EFFECTS = {"pulumi", "pulumi_cloudflare", "httpx", "socket", "subprocess", "os", "time", "random", "threading"}
LOADED = ("httpx", "pulumi", "pulumi_cloudflare", "subprocess")
# What the local Cloudflare shares with the orchestrator.
SHARED = {"orchestrator.cron", "orchestrator.files", "orchestrator.multipart"}
# Packages, or single modules of one; what a package has beside is after it.
PURE = {
    "orchestrator.adopt.replaced": (),
    "orchestrator.adopt.wanted": (),
    "orchestrator.analysis": (),
    "orchestrator.catalog.compare": (),
    "orchestrator.catalog.drafts": (),
    "orchestrator.catalog.keywords": (),
    "orchestrator.catalog.patterns": (),
    "orchestrator.catalog.plain_yaml": (),
    "orchestrator.catalog.schema": (),
    "orchestrator.checks.account": (),
    "orchestrator.checks.check": (),
    "orchestrator.checks.document": (),
    "orchestrator.checks.stack": (),
    "orchestrator.cloudflare.error_codes": (),
    "orchestrator.cloudflare.permissions": (),
    "orchestrator.cloudflare.s3_signature": (),
    "orchestrator.conditions": (),
    "orchestrator.cron": (),
    "orchestrator.data.kv_pairs": (),
    "orchestrator.named_store": (),
    "orchestrator.data.r2.metadata": (),
    "orchestrator.desired": (),
    "orchestrator.dispatch.meta_check": (),
    "orchestrator.dispatch.failure": (),
    "orchestrator.dispatch.request": (),
    "orchestrator.dispatch.signature": (),
    "orchestrator.drift": ("check", "ledger", "reading", "served_page"),
    "orchestrator.errors": (),
    "orchestrator.heal.plan": (),
    "orchestrator.heal.report": (),
    "orchestrator.heal.truth": (),
    "orchestrator.issues": (),
    "orchestrator.kinds": (),
    "orchestrator.limits": (),
    "orchestrator.manifest": (),
    "orchestrator.moments": (),
    "orchestrator.multipart": (),
    "orchestrator.names": (),
    "orchestrator.nearest": (),
    "orchestrator.routing": (),
    "orchestrator.stack.deployed": (),
    "orchestrator.stack.lacking": (),
    "orchestrator.stack.moved": (),
    "orchestrator.stack.placeholders": (),
    "orchestrator.stack.preview": (),
    "orchestrator.stack.rules": (),
    "orchestrator.stack.setting_names": (),
    "orchestrator.stack.setting_texts": (),
    "orchestrator.stack.state": (),
    "orchestrator.stack.watch_rules": (),
    "orchestrator.urls": (),
}
# Imports the groups of modules that it is given one after the other, as if each had an interpreter of its own: what is
# the project's, or forbidden, is unloaded before. Third parties stay, since nothing of them may load what is forbidden.
FRESH = """
import importlib, json, sys
groups, forbidden, own = json.load(sys.stdin)
loaded = {}
for name, modules in groups.items():
    for each in [each for each in sys.modules if each.partition(".")[0] in (own, *forbidden)]:
        del sys.modules[each]
    for module in modules:
        importlib.import_module(module)
    loaded[name] = sorted({each.partition(".")[0] for each in sys.modules} & set(forbidden))
json.dump(loaded, sys.stdout)
"""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in (ROOT / "orchestrator").rglob("*.py")}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules that one module imports when it is imported, or later; not those for type checkers only."""
    return frozenset(_imports(tree_of(module)))


def _imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                yield whole if whole in MODULES else str(child.module)
        else:
            yield from _imports(child)


def closure_of(module: str) -> set[str]:
    """What a module imports, and what of the project that imports in turn."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for imported in imports_of(waiting.pop()) - seen:
            seen.add(imported)
            if imported in MODULES:
                waiting.append(imported)
    return seen


def roots(modules: set[str] | frozenset[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def modules_of(package: str) -> list[str]:
    """The modules of an entry of PURE."""
    without = {f"{package}.{name}" for name in PURE[package]}
    return [each for each in MODULES if (each == package or each.startswith(f"{package}.")) and each not in without]


def loaded_by(groups: Mapping[str, Sequence[str]], own: str, folder: Path) -> dict[str, list[str]]:
    """What of LOADED a fresh interpreter in `folder` has after it has imported the modules of each group."""
    told = json.dumps([groups, LOADED, own])
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.')\n{FRESH}"]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True, cwd=folder)
    return dict(json.loads(done.stdout))


def test_pure_packages_load_neither_network_nor_processes_nor_pulumi() -> None:
    groups = {package: modules_of(package) for package in PURE}
    assert all(groups.values()), "each is there"
    if loaded_by({"all": [each for group in groups.values() for each in group]}, "orchestrator", ROOT)["all"]:
        loaded = loaded_by(groups, "orchestrator", ROOT)  # which of them it is
        assert {package: effects for package, effects in loaded.items() if effects} == {}
        pytest.fail("what all of them load together is forbidden")


def test_what_the_init_of_a_package_loads_is_seen_of_each_of_its_modules(tmp_path: Path) -> None:
    for name, text in {"own": "", "own/dirty": "import httpx", "own/clean": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "own" / "dirty" / "pure.py").write_text("")
    (tmp_path / "own" / "clean" / "pure.py").write_text("")
    groups = {name: [name] for name in ("own.clean.pure", "own.dirty.pure", "own.clean")}

    loaded = loaded_by(groups, "own", tmp_path)

    assert "httpx" in loaded.pop("own.dirty.pure")
    assert loaded == {"own.clean.pure": [], "own.clean": []}


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_have_no_effects_even_through_others(package: str) -> None:
    assert modules_of(package)
    for module in modules_of(package):
        assert roots(closure_of(module)) & EFFECTS == set(), module


def test_what_calls_itself_pure_is_held_to_it() -> None:
    held = {module for package in PURE for module in modules_of(package)}
    called = {module for module in MODULES if re.search(r"\bPure\b", ast.get_docstring(tree_of(module)) or "")}

    assert called - held == set()


def test_only_infra_imports_pulumi() -> None:
    users = {module for module in MODULES if "pulumi" in roots(imports_of(module))}

    assert {module for module in users if not module.startswith("orchestrator.infra")} == set()


def test_the_orchestrator_never_imports_the_local_cloudflare() -> None:
    users = {module for module in MODULES if "local_cloudflare" in roots(imports_of(module))}

    assert users == set()


def test_the_local_cloudflare_imports_of_the_orchestrator_only_what_imports_nothing_of_it() -> None:
    trees = (ast.parse(path.read_text()) for path in (ROOT / "local_cloudflare").rglob("*.py"))
    imported = {module for tree in trees for module in _imports(tree) if module in MODULES}

    assert imported <= SHARED
    assert {module for shared in SHARED for module in closure_of(shared) if module in MODULES} == set()


def test_there_is_one_atomic_write_one_lock_and_one_hash_of_a_file() -> None:
    folders = ("orchestrator", "local_cloudflare", "scripts")
    texts = {path: path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")}
    tools = re.compile(r"fcntl|file_digest|O_EXCL|NamedTemporaryFile|mkstemp")
    users = {path.relative_to(ROOT).as_posix() for path, text in texts.items() if tools.search(text)}

    # setup.py runs before anything is installed, with whatever Python there is, and waits for its lock.
    assert users == {"orchestrator/files.py", "scripts/setup.py"}


API_PATH = re.compile(
    r"/(accounts|d1/database|queues|r2/buckets|storage/kv|(user/)?tokens|workers/(scripts|subdomain|workers))(/|$)"
)
SPEAKS_REST = "orchestrator/cloudflare/"


def rest_in(tree: ast.Module) -> Iterator[str]:
    """What of Cloudflare's REST API a module knows: paths, and members of the envelope."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if API_PATH.match(node.value) or node.value == "result_info":
                yield node.value
        elif isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'result'":
            yield ast.unparse(node)


def test_only_the_account_speaks_rest() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): path for path in [*MODULES.values(), *(ROOT / "scripts").glob("*.py")]
    }
    told = {
        name: list(rest_in(ast.parse(path.read_text())))
        for name, path in sources.items()
        if not name.startswith(SPEAKS_REST)
    }

    assert {name: found for name, found in told.items() if found} == {}
    assert list(rest_in(ast.parse('a.call("GET", f"/workers/scripts/{x}")["result"]'))) != []


def test_no_name_of_a_type_has_two_meanings() -> None:
    defined: dict[str, list[str]] = {}
    for module in MODULES:
        for node in tree_of(module).body:
            if isinstance(node, ast.ClassDef):
                defined.setdefault(node.name, []).append(module)
            elif isinstance(node, ast.Assign) and re.match(
                r"(Literal|Callable|Mapping|tuple|dict)\[", ast.unparse(node.value)
            ):
                defined.setdefault(ast.unparse(node.targets[0]), []).append(module)

    twice = {name: modules for name, modules in defined.items() if len(modules) > 1 and not name.startswith("_")}
    assert twice == {}
