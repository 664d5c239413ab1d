"""Pulumi's state in a bucket, as on R2: a stack's whole life, its lock, and what a killed update leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.processes import below, kill_tree, running
from tests.support.pulumi_project import PulumiProject
from tests.support.s3 import S3, on_r2, s3_server

PROGRAM = """
import os
import pulumi_cloudflare as cloudflare
cloudflare.WorkersKvNamespace("notes", account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"], title="NOTES")
"""
_LOCKS = ".pulumi/locks/"


@pytest.fixture(params=["r2", "moto"])
def s3(request: pytest.FixtureRequest, cloudflare_api: LocalCloudflare) -> Iterator[S3]:
    """R2 as it is on this machine, and an S3 that others wrote."""
    if request.param == "r2":
        yield on_r2(cloudflare_api)
        return
    with s3_server() as server:
        yield server


@pytest.fixture
def project(s3: S3, cloudflare_api: LocalCloudflare, tmp_path: Path) -> PulumiProject:
    project = PulumiProject(
        tmp_path, name=tmp_path.name, program=PROGRAM, base_url=cloudflare_api.url, environment=s3.environment
    )
    project.environment |= cloudflare_api.environment
    return project


def test_a_stack_lives_and_ends_in_the_bucket(project: PulumiProject, s3: S3, cloudflare_api: LocalCloudflare) -> None:
    name = project.directory.name
    assert json.loads(project.run("whoami", "--verbose", "--json"))["url"].startswith("s3://pulumi-state?")
    project.run("config", "set", "--secret", "token", "very-secret")

    project.up()

    project.run("preview", "--expect-no-changes")
    (namespace,) = [each for each in project.resources() if each["type"].endswith(":WorkersKvNamespace")]
    assert namespace["id"] == cloudflare_api.local("GET", "/state")["kv"][0]["id"]
    assert f".pulumi/stacks/{name}/dev.json" in s3.objects()
    assert s3.objects(_LOCKS) == []
    assert not (project.directory / ".state" / ".pulumi").exists()

    project.run("destroy", "--yes", "--skip-preview")
    project.run("stack", "rm", "--yes")
    assert f".pulumi/stacks/{name}/dev.json" not in s3.objects()


def test_two_updates_do_not_meet_and_a_killed_one_leaves_a_lock_that_can_be_taken_away(
    project: PulumiProject, s3: S3, cloudflare_api: LocalCloudflare
) -> None:
    slow = {"effect": "delay", "seconds": 40, "method": "POST", "path": "/accounts/*/storage/kv/namespaces"}
    cloudflare_api.local("PUT", "/faults", {"faults": [slow]})
    with project.start("up", "--yes", "--skip-preview") as first:
        eventually(lambda: s3.objects(_LOCKS), "the update takes its lock")

        refused = project.up(exit_code=1)
        started = {each.pid for each in below(first.pid)}
        kill_tree(first)

    assert started
    eventually(lambda: not started & {each.pid for each in running()}, "nothing of the killed update is left")

    assert "the stack is currently locked by 1 lock(s)" in refused
    cloudflare_api.local("DELETE", "/faults")
    assert s3.objects(_LOCKS) != []
    project.run("cancel", "--yes", "dev")
    assert s3.objects(_LOCKS) == []
