"""What router/openapi.yaml keeps for use elsewhere in it is used, and is there."""

from __future__ import annotations

import re

import yaml

from tests.support.project import ROOT

TEXT = (ROOT / "router/openapi.yaml").read_text()
REFERENCE = re.compile(r"#/components/(\w+)/([\w-]+)")


def test_each_component_is_used_and_each_that_is_used_is_there() -> None:
    components = yaml.safe_load(TEXT)["components"]
    there = {(kind, name) for kind, named in components.items() if kind != "securitySchemes" for name in named}

    assert set(REFERENCE.findall(TEXT)) == there


def test_a_plan_may_be_answered_by_an_autopilot_with_anything() -> None:
    responses = yaml.safe_load(TEXT)["paths"]["/autopilot/plan"]["post"]["responses"]

    assert "default" in responses
    for status, response in responses.items():
        assert "*/*" in response["content"], status
        assert {"X-Autopilot", "X-Run-Id", "Retry-After"} <= response["headers"].keys(), status
