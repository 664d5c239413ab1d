"""`make dev` as a person uses it: a save is live, a preview tells of it, and nothing is left at the end."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.checkout import Checkout
from tests.support.dev import Dev, answer_of

GREETER = """// A comment, so that lines differ.
function refuse(): never {
  throw new TypeError("not today");
}

export default {
  fetch(request: Request): Response {
    return new URL(request.url).pathname === "/refuse" ? refuse() : new Response("first");
  },
};
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout.create(tmp_path / "project")
    manifest = checkout.manifest.read_text()
    checkout.manifest.write_text(manifest.replace("\ntasks:\n", f"{AUTOPILOT}\ntasks:\n"))
    (checkout.folder / "autopilots/refuser").mkdir()
    (checkout.folder / "autopilots/refuser/index.ts").write_text(GREETER)
    try:
        yield checkout
    finally:
        checkout.make("destroy")


AUTOPILOT = """
  - name: refuser
    worker: efh-refuser
    capabilities: [guest.refuse]
    needs:
      workers:
        - {name: efh-refuser, source: autopilots/refuser/index.ts, public: true}
"""


def test_what_is_saved_is_live_and_nothing_is_left_at_the_end(checkout: Checkout) -> None:
    with Dev(checkout) as dev:
        dev.wait("watching autopilots.yaml")
        url = dev.wait(r"efh-refuser +(http://\S+)")[1]
        source = checkout.folder / "autopilots/refuser/index.ts"

        source.write_text(GREETER.replace("first", "second"))
        dev.wait("efh-refuser is live")
        assert answer_of(url) == "second"
        assert answer_of(url, "/refuse?token=x") != "second"
        dev.wait(r"efh-refuser request: GET / 200 \(\d+ ms\)")
        dev.wait(r"efh-refuser request: GET /refuse [^?]*$")
        dev.wait("efh-refuser exception: TypeError: not today")
        dev.wait(r"at refuse \(autopilots/refuser/index.ts:3:9\)")
        previewed = checkout.shell("pulumi preview -s local --diff")
        assert "1 to update" in previewed

        source.write_text("export default {")
        dev.wait(r"autopilots/refuser/index.ts:1:\d+: .* \[source\]")
        assert answer_of(url) == "second"
        source.write_text(GREETER)
        known = len(dev.lines)
        dev.wait("efh-refuser is live", known)
        assert answer_of(url) == "first"
        router = dev.wait(r"Admin page: (http://\S+)/admin/")[1]
        page = checkout.folder / "admin/index.html"
        before = page.read_text()
        page.write_text(before.replace("<title>", "<title>Edited "))
        dev.wait("the static assets of efh-autopilot-orchestrator are live")
        assert "<title>Edited " in httpx.get(f"{router}/admin/").text
        page.write_text(before)
        dev.wait("the static assets of efh-autopilot-orchestrator are live", len(dev.lines))
        assert "<title>Edited " not in httpx.get(f"{router}/admin/").text
        checkout.shell("pulumi preview -s local --refresh --expect-no-changes")

        manifest = checkout.manifest.read_text()
        checkout.manifest.write_text(manifest.replace("capabilities: [guest.refuse]", "capabilities: [guest.turn]"))
        dev.wait("autopilots.yaml is live")
        assert "refuser" in checkout.shell("python -m orchestrator plan guest.turn --explain --url $ORCHESTRATOR_URL")
        dev.process.send_signal(signal.SIGINT)
        assert dev.process.wait(timeout=60) == 0
    status = [f"{checkout.folder}/.venv/bin/python", "-m", "local_cloudflare", "status"]
    assert subprocess.run(status, cwd=checkout.folder, check=False, capture_output=True).returncode == 3


def test_production_is_refused(tmp_path: Path) -> None:
    checkout = Checkout.create(tmp_path / "project")

    told = checkout.run(f"{checkout.folder}/.venv/bin/python", "-m", "orchestrator", "dev", "-s", "prod", expect=2)

    assert "`dev` works on the stack local only, and this is for the stack prod" in told
    assert "`pulumi up -s prod`" in told
