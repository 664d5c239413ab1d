"""`async:` of a task and `schedules:`: what they may say, what follows from them, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.desired.derive import derive
from orchestrator.desired.resources import QueueBinding
from orchestrator.errors import ManifestError
from orchestrator.limits import usage
from orchestrator.limits.plans import QUEUE_OPERATIONS
from orchestrator.manifest import Manifest, load, parse
from orchestrator.routing.table import AsyncRule, RoutingTable


def manifest(later: Any = None, *, schedules_tasks: bool = False, **schedules: dict[str, Any]) -> Manifest:
    capabilities = ["crm.lead.create", *(["task.schedule"] if schedules_tasks else [])]
    clerk = {"name": "clerk", "content": "export default {}"}
    task = {"capability": "crm.lead.create", **({} if later is None else {"async": later})}
    document = {
        "orchestrator": {"worker": "router"},
        "autopilots": [
            {"name": "clerk", "worker": "clerk", "capabilities": capabilities, "needs": {"workers": [clerk]}}
        ],
        "tasks": {"create_lead": task},
        **({"schedules": schedules} if schedules else {}),
    }
    return parse(yaml.safe_dump(document))


DAILY = {"task": "create_lead", "every": "0 6 * * *"}


def test_no_queue_without_a_task_that_is_done_later() -> None:
    for later in (None, False):
        desired = derive(manifest(later))

        assert desired.queues == ()
        assert not any(isinstance(each, QueueBinding) for worker in desired.workers for each in worker.bindings)


@pytest.mark.parametrize(
    ("made", "is_producer"),
    [
        (manifest(True), False),
        (manifest({}), False),
        (manifest(None, daily=DAILY), False),
        (manifest(schedules_tasks=True), True),
    ],
    ids=["true", "{}", "daily", "task.schedule"],
)
def test_the_queues_follow_with_their_consumer_and_producers(made: Manifest, is_producer: bool) -> None:
    desired = derive(made, name_prefix="pr-7-")

    tasks, dead = desired.queues
    assert (tasks.key, tasks.name, dead.key, dead.name) == (
        *("efh-tasks", "pr-7-efh-tasks"),
        *("efh-tasks-dead", "pr-7-efh-tasks-dead"),
    )
    assert tasks.consumer
    assert (tasks.consumer.worker, tasks.consumer.dead_letters, dead.consumer) == ("router", "efh-tasks-dead", None)
    bound = {
        worker.key: {each.name: each.queue for each in worker.bindings if isinstance(each, QueueBinding)}
        for worker in desired.workers
    }
    assert bound == {
        "router": {"TASK_QUEUE": "efh-tasks", "DEAD_LETTER_QUEUE": "efh-tasks-dead"},
        "clerk": {"TASK_QUEUE": "efh-tasks"} if is_producer else {},
    }


def test_how_a_task_is_done_later_is_in_the_routing_table() -> None:
    callback = "https://hooks.example.com/"
    settings = {"retries": 1, "backoff": 60, "maxConcurrency": 2, "callback": callback}
    routes = derive(manifest(settings, daily={**DAILY, "timezone": "Europe/Berlin", "meta": {"of": "day"}})).routes

    assert routes.tasks["create_lead"].later == AsyncRule(
        retries=1, backoff_ms=60_000, max_concurrency=2, callback=callback
    )
    assert routes.schedules["daily"].to_object() == {
        **DAILY,
        "timezone": "Europe/Berlin",
        "meta": {"of": "day"},
    }
    assert RoutingTable.from_json(routes.to_json()) == routes


def test_schedules_are_counted_against_the_plan() -> None:
    hourly = {"task": "create_lead", "every": "0 * * * *"}
    (use,) = (
        each
        for each in usage(derive(manifest(True, daily=DAILY, hourly=hourly)), plan="free")
        if each.limit is QUEUE_OPERATIONS
    )

    assert {part.name: part.count for part in use.parts or ()} == {"daily": 3, "hourly": 72}
    assert (use.used, use.most, use.is_refused) == (75, 10_000, False)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"later": "yes please"}, "wrong-type"),
    "a number that is too large": ({"later": {"retries": 101}}, "out-of-range"),
    "an unknown setting": ({"later": {"retry": 3}}, "unknown-key"),
    "a private callback": ({"later": {"callback": "https://127.0.0.1/"}}, "callback-ip-literal"),
    "a task that is none": ({"daily": {**DAILY, "task": "create"}}, "unknown-task"),
    "a range that wraps": ({"daily": {**DAILY, "every": "0 22-2 * * *"}}, "invalid-cron"),
    "days that wrap": ({"daily": {**DAILY, "every": "0 0 * * FRI-MON"}}, "invalid-cron"),
    "days before the last": ({"daily": {**DAILY, "every": "0 0 L-3 * *"}}, "invalid-cron"),
    "no time zone": ({"daily": {**DAILY, "timezone": "Mars/Base"}}, "unknown-timezone"),
}


@pytest.mark.parametrize(("written", "code"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(written: dict[str, Any], code: str) -> None:
    with pytest.raises(ManifestError) as error:
        manifest(**written)

    assert [issue.code for issue in error.value.issues] == [code]


def test_what_a_schedule_gives_its_task_is_held_against_the_catalogue(tmp_path: Path) -> None:
    """Each mistake has its pointer and its line; what does not stand in the file has that of what is around it."""
    file, folder = tmp_path / "autopilots.yaml", tmp_path / "catalog/capabilities"
    folder.mkdir(parents=True)
    schema = "{type: object, required: [of], properties: {of: {type: string}, list: {items: {type: integer}}}}"
    (folder / "reports.send.yaml").write_text(
        f"{{name: reports.send, version: 1.0.0, title: Send, meta: {schema}, result: {{}}}}"
    )
    file.write_text(
        "orchestrator: {worker: router}\n"
        "autopilots: [{name: a, endpoint: 'https://a.example.com/', capabilities: [reports.send, free]}]\n"
        "tasks: {report: {capability: reports.send}, anything: {capability: free}}\n"
        "schedules:\n"
        "  good: {task: report, every: 0 6 * * *, meta: {of: yesterday}}\n"
        "  free: {task: anything, every: 0 6 * * *, meta: {of: 1}}\n"
        "  bare: {task: report, every: 0 6 * * *}\n"
        "  wrong:\n"
        "    task: report\n"
        "    every: 0 6 * * *\n"
        "    meta:\n"
        "      of: 7\n"
        "      list:\n"
        "        - 1\n"
        "        - two\n"
    )

    with pytest.raises(ManifestError) as error:
        load(file)

    issues = [(issue.line, issue.code, issue.message.partition(" not take: ")[2]) for issue in error.value.issues]
    assert issues == [
        (7, "schedule-meta", "/meta/of is required"),
        (12, "schedule-meta", "/meta/of must be a string"),
        (15, "schedule-meta", "/meta/list/1 must be a whole number"),
    ]
    assert error.value.issues[1].hint == "catalog/capabilities/reports.send.yaml says what it takes"
