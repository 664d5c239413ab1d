"""Bundling with the real esbuild: the same bytes everywhere, never stale, and nothing that Cloudflare would refuse."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.bundle.modules import Module, bundle, module_sizes
from orchestrator.cli import main
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


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("lib.ts", 'export const who = "the file";\n'),  # wins over the folder's index.ts
        ("tsconfig.json", '{"compilerOptions": {"useDefineForClassFields": false}}\n'),
    ],
)
def test_a_new_file_that_changes_what_an_import_means_is_seen(project: Path, file: str, text: str) -> None:
    (project / "lib").mkdir()
    (project / "lib/index.ts").write_text('export const who = "the folder";\n')
    (project / "worker.ts").write_text(
        'import { who } from "./lib";\nclass Told { who = who; }\n'
        "export default { fetch: () => new Response(new Told().who) };\n"
    )
    first = make(project)
    (project / file).write_text(text)
    assert make(project) != first


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
    with pytest.raises(BundleError, match=r"greet\.ts:1:14"):
        make(project)


def test_a_missing_source_is_named(project: Path) -> None:
    with pytest.raises(BundleError, match=r"no such file: nowhere\.ts"):
        bundle(sources={"w": "nowhere.ts"}, contents={}, data={}, root=project)


def test_without_the_node_packages_it_says_what_to_run(project: Path) -> None:
    (project / "node_modules").unlink()
    with pytest.raises(SetupError, match="make setup"):
        make(project)


def refusal(project: Path, source: str, **options: Any) -> BundleError:
    (project / "worker.ts").write_text(source)
    with pytest.raises(BundleError) as caught:
        bundle(sources={"w": "worker.ts"}, contents={}, data={}, root=project, **options)
    return caught.value


def test_every_mistake_is_told_with_its_place_and_in_one_sentence(project: Path) -> None:
    error = refusal(project, 'import a from "./nope";\nimport b from "nope";\nexport default a + b;\n')
    assert str(error).splitlines() == [
        "the Workers do not compile:",
        'worker.ts:1:15: Could not resolve "./nope" [source]',
        'worker.ts:2:15: Could not resolve "nope" [source]',
    ]
    assert [(issue.file, issue.line, issue.column) for issue in error.issues] == [
        ("worker.ts", 1, 15),
        ("worker.ts", 2, 15),
    ]


@pytest.mark.parametrize(
    "source",
    ['addEventListener("fetch", (event) => event.respondWith(new Response("hi")));\n', "export const name = 1;\n"],
    ids=["service worker syntax", "no default export"],
)
def test_a_worker_without_a_default_export_is_refused(project: Path, source: str) -> None:
    assert [issue.code for issue in refusal(project, source).issues] == ["no-default-export"]


def test_a_script_in_the_manifest_without_a_default_export_is_refused(project: Path) -> None:
    with pytest.raises(BundleError, match="no default export"):
        bundle(sources={}, contents={"inline": "export const name = 1"}, data={}, root=project)


NODE_IMPORT = (
    'import { createHmac } from "node:crypto";\n'
    'export default { fetch: () => new Response(createHmac("sha256", "k").update("x").digest("hex")) };\n'
)


def test_a_node_module_needs_the_flag_that_the_message_names(project: Path) -> None:
    error = refusal(project, NODE_IMPORT, flags={"w": ["global_fetch_strictly_public"]})
    assert "node:crypto" in str(error)
    assert "compatibilityFlags: [nodejs_compat]" in str(error)
    bundle(sources={"w": "worker.ts"}, contents={}, data={}, root=project, flags={"w": ["nodejs_compat"]})


def test_names_of_functions_and_classes_are_kept(project: Path) -> None:
    (project / "worker.ts").write_text(
        "class PaymentDeclined extends Error {\n"
        "  constructor() { super(); this.name = this.constructor.name; }\n}\n"
        "function createInvoice() { return 1; }\n"
        "export default { fetch: () => [new PaymentDeclined().name, createInvoice.name].join() };\n"
    )
    assert answer(project) == "PaymentDeclined,createInvoice"


def test_texts_and_jsx_are_imported_as_wrangler_does(project: Path) -> None:
    (project / "page.html").write_text("<h1>hi</h1>")
    (project / "query.sql").write_text("SELECT 1")
    (project / "note.txt").write_text("a note")
    (project / "view.js").write_text("const h = (tag) => `<${tag}>`;\n/** @jsx h */\nexport const view = <b/>;\n")
    (project / "worker.ts").write_text(
        'import page from "./page.html";\nimport query from "./query.sql";\nimport note from "./note.txt";\n'
        'import { view } from "./view.js";\nexport default { fetch: () => [page, query, note, view].join() };\n'
    )
    assert answer(project) == "<h1>hi</h1>,SELECT 1,a note,<b>"


def test_a_module_of_node_that_is_not_found_is_told_with_the_flag(project: Path) -> None:
    error = refusal(project, 'import { join } from "path";\nexport default { fetch: () => join("a") };\n')
    assert [(issue.line, issue.column) for issue in error.issues] == [(1, 22)]
    assert "compatibilityFlags: [nodejs_compat]" in error.issues[0].hint


def test_a_source_phase_import_is_told_how_it_is_written(project: Path) -> None:
    (project / "add.wasm").write_bytes(b"\0asm\1\0\0\0")
    source = 'import source add from "./add.wasm";\nexport default { fetch: () => new Response(String(add)) };\n'
    error = refusal(project, source)
    assert [(issue.line, issue.column) for issue in error.issues] == [(1, 24)]
    assert "leave the word `source` out" in error.issues[0].hint
    (project / "worker.ts").write_text(source.replace("import source", "import"))
    bundle(sources={"w": "worker.ts"}, contents={}, data={}, root=project)


def test_webassembly_and_data_are_modules_beside_it(project: Path) -> None:
    (project / "a.wasm").write_bytes(b"\0asm\1\0\0\0")
    (project / "b.bin").write_bytes(b"\xff")
    (project / "worker.ts").write_text(
        'import a from "./a.wasm";\nimport again from "./a.wasm?module";\nimport b from "./b.bin";\n'
        "export default { fetch: () => [a, again, b] };\n"
    )
    made = make(project)
    types = [each.content_type for each in made.files]
    assert types == ["application/wasm", "application/wasm", "application/octet-stream"]
    assert all(f'"./{each.name}"' in (project / made.path).read_text() for each in made.files)
    assert module_sizes({"w": made}, root=project)["w"].raw > 8 + 8 + 1
    (project / "b.bin").write_bytes(b"\xfe")
    assert make(project).fingerprint != made.fingerprint


@pytest.fixture
def checkout(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a manifest, as `validate` finds it."""
    for name in ("router", "packages", "package.json", "tsconfig.json"):
        (project / name).symlink_to(ROOT / name)
    worker = {"name": "efh-w", "source": "w/index.ts"}
    autopilot = {"name": "w", "worker": "efh-w", "capabilities": ["a.b"], "needs": {"workers": [worker]}}
    (project / "autopilots.yaml").write_text(
        yaml.safe_dump({"orchestrator": {"worker": "efh-router"}, "autopilots": [autopilot]})
    )
    monkeypatch.chdir(project)
    return project


