"""What a refresh sees of changes that were made outside, and what it does not: the official provider's blind spots.

The recorded answers of a refresh are given again, one of them changed; the resource is then compared with its program.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from typing import Any

import pytest

from local_cloudflare.provider.raw_state import DELTA
from tests.support.provider_records import replay
from tests.support.provider_records.replay import Answer
from tests.support.provider_stub import ProviderStub, provider_stub

pytestmark = pytest.mark.stand_in

REFRESH = replay.phases()["preview-refresh"]
AGENT, ROUTER = "/workers/scripts/efh-agent", "/workers/scripts/efh-autopilot-orchestrator"
RESOURCES = {
    (resource["type"].rpartition(":")[2], resource["urn"].rpartition("::")[2]): replay.plain(resource)
    for resource in replay.resources()
    if resource["type"].startswith("cloudflare:")
}
KV = f"/namespaces/{RESOURCES['WorkersKvNamespace', 'registry']['id']}"
D1 = f"/d1/database/{RESOURCES['D1Database', 'journal']['id']}"
PAGES, PRIVATE = "/r2/buckets/efh-pages", "/r2/buckets/efh-private"
QUEUE = f"/queues/{RESOURCES['Queue', 'tasks']['id']}"
CONSUMER_ID = RESOURCES["QueueConsumer", "tasks"]["outputs"]["consumerId"]
CONSUMER = f"{QUEUE}/consumers/{CONSUMER_ID}"


@pytest.fixture(scope="module")
def recorded() -> Iterator[replay.Replay]:
    with replay.replay() as server:
        yield server


@pytest.fixture(scope="module")
def provider(recorded: replay.Replay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderStub]:
    project = tmp_path_factory.mktemp("project")
    replay.write_files(project)
    with chdir(project), provider_stub() as provider:
        provider.configure(baseUrl=recorded.base_url, apiToken="token")
        yield provider


def _refreshed(provider: ProviderStub, kind: str, name: str) -> tuple[Any, dict[str, str]]:
    """What a read finds, and how the program then differs from it."""
    resource = RESOURCES[kind, name]
    found = provider.read(kind, resource["id"], resource["outputs"], resource["inputs"])
    return found, provider.diff(kind, resource["inputs"], found.outputs)


@pytest.mark.parametrize(("kind", "name"), RESOURCES)
def test_without_drift_a_refresh_changes_nothing(
    provider: ProviderStub, recorded: replay.Replay, kind: str, name: str
) -> None:
    recorded.play(REFRESH)

    found, changes = _refreshed(provider, kind, name)

    resource = RESOURCES[kind, name]
    assert changes == {}
    assert found.id == resource["id"]
    # A location that was asked for is answered in Cloudflare's words; that is kept, and is not a change. Nor is what
    # takes messages from a queue.
    location = {"location": "WNAM"} if "location" in resource["inputs"] else {}
    consumers = {"consumers": found.outputs["consumers"]} if (kind, name) == ("Queue", "tasks") else {}
    delta = {DELTA: found.outputs[DELTA]} if consumers else {}
    assert [each["consumerId"] for each in consumers.get("consumers", [])] == ([CONSUMER_ID] if consumers else [])
    assert found.outputs == resource["outputs"] | location | consumers | delta
    assert found.inputs == resource["inputs"] | location


# What is read of which resource: its type, its name in the program, and the end of the path.
TRIGGER = ("WorkersCronTrigger", "router", f"{ROUTER}/schedules")
AGENT_SETTINGS = ("WorkersScript", "agent", f"{AGENT}/settings")
AGENT_CONTENT = ("WorkersScript", "agent", f"{AGENT}/content/v2")
ROUTER_SETTINGS = ("WorkersScript", "router", f"{ROUTER}/settings")
SUBDOMAIN = ("WorkersScriptSubdomain", "router", f"{ROUTER}/subdomain")
NAMESPACE = ("WorkersKvNamespace", "registry", KV)
BUCKET = ("R2Bucket", "pages", PAGES)
LOCATED_BUCKET = ("R2Bucket", "private", PRIVATE)
DATABASE = ("D1Database", "journal", D1)
TASKS = ("Queue", "tasks", QUEUE)
TAKER = ("QueueConsumer", "tasks", CONSUMER)

KV_BINDING, R2_BINDING, AI_BINDING = REFRESH.result(AGENT_SETTINGS[2])["bindings"]
OTHER_KV_BINDING = {**KV_BINDING, "namespace_id": "0" * 32}
TAKER_SETTINGS = REFRESH.result(CONSUMER)["settings"]
ADDED_VARIABLE = {"type": "plain_text", "name": "ADDED", "text": "value"}
ADDED_SECRET = {"type": "secret_text", "name": "ADDED"}
OTHER_MODULE = Answer(200, b"export default {}", (("Content-Type", "application/javascript"),))


def _but(target: tuple[str, str, str], **changed: Any) -> Answer:
    """The recorded answer with other values."""
    return Answer.of({**REFRESH.result(target[2]), **changed})


def _bindings(*bindings: dict[str, Any]) -> Answer:
    return _but(AGENT_SETTINGS, bindings=list(bindings))


UNSEEN: dict[str, tuple[tuple[str, str, str], Answer]] = {
    "cron cleared": (TRIGGER, Answer.of({"schedules": []})),
    "cron added": (TRIGGER, Answer.of({"schedules": [{"cron": "*/15 * * * *"}, {"cron": "0 0 * * *"}]})),
    "binding removed": (AGENT_SETTINGS, _bindings(R2_BINDING, AI_BINDING)),
    "binding re-pointed": (AGENT_SETTINGS, _bindings(OTHER_KV_BINDING, R2_BINDING, AI_BINDING)),
    "secret added": (AGENT_SETTINGS, _bindings(KV_BINDING, R2_BINDING, AI_BINDING, ADDED_SECRET)),
    "storage class": (BUCKET, _but(BUCKET, storage_class="InfrequentAccess")),
    "location": (LOCATED_BUCKET, _but(LOCATED_BUCKET, location="EEUR")),
    "dead letter queue": (TAKER, _but(TAKER, dead_letter_queue="other")),
    "consumer of a queue": (TASKS, _but(TASKS, consumers=[], consumers_total_count=0)),
    "setting that the program leaves out": (TASKS, _but(TASKS, settings={"delivery_delay": 5})),
}
SEEN: dict[str, tuple[tuple[str, str, str], Answer, dict[str, str]]] = {
    "binding added": (
        AGENT_SETTINGS,
        _bindings(KV_BINDING, R2_BINDING, AI_BINDING, ADDED_VARIABLE),
        {"bindings[3]": "DELETE"},
    ),
    "secret removed": (
        ROUTER_SETTINGS,
        _but(ROUTER_SETTINGS, bindings=[]),
        {
            **{f"bindings[4].{key}": "UPDATE" for key in ("name", "text", "type")},
            **{"bindings[5].name": "UPDATE", "bindings[5].text": "ADD", "bindings[5].type": "UPDATE"},
            "bindings[6]": "ADD",
        },
    ),
    "content": (AGENT_CONTENT, OTHER_MODULE, {"contentSha256": "UPDATE"}),
    "compatibility date": (
        AGENT_SETTINGS,
        _but(AGENT_SETTINGS, compatibility_date="2025-01-01"),
        {"compatibilityDate": "UPDATE"},
    ),
    "compatibility flags": (
        ROUTER_SETTINGS,
        _but(ROUTER_SETTINGS, compatibility_flags=[]),
        {"compatibilityFlags": "UPDATE"},
    ),
    "observability": (
        AGENT_SETTINGS,
        _but(AGENT_SETTINGS, observability={"enabled": False}),
        {"observability.enabled": "UPDATE"},
    ),
    "more answered than asked for": (
        AGENT_SETTINGS,
        _but(AGENT_SETTINGS, observability={"enabled": True, "head_sampling_rate": 1}),
        {"observability.headSamplingRate": "DELETE"},
    ),
    "workers.dev": (SUBDOMAIN, _but(SUBDOMAIN, enabled=False), {"enabled": "UPDATE"}),
    "consumer": (
        TAKER,
        _but(TAKER, settings=TAKER_SETTINGS | {"max_retries": 9}),
        {"settings.maxRetries": "UPDATE"},
    ),
    "title": (NAMESPACE, _but(NAMESPACE, title="OTHER"), {"title": "UPDATE"}),
    "read replication": (
        DATABASE,
        _but(DATABASE, read_replication={"mode": "auto"}),
        {"readReplication.mode": "UPDATE"},
    ),
}


@pytest.mark.parametrize(("target", "answer"), UNSEEN.values(), ids=UNSEEN)
def test_a_refresh_does_not_see(
    provider: ProviderStub, recorded: replay.Replay, target: tuple[str, str, str], answer: Answer
) -> None:
    kind, name, path = target
    recorded.play(REFRESH.but(path, answer))

    _, changes = _refreshed(provider, kind, name)

    assert changes == {}


@pytest.mark.parametrize(("target", "answer", "expected"), SEEN.values(), ids=SEEN)
def test_a_refresh_sees(
    provider: ProviderStub,
    recorded: replay.Replay,
    target: tuple[str, str, str],
    answer: Answer,
    expected: dict[str, str],
) -> None:
    kind, name, path = target
    recorded.play(REFRESH.but(path, answer))

    _, changes = _refreshed(provider, kind, name)

    assert changes == expected


def test_read_replication_that_the_program_leaves_out_is_a_change_after_each_refresh(
    provider: ProviderStub, recorded: replay.Replay
) -> None:
    recorded.play(REFRESH)
    resource = RESOURCES["D1Database", "journal"]
    inputs = {name: value for name, value in resource["inputs"].items() if name != "readReplication"}
    created = {name: value for name, value in resource["outputs"].items() if name not in ("readReplication", DELTA)}
    assert provider.diff("D1Database", inputs, created) == {}

    found = provider.read("D1Database", resource["id"], created, inputs)

    assert provider.diff("D1Database", inputs, found.outputs) == {"readReplication": "DELETE"}


def test_the_value_of_a_secret_is_kept_from_the_state(provider: ProviderStub, recorded: replay.Replay) -> None:
    recorded.play(REFRESH)

    found, _ = _refreshed(provider, "WorkersScript", "router")

    assert found.outputs["bindings"][4] == {"name": "API_TOKEN", "type": "secret_text", "text": "s3cret"}


@pytest.mark.parametrize(("kind", "name"), RESOURCES)
def test_what_is_gone_leaves_the_state_with_a_warning(
    provider: ProviderStub, recorded: replay.Replay, kind: str, name: str
) -> None:
    gone = Answer.of([{"code": 10007, "message": "not found"}], status=404)
    recorded.play(replay.Phase("gone", tuple((call, gone) for call, _ in REFRESH.answers)))
    provider.engine.messages.clear()

    resource = RESOURCES[kind, name]
    found = provider.read(kind, resource["id"], resource["outputs"], resource["inputs"])

    assert (found.id, found.outputs) == ("", {})
    assert ["will be removed from state" in message for message in provider.engine.messages] == [True]
