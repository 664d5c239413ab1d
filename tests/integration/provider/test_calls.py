"""What the provider accepts, what it does when Cloudflare fails, and what it says in a preview, call by call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import chdir
from typing import Any

import grpc
import pytest

from local_cloudflare.provider.values import UNKNOWN
from tests.support.provider_records import replay
from tests.support.provider_records.replay import Answer, Call, Phase
from tests.support.provider_stub import ProviderStub, provider_stub

pytestmark = pytest.mark.stand_in

ACCOUNT = "0" * 31 + "1"
NAMESPACE = {"accountId": ACCOUNT, "title": "REGISTRY"}
SCRIPT = {"accountId": ACCOUNT, "scriptName": "efh-agent", "mainModule": "worker.js", "content": "export default {}"}
BUCKET = {"accountId": ACCOUNT, "name": "efh-pages"}
TRIGGER = {"accountId": ACCOUNT, "scriptName": "efh-agent", "schedules": []}
CREATED = replay.phases()["up-create"]
REFRESH = replay.phases()["preview-refresh"]
CREATE_NAMESPACE = next(call for call, _ in CREATED.answers if call.path.endswith("/namespaces"))
NAMESPACE_ANSWER = Answer.of(CREATED.result("/namespaces"))


@pytest.fixture(scope="module")
def recorded() -> Iterator[replay.Replay]:
    with replay.replay() as server:
        yield server


@pytest.fixture
def provider(recorded: replay.Replay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderStub]:
    project = tmp_path_factory.mktemp("project")
    replay.write_files(project)
    with chdir(project), provider_stub() as provider:
        provider.configure(baseUrl=recorded.base_url, apiToken="token")
        yield provider


def _answers(call: Call, *answers: Answer) -> Phase:
    return Phase("answers", tuple((call, answer) for answer in answers))


@pytest.mark.parametrize(
    ("kind", "inputs", "property_", "reason"),
    [
        ("WorkersKvNamespace", {"accountId": ACCOUNT}, "title", "Missing required argument"),
        ("WorkersKvNamespace", {**NAMESPACE, "titel": "A"}, "titel", 'Did you mean "title"?'),
        ("WorkersKvNamespace", {**NAMESPACE, "id": "1"}, "id", "is not expected here"),
        ("R2Bucket", {**BUCKET, "jurisdiction": "mars"}, "jurisdiction", "must be one of default, eu"),
        ("WorkersCronTrigger", {"accountId": ACCOUNT, "scriptName": "a"}, "schedules", "Missing required argument"),
        ("WorkersScript", {**SCRIPT, "contentFile": "worker.js"}, "contentFile", 'when "content" is specified'),
        ("WorkersScript", {**SCRIPT, "contentSha256": "0" * 64}, "contentSha256", "does not match the actual hash"),
        ("WorkersScript", {**SCRIPT, "migrations": {}}, "migrations", "The local stand-in takes"),
        ("WorkersScript", {**SCRIPT, "assets": {"jwt": "a"}}, "assets.jwt", "only directory and config"),
        (
            "WorkersScript",
            {**SCRIPT, "bindings": [{"type": "kv", "name": "KV"}]},
            "bindings[0].type",
            'no binding type is called "kv"',
        ),
        (
            "WorkersScript",
            {"accountId": ACCOUNT, "scriptName": "a", "contentFile": "no.js", "contentSha256": "0"},
            "contentSha256",
            "could not read file no.js",
        ),
        (
            "WorkersScript",
            {"accountId": ACCOUNT, "scriptName": "a", "contentFile": "worker.js"},
            "contentFile",
            '"contentSha256" must be specified',
        ),
        ("WorkersScript", {"accountId": ACCOUNT, "scriptName": "a"}, "content", "at least one of"),
    ],
)
def test_inputs_that_are_not_accepted(
    provider: ProviderStub, kind: str, inputs: dict[str, Any], property_: str, reason: str
) -> None:
    assert reason in provider.check(kind, inputs)[property_]


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("WorkersKvNamespace", NAMESPACE),
        ("R2Bucket", {**BUCKET, "location": "WEUR"}),
        ("WorkersScript", SCRIPT),
        ("WorkersScript", {**SCRIPT, "bindings": UNKNOWN}),
        ("WorkersCronTrigger", TRIGGER),
        ("WorkersCronTrigger", {**TRIGGER, "scriptName": UNKNOWN}),
    ],
)
def test_inputs_that_are_accepted(provider: ProviderStub, kind: str, inputs: dict[str, Any]) -> None:
    assert provider.check(kind, inputs) == {}


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        ("R2Bucket", {"name": "other"}, {"name": "UPDATE_REPLACE"}),
        ("R2Bucket", {"storageClass": "InfrequentAccess"}, {"storageClass": "UPDATE"}),
        ("R2Bucket", {"jurisdiction": "eu"}, {"jurisdiction": "UPDATE"}),
        ("R2Bucket", {"location": "eeur"}, {}),
        ("WorkersCronTrigger", {"scriptName": "other"}, {"scriptName": "UPDATE_REPLACE"}),
        ("WorkersCronTrigger", {"schedules": [{"cron": "* * * * *"}]}, {"schedules[0].cron": "UPDATE"}),
        ("WorkersCronTrigger", {"schedules": []}, {"schedules[0]": "DELETE"}),
        ("WorkersScriptSubdomain", {"scriptName": "other"}, {"scriptName": "UPDATE_REPLACE"}),
        ("WorkersScriptSubdomain", {"previewsEnabled": None}, {}),
        ("D1Database", {"name": "other"}, {"name": "UPDATE_REPLACE"}),
        ("WorkersKvNamespace", {"accountId": "other"}, {"accountId": "UPDATE_REPLACE"}),
        ("WorkersKvNamespace", {"title": UNKNOWN}, {"title": "UPDATE"}),
        ("WorkersScript", {"scriptName": "other"}, {"scriptName": "UPDATE_REPLACE"}),
        ("WorkersScript", {"compatibilityFlags": ["nodejs_compat"]}, {"compatibilityFlags": "UPDATE"}),
        ("WorkersScript", {"observability": None}, {"observability": "DELETE"}),
    ],
)
def test_what_a_change_of_the_program_means(
    provider: ProviderStub, kind: str, changed: dict[str, Any], expected: dict[str, str]
) -> None:
    resource = replay.plain(next(each for each in replay.resources() if each["type"].endswith(f":{kind}")))
    inputs = {name: value for name, value in {**resource["inputs"], **changed}.items() if value is not None}

    assert provider.diff(kind, inputs, resource["outputs"]) == expected


def test_a_change_of_an_asset_is_a_change_of_its_worker(provider: ProviderStub) -> None:
    resource = replay.plain(next(each for each in replay.resources() if each["urn"].endswith("Script::router")))
    inputs, state = resource["inputs"], resource["outputs"]
    assert provider.diff("WorkersScript", inputs, state) == {}

    with open("dist/new.txt", "w") as file:
        file.write("new")

    assert provider.diff("WorkersScript", inputs, state) == {"assets.assetManifestSha256": "UPDATE"}


def test_a_preview_of_a_creation_calls_nothing_and_leaves_open_what_only_cloudflare_knows(
    provider: ProviderStub, recorded: replay.Replay
) -> None:
    recorded.play(CREATED)

    outputs = provider.create("R2Bucket", BUCKET, preview=True)

    assert outputs == {
        **BUCKET,
        "jurisdiction": "default",
        "storageClass": "Standard",
        **{"location": UNKNOWN, "id": UNKNOWN, "creationDate": UNKNOWN},
    }
    assert not recorded.calls()


def test_an_error_names_the_call_and_has_cloudflares_answer(provider: ProviderStub, recorded: replay.Replay) -> None:
    refusal = Answer.of([{"code": 10014, "message": "a namespace with this title already exists"}], status=400)
    recorded.play(_answers(CREATE_NAMESPACE, refusal))

    with pytest.raises(grpc.RpcError) as failed:
        provider.create("WorkersKvNamespace", NAMESPACE)

    path = f"{recorded.base_url}/accounts/{ACCOUNT}/storage/kv/namespaces"
    assert failed.value.details() == (
        f'failed to make http request: POST "{path}": 400 Bad Request {refusal.body.decode()}'
    )
    assert recorded.calls().total() == 1


@pytest.mark.parametrize("status", [429, 409, 500, 503])
def test_a_call_that_may_work_later_is_made_again(provider: ProviderStub, recorded: replay.Replay, status: int) -> None:
    busy = Answer.of([{"code": 971, "message": "busy"}], status=status, **{"Retry-After": "0.01"})
    recorded.play(_answers(CREATE_NAMESPACE, busy, busy, NAMESPACE_ANSWER))

    outputs = provider.create("WorkersKvNamespace", NAMESPACE)

    assert outputs["id"] == CREATED.result("/namespaces")["id"]
    assert recorded.calls() == {CREATE_NAMESPACE: 3}


def test_the_third_failure_is_final(provider: ProviderStub, recorded: replay.Replay) -> None:
    busy = Answer.of([{"code": 971, "message": "busy"}], status=429, **{"Retry-After": "0.01"})
    recorded.play(_answers(CREATE_NAMESPACE, busy, busy, busy, NAMESPACE_ANSWER))

    with pytest.raises(grpc.RpcError, match="429 Too Many Requests"):
        provider.create("WorkersKvNamespace", NAMESPACE)

    assert recorded.calls() == {CREATE_NAMESPACE: 3}


def test_cancel_ends_a_wait(provider: ProviderStub, recorded: replay.Replay) -> None:
    busy = Answer.of([{"code": 971, "message": "busy"}], status=429, **{"Retry-After": "60"})
    recorded.play(_answers(CREATE_NAMESPACE, busy, NAMESPACE_ANSWER))
    failures: list[str] = []

    def create() -> None:
        with pytest.raises(grpc.RpcError) as failed:
            provider.create("WorkersKvNamespace", NAMESPACE)
        failures.append(failed.value.details() or "")

    recorded.called.clear()
    creation = threading.Thread(target=create)
    creation.start()
    recorded.called.wait(10)
    provider.cancel()
    creation.join(10)

    assert [failure.endswith("cancelled") for failure in failures] == [True]


@pytest.mark.parametrize(
    ("kind", "identifier", "expected"),
    [
        ("WorkersKvNamespace", f"{ACCOUNT}/267e5e6dd46c457aa14d972721fb4862", {"title": "REGISTRY"}),
        ("R2Bucket", f"{ACCOUNT}/efh-pages", {"jurisdiction": "default", "location": "WNAM"}),
        ("R2Bucket", f"{ACCOUNT}/efh-private/eu", {"name": "efh-private", "jurisdiction": "eu"}),
        ("D1Database", f"{ACCOUNT}/92de833f-0c16-4565-bec6-7174b8949f4b", {"name": "efh-journal"}),
        ("WorkersScript", f"{ACCOUNT}/efh-agent", {"compatibilityDate": "2026-01-01"}),
        ("WorkersScriptSubdomain", f"{ACCOUNT}/efh-autopilot-orchestrator", {"enabled": True}),
        ("WorkersCronTrigger", f"{ACCOUNT}/efh-autopilot-orchestrator", {"accountId": ACCOUNT}),
    ],
)
def test_what_exists_is_imported_by_account_and_name(
    provider: ProviderStub, recorded: replay.Replay, kind: str, identifier: str, expected: dict[str, Any]
) -> None:
    recorded.play(REFRESH)

    found = provider.read(kind, identifier, {}, {})

    assert expected.items() <= found.inputs.items()
    assert found.inputs.items() <= found.outputs.items()
    assert "schedules" not in found.outputs  # of a trigger the official provider imports none


def test_an_import_id_of_the_wrong_form_is_refused(provider: ProviderStub) -> None:
    with pytest.raises(grpc.RpcError, match="to be in the format"):
        provider.read("WorkersKvNamespace", "267e5e6dd46c457aa14d972721fb4862", {}, {})


def test_a_type_that_the_stand_in_does_not_know_is_named(provider: ProviderStub) -> None:
    with pytest.raises(grpc.RpcError, match="does not know cloudflare:index/zone:Zone"):
        provider.check("cloudflare:index/zone:Zone", {})
