"""Edits of the state beside updates and edits of another machine: nothing is lost, and a live one is waited for.

The other machine is another process whose lock has a name that is not the one that the edit goes by. `STATE_ROUNDS`
(default 2) is how often they meet by chance; what chance seldom brings is brought about by a `pulumi` that lets another
run in between.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.stack.config import Stack
from orchestrator.stack.edit import ExportedState, edit_state
from orchestrator.stack.locks import locks
from orchestrator.stack.recover import recover
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.pulumi_project import PulumiProject
from tests.support.s3 import s3_server

ROUNDS = int(os.environ.get("STATE_ROUNDS", "2"))
SEED = int(os.environ.get("STATE_SEED", str(random.randrange(10**6))))  # noqa: S311 - moments, not secrets
HERE = "another-machine"
PROGRAM = """
import os
import pulumi
import pulumi_cloudflare as cloudflare
for mark in ("a", "b"):
    pulumi.Stash(mark, input=0)
for number in range(int(os.environ.get("NAMESPACES", "1"))):
    cloudflare.WorkersKvNamespace(
        f"kv-{number}", account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"], title=f"KV {number}"
    )
"""
# Runs what stands in $BETWEEN, once, right before an import of the state.
SHIM = """#!/bin/sh
if [ "$1 $2" = "stack import" ] && [ -e "{flag}" ]; then rm "{flag}"; ({command}) >/dev/null 2>&1 </dev/null; fi
exec {pulumi} "$@"
"""
SLOW = {"effect": "delay", "seconds": 0.3, "path": "/accounts/*/storage/kv/namespaces*"}


class Machines:
    """A stack, its account, and the ways in which two machines work on it."""

    def __init__(self, project: PulumiProject, cloudflare: LocalCloudflare) -> None:
        self.project, self.cloudflare = project, cloudflare
        self.said: list[str] = []
        self.stack = Stack(
            name="dev",
            root=project.directory,
            account_id=cloudflare.account_id,
            name_prefix="",
            keep_data=True,
            plan="free",
            workers_url=None,
            manifest=project.directory / "autopilots.yaml",
            config={},
            secret_names=frozenset(),
        )

    def count_up(self, mark: str, machine: str = HERE) -> None:
        """An edit that reads the account on the way, as those of the product do."""

        def edit(state: ExportedState) -> ExportedState:
            self.cloudflare.call("GET", "/storage/kv/namespaces").raise_for_status()
            edited: ExportedState = json.loads(json.dumps(state))
            stash = next(each for each in edited["deployment"]["resources"] if each["urn"].endswith(f"Stash::{mark}"))
            stash["outputs"]["output"] += 1
            return edited

        edit_state(self.stack, edit, self.said.append, host=machine)

    def recover(self, **options: Any) -> None:
        recover(self.stack, report=self.said.append, host=HERE, **options)

    def marks(self) -> list[int]:
        found = {each["urn"].rpartition("::")[2]: each for each in self.project.resources() if "Stash" in each["type"]}
        return [int(found[mark]["outputs"]["output"]) for mark in ("a", "b")]

    def known(self) -> set[str]:
        """The ids of the namespaces in the state."""
        return {each["id"] for each in self.project.resources() if each["type"].endswith(":WorkersKvNamespace")}

    def there(self) -> set[str]:
        """The ids of those in the account."""
        return {each["id"] for each in self.cloudflare.local("GET", "/state")["kv"]}

    def let_between(self, monkeypatch: pytest.MonkeyPatch, command: str, **environment: str) -> None:
        """Have `command` run to its end right before the next import of the state."""
        folder = self.project.directory / "shim"
        folder.mkdir()
        (folder / "flag").touch()
        program = folder / "pulumi"
        real = self.project.executable()
        program.write_text(SHIM.format(flag=folder / "flag", command=command.format(pulumi=real), pulumi=real))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def machines(tmp_path: Path, cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return make(tmp_path, cloudflare_api, monkeypatch)


@pytest.fixture
def in_a_bucket(tmp_path: Path, cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    with s3_server() as s3:
        yield make(tmp_path, cloudflare_api, monkeypatch, **s3.environment)


def make(folder: Path, cloudflare: LocalCloudflare, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Machines:
    project = PulumiProject(
        folder, name="edits", program=PROGRAM, base_url=cloudflare.url, environment=cloudflare.environment | environment
    )
    for name in [name for name in os.environ if name not in project.environment]:
        monkeypatch.delenv(name)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    project.up()
    return Machines(project, cloudflare)


@pytest.mark.timeout(120 * max(ROUNDS, 2))
def test_an_update_of_another_machine_and_edits_lose_nothing_of_each_other(machines: Machines) -> None:
    machines.cloudflare.local("PUT", "/faults", {"faults": [SLOW]})
    moments = random.Random(SEED)  # noqa: S311
    for number in range(1, ROUNDS + 1):
        with machines.project.start("up", "--yes", "--skip-preview", NAMESPACES=str(number + 1)) as other:
            with suppress(subprocess.TimeoutExpired):
                other.wait(timeout=moments.uniform(0, 3))  # where in the update the edits fall
            with ThreadPoolExecutor(2) as both:
                for edit in [both.submit(machines.count_up, "a"), both.submit(machines.count_up, "b", "a-third")]:
                    edit.result(timeout=120)
            output, _ = other.communicate(timeout=120)
        where = f"seed {SEED}, round {number}: {machines.said}\n{output}"
        if other.returncode:  # Pulumi refuses the second run; then its turn comes now
            assert "locked" in output, where
            machines.project.up(NAMESPACES=str(number + 1))
        assert machines.marks() == [number, number], where
        assert len(machines.known()) == number + 1, where
        assert machines.known() == machines.there(), where


def test_a_live_update_is_waited_for_and_its_operations_are_left_to_it(machines: Machines) -> None:
    machines.cloudflare.local("PUT", "/faults", {"faults": [SLOW | {"method": "POST", "seconds": 3}]})
    with machines.project.start("up", "--yes", "--skip-preview", NAMESPACES="3") as other:
        wait_for_operations(machines)

        machines.recover()

        other.communicate(timeout=60)
    assert other.returncode == 0
    assert len(machines.known()) == 3
    assert machines.known() == machines.there()
    assert len(machines.said) == 1
    assert "Another update of the stack dev is running (" in machines.said[0]


def test_a_dead_update_of_another_machine_is_taken_for_dead_by_a_person_alone(machines: Machines) -> None:
    kill_in_the_middle(machines)

    with pytest.raises(OrchestratorError, match="nothing was changed") as refused:
        machines.recover(timeout_s=0)

    assert pending(machines)
    follow(machines, refused.value.hint)
    machines.recover()
    assert pending(machines) == []
    machines.project.up(NAMESPACES="3")
    assert machines.known() == machines.there()


def test_a_dead_update_of_this_machine_is_put_right_and_a_live_lock_beside_it_stays(machines: Machines) -> None:
    kill_in_the_middle(machines)
    (dead,) = locks(machines.stack)
    assert dead.file
    other = dead.file.with_name("other.json")
    other.write_text(json.dumps({**json.loads(dead.file.read_text()), "hostname": "far-away"}))

    with pytest.raises(OrchestratorError, match="far-away"):
        recover(machines.stack, report=machines.said.append, timeout_s=0)

    assert not dead.file.exists()
    assert other.exists()
    other.unlink()
    recover(machines.stack, report=machines.said.append, timeout_s=0)
    assert pending(machines) == []


@pytest.mark.parametrize(
    "between",
    [
        "{pulumi} up --yes --skip-preview",
        '{pulumi} stack export | sed \'s/"output": 0/"output": 7/\' | {pulumi} stack import',
    ],
)
def test_what_comes_between_the_last_look_and_the_import_is_edited_instead(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    machines.let_between(monkeypatch, between, NAMESPACES="3")

    machines.count_up("a")

    assert machines.marks() == ([1, 0] if "up" in between else [8, 7])
    assert machines.known() == machines.there()
    assert any("at the same time" in line for line in machines.said)


def test_in_a_bucket_a_lock_is_waited_for_and_what_came_between_is_told_with_the_way_out(
    in_a_bucket: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = in_a_bucket
    kill_in_the_middle(machines)
    with pytest.raises(OrchestratorError, match=r"locked \(.*process \d+") as refused:
        machines.recover(timeout_s=0)
    assert pending(machines)
    follow(machines, refused.value.hint)
    machines.recover()
    assert pending(machines) == []
    assert locks(machines.stack) == []

    machines.let_between(monkeypatch, "{pulumi} up --yes --skip-preview", NAMESPACES="4")
    with pytest.raises(OrchestratorError, match="may be missing") as came:
        machines.count_up("a")
    assert "adopt -s dev" in came.value.hint


def kill_in_the_middle(machines: Machines) -> None:
    """Kill an update while it creates namespaces: the lock stays, and what was begun."""
    slow = SLOW | {"method": "POST", "seconds": 30, "when": "after"}
    machines.cloudflare.local("PUT", "/faults", {"faults": [slow]})
    with machines.project.start("up", "--yes", "--skip-preview", NAMESPACES="3") as other:
        wait_for_operations(machines)
        other.send_signal(signal.SIGKILL)
    machines.cloudflare.local("DELETE", "/faults")


def pending(machines: Machines) -> list[Any]:
    found: list[Any] = machines.stack.export()["deployment"].get("pending_operations") or []
    return found


def wait_for_operations(machines: Machines) -> None:
    deadline = time.monotonic() + 60
    while not pending(machines):
        assert time.monotonic() < deadline


def follow(machines: Machines, hint: str) -> None:
    """Run the command that stands at the end of a hint, as it is printed."""
    command = hint.rpartition(": ")[2]
    assert command.startswith("pulumi ")
    machines.project.run(*command.split()[1:], "--yes")
