"""`heal` runs only on what the stack was deployed from, and every way out that it names works when it is followed."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.stack.deployed import deployments
from tests.support.drift_stack import GREETER, MANIFEST, ROUTER
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare

NEWER = copy.deepcopy(MANIFEST)
NEWER["autopilots"][0]["needs"]["kvNamespaces"].append("LATER")
IGNORED = ".*\n!.gitignore\nnode_modules\norchestrator\n"


class Checkout:
    """The stack in a checkout of git's."""

    def __init__(self, stack: HealedStack) -> None:
        self.stack = stack
        self.root = stack.project.root
        (self.root / ".gitignore").write_text(IGNORED)
        self.git("init", "--quiet")
        self.first = self.commit("first")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "advice.detachedHead=false")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def follow(self, said: str, beginning: str) -> None:
        """Run the command of the error that begins like this, as it is printed."""
        line = next(line.partition(": ")[2] for line in said.splitlines() if f": {beginning}" in line)
        command, _, _ = line.partition(" (")
        program, *arguments = command.split()
        if program == "git":
            self.git(*arguments)
        elif program == "pulumi":
            self.stack.project.project.run(*arguments, "--yes", "--skip-preview")
        else:
            assert command.startswith("python -m orchestrator heal -s dev ")
            self.stack.heal(*arguments[5:])

    def preview(self) -> None:
        self.stack.project.project.run("preview", "--expect-no-changes")


@pytest.fixture(scope="module")
def checkout(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    cloudflare_server.reset()
    return Checkout(HealedStack(tmp_path_factory.mktemp("deployed"), cloudflare_server))


@pytest.fixture
def here(checkout: Checkout) -> Iterator[Checkout]:
    yield checkout
    checkout.git("checkout", "--quiet", "--force", "master" if "master" in checkout.git("branch") else "main")
    checkout.git("reset", "--quiet", "--hard", checkout.first)
    checkout.stack.project.write(MANIFEST)
    checkout.stack.restore()


def data(stack: HealedStack) -> dict[str, Any]:
    """All of the state but the manifest of the run that wrote it."""
    return {**stack.export()["deployment"], "manifest": None}


def test_from_an_older_commit_heal_refuses_names_the_deployed_one_and_works_there(here: Checkout) -> None:
    stack, older = here.stack, here.git("rev-parse", "HEAD")
    stack.project.write(NEWER)
    deployed = here.commit("a namespace more")
    stack.project.project.up()
    here.commit("nothing that is declared")
    here.preview()
    stack.heal()

    here.git("checkout", "--quiet", older)
    before, names = data(stack), stack.names()
    _, said = stack.heal(exit_code=2)

    assert f"was deployed from commit {deployed}" in said
    assert (data(stack), stack.names()) == (before, names)
    stack.heal("--dry-run", exit_code=2)
    here.follow(said, "git checkout")
    assert here.git("rev-parse", "HEAD") == deployed
    assert stack.heal()[0]["status"] == "clean"
    here.preview()


def test_on_the_deployed_commit_what_was_edited_since_is_named_and_taking_it_back_leads_out(here: Checkout) -> None:
    stack = here.stack
    stack.project.write(NEWER)
    here.commit("a namespace more")
    stack.project.project.up()
    stack.project.write(MANIFEST)

    _, said = stack.heal(exit_code=2)

    assert "which is checked out here" in said
    assert "git checkout" not in said
    here.git("checkout", "--quiet", "--", ".")
    assert stack.heal()[0]["status"] == "clean"


def test_who_means_it_heals_from_an_older_one_which_is_deployed_then(here: Checkout) -> None:
    stack = here.stack
    stack.project.write(NEWER)
    stack.project.project.up()
    stack.project.write(MANIFEST)
    stack.outside.crons(ROUTER)
    _, said = stack.heal(exit_code=2)
    assert "uncommitted changes" in said

    here.follow(said, "python -m orchestrator heal")

    stack.heal()
    here.preview()


def test_a_stack_of_an_older_version_is_not_healed_until_an_update_has_written_the_record(here: Checkout) -> None:
    stack = here.stack
    (record,) = [each for each in stack.project.project.resources() if each["type"] == "pulumi:index:Stash"]
    stack.project.project.run("state", "delete", record["urn"], "--yes")

    _, said = stack.heal(exit_code=2)

    assert "has no record of what it was deployed from" in said
    here.follow(said, "pulumi up")
    assert stack.heal()[0]["status"] == "clean"


def test_of_an_update_that_has_not_ended_only_the_newer_side_may_be_healed(here: Checkout) -> None:
    stack = here.stack
    newer = copy.deepcopy(NEWER)
    newer["autopilots"][1]["needs"]["workers"][0]["vars"] = {"GREETING": "good day"}
    stack.project.write(newer)
    fault = {"effect": "status", "status": 400, "method": "PUT", "path": f"/accounts/*/workers/scripts/{GREETER}"}
    stack.server.local("PUT", "/faults", {"faults": [fault]})
    stack.project.project.up(exit_code=1)
    stack.server.local("DELETE", "/faults")
    assert len(deployments(stack.export())) == 2

    stack.project.write(MANIFEST)
    _, said = stack.heal(exit_code=2)
    assert "has not finished" in said

    stack.project.write(newer)
    stack.heal()
    assert len(deployments(stack.export())) == 1
    here.preview()
