"""Static assets over the Workers API: announced, uploaded, served; with the official SDK as the client."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cloudflare import Cloudflare
from cloudflare.types.workers.scripts.assets.upload_create_params import Manifest

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import MODULE, upload

PAGES = {"/index.html": b"<h1>home</h1>", "/docs/a b.html": b"<h1>docs</h1>", "/same.html": b"<h1>home</h1>"}
FALLBACK = "export default { fetch(request, env) { return env.ASSETS.fetch(request); } };"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def upload_pages(sdk: Cloudflare, account: str, pages: dict[str, bytes]) -> tuple[str, int]:
    """The completion token, and how many files had to be sent."""
    manifest: dict[str, Manifest] = {
        path: {"hash": digest(content), "size": len(content)} for path, content in pages.items()
    }
    session = sdk.workers.scripts.assets.upload.create("site", account_id=account, manifest=manifest)
    assert session is not None
    assert session.jwt
    wanted = [hash for bucket in session.buckets or [] for hash in bucket]
    if not wanted:
        return session.jwt, 0
    by_hash = {digest(content): base64.b64encode(content).decode() for content in pages.values()}
    done = sdk.workers.assets.upload.create(
        account_id=account,
        base64=True,
        body={hash: by_hash[hash] for hash in wanted},
        extra_headers={"Authorization": f"Bearer {session.jwt}"},
    )
    assert done is not None
    assert done.jwt
    return done.jwt, len(wanted)


def deploy(sdk: Cloudflare, account: str, jwt: str) -> None:
    upload(
        sdk,
        account,
        "site",
        FALLBACK,
        bindings=[{"type": "assets", "name": "ASSETS"}],
        assets={"jwt": jwt, "config": {"html_handling": "auto-trailing-slash"}},
        reachable=True,
    )


def test_assets_are_uploaded_once_and_served(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    jwt, sent = upload_pages(sdk, account, PAGES)
    assert sent == 2
    deploy(sdk, account, jwt)
    assert cloudflare_api.fetch("site", "/").content == PAGES["/index.html"]
    assert cloudflare_api.fetch("site", "/docs/a%20b").content == PAGES["/docs/a b.html"]

    changed = {**PAGES, "/index.html": b"<h1>new</h1>"}
    jwt, sent = upload_pages(sdk, account, changed)
    assert sent == 1
    deploy(sdk, account, jwt)
    assert cloudflare_api.fetch("site", "/").content == b"<h1>new</h1>"
    assert upload_pages(sdk, account, changed)[1] == 0


def test_assets_carry_the_headers_of_their_rules(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    rules = "/\n  X-Frame-Options: DENY\n  Cache-Control: no-cache\n# a comment\n/docs/*\n  ! ETag\n  X-Docs: yes\n"
    assets = {"jwt": upload_pages(sdk, account, PAGES)[0], "config": {"_headers": rules}}
    metadata = {"main_module": "w.js", "compatibility_date": "2026-07-01", "assets": assets}
    files = {
        "metadata": (None, json.dumps(metadata), "application/json"),
        "w.js": ("w.js", "export default { fetch: () => new Response('none') };", "application/javascript+module"),
    }
    assert cloudflare_api.call("PUT", "/workers/scripts/site", files=files).is_success
    assert cloudflare_api.call("POST", "/workers/scripts/site/subdomain", json={"enabled": True}).is_success

    root, docs = cloudflare_api.fetch("site", "/"), cloudflare_api.fetch("site", "/docs/a%20b")

    assert (root.headers["x-frame-options"], root.headers["cache-control"]) == ("DENY", "no-cache")
    assert docs.headers["x-docs"] == "yes"
    assert "etag" not in docs.headers
    assert "x-frame-options" not in docs.headers


def test_assets_are_kept_when_an_upload_says_so(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    deploy(sdk, account, upload_pages(sdk, account, PAGES)[0])
    binding = [{"type": "assets", "name": "ASSETS"}]
    done = upload(sdk, account, "site", FALLBACK + "\n", bindings=binding, keep_assets=True)
    assert done.has_assets is True
    assert cloudflare_api.fetch("site", "/").content == PAGES["/index.html"]


BAD_MANIFESTS = [
    ("leads out", {"/../x": {"hash": "0" * 32, "size": 1}}),
    ("relative", {"x": {"hash": "0" * 32, "size": 1}}),
    ("a hash that is a path", {"/x": {"hash": "../../../../../../../../../../..", "size": 1}}),
    ("no size", {"/x": {"hash": "0" * 32}}),
    ("too large", {"/x": {"hash": "0" * 32, "size": 26_214_401}}),
]


@pytest.mark.parametrize("manifest", [case[1] for case in BAD_MANIFESTS], ids=[case[0] for case in BAD_MANIFESTS])
def test_a_manifest_that_is_wrong_is_refused(cloudflare_api: LocalCloudflare, manifest: object) -> None:
    path = "/workers/scripts/site/assets-upload-session"
    answer = cloudflare_api.call("POST", path, json={"manifest": manifest})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10304)


def test_a_session_needs_its_own_token_and_all_its_files(cloudflare_api: LocalCloudflare) -> None:
    manifest = {"/x": {"hash": "0" * 32, "size": 1}}
    session = cloudflare_api.call("POST", "/workers/scripts/site/assets-upload-session", json={"manifest": manifest})
    jwt = session.json()["result"]["jwt"]
    files = {"0" * 32: ("x", "eA==", "text/plain")}
    for token in (cloudflare_api.token, jwt[:-1] + ("A" if jwt[-1] != "A" else "B")):
        refused = cloudflare_api.call("POST", "/workers/assets/upload?base64=true", token=token, files=files)
        assert refused.status_code == 401

    metadata = (None, '{"main_module": "w.js", "assets": {"jwt": "' + jwt + '"}}')
    form = {"metadata": metadata, "w.js": ("w.js", FALLBACK, MODULE)}
    early = cloudflare_api.call("PUT", "/workers/scripts/site", files=form)
    assert (early.status_code, early.json()["errors"][0]["code"]) == (400, 10304)
