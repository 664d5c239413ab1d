"""`/autopilot/runs`: what became of tasks that must not be done twice, and a person's word where nobody knows."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.payments import SHOP_TOKEN, Payments, new_key
from tests.support.refusals import refused

PATH = "/autopilot/runs"
DAY = 24 * 60 * 60
TASK = f"task-{uuid.uuid4().hex[:8]}"  # of the listed runs alone


@pytest.fixture
def unknown(payments: Payments) -> tuple[str, str]:
    """The key and the id of a run that failed in the middle."""
    key = new_key()
    payments.pay(key, {"status": 500})
    return key, payments.pay(key, {"status": 500}).json()["run"]


@pytest.fixture(scope="module")
def runs(payments: Payments) -> list[str]:
    """The ids of five runs, the newest first; the outcome of the one in the middle is unknown."""
    ids: list[str] = []
    for number in range(5):
        answer = payments.pay(new_key(), {"status": 500 if number == 2 else 201})
        ids.insert(0, answer.headers["x-run-id"])
        payments.sql("UPDATE runs SET task = ?, created_at = ? WHERE id = ?", TASK, 1000 * number, ids[0])
    return ids


class TestOne:
    def test_it_says_what_was_asked_and_what_came_of_it(self, payments: Payments) -> None:
        key = new_key()
        answer = payments.pay(key, {"iban": "secret-of-the-caller", "text": "answer-of-the-autopilot"})

        run = payments.run(answer.headers["x-run-id"])

        times = [
            datetime.fromisoformat(run.pop(name)) for name in ("createdAt", "startedAt", "finishedAt", "expiresAt")
        ]
        assert times == sorted(times)
        assert run == {
            "id": answer.headers["x-run-id"],
            "status": "done",
            "outcome": "done",
            "task": "pay",
            "capability": "pay.run",
            "autopilot": "payer",
            "caller": "default",
            "idempotencyKey": key,
            "requestId": answer.headers["x-request-id"],
            "attempts": 1,
            "why": None,
            "answer": {"status": 201, "type": "text/plain", "bytes": len("answer-of-the-autopilot")},
            "resolutions": [],
        }

    def test_there_may_be_none(self, payments: Payments) -> None:
        refused(payments.request("GET", f"{PATH}/run_nothing"), 404, "No such run")

    @pytest.mark.parametrize("path", [PATH, f"{PATH}/run_x", f"{PATH}/run_x/resolve"])
    def test_nobody_sees_it_without_a_token(self, payments: Payments, path: str) -> None:
        method = "POST" if path.endswith("resolve") else "GET"
        refused(payments.request(method, path, {}, token="wrong"), 401, "Unauthorized")


class TestList:
    def listed(self, payments: Payments, **query: object) -> Any:
        url = f"{PATH}?" + "&".join(f"{name}={value}" for name, value in query.items())
        return payments.request("GET", url).json()

    def ids(self, payments: Payments, **query: object) -> list[str]:
        return [run["id"] for run in self.listed(payments, task=TASK, **query)["runs"]]

    def test_the_newest_come_first(self, payments: Payments, runs: list[str]) -> None:
        page = self.listed(payments, task=TASK)

        assert [run["id"] for run in page["runs"]] == runs
        assert page["next"] is None
        assert page["runs"][0] == payments.run(runs[0])

    @pytest.mark.parametrize("size", [1, 2, 4])
    def test_a_page_at_a_time(self, payments: Payments, runs: list[str], size: int) -> None:
        found: list[str] = []
        query: dict[str, object] = {"limit": size}
        while True:
            page = self.listed(payments, task=TASK, **query)
            assert len(page["runs"]) <= size
            found += [run["id"] for run in page["runs"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]

        assert found == runs

    def test_those_of_a_status(self, payments: Payments, runs: list[str]) -> None:
        assert self.ids(payments, status="unknown") == [runs[2]]
        assert self.ids(payments, status="done") == [runs[0], runs[1], runs[3], runs[4]]
        assert self.ids(payments, status="running") == []

    def test_those_since_a_time(self, payments: Payments, runs: list[str]) -> None:
        assert self.ids(payments, since="1970-01-01T00:00:02Z") == runs[:3]
        assert self.ids(payments, since="1h") == []

    def test_all_that_is_wrong_is_said_at_once(self, payments: Payments) -> None:
        answer = payments.request("GET", f"{PATH}?status=lost&since=soon&limit=0&cursor=x&task=&more=1")

        document = refused(answer, 400, "Invalid parameters")
        names = {error["parameter"] for error in document["errors"]}
        assert names == {"status", "since", "limit", "cursor", "task", "more"}


class TestResolve:
    def test_not_done_frees_the_key(self, payments: Payments, unknown: tuple[str, str]) -> None:
        key, run_id = unknown

        resolved = payments.resolve(run_id, "not-done", note="nothing at the bank", token=SHOP_TOKEN)

        assert (resolved.status_code, resolved.json()["status"]) == (200, "not-done")
        (resolution,) = resolved.json()["resolutions"]
        at = datetime.fromisoformat(resolution.pop("at"))
        assert datetime.now(UTC) - at < timedelta(minutes=1)
        assert resolution == {"resolution": "not-done", "by": "shop", "note": "nothing at the bank"}
        payments.pay(key, {"status": 500})
        assert len(payments.calls(key)) == 2
        assert payments.run(run_id)["status"] == "unknown"

    def test_each_word_is_kept(self, payments: Payments, unknown: tuple[str, str]) -> None:
        key, run_id = unknown
        payments.resolve(run_id, "not-done")
        payments.pay(key, {"status": 500})

        resolutions = payments.resolve(run_id, "done", note=None).json()["resolutions"]

        assert [each["resolution"] for each in resolutions] == ["not-done", "done"]

    def test_done_is_the_end(self, payments: Payments, unknown: tuple[str, str]) -> None:
        key, run_id = unknown

        payments.resolve(run_id, "done")

        document = refused(payments.pay(key, {"status": 500}), 410, "Answer not kept")
        assert (document["run"], document["outcome"]) == (run_id, "done")
        assert "a person found that out" in document["detail"]
        assert len(payments.calls(key)) == 1

    @pytest.mark.parametrize("meta", [{}, {"status": 409}, {"status": 207}], ids=["done", "refused", "partly"])
    @pytest.mark.parametrize("resolution", ["done", "not-done"])
    def test_what_is_known_is_not_resolved(self, payments: Payments, meta: object, resolution: str) -> None:
        key = new_key()
        run_id = payments.pay(key, meta).headers["x-run-id"]

        document = refused(payments.resolve(run_id, resolution), 409, "Outcome known")

        assert document["statusOfRun"] == "done"
        assert payments.pay(key, meta).headers["idempotency-replayed"] == "true"

    def test_nor_is_it_resolved_twice(self, payments: Payments, unknown: tuple[str, str]) -> None:
        _, run_id = unknown
        payments.resolve(run_id, "not-done")

        assert refused(payments.resolve(run_id, "done"), 409, "Outcome known")["statusOfRun"] == "not-done"

    def test_there_may_be_none(self, payments: Payments) -> None:
        refused(payments.resolve("run_nothing", "done"), 404, "No such run")

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ([], [""]),
            ({}, ["/resolution"]),
            ({"resolution": "perhaps"}, ["/resolution"]),
            ({"resolution": "done", "note": 7}, ["/note"]),
            ({"resolution": "done", "note": "x" * 1001, "by": "me"}, ["/by", "/note"]),
        ],
    )
    def test_all_that_is_wrong_is_said_at_once(self, payments: Payments, body: object, pointers: list[str]) -> None:
        document = refused(payments.request("POST", f"{PATH}/run_x/resolve", body), 422, "Invalid request")

        assert [error["pointer"] for error in document["errors"]] == pointers


class TestPrune:
    def test_what_ended_is_kept_for_30_days_and_what_is_unknown_for_ever(self, payments: Payments) -> None:
        metas: dict[str, dict[str, int]] = {"done": {}, "unknown": {"status": 500}, "abandoned": {}, "young": {}}
        ids = {name: payments.pay(new_key(), meta).headers["x-run-id"] for name, meta in metas.items()}
        for name, run_id in ids.items():
            at = int((time.time() - (29.9 if name == "young" else 30.1) * DAY) * 1000)
            payments.sql("UPDATE runs SET created_at = ?1, finished_at = ?1 WHERE id = ?2", at, run_id)
        payments.sql(
            "UPDATE runs SET status = 'running', finished_at = NULL, expires_at = 0 WHERE id = ?", ids["abandoned"]
        )

        pruned = payments.prune()

        left = {name for name, run_id in ids.items() if payments.run(run_id).get("id") == run_id}
        assert left == {"unknown", "abandoned", "young"}
        assert pruned >= 1
