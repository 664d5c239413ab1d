"""What the Workers API refuses, as the real one does, with the official SDK as the client."""

from __future__ import annotations

import json
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import HELLO, MODULE, upload

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


def test_a_compatibility_date_to_come_is_refused(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    with pytest.raises(cloudflare.BadRequestError) as error:
        upload(sdk, cloudflare_api.account_id, "agent", compatibility_date="9999-01-01")
    assert error.value.errors[0].code == 10021
    assert error.value.errors[0].message == "Can't set compatibility date in the future: 9999-01-01"


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
