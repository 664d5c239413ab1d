"""The stand-in keeps beside the outputs what the Pulumi bridge keeps, and refuses a state that does not fit it.

The recorded state is changed as an edit of the exported state would, and given to the provider as Pulumi gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import chdir
from typing import Any

import grpc
import pytest

from local_cloudflare.provider.raw_state import DELTA, META, Object, delta, recovered, scalars
from local_cloudflare.provider.values import Properties, Secret
from tests.support.provider_records import replay
from tests.support.provider_stub import ProviderStub, provider_stub

pytestmark = pytest.mark.stand_in

REFUSAL = "[pf/tfbridge] Failed to recover raw state for Plugin Framework"
CREATED, REFRESH = replay.phases()["up-create"], replay.phases()["preview-refresh"]
RESOURCES = {
    resource["urn"].rpartition(":")[2] + "/" + resource["type"].rpartition(":")[2]: replay.plain(resource)
    for resource in replay.resources()
    if resource["type"].startswith("cloudflare:")
}
TRIGGER, ROUTER, PAGES = (
    RESOURCES[name] for name in ("router/WorkersCronTrigger", "router/WorkersScript", "pages/R2Bucket")
)


@pytest.fixture(scope="module")
def recorded() -> Iterator[replay.Replay]:
    with replay.replay() as server:
        yield server


@pytest.fixture
def provider(recorded: replay.Replay, tmp_path: Any) -> Iterator[ProviderStub]:
    replay.write_files(tmp_path)
    recorded.play(REFRESH)
    with chdir(tmp_path), provider_stub() as provider:
        provider.configure(baseUrl=recorded.base_url, apiToken="token")
        yield provider


EDITS: dict[str, tuple[dict[str, Any], Properties]] = {
    "cron cleared": (TRIGGER, {"schedules": []}),
    "cron added": (TRIGGER, {"schedules": [{"cron": "0 3 * * *"}, {"cron": "0 4 * * *"}]}),
    "bindings forgotten": (ROUTER, {"bindings": []}),
    "observability gone": (ROUTER, {"observability": None}),
    "not a list": (ROUTER, {"compatibilityFlags": "nodejs_compat"}),
    "an object where none was": (PAGES, {"location": {"region": "WNAM"}}),
}


def _edited(resource: dict[str, Any], changed: Properties) -> Properties:
    return {name: value for name, value in {**resource["outputs"], **changed}.items() if value is not None}


def _kind(resource: dict[str, Any]) -> str:
    return str(resource["type"].rpartition(":")[2])


@pytest.mark.parametrize(("resource", "changed"), EDITS.values(), ids=EDITS)
def test_outputs_that_do_not_fit_the_delta_are_refused(
    provider: ProviderStub, recorded: replay.Replay, resource: dict[str, Any], changed: Properties
) -> None:
    kind, inputs, state = _kind(resource), resource["inputs"], _edited(resource, changed)
    calls: list[tuple[str, Callable[[], Any]]] = [
        (REFUSAL, lambda: provider.diff(kind, inputs, state)),
        (REFUSAL, lambda: provider.update(kind, inputs, state)),
        (f"failed to get current raw state: {REFUSAL}", lambda: provider.read(kind, resource["id"], state, inputs)),
    ]

    for refusal, call in calls:
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert refused.value.details() == refusal

    assert not recorded.calls()


@pytest.mark.parametrize(("resource", "changed"), list(EDITS.values())[:3], ids=list(EDITS)[:3])
def test_without_the_delta_the_same_outputs_are_read(
    provider: ProviderStub, resource: dict[str, Any], changed: Properties
) -> None:
    state = {name: value for name, value in _edited(resource, changed).items() if name != DELTA}

    found = provider.read(_kind(resource), resource["id"], state, resource["inputs"])

    assert found.id == resource["id"]
    assert DELTA in found.outputs
    assert provider.diff(_kind(resource), resource["inputs"], state)


def test_a_delete_does_not_look_at_the_delta(provider: ProviderStub) -> None:
    provider.delete(_kind(TRIGGER), _edited(TRIGGER, {"schedules": []}))


def test_a_value_that_the_delta_replaces_is_the_deltas(provider: ProviderStub) -> None:
    """So an edit that gives a value to what was null is lost, unless the delta goes too."""
    database = RESOURCES["journal/D1Database"]
    state = _edited(database, {"jurisdiction": "eu"})

    assert provider.diff("D1Database", database["inputs"], state) == {}
    del state[DELTA]
    assert provider.diff("D1Database", database["inputs"], state) == {"jurisdiction": "DELETE_REPLACE"}


def test_a_state_of_a_newer_provider_is_refused(provider: ProviderStub) -> None:
    state = _edited(PAGES, {META: '{"schema_version":"501"}'})

    with pytest.raises(grpc.RpcError, match="cannot be downgraded from resource schema version 501 to 500"):
        provider.diff(_kind(PAGES), PAGES["inputs"], state)


@pytest.mark.parametrize("meta", ["{", "[]", '{"schema_version":"new"}'])
def test_a_version_that_is_none_is_refused(provider: ProviderStub, meta: str) -> None:
    with pytest.raises(grpc.RpcError, match='expected "__meta" special property'):
        provider.diff(_kind(PAGES), PAGES["inputs"], _edited(PAGES, {META: meta}))


def test_a_state_without_a_version_is_taken_for_an_old_one(provider: ProviderStub, recorded: replay.Replay) -> None:
    """Which knew no jurisdictions: the bucket is looked for in the wrong place."""
    bucket = RESOURCES["private/R2Bucket"]
    state = {name: value for name, value in bucket["outputs"].items() if name != META}

    with pytest.raises(grpc.RpcError, match="400 Bad Request"):
        provider.read("R2Bucket", bucket["id"], state, bucket["inputs"])

    ((asked, _),) = recorded.calls().items()
    assert ("Cf-R2-Jurisdiction", "default") in asked.headers


@pytest.mark.parametrize("name", ["journal/D1Database", "registry/WorkersKvNamespace"])
def test_a_state_without_a_version_is_found_where_the_names_are_the_same(provider: ProviderStub, name: str) -> None:
    resource = RESOURCES[name]
    state = {key: resource["outputs"][key] for key in ("accountId", "id")}

    assert provider.read(_kind(resource), resource["id"], state, resource["inputs"]).outputs == resource["outputs"]


def test_a_state_without_a_version_is_refused_where_they_are_not(provider: ProviderStub) -> None:
    state = {name: value for name, value in TRIGGER["outputs"].items() if name not in (META, DELTA)}

    with pytest.raises(grpc.RpcError, match="Unable to Upgrade Resource State"):
        provider.diff(_kind(TRIGGER), TRIGGER["inputs"], state)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_recorded_state_is_got_back_whole(name: str) -> None:
    outputs = RESOURCES[name]["outputs"]

    assert recovered(outputs) == {key: value for key, value in outputs.items() if key not in (DELTA, META)}


WHOLE: dict[str, tuple[Properties, Any, Properties]] = {
    "renamed and ignored": ({"a": 1, "b": 2}, {"obj": {"renamed": {"a": "A"}, "ignored": ["b"]}}, {"a": 1}),
    "one as a list": ({"a": 1}, {"obj": {"ps": {"a": {"plu": {}}}}}, {"a": [1]}),
    "none as a list": ({}, {"obj": {"ps": {"a": {"plu": {}}}}}, {"a": []}),
    "a map": ({"a": {"x": "1"}}, {"obj": {"ps": {"a": {"map": {"el": {"x": {"num": {}}}}}}}}, {"a": {"x": 1}}),
    "replaced": ({}, {"obj": {"ps": {"a": {"replace": {"raw": {"b_c": 1}}}}}}, {"a": {"bC": 1}}),
}


@pytest.mark.parametrize(("outputs", "described", "expected"), WHOLE.values(), ids=WHOLE)
def test_the_bridges_other_words(outputs: Properties, described: Any, expected: Properties) -> None:
    assert recovered({**outputs, DELTA: described}) == expected


def test_what_is_null_is_kept_as_a_secret() -> None:
    assert delta({"a": Object(scalars("b", "c")), **scalars("d")}, {"a": {"b": 1}, "d": 1}) == {
        "obj": {"ps": {"a": {"obj": {"ps": {"c": Secret({"replace": {"raw": None}})}}}}}
    }
