from __future__ import annotations

import pytest

from local_cloudflare.api import faults
from local_cloudflare.api.camel_case import to_fields, to_json
from local_cloudflare.api.cloud import AccountSettings


def test_keys_are_in_camel_case_and_back() -> None:
    settings = AccountSettings(plan="paid", rate_limit=7)

    document = to_json(settings)

    assert list(document) == ["plan", "workersDevSubdomain", "r2Enabled", "rateLimit", "zones"]
    assert (document["plan"], document["rateLimit"]) == ("paid", 7)
    assert AccountSettings(**to_fields(document)) == settings


def test_a_key_in_snake_case_is_refused() -> None:
    (fault,) = faults.parse([{"effect": "status", "retryAfter": 2}])
    assert fault.retry_after == 2

    with pytest.raises(ValueError, match=r"faults\[0\]: .*retry__after"):
        faults.parse([{"effect": "status", "retry_after": 2}])
    with pytest.raises(ValueError, match=r"faults\[0\]"):
        faults.parse(["status"])
