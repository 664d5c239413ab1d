"""No Worker gets an empty store in place of its full one: such an edit stops, and every way that it names leads on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.drift_stack import KEEPER, LEDGER, MANIFEST, ROUTER, STACK
from tests.support.followed import follow, followed
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import planted_data
from tests.support.store_edits import STORE_EDITS, StoreEdit


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("empty-stores"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    with brought_up.undone_afterwards() as edited:
        yield edited


def make(stack: HealedStack, edit: StoreEdit) -> None:
    stack.project.write(edit.manifest())
    if edit.prefix is not None:
        stack.project.project.run("config", "set", "namePrefix", edit.prefix)


def take_back(stack: HealedStack, edit: StoreEdit) -> None:
    stack.project.write(MANIFEST)
    if edit.prefix is not None:
        stack.project.project.run("config", "rm", "namePrefix")


@pytest.mark.parametrize("edit", STORE_EDITS.values(), ids=STORE_EDITS.keys())
def test_an_edit_that_would_empty_a_store_stops_and_is_undone_by_taking_it_back(
    stack: HealedStack, edit: StoreEdit
) -> None:
    pulumi = stack.project.project
    with planted_data(stack.server, without=()):
        account = stack.server.account()
        make(stack, edit)

        outputs = [
            pulumi.run("preview", exit_code=1),
            pulumi.up(exit_code=1),
            stack.heal("--from-here", exit_code=2)[1],
        ]

        for output in outputs:
            for name in edit.empties:
                assert f"{name} would be empty" in output
        assert stack.server.account() == account
        take_back(stack, edit)
        pulumi.run("preview", "--expect-no-changes")


def test_the_ways_that_a_stopped_prefix_names_lead_on_and_back_to_the_same_data(stack: HealedStack) -> None:
    pulumi = stack.project.project
    with planted_data(stack.server, without=()):
        make(stack, STORE_EDITS["prefix"])
        stopped = pulumi.up(exit_code=1)
        followed(stack, "pulumi config rm namePrefix", stopped)
        pulumi.run("preview", "--expect-no-changes")

        make(stack, STORE_EDITS["prefix"])
        followed(stack, "pulumi config set-all", stopped)
        pulumi.up()
        stack.assert_clean()

        pulumi.run("config", "rm", "namePrefix")
        refused = pulumi.run("preview", exit_code=1)
        assert "exists in the account and is not in the state" in refused
        followed(
            stack, f"python -m orchestrator adopt -s {STACK} --yes", f"python -m orchestrator adopt -s {STACK} --yes"
        )
        stack.assert_clean()


def test_data_goes_along_to_a_store_of_another_name_by_the_commands_that_are_printed(stack: HealedStack) -> None:
    with planted_data(stack.server, without=()):
        make(stack, STORE_EDITS["title"])
        stopped = stack.project.project.up(exit_code=1)

        for begins in ("python -m orchestrator backup NOTES", "pulumi config set-all"):
            followed(stack, begins, stopped)
        stack.project.project.up()
        followed(stack, "python -m orchestrator restore", stopped)

    id = stack.outside.namespace("NOTEBOOK")
    assert stack.server.call("GET", f"/storage/kv/namespaces/{id}/values/greeting").text == "Grüß Gott"
    stack.assert_clean()


def test_the_records_stay_where_the_routing_worker_is_renamed_and_they_keep_their_name(stack: HealedStack) -> None:
    with planted_data(stack.server, without=()):
        edited = STORE_EDITS["router's name"].manifest()
        stack.project.write(edited)
        stopped = stack.project.project.up(exit_code=1)
        assert f"`database: {ROUTER}` below `orchestrator:` in the file" in stopped

        edited["orchestrator"]["database"] = ROUTER
        stack.project.write(edited)
        stack.project.project.up()

        stack.assert_clean()


def test_the_jurisdiction_of_a_database_is_not_changed_and_both_ways_out_work(stack: HealedStack) -> None:
    pulumi = stack.project.project
    with planted_data(stack.server, without=()):
        edited = copy.deepcopy(MANIFEST)
        needs = edited["autopilots"][0]["needs"]
        needs["d1Databases"] = [{"name": LEDGER, "jurisdiction": "eu"}]
        stack.project.write(edited)
        for stopped in (pulumi.run("preview", exit_code=1), pulumi.up(exit_code=1)):
            assert f"the D1 database {LEDGER} was made in the jurisdiction default" in stopped

        needs["d1Databases"] = [{"name": LEDGER, "jurisdiction": "default"}]
        stack.project.write(edited)
        pulumi.run("preview", "--expect-no-changes")

        needs["d1Databases"] = [LEDGER, {"name": "efh-ledger-eu", "jurisdiction": "eu"}]
        stack.project.write(edited)
        pulumi.up()
        stack.assert_clean()
        made = stack.server.call("GET", f"/d1/database/{stack.outside.database('efh-ledger-eu')}").json()["result"]
        assert made["jurisdiction"] == "eu"


def test_what_was_never_filled_gives_way_quietly(stack: HealedStack) -> None:
    make(stack, STORE_EDITS["jurisdiction lost"])
    stack.project.project.up()
    stack.assert_clean()
    take_back(stack, STORE_EDITS["jurisdiction lost"])


def test_a_full_bucket_in_another_jurisdiction_is_seen_by_all_and_told_apart(stack: HealedStack) -> None:
    pulumi, server = stack.project.project, stack.server
    headers = {"cf-r2-jurisdiction": "eu"}
    assert server.call("POST", "/r2/buckets", json={"name": "efh-invoices"}, headers=headers).is_success
    path = "/r2/buckets/efh-invoices/objects/1"
    assert server.call("PUT", path, content=b"invoice", headers=headers).is_success
    manifest = copy.deepcopy(MANIFEST)
    needs = manifest["autopilots"][0]["needs"]
    needs["r2Buckets"].append("efh-invoices")
    stack.project.write(manifest)

    stopped = pulumi.run("preview", exit_code=1)
    assert "exists in the account in the jurisdiction eu, and is full" in stopped
    assert pulumi.up(exit_code=1).count("jurisdiction eu, and is full")
    assert "In another jurisdiction than the file says, and full" in followed(
        stack, "python -m orchestrator adopt", "python -m orchestrator adopt --dry-run"
    )
    assert "R2 bucket efh-invoices (eu)" in follow(stack, "python", "python -m orchestrator drift")[1]

    needs["r2Buckets"][-1] = {"name": "efh-invoices", "jurisdiction": "eu"}
    stack.project.write(manifest)
    followed(stack, "python", "python -m orchestrator adopt --yes")
    stack.assert_clean()
    assert server.call("GET", path, headers=headers).content == b"invoice"

    assert server.call("POST", "/r2/buckets", json={"name": "efh-invoices"}).is_success
    code, several = follow(stack, "python", "python -m orchestrator backup efh-invoices backup-folder")
    assert code == 2
    assert "say which: --kind r2 --jurisdiction" in several
    followed(stack, "python", "python -m orchestrator backup efh-invoices backup-folder --kind r2 --jurisdiction eu")
    server.call("DELETE", path, headers=headers)


def account_of(stack: HealedStack) -> dict[str, Any]:
    """All that is in the account."""
    state: dict[str, Any] = stack.server.local("GET", "/state")
    return {key: value for key, value in state.items() if key != "runtime"}


def with_fault(stack: HealedStack, path: str) -> None:
    """The account does not let these be read any more."""
    rule = {"method": "GET", "path": path, "effect": "status", "status": 403}
    stack.server.local("PUT", "/faults", {"faults": [rule]})


def rebind(stack: HealedStack) -> None:
    """Somebody binds the keeper to a full namespace of their own; the one that it had is empty."""
    notes = f"/storage/kv/namespaces/{stack.outside.namespace('NOTES')}"
    for key in stack.outside.call("GET", f"{notes}/keys"):
        stack.outside.call("DELETE", f"{notes}/values/{key['name']}")
    theirs = stack.outside.call("POST", "/storage/kv/namespaces", json={"title": "THEIRS"})["id"]
    stack.outside.call("PUT", f"/storage/kv/namespaces/{theirs}/values/greeting", content=b"hello")
    stack.outside.bindings(KEEPER, {"NOTES": {"type": "kv_namespace", "namespace_id": theirs}})


def careless() -> dict[str, Any]:
    """The keeper is to be uploaded again."""
    manifest = copy.deepcopy(MANIFEST)
    manifest["autopilots"][0]["needs"]["workers"][0]["vars"]["MODE"] = "careless"
    return manifest


EMPTIES = f"KV namespace THEIRS is full; KV namespace NOTES would be empty, for {KEEPER}"


def test_a_worker_that_somebody_bound_to_a_full_store_is_not_bound_to_an_empty_one(stack: HealedStack) -> None:
    pulumi = stack.project.project
    rebind(stack)
    account = account_of(stack)

    stopped = stack.heal(exit_code=2)[1]
    stack.project.write(careless())
    for output in (stopped, pulumi.run("preview", exit_code=1), pulumi.up(exit_code=1)):
        assert EMPTIES in output
    assert account_of(stack) == account

    stack.project.write(MANIFEST)
    followed(stack, "pulumi config set-all", stopped)
    stack.heal("--from-here")  # the update that was stopped has begun
    stack.assert_clean()


def test_adopt_overwrites_no_worker_that_would_lose_sight_of_its_data(stack: HealedStack) -> None:
    theirs = stack.outside.call("POST", "/storage/kv/namespaces", json={"title": "THEIRS"})["id"]
    stack.outside.call("PUT", f"/storage/kv/namespaces/{theirs}/values/greeting", content=b"hello")
    bound = {"type": "kv_namespace", "name": "LEDGER", "namespace_id": theirs}
    stack.outside.upload("efh-clerk", "export default { fetch: () => new Response('theirs') }", bindings=[bound])
    manifest = copy.deepcopy(MANIFEST)
    worker = {"name": "efh-clerk", "content": "export default { fetch: () => new Response('clerk') }"}
    needs = {"kvNamespaces": ["LEDGER"], "workers": [worker]}
    clerk = {"name": "clerk", "worker": "efh-clerk", "capabilities": ["ledger.keep"], "needs": needs}
    stack.project.write({**manifest, "autopilots": [*manifest["autopilots"], clerk]})
    account = account_of(stack)

    command = "python -m orchestrator adopt --yes --overwrite efh-clerk"
    code, stopped = follow(stack, command, command)

    assert code == 2
    assert "KV namespace THEIRS is full; KV namespace LEDGER would be empty, for efh-clerk" in stopped
    assert account_of(stack) == account
    followed(stack, "pulumi config set-all", stopped)
    followed(stack, command, command)
    stack.assert_clean()


def test_where_it_cannot_be_read_whether_a_store_is_full_nothing_is_changed(stack: HealedStack) -> None:
    pulumi = stack.project.project
    account = account_of(stack)
    make(stack, STORE_EDITS["title"])
    with_fault(stack, "*/storage/kv/namespaces/*/keys")

    for output in (pulumi.run("preview", exit_code=1), pulumi.up(exit_code=1)):
        assert "nothing was changed: it is not known whether KV namespace NOTES" in output
    assert account_of(stack) == account


def test_where_it_cannot_be_read_what_a_worker_is_bound_to_it_is_not_changed(stack: HealedStack) -> None:
    pulumi = stack.project.project
    rebind(stack)
    account = account_of(stack)
    stack.project.write(careless())
    with_fault(stack, f"*/workers/scripts/{KEEPER}/settings")

    assert f"{KEEPER}: not known whose it is now" in pulumi.run("preview")
    pulumi.up(exit_code=1)
    stack.heal("--from-here", exit_code=1)

    assert account_of(stack) == account
