"""The rate limit and its headers, and how the product's own client keeps away from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.cloudflare.account import Account
from tests.support.local_cloudflare import LocalCloudflare

PATH = "/storage/kv/namespaces"


@pytest.fixture
def limited(cloudflare_api: LocalCloudflare) -> Iterator[LocalCloudflare]:
    cloudflare_api.local("PATCH", "/account", {"rateLimit": 10})
    yield cloudflare_api
    cloudflare_api.local("PATCH", "/account", {"rateLimit": None})


def test_an_answer_says_what_is_left(cloudflare_api: LocalCloudflare) -> None:
    answer = cloudflare_api.call("GET", PATH)

    assert answer.headers["ratelimit"] == '"default";r=1200;t=300'
    assert answer.headers["ratelimit-policy"] == '"default";q=1200;w=300'


def test_beyond_the_limit_calls_are_refused_until_it_begins_anew(limited: LocalCloudflare) -> None:
    answers = [limited.call("GET", PATH) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers[8:]] == ["r=1", "r=0", "r=0"]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 300
    assert answers[-1].json()["errors"][0]["code"] == 971


def test_the_client_leaves_room_for_others(limited: LocalCloudflare) -> None:
    waits: list[float] = []
    said: list[str] = []

    class Waited(Exception):
        pass

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        raise Waited

    with Account(**limited.settings_of_account, sleep=sleep, report=said.append, others=0.5) as account:
        for _ in range(5):
            account.call("GET", PATH)
        with pytest.raises(Waited):
            account.call("GET", PATH)

    assert 0 < waits[0] <= 300
    assert said[0].startswith("Cloudflare takes 5 more calls of this user, which are left to others; continuing in")
