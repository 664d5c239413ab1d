"""Every problem of the router and its twin has a type of its own, which the API document and the reference list."""

from __future__ import annotations

import re

import yaml

from orchestrator.routing.problem import Problem
from tests.support.project import ROOT

SOURCES = [
    *(ROOT / "router/src").rglob("*.ts"),
    *(ROOT / "packages").rglob("*.ts"),
    *(ROOT / "orchestrator").rglob("*.py"),
]
TITLE = re.compile(r"""\btitle(?:=|: )"([A-Z][^"]+)"|_(?:FAILED|READY) = "([^"]+)\"""")
MADE = {"Idempotency-Key malformed", "Idempotency-Key required"}  # of two parts
OURS = re.compile(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", re.MULTILINE)


def slug(title: str) -> str:
    problem = Problem(status=400, title=title, detail="")
    return problem.type.removeprefix("urn:problem:autopilot-orchestrator:")


def test_each_is_in_the_reference_and_in_the_api_document() -> None:
    titles = {found[1] or found[2] for path in SOURCES for found in TITLE.finditer(path.read_text())} | MADE
    listed = dict(OURS.findall((ROOT / "docs/reference/problems.md").read_text()))
    document = yaml.safe_load((ROOT / "router/openapi.yaml").read_text())

    assert {slug(title) for title in titles} | {"unsupported-capability"} == listed.keys()
    assert document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] == [
        f"urn:problem:autopilot-orchestrator:{name}" for name in sorted(listed)
    ]
    assert all(slug(title.strip()) == name for name, title in listed.items() if name != "unsupported-capability")
