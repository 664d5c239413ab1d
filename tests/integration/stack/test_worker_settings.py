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


def test_a_preview_names_what_an_upload_takes_away_that_was_set_outside(stack: HealedStack) -> None:
    observability = {"enabled": True, "head_sampling_rate": 0.1}
    stack.outside.script_settings(
        KEEPER, logpush=True, tail_consumers=[{"service": GREETER}], observability=observability
    )
    stack.outside.settings(KEEPER, placement={"mode": "smart"}, limits={"cpu_ms": 50})
    stack.outside.bindings(KEEPER, {"ADDED": {"type": "plain_text", "text": "value"}})
    says = (
        f"Worker {KEEPER}: the upload takes away what was set outside the file: placement smart (then none); "
        "limits.cpu_ms 50 (then none); observability.head_sampling_rate 0.1 (then 1); logpush on (then off); "
        f"tail_consumers {GREETER} (then none); binding ADDED (plain_text)."
    )

    assert "takes away" not in stack.project.project.run("preview")  # nothing is uploaded
    stack.project.write(edited(FIELD_EDITS["WorkerScript.vars"]))

    assert says in stack.project.project.run("preview")
    assert says in stack.project.project.up()
    assert "takes away" not in stack.project.project.run("preview")


def test_an_edit_of_the_file_itself_is_not_told_as_taken_away(stack: HealedStack) -> None:
    stack.project.write(edited(all_of_them))
    stack.project.project.up()
    stack.project.write(MANIFEST)

    assert "takes away" not in stack.project.project.run("preview")
