"""Nothing is lost by an edit: what leaves the file stays in the account with its data, and comes back with it.

On one stack that is really up; each test begins with it as it was.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator

import pytest

from orchestrator.stack.preview import changes, words
from tests.support.drift_stack import ARCHIVE, GREETER, KEEPER, LEDGER, MANIFEST, ROUTER, STACK
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import PlantedData

DATA = {("kvNamespace", "NOTES"), ("r2Bucket", "efh-files"), ("r2Bucket", "efh-cold"), ("d1Database", LEDGER)}


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("nothing-lost"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    yield brought_up
    brought_up.restore()
    brought_up.project.write(MANIFEST)


def test_an_autopilot_leaves_the_file_and_comes_back_with_its_data(stack: HealedStack) -> None:
    planted = PlantedData(stack.server, without=())
    without_keeper = copy.deepcopy(MANIFEST)
    without_keeper["autopilots"] = [each for each in MANIFEST["autopilots"] if each["name"] != "keeper"]
    pulumi = stack.project.project

    stack.project.write(without_keeper)
    preview = json.loads(pulumi.run("preview", "--json"))
    assert words(changes(preview)) == [
        f"change Worker {ROUTER}",
        f"remove Worker {KEEPER}",
        "no longer manage KV namespace NOTES: it stays in the account, with its data",
        "no longer manage R2 bucket efh-cold: it stays in the account, with its data",
        "no longer manage R2 bucket efh-files: it stays in the account, with its data",
        "no longer manage D1 database efh-ledger: it stays in the account, with its data",
    ]
    pulumi.up()
    assert stack.names() >= DATA
    assert ("worker", KEEPER) not in stack.names()
    fired = stack.server.call("GET", f"/workers/scripts/{KEEPER}/schedules")
    assert fired.status_code == 404, "a cron of the removed Worker still fires"
    planted.assert_unchanged()

    stack.project.write(MANIFEST)
    stopped = pulumi.up(exit_code=1)
    assert "the KV namespace NOTES exists in the account" in stopped
    adopting = stack.start("--yes", command="adopt")
    output = "".join(adopting.communicate(timeout=240))
    assert adopting.returncode == 0, output
    stack.assert_clean()
    planted.assert_unchanged()


def test_a_cron_that_leaves_the_file_ends(stack: HealedStack) -> None:
    without_cron = copy.deepcopy(MANIFEST)
    without_cron["autopilots"][0]["needs"]["workers"][0]["crons"] = []
    stack.project.write(without_cron)

    stack.project.project.up()

    assert stack.server.call("GET", f"/workers/scripts/{KEEPER}/schedules").json()["result"]["schedules"] == []
    runtime = stack.server.local("GET", "/state")["workers"]
    assert [each["schedules"] for each in runtime if each["id"] == KEEPER] == [[]]


def test_a_destroyed_stack_leaves_the_data_and_drift_tells_before_of_the_addresses_that_go(stack: HealedStack) -> None:
    planted = PlantedData(stack.server, without=())
    stack.outside.call("PUT", "/workers/domains", json={"hostname": "a.example.com", "service": GREETER})
    route = {"pattern": "example.com/greet/*", "script": GREETER}
    stack.outside.call_zone("POST", f"/{stack.outside.zone('example.com')}/workers/routes", json=route)
    drift = "".join(stack.start("--full", command="drift").communicate(timeout=240))
    assert "a.example.com" in drift  # as docs/guide/drift-and-heal.md says, before a destroy takes it along
    assert "route example.com/greet/*" in drift

    output = stack.project.project.run("destroy", "--yes", "--skip-preview")

    for name in ("REGISTRY", "NOTES", ARCHIVE, "efh-files", "efh-cold", "efh-archive", LEDGER, ROUTER):
        assert re.search(rf"(KvNamespace|Bucket|Database) {name} deleted .*\[retain\]", output)
    assert {kind for kind, _ in stack.names()} == {"kvNamespace", "r2Bucket", "d1Database"}
    planted.assert_unchanged()
    assert stack.outside.call("GET", "/workers/domains") == []
    assert f"python -m orchestrator adopt -s {STACK}" in stack.project.project.run("preview", exit_code=1)