def test_validate_compiles_the_sources(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*arguments: str, exit_code: int) -> list[tuple[str, int, str]]:
        assert main(["validate", "--json", *arguments]) == exit_code
        return [(each["file"], each["line"], each["code"]) for each in json.loads(capsys.readouterr().out)]

    line = (checkout / "autopilots.yaml").read_text().splitlines().index("      source: w/index.ts") + 1
    assert told(exit_code=2) == [("autopilots.yaml", line, "no-such-file")]
    assert told("--no-compile", exit_code=0) == []
    (checkout / "w").mkdir()
    (checkout / "w/index.ts").write_text("export default {\n  fetch( => 1 };\n")
    assert told(exit_code=2) == [("w/index.ts", 2, "source")]
    (checkout / "w/index.ts").write_text("export const a = 1;\n")
    assert told(exit_code=2) == [("w/index.ts", 1, "no-default-export")]
    (checkout / "w/index.ts").write_text("export default { fetch: () => new Response() };\n")
    assert told(exit_code=0) == []
    assert [each.name for each in (checkout / ".build").iterdir()] == ["types"]  # what an update uploads stays as it is


def test_validate_without_esbuild_names_the_ways_out(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "w").mkdir()
    (checkout / "w/index.ts").write_text("export default {};\n")
    (checkout / "node_modules").unlink()
    assert main(["validate"]) == 2
    assert "make setup" in (told := capsys.readouterr().err)
    assert "--no-compile" in told


def answer(project: Path) -> str:
    """What the bundled module's `fetch` gives, in Node."""
    module = bundle(sources={"w": "worker.ts"}, contents={}, data={}, root=project)["w"]
    script = f"import('./{module.path}').then(({{default: worker}}) => process.stdout.write(worker.fetch()))"
    return subprocess.run(["node", "-e", script], cwd=project, capture_output=True, text=True, check=True).stdout
