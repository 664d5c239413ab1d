"""Calls of the ai-employee's leads, as the tests of them have in common."""

from __future__ import annotations

from typing import Any

from tests.support.autopilots import Autopilot


def create(employee: Autopilot, email: str, key: str | None = None, **details: Any) -> Any:
    return employee.call("crm.lead.create", {"email": email, **details}, idempotency_key=key)


def find(employee: Autopilot, **by: object) -> Any:
    return employee.call("crm.lead.find", by).json()["leads"]
