"""The Workers API, with the official SDK as the client; Workers really run, and are called."""

from __future__ import annotations

import hashlib
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import HELLO, MODULE, create_namespace, upload

ECHO = """export default {
  async fetch(request, env) { return Response.json({ ...env, KV: undefined, kv: env.KV && await env.KV.get("key") }); },
};
"""


def secret(name: str, text: str) -> dict[str, str]:
    return {"type": "secret_text", "name": name, "text": text}


def bindings_of(sdk: Cloudflare, account: str, name: str) -> list[dict[str, Any]]:
    settings = sdk.workers.scripts.script_and_version_settings.get(name, account_id=account)
    return [binding.model_dump(exclude_none=True) for binding in settings.bindings or []]


def test_an_upload_is_answered_listed_and_runs(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    done = upload(sdk, account, "efh-agent", reachable=True, observability={"enabled": True})
    assert done.id == "efh-agent"
    assert done.etag == hashlib.sha256(HELLO.encode()).hexdigest()
    assert sorted(done.handlers) == ["fetch", "scheduled"]
    assert (done.has_modules, done.has_assets, done.usage_model) == (True, False, "standard")
    assert (done.last_deployed_from, done.startup_time_ms >= 0) == ("api", True)
    assert cloudflare_api.fetch("efh-agent").text == "hello"

    (listed,) = sdk.workers.scripts.list(account_id=account)
    assert (listed.id, listed.etag, listed.modified_on) == (done.id, done.etag, done.modified_on)

    service = cloudflare_api.call("GET", "/workers/services/efh-agent").json()["result"]
    assert service["default_environment"]["script"]["etag"] == done.etag


def test_an_update_replaces_code_and_bindings_and_keeps_the_data(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare
) -> None:
    account = cloudflare_api.account_id
    namespace = create_namespace(sdk, account, "LOGS").id
    sdk.kv.namespaces.values.update("key", account_id=account, namespace_id=namespace, value=b"kept")
    kv = {"type": "kv_namespace", "name": "KV", "namespace_id": namespace}
    upload(sdk, account, "agent", reachable=True)
    before = upload(sdk, account, "agent", ECHO, bindings=[kv, {"type": "plain_text", "name": "A", "text": "1"}])
    assert cloudflare_api.fetch("agent").json() == {"A": "1", "kv": "kept"}

    after = upload(sdk, account, "agent", ECHO, bindings=[kv, {"type": "json", "name": "B", "json": {"c": [2]}}])
    assert cloudflare_api.fetch("agent").json() == {"B": {"c": [2]}, "kv": "kept"}
    assert (after.etag, after.created_on) == (before.etag, before.created_on)


def test_content_comes_back_as_it_was_uploaded(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    upload(sdk, cloudflare_api.account_id, "agent")
    answer = cloudflare_api.call("GET", "/workers/scripts/agent/content/v2")
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    assert answer.headers["cf-entrypoint"] == "worker.js"
    assert (
        answer.content
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="worker.js"; filename="worker.js"\r\n'
            f"Content-Type: {MODULE}\r\n\r\n{HELLO}\r\n--{boundary}--\r\n"
        ).encode()
    )


def test_a_worker_of_several_modules_runs(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    sdk.workers.scripts.update(
        "parts",
        account_id=cloudflare_api.account_id,
        metadata={"main_module": "index.js", "compatibility_date": "2026-01-01"},
        files=[
            ("lib/text.js", b"export { default } from './greeting.txt';", MODULE),
            ("lib/greeting.txt", b"from a text", "text/plain"),
            (
                "index.js",
                b"import text from './lib/text.js'; export default { fetch: () => new Response(text) };",
                MODULE,
            ),
        ],
    )
    sdk.workers.scripts.subdomain.create("parts", account_id=cloudflare_api.account_id, enabled=True)
    assert cloudflare_api.fetch("parts").text == "from a text"


def test_secrets_are_kept_by_an_upload_and_never_shown(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", ECHO, bindings=[secret("API_TOKEN", "s3cret")], reachable=True)
    sdk.workers.scripts.secrets.update("agent", account_id=account, name="LATER", text="added", type="secret_text")
    upload(sdk, account, "agent", ECHO, bindings=[{"type": "plain_text", "name": "STAGE", "text": "local"}])

    assert cloudflare_api.fetch("agent").json() == {"API_TOKEN": "s3cret", "LATER": "added", "STAGE": "local"}
    assert [found.name for found in sdk.workers.scripts.secrets.list("agent", account_id=account)] == [
        "API_TOKEN",
        "LATER",
    ]
    for path in ("settings", "secrets", "secrets/LATER", "deployments"):
        assert "s3cret" not in cloudflare_api.call("GET", f"/workers/scripts/agent/{path}").text

    sdk.workers.scripts.secrets.delete("LATER", account_id=account, script_name="agent")
    upload(sdk, account, "agent", ECHO, keep_bindings=["plain_text"])
    assert cloudflare_api.fetch("agent").json() == {"STAGE": "local"}


def test_settings_are_patched_and_secrets_inherited(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", ECHO, bindings=[secret("API_TOKEN", "s3cret")], reachable=True)
    sdk.workers.scripts.script_and_version_settings.edit(
        "agent",
        account_id=account,
        settings={
            "bindings": [{"type": "inherit", "name": "API_TOKEN"}, {"type": "plain_text", "name": "A", "text": "1"}],
            "observability": {"enabled": True},
        },
    )
    assert cloudflare_api.fetch("agent").json() == {"API_TOKEN": "s3cret", "A": "1"}
    assert bindings_of(sdk, account, "agent") == [
        {"name": "API_TOKEN", "type": "secret_text"},
        {"name": "A", "text": "1", "type": "plain_text"},
    ]
    settings = sdk.workers.scripts.script_and_version_settings.get("agent", account_id=account)
    assert settings.observability
    assert settings.observability.enabled


def test_a_script_is_read_as_a_whole_and_its_own_settings_apart(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare
) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", bindings=[secret("API_TOKEN", "s3cret")], logpush=False)
    assert HELLO in sdk.workers.scripts.get("agent", account_id=account)
    edited = sdk.workers.scripts.settings.edit("agent", account_id=account, logpush=True, tags=["stage:a"])
    assert edited is not None
    assert (edited.logpush, edited.tags) == (True, ["stage:a"])
    assert sdk.workers.scripts.settings.get("agent", account_id=account) == edited
    found = sdk.workers.scripts.secrets.get("API_TOKEN", account_id=account, script_name="agent")
    assert found is not None
    assert (found.name, found.type) == ("API_TOKEN", "secret_text")
    settings = sdk.workers.account_settings.get(account_id=account)
    assert settings is not None
    assert settings.default_usage_model == "standard"


def test_new_content_leaves_everything_else(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", bindings=[secret("API_TOKEN", "s3cret")], reachable=True, tags=["stage:a"])
    sdk.workers.scripts.content.update(
        "agent",
        account_id=account,
        metadata={"main_module": "worker.js"},
        files=[("worker.js", ECHO.encode(), MODULE)],
    )
    assert cloudflare_api.fetch("agent").json() == {"API_TOKEN": "s3cret"}
    settings = sdk.workers.scripts.script_and_version_settings.get("agent", account_id=account)
    assert settings.tags == ["stage:a"]


def test_a_service_binding_reaches_the_other_worker(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    caller = "export default { fetch(request, env) { return env.AGENT.fetch('https://agent/'); } };"
    upload(sdk, account, "agent")
    bound = [{"type": "service", "name": "AGENT", "service": "agent"}]
    upload(sdk, account, "router", caller, bindings=bound, reachable=True)
    assert cloudflare_api.fetch("router").text == "hello"

    with pytest.raises(cloudflare.BadRequestError) as error:
        sdk.workers.scripts.delete("agent", account_id=account)
    assert error.value.errors[0].code == 10142
    sdk.workers.scripts.delete("agent", account_id=account, force=True)
    assert [worker.id for worker in sdk.workers.scripts.list(account_id=account)] == ["router"]
