"""Queues that follow from the file, with the real Pulumi: no diff, drift, heal, adopt, out of the file and back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.stack.test_adopt import adopt, forget
from tests.support.account_snapshot import AccountSnapshot
from tests.support.drift_kind import DriftKind
from tests.support.drift_stack import MANIFEST, ROUTER
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.queue_drift_kinds import QUEUE_KINDS

LATER = {**copy.deepcopy(MANIFEST), "tasks": {"keep": {"capability": "file.keep", "async": True}}}
BY_NAME = {kind.name: kind for kind in QUEUE_KINDS}


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    healed = HealedStack(tmp_path_factory.mktemp("queues"), cloudflare_server)
    healed.project.write(LATER)
    healed.project.project.up()
    return healed


@pytest.fixture(scope="module")
def snapshot(stack: HealedStack, tmp_path_factory: pytest.TempPathFactory) -> AccountSnapshot:
    return AccountSnapshot(stack.server, tmp_path_factory.mktemp("snapshot"))


@pytest.fixture
def undone(stack: HealedStack, snapshot: AccountSnapshot) -> Iterator[HealedStack]:
    """The stack; what a test does to the account, and to nothing else, is undone."""
    yield stack
    snapshot.restore()


def queues(stack: HealedStack) -> dict[str, dict[str, Any]]:
    return {each["queue_name"]: each for each in stack.outside.call("GET", "/queues")}


def test_they_are_made_with_their_consumer_and_a_preview_is_empty(stack: HealedStack) -> None:
    found = queues(stack)

    assert found.keys() == {"efh-tasks", "efh-tasks-dead"}
    (consumer,) = found["efh-tasks"]["consumers"]
    assert (consumer["script"], consumer["dead_letter_queue"]) == (ROUTER, "efh-tasks-dead")
    assert [each["script"] for each in found["efh-tasks"]["producers"]] == [ROUTER]
    stack.assert_clean()


@pytest.mark.parametrize("kind", QUEUE_KINDS, ids=lambda kind: kind.name)
def test_what_was_changed_outside_is_found_and_nothing_else(undone: HealedStack, kind: DriftKind) -> None:
    kind.does(undone.outside)

    drift = undone.drift()

    found = sorted(
        (each.change, each.kind, each.name, tuple(one.path for one in each.differences)) for each in drift.findings
    )
    assert found == sorted(kind.finds)
    assert drift.lost == ()


@pytest.mark.parametrize(
    "names",
    [
        ("queue deleted", "dead letters' queue deleted"),
        ("delivery paused", "consumer's settings changed", "messages given to another Worker"),
        ("consumer removed", "delivery delayed"),
    ],
    ids=", ".join,
)
def test_it_is_healed(stack: HealedStack, names: tuple[str, ...]) -> None:
    for name in names:
        BY_NAME[name].does(stack.outside)

    healing, _ = stack.heal()

    assert healing["status"] == "healed"
    stack.assert_clean()
    (consumer,) = queues(stack)["efh-tasks"]["consumers"]
    assert (consumer["script"], consumer["dead_letter_queue"]) == (ROUTER, "efh-tasks-dead")


def test_what_is_there_already_is_adopted(stack: HealedStack) -> None:
    before = {name: each["queue_id"] for name, each in queues(stack).items()}
    forget(stack)

    adopt(stack, "--yes")

    assert {name: each["queue_id"] for name, each in queues(stack).items()} == before
    stack.assert_clean()


def test_out_of_the_file_they_stay_with_their_messages_and_back_in_it_they_are_taken_over(stack: HealedStack) -> None:
    dead = queues(stack)["efh-tasks-dead"]["queue_id"]
    stack.outside.call("POST", f"/queues/{dead}/messages", json={"body": {"run": "run_1"}, "content_type": "json"})
    stack.project.write(MANIFEST)
    stack.project.project.up()
    assert queues(stack).keys() == {"efh-tasks", "efh-tasks-dead"}
    stack.assert_clean()

    assert destroy_data(stack, "efh-tasks")["destroyed"], "nothing waits in it"
    refused = destroy_data(stack, "efh-tasks-dead", exit_code=2)
    assert (refused["items"], refused["destroyed"]) == (1, False)

    stack.project.write(LATER)
    assert "adopt -s" in stack.project.project.up(exit_code=1)
    adopt(stack, "--yes")
    stack.project.project.up()

    assert queues(stack)["efh-tasks-dead"]["queue_id"] == dead
    assert queues(stack).keys() == {"efh-tasks", "efh-tasks-dead"}
    assert stack.outside.call("GET", f"/queues/{dead}/metrics")["backlog_count"] == 1
    stack.assert_clean()


def destroy_data(stack: HealedStack, name: str, *, exit_code: int = 0) -> dict[str, Any]:
    process = stack.start(name, "--json", command="destroy-data")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == exit_code, errors
    document: dict[str, Any] = json.loads(output)
    return document
