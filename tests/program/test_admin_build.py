"""The builds of the admin page: within their budgets, the same each time, with types that follow the API document."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.bundle.admin_page import KEPT, build_assets
from orchestrator.errors import BundleError
from tests.support.project import ROOT

BUDGETS = {"assets/*.js": 105, "assets/*.css": 8, "orchestrator-admin.js": 35, "orchestrator-admin.css": 8}  # KiB, gzip
LINKED = ("node_modules", "package.json", "package-lock.json", "tsconfig.json", "orchestrator")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    shutil.copytree(ROOT / "admin", root / "admin", ignore=shutil.ignore_patterns("node_modules"))
    for name in LINKED:
        (root / name).symlink_to(ROOT / name)
    return root


def test_each_build_is_within_its_budget() -> None:
    assets = build_assets(ROOT, {})
    served = ROOT / assets.directory / "admin"
    for pattern, budget in BUDGETS.items():
        [file] = served.glob(pattern)
        assert len(gzip.compress(file.read_bytes(), mtime=0)) <= budget * 1024, pattern


def test_nothing_of_it_is_evaluated_from_text_or_loaded_from_elsewhere() -> None:
    assets = build_assets(ROOT, {})
    served = ROOT / assets.directory / "admin"
    page = (served / "index.html").read_text()
    [script] = served.glob("assets/*.js")
    assert "https://" not in page
    assert "<style" not in page
    assert "eval(" not in script.read_text()
    assert "new Function" not in script.read_text()


def test_the_same_sources_give_the_same_bytes_and_of_older_builds_those_used_last_are_kept(
    project: Path, tmp_path: Path
) -> None:
    documents = {"capabilities/echo.run.json": "{}"}
    cache = tmp_path / "cache/autopilot-orchestrator/admin"
    old = [cache / f"{number:064x}" for number in range(KEPT + 2)]
    for number, build in enumerate(old):
        build.mkdir(parents=True)
        os.utime(build, (number, number))
    (under_way := cache / "tmp1").mkdir()

    ours, theirs = build_assets(ROOT, documents), build_assets(project, documents)

    assert ours == theirs
    [made] = {*cache.iterdir()} - {*old, under_way}
    assert {*cache.iterdir()} == {made, under_way, *old[-KEPT + 1 :]}


def test_a_project_without_it_has_documents_alone(tmp_path: Path) -> None:
    assets = build_assets(tmp_path, {"openapi.json": "{}", "capabilities/echo.run.json": "[]"})
    shorter = build_assets(tmp_path, {"openapi.json": "{}"})

    served = tmp_path / shorter.directory
    assert [each.relative_to(served).as_posix() for each in served.rglob("*.json")] == ["admin/api/openapi.json"]
    assert assets.sha256 != shorter.sha256


def test_what_does_not_build_says_why_and_leaves_what_was_served(project: Path) -> None:
    before = build_assets(project, {})
    page = project / "admin/src/page.tsx"
    page.write_text(f"{page.read_text()}\nimport './nowhere.ts';\n")

    with pytest.raises(BundleError, match=r"(?s)the admin page does not build \(page\).*nowhere"):
        build_assets(project, {})

    page.write_text(page.read_text().replace("import './nowhere.ts';\n", ""))
    assert (project / before.directory / "admin/index.html").is_file()


def test_its_types_are_those_of_the_api_document(tmp_path: Path) -> None:
    made = tmp_path / "schema.d.ts"
    command = ["node", "admin/node_modules/openapi-typescript/bin/cli.js", "router/openapi.yaml", "-o", str(made)]
    flags = ["--root-types", "--root-types-no-schema-prefix"]
    subprocess.run([*command, *flags], cwd=ROOT, check=True, capture_output=True)

    ours = (ROOT / "admin/src/api/schema.d.ts").read_text()
    assert ours == made.read_text(), "run `make types`"
