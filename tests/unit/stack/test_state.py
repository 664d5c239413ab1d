"""What the provider keeps beside a resource's outputs is dropped where an edit of the state leaves it wrong."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from orchestrator.stack.state import readable
from tests.support.project import ROOT

DELTA = "__pulumi_raw_state_delta"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
BINDINGS = {"obj": {"ps": {"bindings": {"arr": {"el": {"0": {"obj": {"ps": {"bucketName": SECRET}}}}}}}}}
SCHEDULES: dict[str, Any] = {"obj": {"ps": {"schedules": {"arr": {"el": {"0": {"obj": {}}}}}}}}


def exported(**outputs: Any) -> dict[str, Any]:
    resource = {"urn": "urn:pulumi:prod::p::cloudflare:index/some:Some::name", "outputs": {"__meta": "{}", **outputs}}
    stack = {"urn": "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod", "type": "pulumi:pulumi:Stack"}
    return {"version": 3, "deployment": {"resources": [stack, resource]}}


def outputs(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = state["deployment"]["resources"][1]["outputs"]
    return found


FITTING: dict[str, dict[str, Any]] = {
    "open": {"bindings": [{"name": "LOGS", "namespaceId": "1"}], DELTA: BINDINGS},
    "encrypted bindings": {"bindings": SECRET, DELTA: BINDINGS},
    "encrypted delta": {"bindings": [], DELTA: SECRET},
    "schedules": {"schedules": [{"cron": "0 6 * * *"}], DELTA: SCHEDULES},
    "no lists": {"storageClass": "Standard", "location": None, DELTA: {"obj": {"ps": {"location": SECRET}}}},
    "a property that only Pulumi has": {"extra": {"a": 1}, DELTA: {"obj": {"ignored": ["extra"]}}},
    "replaced": {"bindings": {}, DELTA: {"obj": {"ps": {"bindings": {"replace": {"raw": None}}}}}},
    "a map": {"labels": {"a": "b"}, DELTA: {"obj": {"ps": {"labels": {"map": {}}}}}},
    "no delta": {"schedules": []},
}
STALE: dict[str, dict[str, Any]] = {
    "an element gone": {"schedules": [], DELTA: SCHEDULES},
    "bindings gone": {"bindings": [], DELTA: BINDINGS},
    "an element more": {"schedules": [{"cron": "0 6 * * *"}, {"cron": "0 7 * * *"}], DELTA: SCHEDULES},
    "no list any more": {"schedules": "none", DELTA: SCHEDULES},
    "a list gone": {DELTA: SCHEDULES},
    "no object any more": {"settings": 1, DELTA: {"obj": {"ps": {"settings": {"obj": {}}}}}},
    "an object more": {"settings": {"a": 1}, DELTA: {"obj": {}}},
}


@pytest.mark.parametrize("before", FITTING.values(), ids=FITTING)
def test_a_state_that_fits_is_left_as_it_is(before: dict[str, Any]) -> None:
    state = exported(**before)

    assert readable(state, copy.deepcopy(state)) == state


@pytest.mark.parametrize("before", STALE.values(), ids=STALE)
def test_a_delta_that_an_older_edit_left_wrong_is_dropped(before: dict[str, Any]) -> None:
    state = exported(**before)

    assert outputs(readable(state, state)) == {name: outputs(state)[name] for name in outputs(state) if name != DELTA}
    assert DELTA in outputs(state)


def test_an_edit_drops_the_delta_of_what_it_changes() -> None:
    before = exported(storageClass="Standard", **{DELTA: {"obj": {}}})

    after = readable(before, exported(storageClass="InfrequentAccess", **{DELTA: {"obj": {}}}))

    assert outputs(after) == {"__meta": "{}", "storageClass": "InfrequentAccess"}


def test_a_stack_without_resources_has_none_to_drop() -> None:
    assert readable({"version": 3}, {"version": 3}) == {"version": 3}


def test_one_place_writes_the_state() -> None:
    """So nothing that edits it can forget the deltas. A preview's throw-away stack gets a state without any."""
    sources = [*(ROOT / "orchestrator").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    writers = [path.name for path in sources if re.search(r'"stack",\s*"import"', path.read_text())]

    assert writers == ["edit.py", "deployed_state.py"]


def test_what_has_no_version_of_its_schema_gets_the_one_that_it_has() -> None:
    """So did the stand-in leave it that knew no versions, and so did `recover`; of a Worker such a state is refused."""
    state = exported(storageClass="Standard")
    resource = state["deployment"]["resources"][1]
    resource |= {"type": "cloudflare:index/workersScript:WorkersScript", "outputs": {"scriptName": "efh-agent"}}

    assert outputs(readable(state, state)) == {"scriptName": "efh-agent", "__meta": '{"schema_version":"500"}'}
