"""What an upload takes away: what the account has, and neither the file nor the last upload said."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.desired.derive import derive
from orchestrator.drift.overwritten import overwritten
from orchestrator.manifest import parse

DESIRED = derive(
    parse(
        """
orchestrator: {worker: router}
autopilots:
  - name: clerk
    worker: clerk
    capabilities: [crm.lead.create]
    needs: {workers: [{name: clerk, content: x, observability: {headSamplingRate: 0.5}}]}
"""
    )
)
CLERK = next(worker for worker in DESIRED.workers if worker.key == "clerk")
BEFORE: dict[str, Any] = {
    "compatibilityDate": CLERK.compatibility_date,
    "observability": {"enabled": True, "headSamplingRate": 0.5},
}
TOLD: dict[str, Any] = {
    "compatibility_date": CLERK.compatibility_date,
    "observability": {"enabled": True, "head_sampling_rate": 0.5},
    "bindings": [{"name": "STAGE", "type": "plain_text"}, {"name": "KEPT", "type": "secret_text"}],
    "logpush": False,
    "placement": {},
}


@pytest.mark.parametrize(
    ("told", "before", "lost"),
    [
        ({}, {}, []),
        ({"logpush": True}, {}, ["logpush on (then off)"]),
        ({"logpush": True}, {"logpush": True}, []),
        (
            {"limits": {"cpu_ms": 50, "subrequests": 9}},
            {"limits": {"cpuMs": 50.0}},
            ["limits.subrequests 9 (then none)"],
        ),
        ({"compatibility_flags": ["nodejs_compat"]}, {}, ["compatibility_flags nodejs_compat (then none)"]),
        ({"compatibility_date": "2026-01-01"}, {"compatibilityDate": "2026-01-01"}, []),
        ({"observability": {"enabled": False, "head_sampling_rate": 0.5}}, {}, ["observability.enabled off (then on)"]),
        ({"observability": {"enabled": True}}, {"observability": {"enabled": True}}, []),
        ({"bindings": [{"name": "QUEUE", "type": "queue"}]}, {}, ["binding QUEUE (queue)"]),
        (
            {"versions": [{"version_id": "1a2b3c4d5e", "percentage": 90}, {"version_id": "9f", "percentage": 10}]},
            {},
            [
                "gradual deployment: 90 % of the requests to version 1a2b3c4d and 10 % of the requests to version 9f "
                "(then all to the uploaded one)"
            ],
        ),
        ({"bindings": [{"name": "PUBLIC_URL", "type": "plain_text"}]}, {}, []),
    ],
)
def test_what_is_named(told: dict[str, Any], before: dict[str, Any], lost: list[str]) -> None:
    assert overwritten(CLERK, DESIRED, {"STAGE"}, {**TOLD, **told}, {**BEFORE, **before}) == lost
