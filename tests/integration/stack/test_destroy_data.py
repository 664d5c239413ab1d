"""`destroy-data`: the one way to delete data. Nothing goes that is in use, and nothing goes unasked."""

from __future__ import annotations

import pytest
from cloudflare import Cloudflare

from tests.support.data_stack import DataStack
from tests.support.drift_stack import DriftStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside
from tests.support.worker_upload import upload


@pytest.fixture
def stack(
    data_project: DriftStack,
    cloudflare_api: LocalCloudflare,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> DataStack:
    """On an account with one namespace, bucket and database that nobody declares."""
    outside = Outside(cloudflare_api)
    id = outside.call("POST", "/storage/kv/namespaces", json={"title": "OLD"})["id"]
    outside.call("PUT", f"/storage/kv/namespaces/{id}/bulk", json=[{"key": str(n), "value": "x"} for n in range(3)])
    outside.call("POST", "/r2/buckets", json={"name": "old-files"})
    for number in range(3):
        outside.call("PUT", f"/r2/buckets/old-files/objects/a/{number}", content=b"12345")
    uuid = outside.call("POST", "/d1/database", json={"name": "old-shop"})["uuid"]
    outside.call("POST", f"/d1/database/{uuid}/query", json={"sql": "CREATE TABLE a (b); INSERT INTO a VALUES (1)"})
    return DataStack(data_project, capsys, monkeypatch)


def left(server: LocalCloudflare) -> set[str]:
    state = server.local("GET", "/state")
    return {each["title"] for each in state["kv"]} | {each["name"] for each in [*state["r2"], *state["d1"]]}


AMOUNTS = {"OLD": (3, "keys", None), "old-files": (3, "objects", 15), "old-shop": (1, "tables", None)}


@pytest.mark.parametrize("name", AMOUNTS)
def test_without_a_yes_it_says_what_would_go(stack: DataStack, cloudflare_api: LocalCloudflare, name: str) -> None:
    shown, errors = stack.run("destroy-data", name, exit_code=2)

    items, unit, size = AMOUNTS[name]
    assert (shown["items"], shown["unit"], shown["destroyed"]) == (items, unit, False)
    assert size is None or shown["bytes"] == size
    assert "--yes-destroy" in errors
    assert left(cloudflare_api) == set(AMOUNTS)


@pytest.mark.parametrize("name", AMOUNTS)
def test_it_goes_after_a_backup_that_brings_it_back(
    stack: DataStack, cloudflare_api: LocalCloudflare, name: str
) -> None:
    done, _ = stack.run("destroy-data", name, "--yes-destroy", "--backup", f"before-{name}")

    assert done["destroyed"]
    assert left(cloudflare_api) == set(AMOUNTS) - {name}
    make = {"OLD": "/storage/kv/namespaces", "old-files": "/r2/buckets", "old-shop": "/d1/database"}
    Outside(cloudflare_api).call("POST", make[name], json={"title" if name == "OLD" else "name": name})
    stack.run("restore", f"before-{name}")
    assert stack.run("destroy-data", name, exit_code=2)[0]["items"] == AMOUNTS[name][0]


def test_what_a_worker_is_bound_to_stays(stack: DataStack, cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> None:
    """Any Worker of the account, also one that nobody declares."""
    outside = Outside(cloudflare_api)
    bindings = [
        {"type": "kv_namespace", "name": "KV", "namespace_id": outside.namespace("OLD")},
        {"type": "r2_bucket", "name": "R2", "bucket_name": "old-files"},
        {"type": "d1", "name": "DB", "id": outside.database("old-shop")},
    ]
    upload(sdk, cloudflare_api.account_id, "old-site", bindings=bindings)

    for name in AMOUNTS:
        assert "is bound to old-site" in stack.run("destroy-data", name, "--yes-destroy", exit_code=2)[1]
    assert left(cloudflare_api) == set(AMOUNTS)


def test_what_is_declared_stays(stack: DataStack, cloudflare_api: LocalCloudflare) -> None:
    Outside(cloudflare_api).call("POST", "/storage/kv/namespaces", json={"title": "NOTES"})

    _, errors = stack.run("destroy-data", "NOTES", "--yes-destroy", exit_code=2)

    assert "KV namespace NOTES is declared in autopilots.yaml" in errors


def test_a_queue_in_which_messages_wait_is_data_and_an_empty_one_goes_at_once(
    stack: DataStack, cloudflare_api: LocalCloudflare
) -> None:
    outside = Outside(cloudflare_api)
    ids = {
        name: outside.call("POST", "/queues", json={"queue_name": name})["queue_id"]
        for name in ("old-files", "old-files-dead")
    }
    outside.call("POST", f"/queues/{ids['old-files-dead']}/messages", json={"body": {"n": 1}, "content_type": "json"})
    consumer = outside.call(
        "POST",
        f"/queues/{ids['old-files']}/consumers",
        json={"type": "http_pull", "dead_letter_queue": "old-files-dead"},
    )["consumer_id"]

    def names() -> set[str]:
        return {each["queue_name"] for each in outside.call("GET", "/queues")}

    assert "--kind r2 --jurisdiction default or --kind queue" in stack.run("destroy-data", "old-files", exit_code=2)[1]
    _, errors = stack.run("destroy-data", "old-files", "--kind", "queue", exit_code=2)
    assert "queue old-files is used by its consumer http_pull" in errors
    _, errors = stack.run("destroy-data", "old-files-dead", "--yes-destroy", exit_code=2)
    assert "queue old-files-dead is used by the dead letters of queue old-files" in errors
    outside.call("DELETE", f"/queues/{ids['old-files']}/consumers/{consumer}")

    done, _ = stack.run("destroy-data", "old-files", "--kind", "queue")
    assert (done["kind"], done["items"], done["destroyed"]) == ("queue", 0, True)
    shown, errors = stack.run("destroy-data", "old-files-dead", exit_code=2)
    assert (shown["items"], shown["unit"], shown["bytes"], shown["destroyed"]) == (1, "messages", 7, False)
    assert "queue old-files-dead holds 1 messages in 7 bytes, which would be deleted for ever" in errors
    _, errors = stack.run("destroy-data", "old-files-dead", "--yes-destroy", "--backup", "dead", exit_code=2)
    assert "cannot be backed up" in errors
    assert names() == {"old-files-dead"}

    assert stack.run("destroy-data", "old-files-dead", "--yes-destroy")[0]["destroyed"]
    assert names() == set()
    assert left(cloudflare_api) == set(AMOUNTS)


def test_a_name_that_nothing_has_is_an_error_with_the_nearest(stack: DataStack) -> None:
    assert "the nearest names: OLD" in stack.run("destroy-data", "OLDE", exit_code=2)[1]


def test_it_goes_on_after_an_interruption(stack: DataStack, cloudflare_api: LocalCloudflare) -> None:
    fault = {"method": "DELETE", "path": "*/old-files/a/2", "effect": "status", "status": 500}
    cloudflare_api.local("PUT", "/faults", {"faults": [fault]})
    stack.run("destroy-data", "old-files", "--yes-destroy", exit_code=1)
    assert "old-files" in left(cloudflare_api)
    cloudflare_api.local("DELETE", "/faults")

    assert stack.run("destroy-data", "old-files", "--yes-destroy")[0]["items"] == 1
    assert "old-files" not in left(cloudflare_api)
