"""An update killed at any moment: the next `make up` ends well, with nothing twice and no data lost.

`KILL_MOMENTS` (default 2) is how many random moments are tried, `KILL_SEED` makes a run repeatable.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml

from tests.support.checkout import Checkout
from tests.support.manifests import WELCOMER

MOMENTS = int(os.environ.get("KILL_MOMENTS", "2"))
SEED = int(os.environ.get("KILL_SEED", str(random.randrange(10**6))))  # noqa: S311 - moments, not secrets
CURL = 'curl -sf -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" $CLOUDFLARE_BASE_URL/accounts/$CLOUDFLARE_ACCOUNT_ID'
INVENTORY = f"""
echo "["; {CURL}/storage/kv/namespaces; echo ","; {CURL}/r2/buckets; echo ","; {CURL}/d1/database; echo ","
{CURL}/workers/scripts; echo ","; {CURL}/queues; echo "]"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout.create(tmp_path_factory.mktemp("killed") / "project")
    try:
        yield checkout
    finally:
        checkout.make("destroy")


@pytest.fixture(scope="module")
def update_s(stack: Checkout) -> float:
    """How long a whole `pulumi up` of the shipped manifest takes here, in seconds."""
    process = stack.start("make", "up")
    begun = wait_for_update(process.stdout)
    process.communicate(timeout=240)
    assert process.returncode == 0
    return time.monotonic() - begun


def wait_for_update(output: Iterator[str] | None) -> float:
    """Read until Pulumi has begun; the moment."""
    assert output
    for line in output:
        if line.startswith("Updating"):
            return time.monotonic()
    raise AssertionError("make up ended before its update began")


def kill_after(stack: Checkout, delay: float, how: signal.Signals = signal.SIGKILL) -> None:
    """Begin `make up`, and kill it with everything that it has started `delay` seconds into the update."""
    process = stack.start("make", "up")
    begun = wait_for_update(process.stdout)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=max(0.0, begun + delay - time.monotonic()))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    process.communicate(timeout=60)


def inventory(stack: Checkout) -> dict[str, list[str]]:
    """The names of everything in the account, sorted."""
    kv, r2, d1, workers, queues = (answer["result"] for answer in json.loads(stack.shell(INVENTORY)))
    return {
        "kv": sorted(each["title"] for each in kv),
        "r2": sorted(each["name"] for each in r2["buckets"]),
        "d1": sorted(each["name"] for each in d1),
        "workers": sorted(each["id"] for each in workers),
        "queues": sorted(f"{each['queue_name']} {len(each['consumers'])}" for each in queues),
    }


@pytest.mark.timeout(1200)
def test_the_next_up_ends_well(stack: Checkout, update_s: float) -> None:
    moments = random.Random(SEED)  # noqa: S311
    text = stack.manifest.read_text()
    expected = inventory(stack)
    for number in range(MOMENTS):
        delay = moments.uniform(0, update_s)
        where = f"seed {SEED}, kill {number}, {delay:.2f} s of {update_s:.2f} s"
        stack.make("destroy")
        kill_after(stack, delay)
        output = stack.make("up")
        assert inventory(stack) == expected, f"{where}\n{output}"
        stack.shell("pulumi preview -s local --refresh --expect-no-changes")
    assert stack.manifest.read_text() == text


def test_an_interrupted_update_ends_what_is_under_way_and_leaves_nothing_half_done(
    stack: Checkout, update_s: float
) -> None:
    stack.make("destroy")
    kill_after(stack, update_s * 0.9, signal.SIGINT)
    state = json.loads(stack.shell("pulumi stack export"))["deployment"]
    assert not state.get("pending_operations")
    assert "earlier update" not in stack.make("up")
    stack.shell("pulumi preview -s local --refresh --expect-no-changes")


