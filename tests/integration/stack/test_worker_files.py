"""A Worker with modules of WebAssembly and data, through the whole stack: up, preview, refresh, drift, an edit."""

from __future__ import annotations

import copy
import json

import pytest

from orchestrator.drift.check import check
from tests.integration.stack.test_bundle_wrangler import ADDS
from tests.support.drift_stack import GREETER, MANIFEST, DriftStack
from tests.support.local_cloudflare import LocalCloudflare

WORKER = """import add from "./add.wasm";
import data from "./some.bin";
import page from "./page.html";
export default { async fetch() {
  const { exports } = await WebAssembly.instantiate(add);
  return Response.json([exports.add(2, 3), [...new Uint8Array(data)], page]);
} };
"""


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> DriftStack:
    cloudflare_server.reset()
    stack = DriftStack(tmp_path_factory.mktemp("worker-files"), cloudflare_server)
    folder = stack.root / "greeter"
    folder.mkdir()
    for name, content in {
        "index.js": WORKER.encode(),
        "add.wasm": ADDS,
        "some.bin": b"\1\2",
        "page.html": b"hi",
    }.items():
        (folder / name).write_bytes(content)
    manifest = copy.deepcopy(MANIFEST)
    [worker] = manifest["autopilots"][1]["needs"]["workers"]
    del worker["content"]
    worker["source"] = "greeter/index.js"
    stack.write(manifest)
    stack.project.up()
    return stack


def clean(stack: DriftStack) -> bool:
    """Whether nothing is left to do: for Pulumi, for Pulumi after a look, and for `drift`."""
    stack.project.run("preview", "--expect-no-changes")
    stack.project.run("preview", "--refresh", "--expect-no-changes")
    with stack.environment():
        return not check(stack.stack(), full=True, report=lambda _line: None).findings


def test_it_answers_and_a_change_of_a_file_alone_is_an_update(
    stack: DriftStack, cloudflare_server: LocalCloudflare
) -> None:
    assert cloudflare_server.fetch(GREETER).json() == [5, [1, 2], "hi"]
    assert clean(stack)
    for file, content, answer in (
        ("some.bin", b"\3", [5, [3], "hi"]),
        ("add.wasm", ADDS.replace(b"\x6a\x0b", b"\x6c\x0b"), [6, [3], "hi"]),  # multiplies
    ):
        (stack.root / "greeter" / file).write_bytes(content)

        assert "greeter" in stack.project.run("preview", "--diff")
        stack.project.up()

        assert cloudflare_server.fetch(GREETER).json() == answer
    assert clean(stack)


def test_what_was_changed_outside_is_seen_and_put_back(stack: DriftStack, cloudflare_server: LocalCloudflare) -> None:
    before = cloudflare_server.fetch(GREETER).json()
    metadata = json.dumps({"main_module": "x.js", "compatibility_date": "2026-07-01"})
    other = "export default { fetch: () => new Response('another') };"
    parts = {
        "metadata": (None, metadata, "application/json"),
        "x.js": ("x.js", other, "application/javascript+module"),
    }
    cloudflare_server.call("PUT", f"/workers/scripts/{GREETER}", files=parts).raise_for_status()

    stack.project.up("--refresh")

    assert cloudflare_server.fetch(GREETER).json() == before
    assert clean(stack)
