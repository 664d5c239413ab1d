"""Drift on a stack that is really up: each kind of change made behind Pulumi's back is found, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cloudflare.account import JURISDICTIONS
from orchestrator.drift.check import check
from orchestrator.drift.findings import Drift
from orchestrator.errors import CloudflareError
from orchestrator.stack.config import Stack
from orchestrator.stack.state import State
from tests.support.account_snapshot import AccountSnapshot
from tests.support.drift_kind import DriftKind, Found
from tests.support.drift_kinds import KINDS
from tests.support.drift_stack import ARCHIVE, LEDGER, MANIFEST, SECRETS, STACK, DriftStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside


class Drifting:
    """The stack, and the account it is on."""

    def __init__(self, project: DriftStack, server: LocalCloudflare) -> None:
        self.project = project
        self.server = server
        self.outside = Outside(server)
        self.stack: Stack = project.stack()
        self.state: State = self.stack.state()

    def check(self, *, full: bool = False) -> Drift:
        """A check in this process, with the state of right after the update, and without waits before second tries."""
        return self.check_against(self.state, full=full)

    def check_against(self, state: State, *, full: bool = False) -> Drift:
        with self.stack.account(sleep=lambda _: None) as account:
            return check(self.stack, full=full, report=lambda _: None, account=account, state=state)

    def command(self, *arguments: str, exit_code: int, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", "drift", "-s", STACK, *arguments],
            cwd=self.project.root,
            env={**self.project.project.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def clean(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drifting]:
    """The stack right after `pulumi up`, and a first check."""
    cloudflare_server.reset()
    project = DriftStack(tmp_path_factory.mktemp("drift"), cloudflare_server)
    project.project.up()
    with project.environment():
        drifting = Drifting(project, cloudflare_server)
        assert drifting.check(full=True).findings == ()
        yield drifting


@pytest.fixture(scope="module")
def snapshot(clean: Drifting, tmp_path_factory: pytest.TempPathFactory) -> AccountSnapshot:
    return AccountSnapshot(clean.server, tmp_path_factory.mktemp("snapshot"))


@pytest.fixture
def drifting(clean: Drifting, snapshot: AccountSnapshot) -> Iterator[Drifting]:
    """The clean stack; what a test does to the account is undone."""
    yield clean
    clean.server.local("DELETE", "/faults")
    clean.project.write(MANIFEST)
    snapshot.restore()


def found(drift: Drift) -> list[Found]:
    return sorted(
        (each.change, each.kind, each.name, tuple(one.path for one in each.differences)) for each in drift.findings
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_was_done_behind_pulumis_back_is_found_and_nothing_else(drifting: Drifting, kind: DriftKind) -> None:
    kind.does(drifting.outside)

    drift = drifting.check(full=kind.full)

    assert found(drift) == sorted(kind.finds)
    assert {each.name for each in drift.lost} == set(kind.lost)
    assert drift.clean == all(change == "undeclared" for change, *_ in kind.finds)


def test_a_check_costs_the_lists_and_a_call_for_each_worker_with_schedules(drifting: Drifting) -> None:
    drifting.check()
    drifting.server.local("DELETE", "/calls")

    drift = drifting.check()

    calls = [call["path"].partition("/accounts/")[2].partition("/")[2] for call in _calls(drifting)]
    databases = [drifting.outside.database(name) for name in ("efh-router", LEDGER)]
    assert sorted(calls) == sorted(
        [
            "storage/kv/namespaces",
            *["r2/buckets"] * len(JURISDICTIONS),
            "d1/database",
            *(f"d1/database/{id}" for id in databases),
            "workers/scripts",
            "workers/workers",
            "workers/domains",
            "workers/scripts/efh-router/schedules",
            "workers/scripts/efh-keeper/schedules",
        ]
    )
    assert (drift.calls, drift.read) == (len(calls), 0)


def test_only_the_worker_that_was_deployed_to_is_read_again(drifting: Drifting) -> None:
    drifting.check()
    drifting.outside.bindings("efh-keeper", {"NOTES": None})
    drifting.server.local("DELETE", "/calls")

    drifting.check()

    read = [call["path"] for call in _calls(drifting) if call["path"].endswith(("/settings", "/content/v2"))]
    assert [path.rpartition("/scripts/")[2] for path in read] == ["efh-keeper/settings"]


def test_a_refresh_of_pulumi_does_not_hide_what_it_cannot_see(drifting: Drifting) -> None:
    drifting.outside.bindings("efh-keeper", {"NOTES": None})
    drifting.project.project.run("refresh", "--yes", "--skip-preview")
    try:
        drift = drifting.check_against(drifting.stack.state())
    finally:
        drifting.project.project.up("--refresh")

    assert found(drift) == [("changed", "worker", "efh-keeper", ("bindings.NOTES",))]


def test_what_left_the_file_is_left_behind_and_what_came_is_missing(drifting: Drifting) -> None:
    autopilots = [each for each in MANIFEST["autopilots"] if each["name"] != "archivist"]
    newcomer = {**autopilots[1], "needs": {**autopilots[1]["needs"], "kvNamespaces": ["GREETINGS"]}}
    drifting.project.write({**MANIFEST, "autopilots": [autopilots[0], newcomer]})

    drift = drifting.check()

    assert found(drift) == [
        ("changed", "worker", "efh-greeter", ("bindings.GREETINGS",)),
        ("changed", "worker", "efh-router", ("content", "bindings.BUILD_ID")),  # the routing table is part of it
        ("left-behind", "kvNamespace", ARCHIVE, ()),
        ("left-behind", "r2Bucket", "efh-archive", ()),
        ("missing", "kvNamespace", "GREETINGS", ()),
    ]
    assert drift.lost == ()


FAULTS = {
    "429 once": {"effect": "status", "status": 429, "retryAfter": 0, "every": 4, "times": 2},
    "500 now and then": {"effect": "status", "status": 500, "every": 3, "times": 3},
    "connections cut": {"effect": "reset", "every": 4, "times": 2},
    "slow": {"effect": "delay", "seconds": 0.05},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_passing_trouble_of_the_api_is_waited_out(drifting: Drifting, fault: dict[str, object]) -> None:
    drifting.outside.crons("efh-router")
    drifting.server.local("PUT", "/faults", {"faults": [{"method": "GET", **fault}]})

    assert found(drifting.check()) == [("changed", "schedules", "efh-router", ("crons",))]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"effect": "status", "status": 503}, "HTTP 503"),
        ({"effect": "status", "status": 429, "retryAfter": 0}, "HTTP 429"),
        ({"effect": "reset"}, "no answer from 127.0.0.1"),
    ],
)
@pytest.mark.parametrize("path", ["*/workers/scripts", "*/schedules", "*/storage/kv/*"])
def test_an_account_that_is_not_read_whole_is_an_error_and_no_drift(
    drifting: Drifting, path: str, fault: dict[str, object], says: str
) -> None:
    drifting.server.local("PUT", "/faults", {"faults": [{"method": "GET", "path": path, **fault}]})

    with pytest.raises(CloudflareError, match=says):
        drifting.check()


def test_the_command_says_it_as_a_table_as_json_and_for_github_and_shows_no_secret(
    drifting: Drifting, tmp_path: Path
) -> None:
    assert "no drift" in drifting.command(exit_code=0).stdout
    drifting.outside.delete_namespace(ARCHIVE)
    drifting.outside.bindings("efh-keeper", {"ACCESS_KEY": {"type": "plain_text", "text": "somebody's own"}})
    page = tmp_path / "summary.md"

    table = drifting.command(exit_code=7)
    document = drifting.command("--json", "--github", exit_code=7, GITHUB_STEP_SUMMARY=str(page))

    assert f"missing, data lost  KV namespace  {ARCHIVE}" in table.stdout
    assert "data is gone from the account" in table.stderr
    parsed = json.loads(document.stdout)
    assert parsed["counts"] == {"missing": 1, "changed": 1, "left-behind": 0, "undeclared": 0}
    assert parsed["findings"][1]["differences"] == [
        {"path": "bindings.ACCESS_KEY", "desired": "secret_text", "live": "plain_text"}
    ]
    assert "```diff\n- bindings.ACCESS_KEY: plain_text\n+ bindings.ACCESS_KEY: secret_text\n```" in page.read_text()
    for text in (table.stdout, document.stdout, page.read_text(), table.stderr):
        assert not [secret for secret in (*SECRETS.values(), "somebody's own") if secret in text]


def test_an_account_that_cannot_be_reached_is_broken_not_drifted(drifting: Drifting) -> None:
    done = drifting.command(exit_code=1, CLOUDFLARE_BASE_URL="http://127.0.0.1:9/client/v4")

    assert "no answer from 127.0.0.1" in done.stderr


def _calls(drifting: Drifting) -> list[dict[str, str]]:
    calls: list[dict[str, str]] = drifting.server.local("GET", "/calls")["calls"]
    return calls
