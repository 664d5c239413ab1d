"""What the file says of how a Worker runs: declared, as it is in the account, and gone when it leaves the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.drift_stack import GREETER, KEEPER, MANIFEST
from tests.support.field_edits import FIELD_EDITS, edited
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare

EDITS = (
    "WorkerScript.public",
    "Observability.head_sampling_rate",
    "WorkerScript.placement",
    "WorkerScript.limits",
    "WorkerScript.tail_consumers",
    "WorkerScript.logpush",
)


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("worker-settings"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    brought_up.project.project.run("config", "set", "plan", "paid")
    yield brought_up
    brought_up.project.project.run("config", "rm", "plan")
    brought_up.project.write(MANIFEST)
    brought_up.restore()


def all_of_them(manifest: dict[str, Any]) -> None:
    for name in EDITS:
        FIELD_EDITS[name](manifest)


def settings_of(stack: HealedStack, worker: str) -> dict[str, Any]:
    told = stack.outside.call("GET", f"/workers/scripts/{worker}/settings")
    switch = stack.outside.call("GET", f"/workers/scripts/{worker}/subdomain")
    keys = ("observability", "placement", "limits", "tail_consumers", "logpush")
    return {**{key: told[key] for key in keys if told.get(key)}, "public": switch["enabled"]}


def test_what_the_file_says_is_made_and_what_it_says_no_more_is_undone(stack: HealedStack) -> None:
    before = settings_of(stack, KEEPER)
    assert before == {"observability": {"enabled": True}, "public": False}

    stack.project.write(edited(all_of_them))
    stack.project.project.up()

    assert settings_of(stack, KEEPER) == {
        "observability": {"enabled": True, "head_sampling_rate": 0.1},
        "placement": {"mode": "smart"},
        "limits": {"cpu_ms": 50},
        "tail_consumers": [{"service": GREETER}],
        "logpush": True,
        "public": True,
    }
    stack.assert_clean()

    stack.project.write(MANIFEST)
    stack.project.project.up()

    assert settings_of(stack, KEEPER) == before
    stack.assert_clean()
