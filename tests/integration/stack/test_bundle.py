"""Bundling with the real esbuild: the same bytes everywhere, and nothing done when nothing has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.bundle import Module, bundle
from orchestrator.errors import BundleError, SetupError
from tests.support.project import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "greet.ts").write_text("export const greet = (name: string): string => `Hello ${name}`;\n")
    (tmp_path / "worker.ts").write_text(
        'import table from "routing-table";\nimport { greet } from "./greet.ts";\n'
        "export default { fetch: () => Response.json([table, greet('Ada')]) };\n"
    )
    return tmp_path


def make(project: Path, table: str = '{"autopilots":[]}') -> Module:
    return bundle(sources={"w": "worker.ts"}, contents={}, data={"routing-table": table}, root=project)["w"]


def test_the_module_is_named_relative_to_the_project(project: Path) -> None:
    assert make(project).path == ".build/w.js"


def test_the_same_sources_give_the_same_bytes_in_another_folder(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "deeper"
    other.mkdir()
    for name in ("worker.ts", "greet.ts"):
        (other / name).write_bytes((project / name).read_bytes())
    (other / "node_modules").symlink_to(ROOT / "node_modules")
    assert make(project) == make(other)


def test_nothing_runs_while_no_source_has_changed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make(project)
    monkeypatch.setenv("PATH", "")  # esbuild could not be started now
    assert make(project) == first


@pytest.mark.parametrize("changed", ["greet.ts", "routing table"])
def test_a_change_of_anything_that_went_in_makes_another_module(project: Path, changed: str) -> None:
    first = make(project)
    if changed == "greet.ts":
        (project / "greet.ts").write_text("export const greet = (name: string): string => `Good day ${name}`;\n")
        assert make(project) != first
    else:
        assert make(project, '{"autopilots":[1]}') != first


def test_a_script_in_the_manifest_is_taken_as_it_is(project: Path) -> None:
    modules = bundle(sources={}, contents={"inline": "export default {}"}, data={}, root=project)
    assert (project / modules["inline"].path).read_text() == "export default {}"


def test_a_mistake_is_shown_with_its_place(project: Path) -> None:
    (project / "greet.ts").write_text("export const = 1;\n")
    with pytest.raises(BundleError, match=r"greet\.ts:1:13"):
        make(project)


def test_a_missing_source_is_named(project: Path) -> None:
    with pytest.raises(BundleError, match=r"no such file: nowhere\.ts"):
        bundle(sources={"w": "nowhere.ts"}, contents={}, data={}, root=project)


def test_without_the_node_packages_it_says_what_to_run(project: Path) -> None:
    (project / "node_modules").unlink()
    with pytest.raises(SetupError, match="make setup"):
        make(project)
