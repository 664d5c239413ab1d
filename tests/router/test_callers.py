"""Who may do what: the callers of autopilots.yaml, each with a token and the rights that the file gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from orchestrator.routing.table import CallerRule
from tests.support.payments import TOKEN, Payments, new_key, running
from tests.support.refusals import refused

CALLERS = {
    "shop": CallerRule(may=("plan",), tasks=("pay",)),
    "finance": CallerRule(may=("plan", "resolve")),
    "auditor": CallerRule(may=("read",)),
    "ops": CallerRule(may=("heal", "register", "resolve")),
    "tokenless": CallerRule(may=("plan",)),
}
TOKENS = {
    "shop": "shop-token",
    "finance": "finance-token old-finance-token",
    "auditor": "auditor-token",
    "ops": "ops-token",
    "nobody": "nobody-token",  # not declared
    "tokenless": "",
}
ENDPOINTS = {
    ("GET", "/autopilot/list"): "read",
    ("GET", "/autopilot/journal"): "read",
    ("GET", "/autopilot/stats"): "read",
    ("GET", "/autopilot/runs"): "read",
    ("GET", "/autopilot/runs/run_0"): "read",
    ("GET", "/autopilot/registry"): "read",
    ("GET", "/autopilot/registry/helper"): "read",
    ("GET", "/autopilot/diagnose"): "read",
    ("POST", "/autopilot/registry"): "register",
    ("DELETE", "/autopilot/registry/helper"): "register",
    ("POST", "/autopilot/ensure-infra"): "heal",
    ("POST", "/__scheduled"): "heal",
    ("POST", "/autopilot/plan"): "plan",
    ("POST", "/autopilot/runs/run_0/resolve"): "resolve",
}


@pytest.fixture(scope="module")
def router() -> Iterator[Payments]:
    with running(CALLERS, json.dumps(TOKENS)) as payments:
        yield payments


@pytest.mark.parametrize("caller", ["shop", "finance", "auditor", "ops"])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=lambda value: value)
def test_each_caller_may_do_what_the_file_says_and_nothing_else(
    router: Payments, method: str, path: str, caller: str
) -> None:
    right = ENDPOINTS[method, path]

    answer = router.request(method, path, {} if method == "POST" else None, token=TOKENS[caller].split()[0])

    if right in CALLERS[caller].may:
        assert answer.status_code not in (401, 403)
    else:
        document = refused(answer, 403, "Forbidden")
        assert (document["right"], document["caller"]) == (right, caller)
        assert f"callers.{caller}.may" in document["hint"]


def test_the_stacks_own_token_may_do_everything(router: Payments) -> None:
    for method, path in ENDPOINTS:
        assert router.request(method, path, {} if method == "POST" else None).status_code not in (401, 403)


@pytest.mark.parametrize("token", ["nobody-token", "finance-token old-finance-token", "shop", "{}", "tokenless"])
def test_a_token_of_nobody_that_is_declared_opens_nothing(router: Payments, token: str) -> None:
    refused(router.request("GET", "/autopilot/list", token=token), 401, "Unauthorized")


@pytest.mark.parametrize("token", ["finance-token", "old-finance-token"])
def test_two_tokens_are_valid_while_one_is_being_replaced(router: Payments, token: str) -> None:
    assert router.pay(new_key(), token=token).status_code == 201


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("task", ["pay_soon", "pay.run", "nothing.at.all"])
def test_a_caller_with_tasks_may_ask_for_no_other_not_even_by_its_capability(
    router: Payments, task: str, explain: bool
) -> None:
    document = refused(router.pay(new_key(), task=task, token="shop-token", explain=explain), 403, "Forbidden")

    assert (document["right"], document["caller"]) == ("plan", "shop")
    assert "callers.shop.tasks" in document["hint"]


def test_a_key_is_its_callers_own(router: Payments) -> None:
    key = new_key()

    shop, finance = (router.pay(key, {"text": name}, token=f"{name}-token") for name in ("shop", "finance"))

    assert (shop.text, finance.text) == ("shop", "finance")
    assert shop.headers["x-run-id"] != finance.headers["x-run-id"]


class TestResolving:
    def unknown_run(self, router: Payments, token: str) -> str:
        answer = router.pay(new_key(), {"status": 500}, token=token)
        return str(answer.headers.get("x-run-id") or answer.json()["run"])

    def test_nobody_resolves_a_run_that_it_asked_for(self, router: Payments) -> None:
        for token in ("finance-token", TOKEN):
            run = self.unknown_run(router, token)
            path = f"/autopilot/runs/{run}/resolve"

            document = refused(router.request("POST", path, {"resolution": "done"}, token=token), 403, "Forbidden")

            assert document["right"] == "resolve"
            assert router.run(run)["status"] == "unknown"

    def test_another_caller_with_the_right_does(self, router: Payments) -> None:
        run = self.unknown_run(router, "shop-token")

        answer = router.request("POST", f"/autopilot/runs/{run}/resolve", {"resolution": "done"}, token="ops-token")

        assert answer.json()["status"] == "done"
        assert answer.json()["resolutions"][0]["by"] == "ops"
