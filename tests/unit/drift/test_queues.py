"""Queues and consumers, compared, and what a heal tells the state of them."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.drift.live import Live, LiveQueue
from orchestrator.drift.queues import compare_queues
from orchestrator.heal.truth import tell_truth
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.stack.state import State, StateResource

DESIRED = derive(
    parse(
        """
orchestrator: {worker: router}
autopilots: [{name: clerk, endpoint: "https://clerk.example.com/", capabilities: [crm.lead.create]}]
tasks: {create_lead: {capability: crm.lead.create, async: true}}
"""
    )
)
SETTINGS = {"delivery_delay": 0, "delivery_paused": False, "message_retention_period": 86_400}
CONSUMER: dict[str, Any] = {
    "consumer_id": "c1",
    "type": "worker",
    "script": "router",
    "dead_letter_queue": "efh-tasks-dead",
    "settings": {
        "batch_size": 10,
        "max_concurrency": None,
        "max_retries": 100,
        "max_wait_time_ms": 1000,
        "retry_delay": 10,
    },
}
DEAD = LiveQueue(id="q2", name="efh-tasks-dead", settings=SETTINGS)


def known(kind: Kind, key: str, **outputs: Any) -> StateResource:
    return StateResource(urn=f"urn:{key}", kind=kind, name=key, id="", inputs={}, outputs=outputs)


STATE = State(
    resources=(
        known(Kind.QUEUE, "efh-tasks", queueId="q1"),
        known(Kind.QUEUE, "efh-tasks-dead", queueId="q2"),
        known(Kind.CONSUMER, "efh-tasks", consumerId="c1"),
    )
)


def tasks(
    name: str = "efh-tasks", id: str = "q1", consumer: dict[str, Any] | None = CONSUMER, **settings: Any
) -> LiveQueue:
    return LiveQueue(id=id, name=name, settings={**SETTINGS, **settings}, consumer=consumer)


def found(*queues: LiveQueue, state: State = STATE, desired: Desired = DESIRED) -> list[tuple[str, str, list[str]]]:
    return [
        (each.change, each.kind, [difference.path for difference in each.differences])
        for each in compare_queues(desired, state, Live(queues=queues))
    ]


def test_what_is_as_declared_is_no_drift() -> None:
    assert found(tasks(), DEAD) == []


CHANGED: dict[str, tuple[LiveQueue, tuple[str, str, list[str]]]] = {
    "paused": (tasks(delivery_paused=True), ("changed", "queue", ["settings.delivery_paused"])),
    "delayed": (tasks(delivery_delay=9), ("changed", "queue", ["settings.delivery_delay"])),
    "renamed": (tasks(name="efh-other"), ("changed", "queue", ["name"])),
    "without its consumer": (tasks(consumer=None), ("missing", "queueConsumer", [])),
    "with another Worker": (tasks(consumer={**CONSUMER, "script": "x"}), ("changed", "queueConsumer", ["script_name"])),
    "without dead letters": (
        tasks(consumer={**CONSUMER, "dead_letter_queue": ""}),
        ("changed", "queueConsumer", ["dead_letter_queue"]),
    ),
    "with other settings": (
        tasks(consumer={**CONSUMER, "settings": {**CONSUMER["settings"], "max_retries": 1}}),
        ("changed", "queueConsumer", ["settings.max_retries"]),
    ),
    "with another consumer of the same kind": (
        tasks(consumer={**CONSUMER, "consumer_id": "c2"}),
        ("changed", "queueConsumer", ["id"]),
    ),
}


@pytest.mark.parametrize(("live", "finding"), CHANGED.values(), ids=CHANGED)
def test_what_differs_is_found(live: LiveQueue, finding: tuple[str, str, list[str]]) -> None:
    assert found(live, DEAD) == [finding]


def test_a_queue_that_is_gone_is_missing_and_no_data_is_lost() -> None:
    (finding,) = compare_queues(DESIRED, STATE, Live(queues=(tasks(),)))

    assert (finding.change, finding.name, finding.lost) == ("missing", "efh-tasks-dead", False)


def test_queues_that_left_the_file_and_those_of_nobody_are_told_apart() -> None:
    without = derive(
        parse(
            """
orchestrator: {worker: router}
autopilots: [{name: clerk, endpoint: "https://clerk.example.com/", capabilities: [crm.lead.create]}]
"""
        )
    )
    other = LiveQueue(id="q9", name="orders")

    assert sorted(found(tasks(), DEAD, other, desired=without)) == [
        ("left-behind", "queue", []),
        ("left-behind", "queue", []),
        ("undeclared", "queue", []),
    ]


def test_what_is_not_the_stacks_is_said() -> None:
    assert found(tasks(), DEAD, state=State()) == [
        ("changed", "queue", ["state"]),
        ("changed", "queueConsumer", ["state"]),
        ("changed", "queue", ["state"]),
    ]


def test_a_heal_tells_the_state_what_a_refresh_does_not_see() -> None:
    live = tasks(
        name="efh-other",
        consumer={**CONSUMER, "consumer_id": "c2", "script": "x", "dead_letter_queue": ""},
    )
    exported = {
        "deployment": {
            "resources": [
                {
                    "urn": f"urn:pulumi:local::project::{kind.pulumi_type}::efh-tasks",
                    "type": kind.pulumi_type,
                    "outputs": outputs,
                }
                for kind, outputs in (
                    (Kind.QUEUE, {"queueName": "efh-tasks", "queueId": "q1"}),
                    (Kind.CONSUMER, {"consumerId": "c1", "scriptName": "router", "deadLetterQueue": "efh-tasks-dead"}),
                )
            ]
        }
    }

    told = tell_truth(exported, compare_queues(DESIRED, STATE, Live(queues=(live, DEAD))), {})

    assert [each["outputs"] for each in told["deployment"]["resources"]] == [
        {"queueName": "efh-other", "queueId": "q1"},
        {"consumerId": "c2", "scriptName": "x", "deadLetterQueue": None},
    ]
