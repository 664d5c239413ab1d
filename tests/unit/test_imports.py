"""Who may import what: effects stay at the edge, and nothing that is deployed knows the local Cloudflare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.project import ROOT

EFFECTS = {"pulumi", "pulumi_cloudflare", "httpx", "socket", "subprocess", "os", "time", "random", "threading"}
PURE_BY_DESIGN = {
    "orchestrator.manifest",
    "orchestrator.desired.derive",
    "orchestrator.routing.table",
    "orchestrator.urls",
}


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


def says_pure(module: str) -> bool:
    return bool(re.search(r"\bPure\b", ast.get_docstring(tree_of(module)) or ""))


PURE = sorted({module for module in MODULES if says_pure(module)} | PURE_BY_DESIGN)


@pytest.mark.parametrize("module", PURE)
def test_a_module_that_calls_itself_pure_has_no_effects_even_through_others(module: str) -> None:
    assert roots(closure_of(module)) & EFFECTS == set()


def test_only_infra_imports_pulumi() -> None:
    users = {module for module in MODULES if "pulumi" in roots(imports_of(module))}

    assert {module for module in users if not module.startswith("orchestrator.infra")} == set()


def test_the_orchestrator_never_imports_the_local_cloudflare() -> None:
    users = {module for module in MODULES if "local_cloudflare" in roots(imports_of(module))}

    assert users == set()


def test_the_local_cloudflare_imports_nothing_of_the_orchestrator_but_cron() -> None:
    texts = [path.read_text() for path in (ROOT / "local_cloudflare").rglob("*.py")]
    imported = {
        line for text in texts for line in re.findall(r"^\s*(?:from|import) orchestrator.*", text, re.MULTILINE)
    }

    assert imported <= {"from orchestrator import cron"}
