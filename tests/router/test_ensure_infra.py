"""`POST /autopilot/ensure-infra`, and the heal that it asks for: of GitHub or a webhook, both imitated on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from tests.support.diagnosed import GITHUB_TOKEN, READS, WEBHOOK_TOKEN, Account, Router, routers
from tests.support.eventually import eventually
from tests.support.loopback_service import Service, service

DISPATCH = "/repos/efh/platform/actions/workflows/heal.yml/dispatches"
WORKFLOW = json.dumps({"repository": "efh/platform", "workflow": "heal.yml", "ref": "main", "token": GITHUB_TOKEN})
LOGS = {"kind": "kvNamespace", "name": "LOGS"}
WORKFLOW_ROUTERS = (
    "once", "shared", "shared-too", "crowd", "crowd-too", "refused", "forgetful", "cron",
    "undeclared", "ready", "silent", "asked",
)  # fmt: skip


@pytest.fixture(scope="module")
def github() -> Iterator[Service]:
    with service() as github:
        github.status = 204
        yield github


@pytest.fixture(scope="module")
def webhook() -> Iterator[Service]:
    with service() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory, github: Service, webhook: Service) -> Iterator[dict[str, Router]]:
    """In front of an account that has what the table declares but the namespace LOGS. One for each test, since each
    remembers what it asked for."""
    account = Account(tmp_path_factory.mktemp("account"))
    try:
        account.add_namespace("REGISTRY")
        account.add_namespace("OTHERS")
        account.add_bucket("efh-private")
        account.add_bucket("efh-europe", jurisdiction="eu")
        account.add_worker("efh-well")
        token = {"CLOUDFLARE_API_TOKEN": account.mint(*READS)}
        hook = json.dumps({"url": f"{webhook.url}/heal", "token": WEBHOOK_TOKEN})
        told = json.dumps({"url": f"{webhook.url}/heal", "statusUrl": f"{webhook.url}/last", "token": WEBHOOK_TOKEN})
        settings: dict[str, dict[str, str]] = {name: {**token, "HEAL": WORKFLOW} for name in WORKFLOW_ROUTERS}
        settings |= {
            "webhook": {**token, "HEAL": hook},
            "telling": {"HEAL": told},
            "unset": token,
            "tokenless": {"HEAL": WORKFLOW},
        }
        settings["forgetful"]["DB"] = "no database"
        with routers(account, github, settings) as running:
            yield running
    finally:
        account.close()


@pytest.fixture(autouse=True)
def forget_calls(github: Service, webhook: Service) -> None:
    github.calls.clear()
    webhook.calls.clear()


@contextmanager
def answering(service: Service, status: int, answer: Any = None) -> Iterator[None]:
    before = service.status, service.answer
    service.status, service.answer = status, answer or {}
    yield
    service.status, service.answer = before


def journalled(router: Router) -> list[dict[str, Any]]:
    """The entries of heals and infrastructure, newest first, once there are some: they are written after the answer."""

    def written() -> list[dict[str, Any]] | None:
        entries = [each for each in router.journal() if each["kind"] in ("heal", "infra")]
        return entries if any(each["kind"] == "infra" for each in entries) else None

    return eventually(written, "the call is journalled")


class TestWant:
    def test_what_there_is_needs_no_heal(self, router: dict[str, Router], github: Service) -> None:
        answer = router["ready"].ensure({"kvNamespaces": ["REGISTRY"], "r2Buckets": ["efh-private", "efh-europe"]})

        assert answer.status_code == 200
        assert answer.json() == {
            "ready": True,
            "resources": [
                {"kind": "kvNamespace", "name": "REGISTRY", "status": "ready", "exists": True},
                {"kind": "r2Bucket", "name": "efh-europe", "status": "ready", "exists": True},
                {"kind": "r2Bucket", "name": "efh-private", "status": "ready", "exists": True},
            ],
        }
        assert github.calls == []

    def test_nothing_is_wanted(self, router: dict[str, Router]) -> None:
        assert router["ready"].ensure({}).json() == {"ready": True, "resources": []}

    def test_what_is_declared_and_missing_is_healed(self, router: dict[str, Router], github: Service) -> None:
        answer = router["once"].ensure({"kvNamespaces": ["LOGS", "REGISTRY"]})

        assert answer.status_code == 202
        assert answer.json()["ready"] is False
        assert answer.json()["resources"] == [
            {**LOGS, "status": "missing", "exists": False},
            {"kind": "kvNamespace", "name": "REGISTRY", "status": "ready", "exists": True},
        ]
        assert answer.json()["heal"]["status"] == "requested"
        assert "heal --recreate" in answer.json()["hint"]
        ((path, headers, body),) = github.calls
        assert (path, json.loads(body)) == (DISPATCH, {"ref": "main"})
        assert headers["authorization"] == f"Bearer {GITHUB_TOKEN}"
        assert headers["accept"] == "application/vnd.github+json"
        assert headers["user-agent"]

    def test_what_is_not_declared_comes_with_the_yaml_that_would_declare_it(
        self, router: dict[str, Router], github: Service
    ) -> None:
        answer = router["undeclared"].ensure({"kvNamespaces": ["OTHERS", "efh-new"], "r2Buckets": ["efh-new"]})

        assert answer.status_code == 200
        assert [(each["status"], each["exists"]) for each in answer.json()["resources"]] == [
            ("undeclared", True),
            ("undeclared", False),
            ("undeclared", False),
        ]
        assert answer.json()["yaml"] == (
            "autopilots:\n  - name: <the autopilot that needs it>\n    needs:\n"
            '      kvNamespaces: ["OTHERS", "efh-new"]\n      r2Buckets: ["efh-new"]\n'
        )
        assert "adopt" in answer.json()["hint"]
        assert github.calls == []

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ([], [""]),
            ({}, ["/want"]),
            ({"want": [], "when": "now"}, ["/when", "/want"]),
            ({"want": {"d1": [], "kvNamespaces": "LOGS"}}, ["/want/d1", "/want/kvNamespaces"]),
            (
                {"want": {"kvNamespaces": ["", "A", "A"], "r2Buckets": ["Upper", 7]}},
                ["/want/kvNamespaces/0", "/want/kvNamespaces/2", "/want/r2Buckets/0", "/want/r2Buckets/1"],
            ),
        ],
    )
    def test_everything_that_is_wrong_is_said_at_once(
        self, router: dict[str, Router], body: object, pointers: list[str]
    ) -> None:
        answer = router["ready"].request("POST", "/autopilot/ensure-infra", json=body)

        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == pointers

    def test_without_a_token_for_the_account_nothing_is_known(self, router: dict[str, Router], github: Service) -> None:
        answer = router["tokenless"].ensure({"kvNamespaces": ["LOGS"]})

        assert (answer.status_code, answer.json()["title"]) == (503, "Diagnostics not configured")
        assert github.calls == []


class TestHealRequest:
    def test_the_same_is_asked_for_once(self, router: dict[str, Router], github: Service) -> None:
        """By whichever isolate: `shared-too` is another one on the same records."""
        statuses = [
            router[name].ensure({"kvNamespaces": ["LOGS"]}).json()["heal"]["status"]
            for name in ("shared", "shared-too", "shared")
        ]

        assert statuses == ["requested", "already-requested", "already-requested"]
        assert len(github.calls) == 1

    def test_of_many_at_once_one_is_sent(self, router: dict[str, Router], github: Service) -> None:
        names = ["crowd", "crowd-too"] * 6
        with ThreadPoolExecutor(len(names)) as pool:
            answers = list(pool.map(lambda name: router[name].ensure({"kvNamespaces": ["LOGS"]}), names))

        assert {answer.status_code for answer in answers} == {202}
        assert [answer.json()["heal"]["requested"] for answer in answers].count(True) == 1
        assert len(github.calls) == 1

    def test_a_webhook_is_told_what_is_missing(self, router: dict[str, Router], webhook: Service) -> None:
        answer = router["webhook"].ensure({"kvNamespaces": ["LOGS"]})

        ((path, headers, body),) = webhook.calls
        assert (path, headers["authorization"]) == ("/heal", f"Bearer {WEBHOOK_TOKEN}")
        assert json.loads(body) == {
            "event": "heal",
            "source": "ensure-infra",
            "missing": [LOGS],
            "requestId": answer.headers["x-request-id"],
        }

    @pytest.mark.parametrize(
        ("status", "why"),
        [(401, "not valid"), (403, "Actions"), (404, "not there"), (422, "workflow_dispatch"), (500, "answered 500")],
    )
    def test_what_was_refused_is_explained_and_may_be_asked_for_again(
        self, router: dict[str, Router], github: Service, status: int, why: str
    ) -> None:
        with answering(github, status):
            answer = router["refused"].ensure({"kvNamespaces": ["LOGS"]})

        assert (answer.status_code, answer.json()["heal"]["status"]) == (200, "failed")
        assert why in answer.json()["heal"]["detail"]
        assert len(github.calls) == 1

    def test_without_a_database_each_isolate_counts_for_itself(
        self, router: dict[str, Router], github: Service
    ) -> None:
        statuses = [router["forgetful"].ensure({"kvNamespaces": ["LOGS"]}).json()["heal"]["status"] for _ in range(2)]

        assert statuses == ["requested", "already-requested"]
        assert len(github.calls) == 1

    def test_where_it_goes_has_to_be_configured(self, router: dict[str, Router]) -> None:
        answer = router["unset"].ensure({"kvNamespaces": ["LOGS"]})

        assert (answer.status_code, answer.json()["heal"]["status"]) == (200, "not-configured")
        assert "pulumi config set --secret heal" in answer.json()["heal"]["detail"]

    def test_the_scheduled_run_asks_too(self, router: dict[str, Router], github: Service) -> None:
        report = router["cron"].request("POST", "/__scheduled").json()

        assert (report["missing"], report["heal"]["status"]) == ([LOGS], "requested")
        assert router["cron"].ensure({"kvNamespaces": ["LOGS"]}).json()["heal"]["status"] == "already-requested"
        assert len(github.calls) == 1

    def test_it_is_journalled_and_no_token_is_told_anywhere(
        self, router: dict[str, Router], capfd: pytest.CaptureFixture[str]
    ) -> None:
        answer = router["silent"].ensure({"kvNamespaces": ["LOGS"]})

        entries = journalled(router["silent"])
        assert [(each["kind"], each["outcome"]) for each in entries] == [("infra", "missing"), ("heal", "requested")]
        assert entries[1]["detail"] == "ensure-infra: kvNamespace LOGS"
        assert {each["caller"] for each in entries} == {"default"}
        for said in (answer.text, json.dumps(entries), *capfd.readouterr()):
            assert GITHUB_TOKEN not in said
        router["silent"].request("POST", "/autopilot/heal")
        assert "request" in [each["detail"] for each in journalled(router["silent"])]


class TestHowItEnded:
    """`GET /autopilot/heal`."""

    RUN: ClassVar[dict[str, Any]] = {
        "id": 7,
        "status": "completed",
        "conclusion": "success",
        "html_url": "https://github.com/efh/platform/actions/runs/7",
        "run_started_at": "2026-11-27T08:00:00Z",
        "updated_at": "2026-11-27T08:01:00Z",
    }
    KNOWN: ClassVar[dict[str, Any]] = {"id": "7", "startedAt": RUN["run_started_at"], "url": RUN["html_url"]}

    @pytest.mark.parametrize(
        ("run", "steps", "status", "detail"),
        [
            ({"status": "queued", "conclusion": None}, [], "running", None),
            ({}, [("Heal", "success"), ("Data was lost", "skipped")], "done", None),
            ({}, [("Heal", "success"), ("Data was lost", "success")], "lost", "the label lost-data"),
            (
                {"conclusion": "failure"},
                [("Set up job", "success"), ("Heal", "failure")],
                "failed",
                "The run ended as failure. Failed: Heal.",
            ),
            ({"conclusion": "cancelled"}, [("Heal", "cancelled")], "failed", "The run ended as cancelled."),
            ({"conclusion": "skipped"}, [], "failed", "The run ended as skipped."),
        ],
    )
    def test_of_a_workflow_its_newest_run_says(
        self,
        router: dict[str, Router],
        github: Service,
        run: dict[str, Any],
        steps: list[tuple[str, str]],
        status: str,
        detail: str | None,
    ) -> None:
        jobs = [{"steps": [{"name": name, "conclusion": conclusion} for name, conclusion in steps]}]
        with answering(github, 200, {"workflow_runs": [self.RUN | run], "jobs": jobs}):
            said = router["asked"].request("GET", "/autopilot/heal").json()

        ended_at = None if status == "running" else self.RUN["updated_at"]
        assert said == {**self.KNOWN, "status": status, "endedAt": ended_at, "detail": said["detail"]}
        assert said["detail"] is None if detail is None else detail in said["detail"]
        asked = [(path, headers["authorization"]) for path, headers, _ in github.calls]
        paths = ["/workflows/heal.yml/runs", *([] if status == "running" else ["/runs/7/jobs"])]
        assert asked == [(f"/repos/efh/platform/actions{path}", f"Bearer {GITHUB_TOKEN}") for path in paths]

    def test_there_may_have_been_none(self, router: dict[str, Router], github: Service) -> None:
        with answering(github, 200, {"workflow_runs": []}):
            said = router["asked"].request("GET", "/autopilot/heal").json()

        assert said == {**dict.fromkeys(said), "status": "none"}

    @pytest.mark.parametrize(
        ("status", "answer", "why"),
        [
            (403, {}, "GitHub answered 403. The token lacks the permission “Actions: read and write”."),
            (302, {}, "GitHub answered 302."),
            (200, ["hunter2"], "GitHub answered 200."),
        ],
    )
    def test_who_cannot_be_asked_leaves_it_unknown(
        self, router: dict[str, Router], github: Service, status: int, answer: Any, why: str
    ) -> None:
        with answering(github, status, answer):
            said = router["asked"].request("GET", "/autopilot/heal").json()

        assert said == {**dict.fromkeys(said), "status": "unknown", "detail": why}

    def test_a_webhook_says_so_in_the_same_shape(self, router: dict[str, Router], webhook: Service) -> None:
        told = {**self.KNOWN, "status": "failed", "endedAt": None, "detail": "error: it is late"}
        with answering(webhook, 200, {**told, "tail": ["more"], "exitCode": 1}):
            assert router["telling"].request("GET", "/autopilot/heal").json() == told
        with answering(webhook, 200, {**told, "url": "javascript:alert(1)"}):
            assert router["telling"].request("GET", "/autopilot/heal").json() == {**told, "url": None}
        with answering(webhook, 200, {**told, "status": "fine"}):
            said = router["telling"].request("GET", "/autopilot/heal").json()
        assert (said["status"], said["detail"]) == ("unknown", "The webhook answered 200.")
        assert {(path, headers["authorization"]) for path, headers, _ in webhook.calls} == {
            ("/last", f"Bearer {WEBHOOK_TOKEN}")
        }

    def test_a_webhook_that_is_to_be_called_only_to_heal_is_not_asked(
        self, router: dict[str, Router], webhook: Service
    ) -> None:
        """Some begin their work at any request."""
        said = router["webhook"].request("GET", "/autopilot/heal").json()

        assert (said["status"], "statusUrl" in said["detail"], webhook.calls) == ("unknown", True, [])

    def test_where_none_can_be_asked_for_there_is_none(self, router: dict[str, Router]) -> None:
        said = router["unset"].request("GET", "/autopilot/heal").json()

        assert (said["status"], "pulumi config set" in said["detail"]) == ("not-configured", True)
