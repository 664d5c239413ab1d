"""What the account already has: `pulumi up` stops before it, and `adopt` takes it over with its data.

On a stack that is really up, whose state is then made to know less than the account has.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.stack.state import MARK_TYPE
from tests.support.drift_stack import KEEPER, KEEPER_CRON, MANIFEST, ROUTER, STACK
from tests.support.eventually import eventually
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import PlantedData

ADOPT = f"python -m orchestrator adopt -s {STACK}"
NOTHING = ("existing", "elsewhere", "replaced", "theirs", "refused", "update")
THEIRS = "export default { fetch: () => new Response('theirs') }\n"


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("adopt"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    """The clean stack; what a test does to its account and its state is undone."""
    yield brought_up
    brought_up.restore()
    brought_up.project.write(MANIFEST)


def adopt(stack: HealedStack, *arguments: str, exit_code: int = 0) -> tuple[dict[str, Any], str]:
    """Run `adopt --json` to its end: its document, and what it said meanwhile."""
    process = stack.start("--json", *arguments, command="adopt")
    output, errors = process.communicate(timeout=240)
    assert process.returncode == exit_code, f"exit {process.returncode}\n{output}\n{errors}"
    return json.loads(output or "{}"), errors


def forget(stack: HealedStack, forgotten: Callable[[dict[str, Any]], bool] = lambda _: True) -> None:
    """Make the state lose what `forgotten` says, all of it if nothing is said, and not the platform's mark."""
    kept = ("pulumi:pulumi:Stack", MARK_TYPE)
    exported = stack.export()
    deployment = exported["deployment"]
    resources = deployment.get("resources", ())
    deployment["resources"] = [each for each in resources if each["type"] in kept or not forgotten(each)]
    file = stack.project.root / "state.json"
    file.write_text(json.dumps(exported))
    stack.project.project.run("stack", "import", "--file", str(file))


def upload_theirs(stack: HealedStack) -> None:
    """Somebody deploys a Worker of their own under the keeper's name."""
    stack.outside.upload(KEEPER, THEIRS, bindings=[{"name": "LEVEL", "type": "plain_text", "text": "high"}])


def content(stack: HealedStack) -> str:
    return stack.server.call("GET", f"/workers/scripts/{KEEPER}/content/v2").text


def is_unknown(resource: dict[str, Any]) -> bool:
    """What `forget` takes of the state where only the keeper is meant: it, and the router, which is bound to it."""
    return "WorkerService" in resource["urn"] and resource["urn"].rpartition("::")[2] in (KEEPER, ROUTER)


def test_an_update_with_a_fresh_state_stops_and_says_what_takes_the_things_over(stack: HealedStack) -> None:
    forget(stack)
    before = stack.names()

    for output in (stack.project.project.run("preview", exit_code=1), stack.project.project.up(exit_code=1)):
        unknown = f"exists in the account and is not in the state of the stack {STACK}"
        # Pulumi begins nothing more after a failure, so how many of them it comes to is a matter of moments.
        things = ("KV namespace NOTES", "R2 bucket efh-archive", f"D1 database {ROUTER}")
        assert any(f"the {thing} {unknown}" in output for thing in things), output
        assert f"{ADOPT} takes it over, with its data" in output
    assert stack.names() == before


def test_a_worker_that_is_not_ours_is_neither_overwritten_nor_taken_over(stack: HealedStack) -> None:
    forget(stack, is_unknown)
    upload_theirs(stack)

    stopped = stack.project.project.up(exit_code=1)
    shown, _ = adopt(stack, "--dry-run")
    refused, errors = adopt(stack, "--yes", exit_code=2)

    assert f"{ADOPT} --overwrite {KEEPER} takes it over" in stopped
    assert shown["refused"] == refused["refused"] == [KEEPER]
    assert not refused["adopted"]
    workers = {each["name"]: each for each in shown["existing"] if each["kind"] == "worker"}
    assert {name: worker["ours"] for name, worker in workers.items()} == {KEEPER: False, ROUTER: True}
    worker = workers[KEEPER]
    assert {"content", "bindings.NOTES"} <= {each["path"] for each in worker["differences"]}
    assert f"--overwrite {KEEPER}" in errors
    assert "theirs" in content(stack)
    assert KEEPER in shown["settings"]
    assert refused["settings"] == {}
    file = stack.project.root / "autopilots.yaml"
    assert yaml.safe_load(file.read_text()) == MANIFEST
    assert shown["loses"] == {KEEPER: {"LEVEL": "plain_text"}}
    assert "high" not in str(shown)
    said = file.read_text()
    without = deepcopy(MANIFEST)
    del without["autopilots"][0]["needs"]["workers"][0]["vars"]
    file.write_text(yaml.safe_dump(without))
    try:
        asked, _ = adopt(stack, "--dry-run", "--vars")
    finally:
        file.write_text(said)
    assert asked["settings"][KEEPER]["vars"] == {"LEVEL": "high"}


