"""Queues that follow from the file, with the real Pulumi: an empty preview, drift, heal, out of the file and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.drift_stack import MANIFEST, ROUTER
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare

LATER = {**copy.deepcopy(MANIFEST), "tasks": {"keep": {"capability": "file.keep", "async": True}}}


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    healed = HealedStack(tmp_path_factory.mktemp("queues"), cloudflare_server)
    healed.project.write(LATER)
    healed.project.project.up()
    return healed


def queues(stack: HealedStack) -> dict[str, dict[str, Any]]:
    return {each["queue_name"]: each for each in stack.outside.call("GET", "/queues")}


def test_they_are_made_with_their_consumer_and_a_preview_is_empty(stack: HealedStack) -> None:
    found = queues(stack)

    assert found.keys() == {"efh-tasks", "efh-tasks-dead"}
    (consumer,) = found["efh-tasks"]["consumers"]
    assert (consumer["script"], consumer["dead_letter_queue"]) == (ROUTER, "efh-tasks-dead")
    assert [each["script"] for each in found["efh-tasks"]["producers"]] == [ROUTER]
    stack.assert_clean()


def test_what_was_changed_outside_is_found_and_healed(stack: HealedStack) -> None:
    tasks = queues(stack)["efh-tasks"]
    path = f"/queues/{tasks['queue_id']}"
    (consumer,) = tasks["consumers"]
    stack.outside.call("PATCH", path, json={"settings": {"delivery_paused": True}})
    changed = {"type": "worker", "script_name": ROUTER, "settings": {"batch_size": 1}}  # and no dead letters
    stack.outside.call("PUT", f"{path}/consumers/{consumer['consumer_id']}", json=changed)
    found = {
        (each.change, each.kind, difference.path) for each in stack.drift().drifted for difference in each.differences
    }
    assert {
        ("changed", "queue", "settings.delivery_paused"),
        ("changed", "queueConsumer", "dead_letter_queue"),
    } <= found

    healing, _ = stack.heal()

    assert healing["status"] == "healed"
    stack.assert_clean()
    assert queues(stack)["efh-tasks"]["settings"]["delivery_paused"] is False


def test_a_consumer_that_was_removed_is_recreated(stack: HealedStack) -> None:
    tasks = queues(stack)["efh-tasks"]
    (consumer,) = tasks["consumers"]
    stack.outside.call("DELETE", f"/queues/{tasks['queue_id']}/consumers/{consumer['consumer_id']}")

    healing, _ = stack.heal()

    assert healing["status"] == "healed"
    assert queues(stack)["efh-tasks"]["consumers"][0]["script"] == ROUTER


def test_out_of_the_file_they_go_and_back_in_it_they_come(stack: HealedStack) -> None:
    stack.project.write(MANIFEST)
    stack.project.project.up()
    assert queues(stack) == {}
    stack.assert_clean()

    stack.project.write(LATER)
    stack.project.project.up()

    assert queues(stack).keys() == {"efh-tasks", "efh-tasks-dead"}
    stack.assert_clean()
