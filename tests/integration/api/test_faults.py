"""Faults: which call, which time, what happens; and the record of calls that tests count."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.local_cloudflare import LocalCloudflare

KV = "/storage/kv/namespaces"
ANY_KV = "/accounts/*/storage/kv/namespaces*"


def create(cloudflare_api: LocalCloudflare, title: str) -> httpx.Response:
    return cloudflare_api.call("POST", KV, json={"title": title})


def titles(cloudflare_api: LocalCloudflare) -> list[str]:
    return [namespace["title"] for namespace in cloudflare_api.call("GET", KV).json()["result"]]


def set_faults(cloudflare_api: LocalCloudflare, *faults: dict[str, Any]) -> None:
    cloudflare_api.local("PUT", "/faults", {"faults": list(faults)})


STATUSES = [
    ({"status": 429, "retryAfter": 2}, 429, '"code":971', "2"),
    ({"status": 500}, 500, '"code":10013', None),
    ({"status": 502}, 502, "error code: 502", None),
    ({"status": 503, "retryAfter": 1}, 503, "error code: 503", "1"),
]


@pytest.mark.parametrize(("fault", "status", "text", "retry_after"), STATUSES)
def test_an_error_comes_instead_of_the_effect(
    cloudflare_api: LocalCloudflare, fault: dict[str, Any], status: int, text: str, retry_after: str | None
) -> None:
    set_faults(cloudflare_api, {"effect": "status", "method": "POST", "times": 1, **fault})
    answer = create(cloudflare_api, "A")
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert text in answer.text
    assert titles(cloudflare_api) == []
    assert create(cloudflare_api, "A").is_success


def test_an_error_may_come_after_the_effect(cloudflare_api: LocalCloudflare) -> None:
    set_faults(cloudflare_api, {"effect": "status", "status": 502, "when": "after", "method": "POST"})
    assert create(cloudflare_api, "A").status_code == 502
    assert titles(cloudflare_api) == ["A"]


@pytest.mark.parametrize(("when", "there"), [("before", []), ("after", ["A"])])
def test_a_connection_is_cut_before_or_after_the_effect(
    cloudflare_api: LocalCloudflare, when: str, there: list[str]
) -> None:
    set_faults(cloudflare_api, {"effect": "reset", "when": when, "method": "POST"})
    with pytest.raises(httpx.TransportError):
        create(cloudflare_api, "A")
    assert titles(cloudflare_api) == there


def test_a_delay_only_takes_time(cloudflare_api: LocalCloudflare) -> None:
    set_faults(cloudflare_api, {"effect": "delay", "seconds": 0.3, "method": "POST"})
    answer = create(cloudflare_api, "A")
    assert answer.is_success
    assert answer.elapsed.total_seconds() >= 0.3


def test_a_stale_read_answers_as_of_before_the_last_write(cloudflare_api: LocalCloudflare) -> None:
    create(cloudflare_api, "A")
    set_faults(cloudflare_api, {"effect": "stale", "path": ANY_KV, "nth": 2})
    create(cloudflare_api, "B")
    assert titles(cloudflare_api) == ["A"]
    assert titles(cloudflare_api) == ["A", "B"]


COUNTS = [
    ({"nth": 2}, [True, False, True, True, True]),
    ({"every": 2}, [True, False, True, False, True]),
    ({"times": 2}, [False, False, True, True, True]),
    ({"every": 2, "times": 1}, [True, False, True, True, True]),
    ({"path": "/accounts/*/r2/*"}, [True] * 5),
    ({"method": "GET"}, [True] * 5),
    ({}, [False] * 5),
]


@pytest.mark.parametrize(("rule", "successes"), COUNTS)
def test_a_rule_says_which_calls_it_strikes(
    cloudflare_api: LocalCloudflare, rule: dict[str, Any], successes: list[bool]
) -> None:
    set_faults(cloudflare_api, {"effect": "status", "status": 500, **rule})
    assert [create(cloudflare_api, f"N{number}").is_success for number in range(5)] == successes


def test_the_first_rule_that_strikes_counts_and_rules_are_reported(cloudflare_api: LocalCloudflare) -> None:
    first = {"effect": "status", "status": 500, "method": "POST", "nth": 1}
    second = {"effect": "status", "status": 503, "method": "POST"}
    set_faults(cloudflare_api, first, second)
    assert [create(cloudflare_api, "A").status_code for _ in range(2)] == [500, 503]
    report = cloudflare_api.local("GET", "/faults")["faults"]
    assert [(rule["seen"], rule["struck"]) for rule in report] == [(2, 1), (2, 1)]
    cloudflare_api.local("DELETE", "/faults")
    assert create(cloudflare_api, "A").is_success


WRONG = [
    ("not a list", {"effect": "reset"}, "faults: must be a list of objects"),
    ("unknown effect", [{"effect": "fire"}], "faults[0]: effect: must be one of status, reset, delay, stale"),
    ("unknown field", [{"effect": "reset", "often": 1}], "faults[0]: "),
    ("no effect", [{"nth": 1}], "faults[0]: "),
    ("nth from 1", [{"effect": "reset", "nth": 0}], "faults[0]: nth: must be a whole number from 1"),
    (
        "both",
        [{"effect": "reset"}, {"effect": "reset", "nth": 1, "every": 1}],
        "faults[1]: nth, every: only one of them",
    ),
    ("status", [{"effect": "status", "status": 200}], "faults[0]: status: must be 400 to 599"),
    ("when", [{"effect": "reset", "when": "never"}], "faults[0]: when: must be before or after"),
    ("seconds", [{"effect": "delay", "seconds": -1}], "faults[0]: seconds: must be 0 to 600"),
]


@pytest.mark.parametrize(("faults", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_rule_is_refused(cloudflare_api: LocalCloudflare, faults: object, message: str) -> None:
    with pytest.raises(httpx.HTTPStatusError) as error:
        cloudflare_api.local("PUT", "/faults", {"faults": faults})
    assert error.value.response.status_code == 400
    assert error.value.response.json()["errors"][0]["message"].startswith(message)


def test_calls_are_recorded(cloudflare_api: LocalCloudflare) -> None:
    set_faults(cloudflare_api, {"effect": "reset", "nth": 2})
    create(cloudflare_api, "A")
    with pytest.raises(httpx.TransportError):
        create(cloudflare_api, "B")
    cloudflare_api.call("GET", f"{KV}?page=2")
    path = f"/accounts/{cloudflare_api.account_id}{KV}"
    assert cloudflare_api.local("GET", "/calls")["calls"] == [
        {"method": "POST", "path": path, "query": "", "status": 200, "fault": ""},
        {"method": "POST", "path": path, "query": "", "status": 0, "fault": "reset"},
        {"method": "GET", "path": path, "query": "page=2", "status": 200, "fault": ""},
    ]
    cloudflare_api.local("DELETE", "/calls")
    assert cloudflare_api.local("GET", "/calls")["calls"] == []