def test_everything_is_taken_over_with_its_data_also_after_a_kill(stack: HealedStack) -> None:
    planted = PlantedData(stack.server, without=())
    ids = {each["urn"]: each.get("id") for each in stack.export()["deployment"]["resources"] if is_data(each)}
    file = stack.project.root / "autopilots.yaml"
    file.write_text(f"# ours\n{file.read_text()}")
    forget(stack)
    upload_theirs(stack)
    stack.outside.subdomain(KEEPER, enabled=True, previews_enabled=False)
    stack.outside.settings(KEEPER, placement={"mode": "smart"})
    stack.outside.crons(KEEPER, "0 7 * * *")

    process = stack.start("--yes", "--overwrite", KEEPER, command="adopt")
    wait_until(lambda: is_imported(stack), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    # The kill may have come before the keeper's turn.
    done, _ = adopt(stack, "--yes", *([] if knows_keeper(stack) else ["--overwrite", KEEPER]))

    assert done["adopted"]
    resources = stack.export()["deployment"]["resources"]
    assert {each["urn"]: each.get("id") for each in resources if is_data(each)} == ids
    assert not any(each.get("protect") for each in resources)
    assert all(each.get("retainOnDelete") for each in resources if is_data(each))
    assert "theirs" not in content(stack)
    schedules = stack.server.call("GET", f"/workers/scripts/{KEEPER}/schedules").json()["result"]["schedules"]
    assert [each["cron"] for each in schedules] == [KEEPER_CRON], "what the file says goes before what was there"
    assert file.read_text().startswith("# ours\n")
    (worker,) = yaml.safe_load(file.read_text())["autopilots"][0]["needs"]["workers"]
    assert (worker["public"], worker["placement"], worker["crons"]) == (True, "smart", [KEEPER_CRON])
    live = stack.server.call("GET", f"/workers/scripts/{KEEPER}/settings").json()["result"]
    assert live["placement"]["mode"] == "smart"
    assert stack.server.call("GET", f"/workers/scripts/{KEEPER}/subdomain").json()["result"]["enabled"]
    stack.assert_clean()
    planted.assert_unchanged()
    nothing: dict[str, Any] = {key: [] for key in NOTHING}
    assert adopt(stack, "--yes")[0] | {"update": []} == {
        "stack": STACK,
        **nothing,
        "settings": {},
        "loses": {},
        "adopted": False,
    }


def test_an_import_that_was_killed_in_the_middle_is_done_again(stack: HealedStack) -> None:
    resources = {each["urn"]: each for each in stack.export()["deployment"]["resources"] if is_unknown(each)}
    forget(stack, is_unknown)
    file = checkpoint(stack)
    written = json.loads(file.read_text())
    begun = [{key: value for key, value in each.items() if key != "outputs"} for each in resources.values()]
    written["checkpoint"]["latest"]["pending_operations"] = [
        {"resource": each, "type": "importing"} for each in begun if each["custom"]
    ]
    file.write_text(json.dumps(written))

    done, errors = adopt(stack, "--yes")

    assert done["adopted"]
    assert "importing Worker " in errors
    stack.assert_clean()


def test_a_creation_whose_answer_was_lost_is_taken_over(stack: HealedStack) -> None:
    manifest = json.loads(json.dumps(MANIFEST))
    manifest["autopilots"][0]["needs"]["kvNamespaces"].append("LETTERS")
    stack.project.write(manifest)
    rule = {"method": "POST", "path": "*/storage/kv/namespaces", "effect": "reset", "when": "after", "times": 1}
    stack.server.local("PUT", "/faults", {"faults": [rule]})

    stack.project.project.up(exit_code=1)
    refused = stack.project.project.up(exit_code=1)
    done, _ = adopt(stack, "--yes")

    assert "the KV namespace LETTERS exists in the account" in refused
    assert [each["name"] for each in done["existing"]] == ["LETTERS"]
    titles = [each["title"] for each in stack.server.local("GET", "/state")["kv"]]
    assert titles.count("LETTERS") == 1
    stack.assert_clean()


def test_a_worker_with_the_marks_of_the_stack_is_put_again(stack: HealedStack) -> None:
    """An upload that had its effect and was not recorded: nothing has to be taken over."""
    forget(stack, is_unknown)

    stack.project.project.up()

    stack.assert_clean()


def is_data(resource: dict[str, Any]) -> bool:
    return "autopilot:infra:Storage$" in resource["urn"]


def knows_keeper(stack: HealedStack) -> bool:
    urns = [each["urn"] for each in stack.export()["deployment"]["resources"]]
    return any(urn.endswith(f":WorkersScript::{KEEPER}") for urn in urns)


def checkpoint(stack: HealedStack) -> Path:
    return next((stack.project.root / ".state" / ".pulumi" / "stacks").glob(f"*/{STACK}.json"))


def is_imported(stack: HealedStack) -> bool:
    """Whether the import is recorded; the update that follows lifts the protection again."""
    try:
        latest = json.loads(checkpoint(stack).read_text())["checkpoint"]["latest"]
    except ValueError:  # being written
        return False
    return any(each.get("protect") for each in (latest or {}).get("resources") or ())


def wait_until(done: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    def look() -> bool:
        assert process.poll() is None, process.communicate()
        return done()

    eventually(look, "the import is recorded", 120)
