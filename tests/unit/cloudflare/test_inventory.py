"""What is read of an account to count it: httpx's own mock transport in place of the network."""

from __future__ import annotations

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.inventory import take_inventory
from orchestrator.desired.derive import derive
from orchestrator.errors import CloudflareError
from orchestrator.limits import Inventory
from orchestrator.manifest import parse

DESIRED = derive(
    parse(
        "orchestrator: {worker: router}\n"
        'autopilots: [{name: a, endpoint: "https://a.example.com/", capabilities: [b], needs: {r2Buckets: [files]}}]',
        "autopilots.yaml",
    )
)
WORKERS = [
    {"id": "router", "handlers": ["fetch", "scheduled"]},  # declared: its crons are those of the file
    {"id": "page", "handlers": ["fetch"]},  # cannot have a cron
    {"id": "mailer", "handlers": ["fetch", "scheduled"]},
    {"id": "old", "handlers": None},
]
ANSWERS = {
    "/workers/scripts": WORKERS,
    "/workers/scripts/mailer/schedules": {"schedules": [{"cron": "0 6 * * *"}, {"cron": "0 7 * * *"}]},
    "/workers/scripts/old/schedules": {"schedules": []},
    "/storage/kv/namespaces": [{"title": "REGISTRY", "id": "1"}],
    "/d1/database": [{"name": "router", "uuid": "2"}],
    "/r2/buckets": {"buckets": [{"name": "files"}]},
}


def test_it_takes_four_lists_and_one_call_for_each_other_worker_that_may_have_crons() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("a" * 32)[2]
        asked.append(path)
        return httpx.Response(200, json={"success": True, "errors": [], "result": ANSWERS[path]})

    account = Account(account_id="a" * 32, token="t", transport=httpx.MockTransport(handler))

    assert take_inventory(account, DESIRED) == Inventory(
        workers=frozenset({"router", "page", "mailer", "old"}),
        kv_namespaces=frozenset({"REGISTRY"}),
        d1_databases=frozenset({"router"}),
        r2_buckets=frozenset({("files", "default")}),
        crons={"mailer": 2, "old": 0},
    )
    assert sorted(asked) == sorted(ANSWERS)


@pytest.mark.parametrize("broken", sorted(ANSWERS.keys() - {"/r2/buckets"}))
def test_an_account_that_is_not_read_whole_is_not_read(broken: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("a" * 32)[2]
        return httpx.Response(
            500 if path == broken else 200, json={"success": path != broken, "errors": [], "result": ANSWERS[path]}
        )

    account = Account(account_id="a" * 32, token="t", transport=httpx.MockTransport(handler), sleep=lambda _: None)

    with pytest.raises(CloudflareError, match=f"{broken}: HTTP 500"):
        take_inventory(account, DESIRED)


def test_buckets_that_cannot_be_read_stop_nothing() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("a" * 32)[2]
        off = {"success": False, "errors": [{"code": 10042, "message": "Please enable R2"}], "result": None}
        told = {"success": True, "errors": [], "result": ANSWERS[path]}
        return httpx.Response(403, json=off) if path == "/r2/buckets" else httpx.Response(200, json=told)

    account = Account(account_id="a" * 32, token="t", transport=httpx.MockTransport(handler))

    assert take_inventory(account, DESIRED).r2_buckets is None
