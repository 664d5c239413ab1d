"""`diagnose` from the command line, against a stack that is up: directly, and through the routing Worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.names import LOCAL
from orchestrator.stack.config import read_stack
from tests.support.drift_stack import MANIFEST, ROUTER, STACK, DriftStack
from tests.support.local_cloudflare import LocalCloudflare

WELL = "export default { fetch: () => Response.json({ status: 'pass' }), scheduled: () => {} }"
NEEDED = [
    {
        "name": "keeper",
        "worker": "efh-keeper",
        "capabilities": ["file.keep"],
        "needs": {
            "kvNamespaces": ["NOTES"],
            "r2Buckets": ["efh-files", {"name": "efh-archive", "jurisdiction": "eu"}],
            "workers": [{"name": "efh-keeper", "content": WELL}],
        },
    }
]


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriftStack]:
    """A stack that is up, whose routing Worker may look into the account."""
    cloudflare_server.reset()
    project = DriftStack(tmp_path_factory.mktemp("diagnose"), cloudflare_server)
    project.write({**MANIFEST, "autopilots": NEEDED})
    # Only there may a Worker call an API over plain HTTP.
    project.project.run("stack", "init", LOCAL, "--copy-config-from", STACK)
    project.project.environment["PULUMI_STACK"] = LOCAL
    project.project.run("config", "set-all", f"--secret=diagnoseToken={cloudflare_server.token}")
    project.project.up()
    url = cloudflare_server.workers_url.format(worker=ROUTER)
    project.project.environment |= {"ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": "callers-token" * 3}
    with project.environment():
        yield project


@pytest.fixture(autouse=True)
def in_the_project(stack: DriftStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stack.root)


def diagnosis(capsys: pytest.CaptureFixture[str], *way: str) -> tuple[int, dict[str, Any]]:
    code = main(["diagnose", *way, "--json"])
    output = capsys.readouterr()
    assert output.out, output.err
    return code, json.loads(output.out)


def run_scheduled(server: LocalCloudflare) -> None:
    answer = server.fetch(ROUTER, "/__scheduled", "POST", headers={"authorization": f"Bearer {'callers-token' * 3}"})
    assert answer.status_code == 200, answer.text


@pytest.fixture(params=["from here", "by the Worker"])
def way(request: pytest.FixtureRequest, cloudflare_server: LocalCloudflare) -> list[str]:
    direct = request.param == "from here"
    return ["-s", LOCAL] if direct else ["--url", cloudflare_server.workers_url.format(worker=ROUTER)]


def test_a_stack_that_is_well(way: list[str], cloudflare_server: LocalCloudflare, capsys: Any) -> None:
    run_scheduled(cloudflare_server)

    code, found = diagnosis(capsys, *way)

    assert code == 0, found
    assert list(found) == ["token", "resources", "timestamp", "permissions", "missing", "checks"]
    assert found["token"]["status"] == "active"
    assert {each["title"] for each in found["resources"]["kv"]} == {"REGISTRY", "NOTES"}
    assert {each["status"] for each in found["permissions"]} == {"granted"}
    assert found["missing"] == []
    assert {each["name"] for each in found["checks"]} >= {"workers.dev subdomain", "R2", "cron", "autopilot keeper"}


def test_what_was_deleted_is_missing_by_its_name_in_the_file(
    way: list[str], cloudflare_server: LocalCloudflare, capsys: Any
) -> None:
    eu = {"cf-r2-jurisdiction": "eu"}
    cloudflare_server.call("DELETE", "/r2/buckets/efh-archive", headers=eu).raise_for_status()
    try:
        code, found = diagnosis(capsys, *way)
        main(["diagnose", *way])
    finally:
        cloudflare_server.call("POST", "/r2/buckets", json={"name": "efh-archive"}, headers=eu).raise_for_status()

    assert code == 2
    assert found["missing"] == [{"kind": "r2Bucket", "name": "efh-archive"}]
    shown = capsys.readouterr().out
    assert "R2 bucket efh-archive" in shown
    assert "python -m orchestrator heal" in shown


def test_a_refused_token_is_an_error_with_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "wrong")

    assert main(["diagnose", "-s", LOCAL]) == 1

    assert "Invalid API Token" in capsys.readouterr().err


def test_a_router_whose_name_is_not_known_is_not_told_to_be_deployed_again(stack: DriftStack, capsys: Any) -> None:
    where = read_stack(LOCAL, stack.root).workers_url
    assert where
    stack.project.run("config", "set", "workersUrl", "https://{worker}.invalid")
    try:
        _, wrong = diagnosis(capsys, "-s", LOCAL)
        stack.project.run("config", "rm", "workersUrl")
        _, new = diagnosis(capsys, "-s", LOCAL)
    finally:
        stack.project.run("config", "set", "workersUrl", where)

    [of_a_setting], [of_workers_dev] = (
        [each for each in told["checks"] if each["name"] == "router"] for told in (wrong, new)
    )
    assert "its name is not known" in of_a_setting["detail"]
    assert "pulumi config rm workersUrl -s local" in of_a_setting["fix"]
    assert ".workers.dev/health: its name is not known" in of_workers_dev["detail"]
    assert "known after some minutes" in of_workers_dev["fix"]


def test_a_router_that_nobody_runs(capsys: Any) -> None:
    assert main(["diagnose", "--url", "http://127.0.0.1:1"]) == 1

    assert "the routing Worker at http://127.0.0.1:1 could not diagnose" in capsys.readouterr().err
