"""Who may do what: the callers of autopilots.yaml, each with a token and the rights that the file gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from orchestrator.dispatch.signature import secret_of
from orchestrator.routing.table import CallerRule
from tests.support.payments import SECRET, TOKEN, Payments, new_key, running
from tests.support.refusals import refused
from tests.support.tokens import token_of

CALLERS = {
    "shop": CallerRule(may=("plan",), tasks=("pay",)),
    "finance": CallerRule(may=("plan", "resolve")),
    "boss": CallerRule(may=("plan", "approve")),
    "auditor": CallerRule(may=("read",)),
    "ops": CallerRule(may=("heal", "register", "resolve")),
    "tokenless": CallerRule(may=("plan",)),
}
TOKENS = {
    "shop": token_of("shop"),
    "finance": " ".join(map(token_of, ("finance", "old-finance"))),
    "boss": token_of("boss"),
    "auditor": token_of("auditor"),
    "ops": token_of("ops"),
    "nobody": token_of("nobody"),  # not declared
    "tokenless": "",
}
ENDPOINTS = {
    ("GET", "/autopilot/list"): "read",
    ("GET", "/autopilot/journal"): "read",
    ("GET", "/autopilot/stats"): "read",
    ("GET", "/autopilot/registry"): "read",
    ("GET", "/autopilot/registry/helper"): "read",
    ("GET", "/autopilot/diagnose"): "read",
    ("POST", "/autopilot/registry"): "register",
    ("DELETE", "/autopilot/registry/helper"): "register",
    ("GET", "/autopilot/heal"): "read",
    ("POST", "/autopilot/ensure-infra"): "heal",
    ("POST", "/__scheduled"): "heal",
    ("POST", "/autopilot/plan"): "plan",
    ("POST", "/autopilot/runs/run_0/approve"): "approve",
    ("POST", "/autopilot/runs/run_0/resolve"): "resolve",
    ("POST", "/autopilot/runs/run_0/retry"): "resolve",
}


@pytest.fixture(scope="module")
def router() -> Iterator[Payments]:
    with running(CALLERS, json.dumps(TOKENS)) as payments:
        yield payments


@pytest.mark.parametrize("caller", ["shop", "finance", "boss", "auditor", "ops"])
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


@pytest.mark.parametrize(
    "token", [token_of("nobody"), " ".join(map(token_of, ("finance", "old-finance"))), "shop", "{}", "tokenless"]
)
def test_a_token_of_nobody_that_is_declared_opens_nothing(router: Payments, token: str) -> None:
    refused(router.request("GET", "/autopilot/list", token=token), 401, "Unauthorized")


@pytest.mark.parametrize("token", [token_of("finance"), token_of("old-finance")])
def test_two_tokens_are_valid_while_one_is_being_replaced(router: Payments, token: str) -> None:
    assert router.pay(new_key(), token=token).status_code == 201


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("task", ["pay_soon", "pay.run", "nothing.at.all"])
def test_a_caller_with_tasks_may_ask_for_no_other_not_even_by_its_capability(
    router: Payments, task: str, explain: bool
) -> None:
    document = refused(router.pay(new_key(), task=task, token=token_of("shop"), explain=explain), 403, "Forbidden")

    assert (document["right"], document["caller"]) == ("plan", "shop")
    assert "callers.shop.tasks" in document["hint"]


def test_a_key_is_its_callers_own(router: Payments) -> None:
    key = new_key()

    shop, finance = (router.pay(key, {"text": name}, token=token_of(name)) for name in ("shop", "finance"))

    assert (shop.text, finance.text) == ("shop", "finance")
    assert shop.headers["x-run-id"] != finance.headers["x-run-id"]


def test_a_caller_sees_its_own_runs_and_who_may_read_all(router: Payments) -> None:
    runs = {name: router.pay(new_key(), token=token_of(name)).headers["x-run-id"] for name in ("shop", "finance")}

    def seen(caller: str) -> set[str]:
        token = TOKENS[caller].split()[0]
        listed = router.request("GET", "/autopilot/runs?limit=500", token=token).json()["runs"]
        one_by_one = {
            run for run in runs.values() if router.request("GET", f"/autopilot/runs/{run}", token=token).is_success
        }
        assert one_by_one == {each["id"] for each in listed} & set(runs.values())
        return one_by_one

    assert seen("shop") == {runs["shop"]}
    assert seen("finance") == {runs["finance"]}
    assert seen("auditor") == set(runs.values())


class TestResolving:
    def unknown_run(self, router: Payments, token: str) -> str:
        answer = router.pay(new_key(), {"status": 500}, token=token)
        return str(answer.headers.get("x-run-id") or answer.json()["run"])

    def test_nobody_resolves_a_run_that_it_asked_for(self, router: Payments) -> None:
        for token in (token_of("finance"), TOKEN):
            run = self.unknown_run(router, token)
            path = f"/autopilot/runs/{run}/resolve"

            document = refused(router.request("POST", path, {"resolution": "done"}, token=token), 403, "Forbidden")

            assert document["right"] == "resolve"
            assert router.run(run)["status"] == "unknown"

    def test_another_caller_with_the_right_does(self, router: Payments) -> None:
        run = self.unknown_run(router, token_of("shop"))

        answer = router.request("POST", f"/autopilot/runs/{run}/resolve", {"resolution": "done"}, token=token_of("ops"))

        assert answer.json()["status"] == "done"
        assert answer.json()["resolutions"][0]["by"] == "ops"


HELPER = secret_of(SECRET, "helper")  # what `python -m orchestrator secret helper` prints
EVIL = {"name": "evil", "endpoint": "https://evil.example.com/", "capabilities": ["pay.run"], "priority": 1000}


class Attempt(NamedTuple):
    """`who` holds the token of that caller, or that text; `{shop}` and `{finance}` are runs that these asked for."""

    who: str
    what: str
    method: str
    path: str
    body: Any
    status: int
    title: str


PLAN, RUNS, REGISTRY = "/autopilot/plan", "/autopilot/runs", "/autopilot/registry"
DONE = {"resolution": "done"}
A = Attempt
ATTEMPTS = [
    # An autopilot that somebody else runs: it has its own secret and what it was sent, and no token.
    A(HELPER, "calls with its secret as token", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A(HELPER[6:], "calls with its key as token", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A(SECRET, "calls with the stack's secret", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A("", "calls without a token", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A("default", "calls as the caller it was told of", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A("", "registers itself", "POST", REGISTRY, EVIL, 401, "Unauthorized"),
    A("", "reads who else there is", "GET", "/autopilot/list", None, 401, "Unauthorized"),
    A("", "resolves the run that it was sent", "POST", f"{RUNS}/{{shop}}/resolve", DONE, 401, "Unauthorized"),
    # The shop: it may ask for `pay`.
    A("shop", "asks for another task", "POST", PLAN, {"task": "pay_soon"}, 403, "Forbidden"),
    A("shop", "asks for it by its capability", "POST", PLAN, {"task": "pay.run"}, 403, "Forbidden"),
    A("shop", "asks who would do it", "POST", f"{PLAN}?explain=1", {"task": "pay_soon"}, 403, "Forbidden"),
    A("shop", "says who it is", "POST", PLAN, {"task": "pay", "caller": "finance"}, 422, "Invalid request"),
    A("shop", "says which run it is", "POST", PLAN, {"task": "pay", "run": {"attempt": 2}}, 422, "Invalid request"),
    A("shop", "says whom it is for", "POST", PLAN, {"task": "pay", "autopilot": "x"}, 422, "Invalid request"),
    A("shop", "pays without a key", "POST", PLAN, {"task": "pay"}, 400, "Idempotency-Key required"),
    A("shop", "reads another's run", "GET", f"{RUNS}/{{finance}}", None, 404, "No such run"),
    A("shop", "resolves its own run", "POST", f"{RUNS}/{{shop}}/resolve", DONE, 403, "Forbidden"),
    A("shop", "resolves another's", "POST", f"{RUNS}/{{finance}}/resolve", DONE, 403, "Forbidden"),
    A("shop", "approves its own run", "POST", f"{RUNS}/{{shop}}/approve", {}, 403, "Forbidden"),
    A("shop", "approves another's", "POST", f"{RUNS}/{{finance}}/approve", {}, 403, "Forbidden"),
    A("shop", "reads the journal", "GET", "/autopilot/journal", None, 403, "Forbidden"),
    A("shop", "takes over an autopilot", "POST", REGISTRY, {**EVIL, "name": "payer"}, 403, "Forbidden"),
    A("shop", "removes one", "DELETE", f"{REGISTRY}/helper", None, 403, "Forbidden"),
    A("shop", "asks for a heal", "POST", "/__scheduled", {}, 403, "Forbidden"),
    # Finance: it may ask for anything, and resolve.
    A("finance", "resolves what it asked for", "POST", f"{RUNS}/{{finance}}/resolve", DONE, 403, "Forbidden"),
    A("finance", "registers an autopilot", "POST", REGISTRY, EVIL, 403, "Forbidden"),
    A("finance", "approves what it asked for", "POST", f"{RUNS}/{{finance}}/approve", {}, 403, "Forbidden"),
    # The auditor: it may read.
    A("auditor", "pays", "POST", PLAN, {"task": "pay"}, 403, "Forbidden"),
    A("auditor", "only asks who would", "POST", f"{PLAN}?explain=1", {"task": "pay"}, 403, "Forbidden"),
    A("auditor", "resolves", "POST", f"{RUNS}/{{shop}}/resolve", DONE, 403, "Forbidden"),
    # Ops: it may heal, register and resolve.
    A("ops", "pays", "POST", PLAN, {"task": "pay"}, 403, "Forbidden"),
    A("ops", "takes a declared name", "POST", REGISTRY, {**EVIL, "name": "payer"}, 409, "Declared autopilot"),
    A("ops", "removes a declared one", "DELETE", f"{REGISTRY}/payer", None, 409, "Declared autopilot"),
    A("ops", "registers the router", "POST", REGISTRY, {**EVIL, "name": "orchestrator"}, 422, "Invalid request"),
    A("ops", "registers its address", "POST", REGISTRY, {**EVIL, "endpoint": "https://127.1/"}, 422, "Invalid request"),
    A("ops", "approves", "POST", f"{RUNS}/{{shop}}/approve", {}, 403, "Forbidden"),
    # Whoever is not, or no longer, in the file.
    A("nobody", "pays", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A("tokenless", "pays", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
    A(f"shop:{TOKENS['shop']}", "has a name before its token", "POST", PLAN, {"task": "pay"}, 401, "Unauthorized"),
]


@pytest.fixture(scope="module")
def unknown_runs(router: Payments) -> dict[str, str]:
    """Of these callers, each under the key `key-of-theirs`: nobody knows how it ended. (408 opens no circuit.)"""
    return {
        name: router.pay("key-of-theirs", {"status": 408}, token=token_of(name)).headers["x-run-id"]
        for name in ("shop", "finance")
    }


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda each: f"{each.who[:8]} {each.what}")
def test_what_nobody_should_be_able_to_do_is_refused(
    router: Payments, unknown_runs: dict[str, str], attempt: Attempt
) -> None:
    token = TOKENS.get(attempt.who, attempt.who).split(" ")[0] or "none"
    path = attempt.path.format(**unknown_runs)

    refused(router.request(attempt.method, path, attempt.body, token=token), attempt.status, attempt.title)

    assert [router.run(run)["status"] for run in unknown_runs.values()] == ["unknown"] * 2


def test_nobody_approves_what_it_asked_for_though_it_may_approve(router: Payments) -> None:
    """Whether or not it waits for that: who asks is looked at first."""
    run = router.pay(new_key(), token=token_of("boss")).headers["x-run-id"]

    document = refused(router.request("POST", f"{RUNS}/{run}/approve", {}, token=token_of("boss")), 403, "Forbidden")

    assert (document["right"], document["caller"]) == ("approve", "boss")
    refused(router.request("POST", f"{RUNS}/{run}/approve", {}), 409, "Not waiting for approval")


def test_anothers_key_gives_neither_its_answer_nor_its_run(router: Payments) -> None:
    key = new_key()
    finance = router.pay(key, {"text": "the secret of finance"}, token=token_of("finance"))

    shop = router.pay(key, {"text": "of the shop"}, token=token_of("shop"))

    assert "idempotency-replayed" not in shop.headers
    assert (shop.text, shop.headers["x-run-id"] != finance.headers["x-run-id"]) == ("of the shop", True)
    callers = [json.loads(call["body"])["caller"] for call in router.calls(key)]
    assert callers == ["finance", "shop"]


def test_who_may_read_sees_no_answer_and_nothing_that_a_task_carries(router: Payments) -> None:
    paid = router.pay(new_key(), {"text": "the secret of finance"}, token=token_of("finance"))
    run = f"/autopilot/runs/{paid.headers['x-run-id']}"

    for path in (run, "/autopilot/runs", "/autopilot/journal", "/autopilot/list", "/autopilot/stats"):
        assert "the secret" not in router.request("GET", path, token=token_of("auditor")).text


def test_a_registered_autopilot_gets_nothing_that_a_declared_one_does(router: Payments) -> None:
    """Whatever priority it gives itself; and what must not be done twice stays so where it alone can do it."""
    evil = {**EVIL, "capabilities": ["pay.run", "nobody.run"]}
    assert router.request("POST", REGISTRY, evil, token=token_of("ops")).status_code == 201

    key = new_key()
    assert router.pay(key, token=token_of("finance")).headers["x-autopilot"] == "payer"
    refused(router.pay(None, task="pay_nobody", token=token_of("finance")), 400, "Idempotency-Key required")
    refused(router.pay(None, task="nobody.run", token=token_of("finance")), 400, "Idempotency-Key required")

    assert router.request("DELETE", f"{REGISTRY}/evil", token=token_of("ops")).status_code == 204


def test_an_autopilot_says_nothing_in_headers_that_are_the_routers(router: Payments) -> None:
    names = ["x-run-id", "x-autopilot", "x-request-id", "idempotency-replayed", "set-cookie", "location", "x-other"]
    names += ["access-control-allow-origin", "www-authenticate", "cache-control", "etag"]
    said = dict.fromkeys(names, "evil")

    answer = router.pay(new_key(), {"headers": said}, token=token_of("finance"))

    assert answer.status_code == 201
    assert "evil" not in answer.headers.values()
