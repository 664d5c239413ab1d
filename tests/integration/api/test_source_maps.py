"""A source map that is uploaded beside a module: stacks in the logs have the places and names of the sources."""

from __future__ import annotations

import json
from pathlib import Path

from cloudflare import Cloudflare

from local_cloudflare import service
from orchestrator.bundle.modules import Module, bundle
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.worker_upload import upload

SOURCE = """// A comment that the module does not have.
function greetPerson(name: string): string {
  throw new RangeError(`no ${name}`);
}

const readName = async (request: Request): Promise<string> => {
  await request.text();
  return greetPerson("Ada");
};

export default {
  async fetch(request: Request): Promise<Response> {
    return new Response(await readName(request));
  },
};
"""


def bundled(root: Path, source: str = SOURCE) -> Module:
    """The module of a Worker `greeter`, with its map beside it."""
    (root / "src").mkdir()
    (root / "src/index.ts").write_text(source)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    return bundle(sources={"greeter": "src/index.ts"}, contents={}, data={}, root=root)["greeter"]


def test_a_stack_in_the_logs_has_the_places_and_names_of_the_sources(
    cloudflare_api: LocalCloudflare, sdk: Cloudflare, tmp_path: Path
) -> None:
    module = bundled(tmp_path)
    upload(sdk, cloudflare_api.account_id, "greeter", reachable=True)
    parts = {
        "metadata": (None, json.dumps({"main_module": "greeter.js"}), "application/json"),
        "greeter.js": ("greeter.js", (tmp_path / module.path).read_bytes(), "application/javascript+module"),
        "greeter.js.map": ("greeter.js.map", (tmp_path / f"{module.path}.map").read_bytes(), "application/source-map"),
    }
    cloudflare_api.call("PUT", "/workers/scripts/greeter/content", files=parts).raise_for_status()

    assert cloudflare_api.fetch("greeter").status_code == 500

    text = eventually(lambda: thrown(cloudflare_api), "the exception was logged")
    assert text.splitlines() == [
        "RangeError: no Ada",
        "    at greetPerson (src/index.ts:3:9)",
        "    at readName (src/index.ts:8:10)",
        "    at async Object.fetch (src/index.ts:13:25)",
    ]


def thrown(cloudflare_api: LocalCloudflare) -> str | None:
    lines = map(json.loads, service.logs(cloudflare_api.data, "greeter", follow=False))
    return next((each["text"] for each in lines if each["level"] == "exception"), None)


def test_the_map_changes_no_byte_of_the_module(tmp_path: Path) -> None:
    module = bundled(tmp_path)

    assert "sourceMappingURL" not in (tmp_path / module.path).read_text()
    assert json.loads((tmp_path / f"{module.path}.map").read_text())["sources"] == ["src/index.ts"]
