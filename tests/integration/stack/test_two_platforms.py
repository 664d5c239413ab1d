"""Two platforms in one account, their stacks of the same name: neither touches, inherits or is offered the other's."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.stack.state import MARK_TYPE
from tests.support.drift_stack import KEEPER, MANIFEST, ROUTER, STACK, DriftStack
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import planted_data

SHOP: dict[str, Any] = {
    "orchestrator": {"worker": "shop-router", "kvNamespaces": ["REGISTRY"]},
    "autopilots": [
        {
            "name": "seller",
            "worker": KEEPER,
            "capabilities": ["shop.sell"],
            "needs": {"workers": [{"name": KEEPER, "content": "export default { fetch: () => new Response('shop') }"}]},
        }
    ],
}
OTHERS = "f" * 32


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("first-platform"), cloudflare_server)


@pytest.fixture
def first(brought_up: HealedStack) -> Iterator[HealedStack]:
    with brought_up.undone_afterwards() as edited:
        yield edited


@pytest.fixture
def second(first: HealedStack, tmp_path_factory: pytest.TempPathFactory) -> DriftStack:
    """Of another repository, with a backend of its own."""
    project = DriftStack(tmp_path_factory.mktemp("second-platform"), first.server)
    project.write(SHOP)
    return project


def command(project: DriftStack, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments, "-s", STACK],
        cwd=project.root,
        env=project.project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def named(command: str, output: str) -> list[str]:
    """The first command in `output` that begins so, as a shell would split it; without the program's name."""
    found = re.search(rf"{re.escape(command)}.*", output)
    assert found, output
    return shlex.split(found[0])[1:]


def snapshot(stack: HealedStack) -> Any:
    """What the account knows of the first platform's Worker, its secrets by name."""
    settings = stack.server.call("GET", f"/workers/scripts/{KEEPER}/settings").json()["result"]
    return settings, stack.server.call("GET", f"/workers/scripts/{KEEPER}/content/v2").text


def test_the_second_overwrites_nothing_is_offered_nothing_and_lives_beside_it_by_the_way_that_is_named(
    first: HealedStack, second: DriftStack
) -> None:
    before = snapshot(first)
    with planted_data(first.server, without=()):
        account = first.server.account()
        previewed = second.project.run("preview", exit_code=1)
        refused = second.project.up(exit_code=1)

        assert first.server.account() == account, "something was made before it stopped"

        for output in (previewed, refused):
            assert f"the Worker {KEEPER} belongs to another platform in this account" in output
            assert "the KV namespace REGISTRY belongs to another platform in this account" in output
        code, shown, _ = command(second, "adopt", "--dry-run", "--json")
        document = json.loads(shown)
        assert code == 0
        assert [each["name"] for each in document["theirs"]] == ["REGISTRY", KEEPER]
        assert {each["name"] for each in document["existing"]} & {"REGISTRY", KEEPER} == set()
        code, _, errors = command(second, "adopt", "--yes")
        assert (code, snapshot(first)) == (2, before)
        assert command(second, "adopt", "--yes", "--overwrite", KEEPER)[0] == 2

        second.project.run(*named("pulumi config set namePrefix", errors))
        second.project.up()
        second.project.run("preview", "--expect-no-changes")
        assert snapshot(first) == before
        first.project.project.run("preview", "--expect-no-changes")
        first.assert_clean()


def test_a_worker_that_became_anothers_since_is_not_overwritten(first: HealedStack) -> None:
    mark = {"type": "plain_text", "name": "ORCHESTRATOR_MARK", "text": OTHERS}
    first.outside.bindings(KEEPER, {"ORCHESTRATOR_MARK": mark})
    before = snapshot(first)
    edited = copy.deepcopy(MANIFEST)
    edited["autopilots"][0]["needs"]["workers"][0]["vars"] = {"MODE": "bold"}
    first.project.write(edited)

    for output in (first.project.project.run("preview", exit_code=1), first.project.project.up(exit_code=1)):
        assert f"the Worker {KEEPER} belongs to another platform" in output

    assert snapshot(first) == before


def test_a_stack_from_before_the_mark_takes_over_what_its_state_shows(first: HealedStack) -> None:
    for worker in (KEEPER, ROUTER):
        first.outside.bindings(worker, {"ORCHESTRATOR_MARK": None})
    forget_mark(first)
    assert first.project.project.run("stack", "export").count(MARK_TYPE) == 0

    first.project.project.up()

    first.project.project.run("preview", "--expect-no-changes")
    first.assert_clean()
    assert "ORCHESTRATOR_MARK" in {each["name"] for each in snapshot(first)[0]["bindings"]}


def test_a_platform_whose_state_was_lost_names_its_mark_and_takes_all_over(first: HealedStack) -> None:
    with planted_data(first.server, without=()):
        forget_mark(first, lambda _: True)
        code, _, errors = command(first.project, "adopt", "--yes")
        assert code == 2

        first.project.project.run(*named("pulumi config set mark", errors))
        code, _, errors = command(first.project, "adopt", "--yes")

        assert code == 0, errors
        first.assert_clean()
        first.project.project.run("config", "rm", "mark")
        first.project.project.run("preview", "--expect-no-changes")


def forget_mark(stack: HealedStack, forgotten: Any = lambda each: each["type"] == MARK_TYPE) -> None:
    exported = stack.export()
    resources = exported["deployment"]["resources"]
    exported["deployment"]["resources"] = [
        {
            key: [urn for urn in value if MARK_TYPE not in urn] if key == "dependencies" else value
            for key, value in each.items()
            if key != "propertyDependencies"
        }
        for each in resources
        if not forgotten(each)
    ]
    file = stack.project.root / "state.json"
    file.write_text(json.dumps(exported))
    stack.project.project.run("stack", "import", "--file", str(file))
