"""Which permission a call needs, and what the answer to a probe says about it."""

from __future__ import annotations

import pytest

from orchestrator.cloudflare.permissions import PERMISSIONS, QUEUES, grant_state, permission_for


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/accounts/a1", "Account Settings Read"),
        ("/accounts/a1/workers/scripts/efh-agent/schedules", "Workers Scripts Edit"),
        ("/accounts/a1/storage/kv/namespaces/1/values/k", "Workers KV Storage Edit"),
        ("/accounts/a1/r2/buckets", "Workers R2 Storage Edit"),
        ("/accounts/a1/d1/database/1/query", "D1 Edit"),
        ("/accounts/a1/queues/1/consumers", "Queues Edit"),
        ("/accounts/a1/tokens/verify", None),
        ("/user/tokens/verify", None),
    ],
)
def test_a_path_says_which_permission_a_call_needs(path: str, permission: str | None) -> None:
    found = permission_for(path)

    assert (found.name if found else None) == permission


@pytest.mark.parametrize("permission", [*PERMISSIONS, QUEUES], ids=lambda each: each.name)
def test_each_probe_needs_the_permission_that_it_finds_out(permission: object) -> None:
    assert permission_for(f"/accounts/a1{permission.path}") is permission  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (200, 0, "granted"),
        (400, 10019, "granted"),  # refused for what is in it
        (403, 10042, "granted"),  # R2 is off, which only somebody who may use it is told
        (403, 10000, "missing"),
        (400, 10000, "missing"),
        (403, 9109, "missing"),
        (401, 10000, "unknown"),  # the token itself is not valid
        (401, 1000, "unknown"),
        (404, 7003, "unknown"),  # there is no such account
        (429, 0, "unknown"),
        (502, 0, "unknown"),
        (0, 0, "unknown"),
    ],
)
def test_the_answer_to_a_probe(status: int, code: int, state: str) -> None:
    assert grant_state(status, code) == state
