"""What a bucket is set up with, in words: above all what becomes of its objects."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloudflare.api.r2.settings import DEFAULT_RULE
from orchestrator.drift.bucket_settings import BucketSettings, undeclared_settings

AGE = {"type": "Age", "maxAge": 7 * 86400}


def rule(**changes: Any) -> dict[str, Any]:
    return {"id": "r", "enabled": True, "conditions": {"prefix": ""}, **changes}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, []),
        ({"lifecycle": (DEFAULT_RULE,)}, []),
        ({"managed": {"domain": "pub-1.r2.dev", "enabled": False}}, []),
        (
            {"managed": {"domain": "pub-1.r2.dev", "enabled": True}},
            ["public access: everybody can read it at https://pub-1.r2.dev"],
        ),
        ({"domains": ({"domain": "a.example", "enabled": False},)}, ["custom domain a.example: switched off"]),
        ({"cors": ({"allowed": {"origins": ["https://a.example"]}},)}, ["CORS: pages of https://a.example may use it"]),
        (
            {"lifecycle": (rule(deleteObjectsTransition={"condition": AGE}),)},
            ["lifecycle rule r: DELETES objects after 7 days"],
        ),
        (
            {
                "lifecycle": (
                    rule(
                        enabled=False,
                        conditions={"prefix": "old/"},
                        deleteObjectsTransition={"condition": {"type": "Date", "date": "2027-01-01T00:00:00Z"}},
                        storageClassTransitions=[{"condition": AGE, "storageClass": "InfrequentAccess"}],
                    ),
                )
            },
            [
                "lifecycle rule r: DELETES objects on 2027-01-01T00:00:00Z and moves objects to InfrequentAccess "
                "after 7 days under old/ (switched off)"
            ],
        ),
        (
            {"locks": ({"id": "l", "enabled": True, "prefix": "p/", "condition": {"maxAgeSeconds": 86400}},)},
            ["lock l: keeps objects for 1 days under p/"],
        ),
        ({"locks": ({"id": "l", "condition": {"type": "Indefinite"}},)}, ["lock l: keeps objects for ever"]),
    ],
)
def test_what_is_told(told: dict[str, Any], expected: list[str]) -> None:
    assert [f"{each.path}: {each.live}" for each in undeclared_settings(BucketSettings(**told))] == expected
