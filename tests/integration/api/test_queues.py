"""Queues over the REST API: the official SDK and wrangler as clients, and what the official provider sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload
from tests.support.wrangler import Wrangler

TAKER = "export default { async queue() {} }"
GREETER = "export default { fetch: () => new Response('hello') }"


@pytest.fixture
def account(cloudflare_api: LocalCloudflare) -> str:
    return cloudflare_api.account_id


@pytest.fixture
def queue(sdk: Cloudflare, account: str) -> str:
    created = sdk.queues.create(account_id=account, queue_name="efh-tasks")
    assert created
    assert created.queue_id
    return created.queue_id


@pytest.fixture
def taker(sdk: Cloudflare, account: str) -> str:
    upload(sdk, account, "efh-taker", TAKER)
    return "efh-taker"


def _consume(api: LocalCloudflare, queue: str, **body: Any) -> Any:
    return api.call("POST", f"/queues/{queue}/consumers", json={"type": "worker", **body}).json()


def test_a_queue_is_created_changed_and_deleted(sdk: Cloudflare, account: str, queue: str) -> None:
    found = sdk.queues.get(queue, account_id=account)
    assert found
    assert found.settings
    assert (found.queue_name, found.consumers, found.producers) == ("efh-tasks", [], [])
    assert (found.settings.delivery_delay, found.settings.delivery_paused) == (0, False)
    assert found.settings.message_retention_period == 86_400

    edited = sdk.queues.edit(queue, account_id=account, settings={"delivery_delay": 5})
    assert edited
    assert edited.settings
    assert (edited.settings.delivery_delay, edited.settings.message_retention_period) == (5, 86_400)
    renamed = sdk.queues.update(queue, account_id=account, queue_name="efh-later")
    assert renamed
    assert [each.queue_name for each in sdk.queues.list(account_id=account)] == ["efh-later"]

    sdk.queues.delete(queue, account_id=account)
    with pytest.raises(cloudflare.NotFoundError) as error:
        sdk.queues.get(queue, account_id=account)
    assert error.value.errors[0].code == 11000


def test_a_consumer_is_added_changed_and_removed(sdk: Cloudflare, account: str, queue: str, taker: str) -> None:
    sdk.queues.create(account_id=account, queue_name="efh-tasks-dead")

    made = sdk.queues.consumers.create(
        queue,
        account_id=account,
        type="worker",
        script_name=taker,
        dead_letter_queue="efh-tasks-dead",
        settings={"batch_size": 5},
    )
    assert made
    assert made.consumer_id
    found = sdk.queues.consumers.get(made.consumer_id, account_id=account, queue_id=queue)
    assert found == made
    assert found.to_dict() | {"consumer_id": "", "created_on": ""} == {
        "consumer_id": "",
        "created_on": "",
        "dead_letter_queue": "efh-tasks-dead",
        "queue_name": "efh-tasks",
        "script": taker,
        "settings": {
            "batch_size": 5,
            "max_concurrency": None,
            "max_retries": 3,
            "max_wait_time_ms": 5000,
            "retry_delay": 0,
        },
        "type": "worker",
    }
    holder = sdk.queues.get(queue, account_id=account)
    assert holder
    assert holder.consumers_total_count == 1

    changed = sdk.queues.consumers.update(
        made.consumer_id, account_id=account, queue_id=queue, type="worker", script_name=taker
    )
    assert changed
    assert changed.dead_letter_queue == ""

    sdk.queues.consumers.delete(made.consumer_id, account_id=account, queue_id=queue)
    assert list(sdk.queues.consumers.list(queue, account_id=account)) == []


def test_a_queue_has_one_consumer(cloudflare_api: LocalCloudflare, queue: str, taker: str) -> None:
    assert _consume(cloudflare_api, queue, script_name=taker)["success"]

    assert _consume(cloudflare_api, queue, script_name=taker)["errors"][0]["code"] == 11004


REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "no such Worker": ({"script_name": "efh-nobody"}, 10007),
    "no such dead letter queue": ({"script_name": "efh-taker", "dead_letter_queue": "nowhere"}, 11000),
    "no such type": ({"type": "email"}, 100127),
    "no such setting": ({"script_name": "efh-taker", "settings": {"retries": 1}}, 100127),
    "a batch too large": ({"script_name": "efh-taker", "settings": {"batch_size": 101}}, 100127),
    "settings that are none": ({"script_name": "efh-taker", "settings": [1]}, 100127),
}


@pytest.mark.parametrize(("body", "code"), REFUSED.values(), ids=REFUSED)
def test_a_consumer_that_cannot_be_is_refused(
    cloudflare_api: LocalCloudflare, queue: str, taker: str, body: dict[str, Any], code: int
) -> None:
    assert _consume(cloudflare_api, queue, **body)["errors"][0]["code"] == code


def test_a_worker_that_takes_messages_keeps_its_handler_and_stays(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, queue: str, taker: str
) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "efh-greeter", GREETER)
    assert _consume(cloudflare_api, queue, script_name="efh-greeter")["errors"][0]["code"] == 11001
    consumer = _consume(cloudflare_api, queue, script_name=taker)["result"]["consumer_id"]

    with pytest.raises(cloudflare.BadRequestError) as refused:
        upload(sdk, account, taker, GREETER)
    assert refused.value.errors[0].code == 11001
    deleted = cloudflare_api.call("DELETE", f"/workers/scripts/{taker}").json()
    assert deleted["errors"][0]["code"] == 10064

    cloudflare_api.call("DELETE", f"/queues/{queue}/consumers/{consumer}")
    assert cloudflare_api.call("DELETE", f"/workers/scripts/{taker}").json()["success"]


@pytest.mark.parametrize(
    "body",
    [
        {"queue_name": "Not_A_Name"},
        {"queue_name": "-a"},
        {},
        {"queue_name": "a", "settings": {"delivery_delay": 43_201}},
        {"queue_name": "a", "settings": {"delivery_paused": "yes"}},
        {"queue_name": "a", "settings": {"message_retention_period": 86_401}},
    ],
)
def test_a_queue_that_cannot_be_is_refused(cloudflare_api: LocalCloudflare, body: dict[str, Any]) -> None:
    assert cloudflare_api.call("POST", "/queues", json=body).json()["errors"][0]["code"] == 100128


def test_a_name_is_taken_once(cloudflare_api: LocalCloudflare, queue: str) -> None:
    again = cloudflare_api.call("POST", "/queues", json={"queue_name": "efh-tasks"}).json()

    assert again["errors"][0]["code"] == 11009


def test_queues_are_kept_longer_on_the_paid_plan(cloudflare_api: LocalCloudflare) -> None:
    cloudflare_api.local("PATCH", "/account", json={"plan": "paid"})

    made = cloudflare_api.call("POST", "/queues", json={"queue_name": "long"}).json()["result"]

    assert made["settings"]["message_retention_period"] == 345_600


def test_wrangler(tmp_path: Path, cloudflare_api: LocalCloudflare, taker: str) -> None:
    wrangler = Wrangler(tmp_path / "project", cloudflare_api)
    wrangler("queues", "create", "orders")
    wrangler("queues", "create", "orders-dead", "--delivery-delay-secs", "3")
    assert re.search(r"orders\b.*orders-dead", wrangler("queues", "list"), re.S)

    wrangler("queues", "consumer", "add", "orders", taker, "--dead-letter-queue", "orders-dead", "--batch-size", "7")
    described = wrangler("queues", "info", "orders")
    assert "Number of Consumers: 1" in described
    assert f"worker:{taker}" in described
    wrangler("queues", "update", "orders", "--delivery-delay-secs", "9")
    assert "already has a consumer" in wrangler("queues", "consumer", "add", "orders", taker, fails=True)
    wrangler("queues", "consumer", "remove", "orders", taker)
    wrangler("queues", "delete", "orders")

    left = cloudflare_api.call("GET", "/queues").json()["result"]
    assert [(each["queue_name"], each["settings"]["delivery_delay"]) for each in left] == [("orders-dead", 3)]