def test_creations_that_were_under_way_and_did_happen_are_taken_up_with_their_data(stack: Checkout) -> None:
    text = stack.manifest.read_text()
    manifest = yaml.safe_load(text)
    manifest["autopilots"][0]["needs"]["r2Buckets"].append({"name": "efh-eu", "jurisdiction": "eu"})
    stack.manifest.write_text(yaml.safe_dump(manifest))
    stack.make("up")
    file = next((stack.folder / ".local" / "state" / ".pulumi" / "stacks").glob("*/local.json"))
    checkpoint = json.loads(file.read_text())
    state = checkpoint["checkpoint"]["latest"]
    kinds = ("workersKvNamespace", "d1Database", "queue:Queue")
    created = [next(each for each in state["resources"] if kind in each["type"]) for kind in kinds]
    created += [each for each in state["resources"] if each.get("inputs", {}).get("jurisdiction") == "eu"]
    # As it was while these were being created: no Worker and no consumer yet, and the creations begun but not recorded.
    (consumer,) = (each["outputs"] for each in state["resources"] if "queueConsumer" in each["type"])
    stack.shell(f"{CURL}/queues/{consumer['queueId']}/consumers/{consumer['consumerId']} -X DELETE")
    state["resources"] = [
        each
        for each in state["resources"]
        if "WorkerService" not in each["urn"] and "queueConsumer" not in each["type"] and each not in created
    ]
    begin(state, created)
    file.write_text(json.dumps(checkpoint))

    output = stack.make("up")
    assert "Already in the account" not in output  # found at once, each in its jurisdiction
    after = json.loads(stack.shell("pulumi stack export"))["deployment"]
    for each in created:
        assert f"exists, taken over: {each['id']}" in output
        assert [one["id"] for one in after["resources"] if one["urn"] == each["urn"]] == [each["id"]]
    assert not after.get("pending_operations")
    stack.shell("pulumi preview -s local --refresh --expect-no-changes")
    stack.manifest.write_text(text)
    stack.make("up")


def test_a_consumer_that_was_under_way_is_taken_up(stack: Checkout) -> None:
    stack.make("up")
    file = next((stack.folder / ".local" / "state" / ".pulumi" / "stacks").glob("*/local.json"))
    checkpoint = json.loads(file.read_text())
    state = checkpoint["checkpoint"]["latest"]
    (consumer,) = (each for each in state["resources"] if "queueConsumer" in each["type"])
    state["resources"].remove(consumer)
    begin(state, [consumer])
    file.write_text(json.dumps(checkpoint))

    output = stack.make("up")

    assert f"exists, taken over: {consumer['outputs']['consumerId']}" in output
    stack.shell("pulumi preview -s local --refresh --expect-no-changes")


def begin(state: dict[str, Any], created: Sequence[dict[str, Any]]) -> None:
    """As it is while these are being created."""
    begun = [{key: each[key] for key in each.keys() - {"id", "outputs", "created", "modified"}} for each in created]
    state["pending_operations"] = [{"resource": each, "type": "creating"} for each in begun]


def rows(answer: str) -> list[dict[str, Any]]:
    """What a query of a database answered, as the API tells it."""
    found: list[dict[str, Any]] = json.loads(answer)["result"][0]["results"]
    return found


@pytest.mark.timeout(1200)
def test_data_survives_kills_of_an_update_that_changes_what_is_bound(stack: Checkout, update_s: float) -> None:
    moments = random.Random(SEED + 1)  # noqa: S311
    text = stack.manifest.read_text()
    manifest = yaml.safe_load(text)
    manifest["autopilots"].append(WELCOMER)
    manifest["tasks"]["welcome"] = {"capability": "guest.welcome"}
    stack.make("up")
    lead = """curl -sf -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" --json '{"task": "create_lead",
      "meta": {"email": "ada@example.com", "name": "Ada"}}' $ORCHESTRATOR_URL/autopilot/plan"""
    stack.shell(lead)
    query = json.dumps({"sql": "SELECT * FROM leads"})
    leads = f"""for id in $({CURL}/d1/database | python -c '
import json, sys; print(*[each["uuid"] for each in json.load(sys.stdin)["result"] if each["name"] == "efh-crm"])')
      do {CURL}/d1/database/$id/query --json '{query}'; done"""
    before = rows(stack.shell(leads))
    assert [row["email"] for row in before] == ["ada@example.com"]
    try:
        for number in range(MOMENTS):
            stack.manifest.write_text(yaml.safe_dump(manifest) if number % 2 == 0 else text)
            kill_after(stack, moments.uniform(0, update_s / 2))
            stack.make("up")
            assert rows(stack.shell(leads)) == before, f"seed {SEED}, kill {number}"
            stack.shell("pulumi preview -s local --refresh --expect-no-changes")
            if number % 2 == 1:
                break
    finally:
        stack.manifest.write_text(text)
