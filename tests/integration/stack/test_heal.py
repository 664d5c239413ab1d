"""`heal` on a stack that is really up: what was done behind Pulumi's back is repaired, and no data is made up.

By default the kinds of drift come several at once. `DRIFT_KINDS=all` tries each by itself, which takes minutes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from orchestrator.kinds import Kind
from tests.support.drift_kind import DriftKind
from tests.support.drift_kinds import KINDS
from tests.support.drift_stack import GREETER, KEEPER, ROUTER, SECRETS
from tests.support.healed_stack import HealedStack, recreating
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import planted_data

EACH = os.environ.get("DRIFT_KINDS") == "all"
BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.fixture(scope="module")
def healed(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("heal"), cloudflare_server)


@pytest.fixture
def stack(healed: HealedStack) -> Iterator[HealedStack]:
    """The clean stack; what a test does to it is undone."""
    yield healed
    healed.restore()


@contextmanager
def drift_by(stack: HealedStack, *kinds: DriftKind) -> Iterator[None]:
    """Data in all that stays, then the drift; at the end the data must be as it was."""
    with planted_data(stack.server, without={name for kind in kinds for name in kind.lost}):
        for kind in kinds:
            kind.does(stack.outside)
        yield


TOGETHER = (
    "Worker deployed from somewhere else",
    "namespace's binding re-pointed",
    "variable made a secret",
    "secret added",
    "service binding re-pointed",
    "database's binding removed",
    "compatibility flags changed",
    "placement changed",
    "workers.dev switched on for a Worker that is only bound",
    "limit set",
    "schedule cleared",
    "schedule changed",
    "bucket's storage class changed",
    "database's read replication switched on",
    "namespace renamed",
    "custom domain attached to another Worker",
    "Worker deleted",
    "Worker added",
    "bucket added",
)
LOST_TOGETHER = (
    "several at once",
    "bound namespace deleted, after its binding",
    "namespace deleted and recreated",
    "bucket deleted and recreated",
    "bound bucket deleted",
    "database deleted",
)


def each_or(together: tuple[str, ...], *, lost: bool) -> list[Any]:
    """Cases: every kind by itself, or some together in one."""
    if EACH:
        return [pytest.param((kind,), id=kind.name) for kind in KINDS if bool(kind.lost) == lost]
    return [pytest.param(tuple(BY_NAME[name] for name in together), id="together")]


@pytest.mark.parametrize("kinds", each_or(TOGETHER, lost=False))
def test_drift_is_repaired_and_data_stays(stack: HealedStack, kinds: tuple[DriftKind, ...]) -> None:
    with drift_by(stack, *kinds):
        undeclared = {finding for finding in stack.drift().findings if finding.change == "undeclared"}

        healing, _ = stack.heal(*(["--full"] if any(kind.full for kind in kinds) else []))

        assert healing["status"] == ("healed" if healing["repaired"] else "clean")
        assert undeclared == set(stack.drift().findings)
        assert not any(secret in json.dumps(stack.export()) for secret in SECRETS.values())
        stack.assert_clean()


@pytest.mark.parametrize("kinds", each_or(LOST_TOGETHER, lost=True))
def test_lost_data_stops_what_depends_on_it_and_nothing_is_made_empty(
    stack: HealedStack, kinds: tuple[DriftKind, ...]
) -> None:
    with drift_by(stack, *kinds):
        names = stack.names()
        previewed = stack.project.project.run("preview")

        healing, said = stack.heal(exit_code=8)

        lost = {name for kind in kinds for name in kind.lost}
        told = re.search("in the state and no longer in the account: (.*). An update", previewed)
        gone = {each["name"] for each in healing["lost"] if not each["instead"]}
        assert gone <= {name for _, name in re.findall(r"(namespace|bucket|database) ([^,]+)", told[1] if told else "")}
        assert {each["name"] for each in healing["lost"]} == lost
        assert all(f" {name} (" in said for name in lost)
        left = stack.drift()
        assert {finding.name for finding in left.lost} == lost
        assert {each.name for each in left.drifted if not each.lost} == {each["name"] for each in healing["held"]}
        made = {(each["kind"], each["name"]) for each in healing["repaired"] if each["change"] == "missing"}
        assert stack.names() == names | {(kind, name) for kind, name in made if kind != "customDomain"}
        settle(stack, healing)


DELTA = "__pulumi_raw_state_delta"


def test_a_state_that_an_older_heal_left_unreadable_is_repaired(stack: HealedStack) -> None:
    """It edited the outputs and left what the provider keeps beside them: nothing of the stack could run any more."""
    for name in ("schedule cleared", "database's binding removed"):
        BY_NAME[name].does(stack.outside)
    exported = stack.export()
    edited = {each["urn"].split("::", 2)[2]: each.get("outputs", {}) for each in exported["deployment"]["resources"]}
    for kind, emptied in (("WorkersCronTrigger", "schedules"), ("WorkersScript", "bindings")):
        (outputs,) = [each for name, each in edited.items() if name.endswith(f":{kind}::{ROUTER}")]
        assert DELTA in outputs
        outputs[emptied] = []
    stack.import_state(exported)
    unreadable = "[pf/tfbridge] Failed to recover raw state for Plugin Framework"
    assert unreadable in stack.project.project.run("preview", exit_code=1)
    assert f"failed to get current raw state: {unreadable}" in stack.project.project.run("refresh", "-y", exit_code=1)

    healing, _ = stack.heal()

    assert healing["status"] == "healed"
    stack.assert_clean()


def settle(stack: HealedStack, healing: dict[str, Any]) -> None:
    """The ways out: what is named begins again empty, nothing else; what somebody made instead is taken over."""
    gone = [each["key"] for each in healing["lost"] if not each["instead"]]
    instead = [each["key"] for each in healing["lost"] if each["instead"]]
    if gone:
        healing, _ = stack.heal(*recreating(gone), exit_code=8 if instead else 0)
        assert sorted(each["key"] for each in healing["recreated"]) == sorted(gone)
        assert sorted(each["key"] for each in healing["lost"]) == sorted(instead)
    if instead:
        adopting = stack.start("--yes", command="adopt")
        output = "".join(adopting.communicate(timeout=240))
        assert adopting.returncode == 0, output
    stack.assert_clean()


def test_without_drift_nothing_is_written_and_no_update_is_run(stack: HealedStack) -> None:
    updates = stack.updates()
    stack.server.local("DELETE", "/calls")

    healing, _ = stack.heal()

    assert (healing["status"], healing["updated"]) == ("clean", False)
    assert {call["method"] for call in stack.server.local("GET", "/calls")["calls"]} == {"GET"}
    assert stack.updates() == updates


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(stack: HealedStack) -> None:
    BY_NAME["several at once"].does(stack.outside)
    before, exported = stack.drift().findings, stack.export()

    healing, said = stack.heal("--dry-run", exit_code=7)

    assert (healing["status"], healing["updated"]) == ("would-heal", False)
    assert {(each["kind"], each["name"]) for each in healing["repaired"]} == {
        ("worker", KEEPER),
        ("worker", ROUTER),
        ("schedules", ROUTER),
        ("subdomain", GREETER),
    }
    assert "nothing was changed" in said
    assert (stack.drift().findings, stack.export()) == (before, exported)


def test_two_heals_and_an_update_at_once_wait_for_each_other(stack: HealedStack) -> None:
    BY_NAME["several at once"].does(stack.outside)
    other = stack.project.project.start("up", "--yes", "--skip-preview")
    stack.wait_for_lock()

    processes = [stack.start("--json"), stack.start("--json")]

    ended = [(*process.communicate(timeout=240), process.returncode) for process in processes]
    assert [code for *_, code in ended] == [0, 0], ended
    assert sorted(json.loads(output)["status"] for output, *_ in ended) == ["clean", "healed"]
    assert sum("Another update of the stack dev is running" in errors for _, errors, _ in ended) == 1
    assert sum("Waiting for another heal of the stack dev" in errors for _, errors, _ in ended) == 1
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert stack.drift().drifted == ()
    stack.project.project.run("preview", "--expect-no-changes")


def test_a_repair_that_was_broken_off_is_finished_though_the_account_was_mended_by_hand(stack: HealedStack) -> None:
    """Its state says that the Worker has no bindings: a preview would upload it, and drift finds nothing."""
    exported = stack.export()
    keeper = next(
        each
        for each in exported["deployment"]["resources"]
        if each["type"] == Kind.WORKER.pulumi_type and each["urn"].endswith(f"::{KEEPER}")
    )
    keeper["outputs"]["bindings"] = []
    keeper["outputs"].pop("__pulumi_raw_state_delta", None)
    stack.import_state(exported)

    would, _ = stack.heal("--dry-run", exit_code=7)
    healed, _ = stack.heal()

    assert (would["status"], would["unfinished"]) == ("would-heal", [KEEPER])
    assert (healed["status"], healed["repaired"], healed["unfinished"]) == ("healed", [], [KEEPER])
    stack.assert_clean()
    assert stack.heal()[0]["status"] == "clean"
