"""Custom domains: a host leads to the Worker that the file says, and is taken away from no other unless told to."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.names import MARK
from tests.support.drift_stack import GREETER, HOST, KEEPER, MANIFEST, STACK
from tests.support.followed import followed
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare

THEIRS = "theirs"
_CODE = "export default { fetch: () => new Response('theirs') }"


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("custom-domains"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    with brought_up.undone_afterwards() as edited:
        yield edited


def at(*hosts: str, worker: str = GREETER) -> dict[str, Any]:
    """The manifest with these custom domains for the greeter, of this name."""
    manifest = copy.deepcopy(MANIFEST)
    manifest["autopilots"][1]["worker"] = worker
    manifest["autopilots"][1]["needs"]["workers"][0] |= {"name": worker, "domains": list(hosts)}
    return manifest


def without_greeter() -> dict[str, Any]:
    manifest = copy.deepcopy(MANIFEST)
    del manifest["autopilots"][1]
    return manifest


def attached(stack: HealedStack) -> dict[str, str]:
    return {each["hostname"]: each["service"] for each in stack.outside.call("GET", "/workers/domains")}


def attach(stack: HealedStack, host: str, worker: str) -> None:
    stack.outside.call("PUT", "/workers/domains", json={"hostname": host, "service": worker})


def test_they_come_go_and_follow_a_worker_that_is_renamed(stack: HealedStack) -> None:
    pulumi = stack.project.project
    stack.project.write(at("example.com", HOST))
    pulumi.up()
    assert attached(stack) == {"example.com": GREETER, HOST: GREETER}

    before = stack.outside.domain(HOST)
    stack.project.write(at(HOST, worker="efh-host"))
    pulumi.up()

    assert attached(stack) == {HOST: "efh-host"}
    assert stack.outside.domain(HOST) == before
    stack.assert_clean()


def test_one_that_leads_to_another_worker_is_not_taken_and_each_way_leads_on(stack: HealedStack) -> None:
    pulumi = stack.project.project
    stack.outside.upload(THEIRS, _CODE)
    attach(stack, "a.example.com", THEIRS)
    stack.project.write(at(HOST, "a.example.com"))

    for refused in (pulumi.run("preview", exit_code=1), pulumi.up(exit_code=1)):
        assert f"the custom domain a.example.com leads to the Worker {THEIRS}" in refused
    assert attached(stack)["a.example.com"] == THEIRS

    settings = stack.project.root / f"Pulumi.{STACK}.yaml"
    before = settings.read_text()
    followed(stack, "pulumi config set customDomains", refused)
    pulumi.run("preview")
    settings.write_text(before)
    process = stack.start("--overwrite", "a.example.com", "--yes", command="adopt")
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, output + errors
    assert attached(stack) == {HOST: GREETER, "a.example.com": GREETER}
    stack.assert_clean()


def test_one_of_another_platform_is_neither_taken_nor_offered(stack: HealedStack) -> None:
    mark = {"name": MARK, "type": "plain_text", "text": "9" * 32}
    stack.outside.upload(THEIRS, _CODE, bindings=[mark])
    attach(stack, "a.example.com", THEIRS)
    stack.project.write(at(HOST, "a.example.com"))

    refused = stack.project.project.run("preview", exit_code=1)
    process = stack.start("--overwrite", "a.example.com", "--yes", command="adopt")
    said = "".join(process.communicate(timeout=240))

    assert "of another platform in this account" in refused
    assert process.returncode == 2, said
    assert attached(stack)["a.example.com"] == THEIRS
    followed(stack, "pulumi config set customDomains", refused)
    stack.project.project.run("preview")


def test_one_that_leads_to_the_declared_worker_already_is_put_again(stack: HealedStack) -> None:
    attach(stack, "a.example.com", GREETER)
    stack.project.write(at(HOST, "a.example.com"))
    id = stack.outside.domain("a.example.com")

    stack.project.project.up()

    assert stack.outside.domain("a.example.com") == id
    stack.assert_clean()


def test_one_of_no_zone_of_the_account_stops_the_preview(stack: HealedStack) -> None:
    stack.project.write(at("a.example.org"))

    refused = stack.project.project.run("preview", exit_code=1)

    assert "the custom domain a.example.org is of no zone of the account, which has example.com" in refused
    followed(stack, "pulumi config set customDomains", refused)
    stack.project.project.run("preview")


def test_a_worker_that_leaves_takes_no_address_along_that_nobody_declared_and_each_way_leads_on(
    stack: HealedStack,
) -> None:
    pulumi = stack.project.project
    attach(stack, "a.example.com", GREETER)
    before = attached(stack)
    stack.project.write(without_greeter())

    for refused in (pulumi.run("preview", exit_code=1), pulumi.up(exit_code=1)):
        assert f"the custom domain a.example.com leads to the Worker {GREETER}" in refused
        assert HOST not in refused
    assert attached(stack) == before

    moved = without_greeter()
    moved["autopilots"][0]["needs"]["workers"][0]["domains"] = ["a.example.com"]
    assert "`domains: [a.example.com]` at a Worker that stays" in refused
    stack.project.write(moved)
    pulumi.up()
    assert attached(stack) == {"a.example.com": KEEPER}
    stack.assert_clean()


@pytest.mark.parametrize(
    ("command", "arguments", "exit_code"),
    [("heal", ["--from-here"], 2), ("adopt", ["--yes"], 1)],
    ids=["heal", "adopt"],
)
def test_heal_and_adopt_stop_before_they_change_anything_where_an_update_would(
    stack: HealedStack, command: str, arguments: list[str], exit_code: int
) -> None:
    attach(stack, "a.example.com", GREETER)
    stack.outside.crons(KEEPER)  # for heal to repair
    stack.project.write(without_greeter())
    before = stack.export(), attached(stack), stack.updates()

    process = stack.start(*arguments, command=command)
    said = "".join(process.communicate(timeout=240))

    assert process.returncode == exit_code, said
    assert f"the custom domain a.example.com leads to the Worker {GREETER}" in said
    assert "`domains: [a.example.com]` at a Worker that stays" in said
    assert (stack.export(), attached(stack), stack.updates()) == before
    followed(stack, "pulumi config set-all", said)
    process = stack.start(*arguments, "--dry-run", command=command)
    assert "a.example.com leads to" not in "".join(process.communicate(timeout=240))


def test_an_address_that_may_go_goes_with_its_worker(stack: HealedStack) -> None:
    pulumi = stack.project.project
    attach(stack, "a.example.com", GREETER)
    route = {"pattern": "example.com/greet/*", "script": GREETER}
    stack.outside.call_zone("POST", f"/{stack.outside.zone('example.com')}/workers/routes", json=route)
    stack.project.write(without_greeter())

    refused = pulumi.run("preview", exit_code=1)
    assert f"the route example.com/greet/* leads to the Worker {GREETER}" in refused
    followed(stack, "pulumi config set-all", refused)
    pulumi.up()

    assert attached(stack) == {}
    stack.assert_clean()
