"""The analytics over GraphQL: they have what Workers and the API did, and refuse in the real API's shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cloudflare import Cloudflare

from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import create_namespace, upload

WORKER = """
export default {
  async fetch(request, env) {
    await env.DB.exec("CREATE TABLE t (a)");
    await env.DB.batch([1, 2, 3].map((a) => env.DB.prepare("INSERT INTO t VALUES (?)").bind(a)));
    await env.DB.prepare("SELECT * FROM t").all();
    await env.KV.put("k", "v");
    await env.KV.get("k"), await env.KV.get("other"), await env.KV.list(), await env.KV.delete("k");
    await env.FILES.put("k", "v"), await env.FILES.put("empty", "");
    await env.FILES.get("k"), await env.FILES.head("k");
    const upload = await env.FILES.createMultipartUpload("parts");
    await upload.complete([await upload.uploadPart(1, "v")]);
    await env.FILES.list(), await env.FILES.delete("k");
    await env.TASKS.send("x".repeat(100_000));
    return new Response("done");
  },
};
"""
KV, R2 = "kvOperationsAdaptiveGroups", "r2OperationsAdaptiveGroups"


def ask(api: LocalCloudflare, datasets: str, *, account: str = "", token: str = "") -> Any:
    query = f'{{viewer {{accounts(filter: {{accountTag: "{account or api.account_id}"}}) {{{datasets}}}}}}}'
    answer = httpx.post(
        f"{api.url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token or api.token}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def today() -> str:
    return f'filter: {{date: "{datetime.now(UTC).date()}"}}'


def test_what_a_worker_did_is_counted(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> None:
    account = cloudflare_api.account_id
    kv = create_namespace(sdk, account, "kv").id
    database = cloudflare_api.call("POST", "/d1/database", json={"name": "d"}).json()["result"]["uuid"]
    cloudflare_api.call("POST", "/r2/buckets", json={"name": "files"})
    queue = cloudflare_api.call("POST", "/queues", json={"queue_name": "tasks"}).json()["result"]["queue_id"]
    bindings = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": kv},
        {"type": "d1", "name": "DB", "id": database},
        {"type": "r2_bucket", "name": "FILES", "bucket_name": "files"},
        {"type": "queue", "name": "TASKS", "queue_name": "tasks"},
    ]
    upload(sdk, account, "busy", WORKER, bindings=bindings, reachable=True)
    assert cloudflare_api.fetch("busy").text == "done"

    def counted(dataset: str, fields: str) -> Any:
        found = ask(cloudflare_api, f"{dataset}(limit: 100, {today()}) {{{fields}}}")
        assert found["errors"] is None, found
        return found["data"]["viewer"]["accounts"][0][dataset]

    runs = "dimensions {scriptName} sum {requests}"
    assert eventually(lambda: counted("workersInvocationsAdaptive", runs), "the run is told after the answer") == [
        {"dimensions": {"scriptName": "busy"}, "sum": {"requests": 1}}
    ]
    actions = "dimensions {actionType} sum {requests}"
    kv_actions = {each["dimensions"]["actionType"]: each["sum"]["requests"] for each in counted(KV, actions)}
    assert kv_actions == {"read": 2, "write": 1, "list": 1, "delete": 1}
    r2_actions = {each["dimensions"]["actionType"]: each["sum"]["requests"] for each in counted(R2, actions)}
    assert r2_actions == {
        **{"PutObject": 3, "GetObject": 1, "HeadObject": 1, "ListObjects": 1, "DeleteObject": 1},
        **{"CreateMultipartUpload": 1, "CompleteMultipartUpload": 1},
    }
    [rows] = counted("d1AnalyticsAdaptiveGroups", "dimensions {databaseId} sum {rowsRead rowsWritten}")
    assert (rows["dimensions"]["databaseId"], rows["sum"]["rowsRead"] >= 3, rows["sum"]["rowsWritten"] >= 3) == (
        *(database, True, True),
    )
    operations = "dimensions {queueId actionType} sum {billableOperations}"
    assert counted("queueMessageOperationsAdaptiveGroups", operations) == [
        {"dimensions": {"queueId": queue, "actionType": "WriteMessage"}, "sum": {"billableOperations": 2}}
    ]
    assert counted("aiInferenceAdaptiveGroups", "sum {totalNeurons}") == []
    cloudflare_api.local("PUT", "/ai", {"neurons": 12.5})
    assert counted("aiInferenceAdaptiveGroups", "sum {totalNeurons}") == [{"sum": {"totalNeurons": 12.5}}]


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        (f"{KV}(limit: 1, TODAY) {{sum {{request}}}}", 'unknown field "request"'),
        ("kvOperations(limit: 1, TODAY) {sum {requests}}", 'unknown field "kvOperations"'),
        (f"{KV}(limit: 0, TODAY) {{sum {{requests}}}}", "limit must be positive number and not greater than 10000"),
        (f"{KV}(TODAY) {{sum {{requests}}}}", "is required"),
        (f"{KV}(limit: 1, filter: {{}}) {{sum {{requests}}}}", "error parsing args"),
        (f'{KV}(limit: 1, filter: {{day: "x"}}) {{sum {{requests}}}}', "day"),
        (f"{KV}(limit: 1, LONG_AGO) {{sum {{requests}}}}", "cannot request data older than 2678400s"),
        (f"{KV}(limit: 1, TODAY) {{sum {{requests}}", "Syntax Error"),
    ],
)
def test_what_is_wrong_is_refused_whole(cloudflare_api: LocalCloudflare, datasets: str, message: str) -> None:
    long_ago = f'filter: {{date: "{datetime.now(UTC).date() - timedelta(days=32)}"}}'
    found = ask(cloudflare_api, datasets.replace("TODAY", today()).replace("LONG_AGO", long_ago))

    assert found["data"] is None
    [error] = found["errors"]
    assert message in error["message"]
    assert error["extensions"]["timestamp"]


def test_who_may_not_read_analytics_is_refused(cloudflare_api: LocalCloudflare) -> None:
    def minted(*permissions: str) -> str:
        token = cloudflare_api.local("POST", "/tokens", {"name": "t", "permissions": list(permissions)})
        return str(token["value"])

    asked = f"{KV}(limit: 1, {today()}) {{sum {{requests}}}}"
    reads = ask(cloudflare_api, asked, token=minted("Account Analytics Read"))
    lacks = ask(cloudflare_api, asked, token=minted("Account Settings Read", "Workers KV Storage Read"))
    other = ask(cloudflare_api, asked, account="f" * 32)

    assert reads["errors"] is None
    for each in (lacks, other):
        assert (each["data"], each["errors"][0]["message"]) == (None, "not authorized for that account")
        assert each["errors"][0]["extensions"]["code"] == "authz"
