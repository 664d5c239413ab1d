"""The Workers API, with the official SDK as the client; Workers really run, and are called."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare
from cloudflare.types.workers.scripts.schedule_update_params import Body

from local_cloudflare.api.cron import due
from local_cloudflare.api.store import Store
from local_cloudflare.api.workers.models import Workers
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


def test_the_workers_dev_switch_makes_a_worker_reachable(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent")
    assert sdk.workers.scripts.subdomain.get("agent", account_id=account).enabled is False
    assert cloudflare_api.fetch("agent").status_code == 404

    switched = sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True, previews_enabled=False)
    assert (switched.enabled, switched.previews_enabled) == (True, False)
    assert cloudflare_api.fetch("agent").text == "hello"

    sdk.workers.scripts.subdomain.delete("agent", account_id=account)
    assert cloudflare_api.fetch("agent").status_code == 404


def test_an_account_without_a_subdomain_must_choose_one(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    cloudflare_api.local("PATCH", "/account", {"workersDevSubdomain": None})
    upload(sdk, account, "agent")
    with pytest.raises(cloudflare.NotFoundError) as absent:
        sdk.workers.subdomains.get(account_id=account)
    with pytest.raises(cloudflare.PermissionDeniedError) as refused:
        sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True)
    assert (absent.value.errors[0].code, refused.value.errors[0].code) == (10007, 10063)

    assert sdk.workers.subdomains.update(account_id=account, subdomain="efh").subdomain == "efh"
    sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True)


def test_schedules_are_replaced_as_a_whole(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent")
    for crons in (["*/15 * * * *"], ["*/15 * * * *", "0 3 * * *"], []):
        done = sdk.workers.scripts.schedules.update(
            "agent", account_id=account, body=[{"cron": cron} for cron in crons]
        )
        assert [schedule.cron for schedule in done.schedules] == crons
        found = sdk.workers.scripts.schedules.get("agent", account_id=account)
        assert [schedule.cron for schedule in found.schedules] == crons


def test_a_cron_runs_the_scheduled_handler(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    namespace = create_namespace(sdk, account, "RUNS").id
    script = """export default {
      async scheduled(event, env) { await env.RUNS.put("last", `${event.cron} ${event.scheduledTime}`); },
    };"""
    upload(
        sdk, account, "agent", script, bindings=[{"type": "kv_namespace", "name": "RUNS", "namespace_id": namespace}]
    )
    sdk.workers.scripts.schedules.update("agent", account_id=account, body=[{"cron": "0 3 * * *"}])
    done = cloudflare_api.local("POST", "/cron", {"worker": "agent", "time": 1_800_000_000_000})
    assert done == {"worker": "agent", "cron": "0 3 * * *", "outcome": "ok", "detail": ""}
    value = sdk.kv.namespaces.values.get("last", account_id=account, namespace_id=namespace)
    assert value.read() == b"0 3 * * * 1800000000000"


def test_the_workers_whose_schedule_matches_a_minute_are_due(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    for name, crons in {"often": ["*/15 * * * *"], "nightly": ["0 3 * * *", "30 3 * * *"], "never": []}.items():
        upload(sdk, account, name)
        sdk.workers.scripts.schedules.update(name, account_id=account, body=[{"cron": cron} for cron in crons])
    with Store(cloudflare_api.data / "account.sqlite") as store:
        workers = Workers(store).all()
    at = {minute: due(workers, datetime(2026, 1, 1, 3, minute, 20, tzinfo=UTC)) for minute in (0, 1, 15, 30)}
    assert at == {
        0: [("often", "*/15 * * * *"), ("nightly", "0 3 * * *")],
        1: [],
        15: [("often", "*/15 * * * *")],
        30: [("often", "*/15 * * * *"), ("nightly", "30 3 * * *")],
    }


def test_the_cron_limit_counts_for_the_account(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id

    def put(name: str, count: int) -> None:
        body: list[Body] = [{"cron": f"{minute} * * * *"} for minute in range(count)]
        sdk.workers.scripts.schedules.update(name, account_id=account, body=body)

    upload(sdk, account, "one")
    upload(sdk, account, "two")
    put("one", 3)
    put("two", 2)
    put("two", 2)
    with pytest.raises(cloudflare.BadRequestError) as error:
        put("two", 3)
    assert error.value.errors[0].code == 10072

    cloudflare_api.local("PATCH", "/account", {"plan": "paid"})
    put("two", 3)
    cloudflare_api.local("PATCH", "/account", {"plan": "free"})
    with pytest.raises(cloudflare.BadRequestError):
        put("two", 0)


def test_a_version_can_be_uploaded_before_it_is_deployed(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", reachable=True)
    versions = sdk.workers.scripts.versions.with_raw_response  # the SDK has no type for their bindings
    created = versions.create(
        "agent",
        account_id=account,
        metadata={"main_module": "worker.js", "compatibility_date": "2026-01-01"},
        files=[("worker.js", b"export default { fetch() { return new Response('next'); } };", MODULE)],
    )
    version = json.loads(created.read())["result"]
    assert version["number"] == 2
    assert cloudflare_api.fetch("agent").text == "hello"
    found = versions.get(version["id"], account_id=account, script_name="agent")
    assert json.loads(found.read())["result"] == version
    sdk.workers.scripts.deployments.create(
        "agent",
        account_id=account,
        strategy="percentage",
        versions=[{"version_id": version["id"], "percentage": 100}],
    )
    assert cloudflare_api.fetch("agent").text == "next"


def test_versions_can_be_deployed_again(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", reachable=True)
    upload(sdk, account, "agent", "export default { fetch() { return new Response('second'); } };")
    assert cloudflare_api.fetch("agent").text == "second"
    versions = [version.id for version in sdk.workers.scripts.versions.list("agent", account_id=account)]
    assert len(versions) == 2

    sdk.workers.scripts.deployments.create(
        "agent",
        account_id=account,
        strategy="percentage",
        versions=[{"version_id": versions[1] or "", "percentage": 100}],
    )
    assert cloudflare_api.fetch("agent").text == "hello"
    assert len(list(sdk.workers.scripts.deployments.list("agent", account_id=account))) == 3


MISSING = "0" * 32
BAD_BINDINGS: list[tuple[list[dict[str, Any]], int]] = [
    ([{"type": "telepathy", "name": "T"}], 10021),
    ([{"type": "queue", "name": "Q", "queue_name": "q"}], 100127),
    ([{"type": "kv_namespace", "name": "KV", "namespace_id": MISSING}], 10041),
    ([{"type": "kv_namespace", "name": "KV"}], 10021),
    ([{"type": "r2_bucket", "name": "B", "bucket_name": "absent"}], 10085),
    ([{"type": "d1", "name": "DB", "database_id": MISSING}], 10021),
    ([{"type": "d1", "name": "DB"}], 10021),
    ([{"type": "service", "name": "S", "service": "absent"}], 10143),
    ([{"type": "assets", "name": "ASSETS"}], 10305),
    ([{"type": "plain_text", "text": "x"}], 10052),
    ([{"type": "ai", "name": "A"}, {"type": "ai", "name": "A"}], 10053),
    ([{"type": "plain_text", "name": "A", "text": "x" * 5121}], 10054),
    ([{"type": "plain_text", "name": f"A{number}", "text": "x"} for number in range(65)], 10055),
]


@pytest.mark.parametrize(("bindings", "code"), BAD_BINDINGS)
def test_a_wrong_binding_is_refused_at_the_upload(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, bindings: list[dict[str, Any]], code: int
) -> None:
    with pytest.raises(cloudflare.BadRequestError) as error:
        upload(sdk, cloudflare_api.account_id, "agent", bindings=bindings)
    assert error.value.errors[0].code == code
    assert list(sdk.workers.scripts.list(account_id=cloudflare_api.account_id)) == []


def test_a_bucket_cannot_be_bound_before_r2_is_switched_on(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    cloudflare_api.local("PATCH", "/account", {"r2Enabled": False})
    with pytest.raises(cloudflare.PermissionDeniedError) as error:
        upload(
            sdk,
            cloudflare_api.account_id,
            "agent",
            bindings=[{"type": "r2_bucket", "name": "B", "bucket_name": "efh-pages"}],
        )
    assert error.value.errors[0].code == 10136


BAD_SCRIPTS = [
    ("export default { fetch( };", 10021, "SyntaxError"),
    ("throw new Error('at startup'); export default {};", 10021, "at startup"),
    ("export default {};", 10068, "no event handlers"),
    ("export const unused = 1;", 10021, "unused"),
]


@pytest.mark.parametrize(("script", "code", "message"), BAD_SCRIPTS)
def test_code_that_does_not_start_is_refused_in_its_own_words(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, script: str, code: int, message: str
) -> None:
    with pytest.raises(cloudflare.BadRequestError) as error:
        upload(sdk, cloudflare_api.account_id, "agent", script)
    assert error.value.errors[0].code == code
    assert message in (error.value.errors[0].message or "")


BAD_FORMS: list[tuple[str, dict[str, Any], int]] = [
    ("no metadata", {}, 10006),
    ("metadata is not JSON", {"metadata": "{"}, 10006),
    ("no main module", {"metadata": "{}"}, 10006),
    ("service-worker syntax", {"metadata": '{"body_part": "script"}'}, 10021),
    ("main module not uploaded", {"metadata": '{"main_module": "absent.js"}'}, 10021),
]


@pytest.mark.parametrize(("fields", "code"), [(fields, code) for _, fields, code in BAD_FORMS])
def test_an_incomplete_form_is_refused(cloudflare_api: LocalCloudflare, fields: dict[str, str], code: int) -> None:
    answer = cloudflare_api.call(
        "PUT",
        "/workers/scripts/agent",
        data=fields,
        files={"worker.js": ("worker.js", HELLO, MODULE)},
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


REFUSALS: list[tuple[str, str, object, int, int]] = [
    ("GET", "/workers/services/absent", None, 404, 10090),
    ("GET", "/workers/scripts/absent/settings", None, 404, 10007),
    ("GET", "/workers/scripts/absent/content/v2", None, 404, 10007),
    ("PUT", "/workers/scripts/absent/schedules", [], 404, 10007),
    ("PUT", "/workers/scripts/agent/schedules", [{"cron": "never"}], 400, 10100),
    ("PUT", "/workers/scripts/agent/schedules", {"cron": "* * * * *"}, 400, 10026),
    ("PUT", "/workers/scripts/agent", None, 400, 10026),
    ("DELETE", "/workers/scripts/absent", None, 404, 10007),
    ("DELETE", "/workers/scripts/agent/secrets/ABSENT", None, 404, 10056),
    ("GET", "/workers/scripts/agent/versions/absent", None, 404, 10071),
    ("POST", "/workers/scripts/agent/deployments", {"versions": []}, 400, 10210),
    ("POST", "/workers/scripts/agent/subdomain", {}, 400, 10026),
    ("PUT", "/workers/subdomain", {"subdomain": "-"}, 400, 10033),
    ("GET", "/workers/subdomains/free-name", None, 404, 10032),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), REFUSALS)
def test_what_the_real_service_refuses_is_refused(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, method: str, path: str, body: object, status: int, code: int
) -> None:
    upload(sdk, cloudflare_api.account_id, "agent")
    answer = cloudflare_api.call(method, path, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_name_that_no_worker_can_have_is_refused(cloudflare_api: LocalCloudflare) -> None:
    form = {"metadata": (None, json.dumps({"main_module": "w.js"})), "w.js": ("w.js", HELLO, MODULE)}
    for name in ("Agent", "a" * 64, "-agent", "a.b", "..%2Fagent"):
        answer = cloudflare_api.call("PUT", f"/workers/scripts/{name}", files=form)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10016), name
