"""Every problem of the router, its twin and the autopilots has a type of its own, which the reference lists; those
of the router are in the API document too."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from orchestrator.routing.problem import Problem
from tests.support.project import ROOT

PACKAGES = [*(ROOT / "packages").rglob("*.ts")]
SOURCES = [*(ROOT / "router/src").rglob("*.ts"), *PACKAGES, *(ROOT / "orchestrator").rglob("*.py")]
AUTOPILOTS = [*(ROOT / "autopilots").rglob("*.ts"), *PACKAGES]
MADE_OF_NAMES = {"No such site"}  # by a function that is given the last word
TITLE = re.compile(r"""\btitle(?:=|: )"([A-Z][^"]+)"|_(?:FAILED|READY) = "([^"]+)\"""")
MADE = {"Idempotency-Key malformed", "Idempotency-Key required"}  # of two parts
OURS = re.compile(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", re.MULTILINE)


def slug(title: str) -> str:
    problem = Problem(status=400, title=title, detail="")
    return problem.type.removeprefix("urn:problem:autopilot-orchestrator:")


def titles_in(paths: list[Path]) -> set[str]:
    return {found[1] or found[2] for path in paths for found in TITLE.finditer(path.read_text())}


def listed_in_reference() -> tuple[dict[str, str], dict[str, str]]:
    """Titles by type: the router's, the autopilots'."""
    ours, theirs = (ROOT / "docs/reference/problems.md").read_text().split("## Of the autopilots")
    return dict(OURS.findall(ours)), dict(OURS.findall(theirs))


def test_each_of_the_autopilots_is_in_the_reference() -> None:
    _, listed = listed_in_reference()

    assert {slug(title) for title in titles_in(AUTOPILOTS) | MADE_OF_NAMES} == listed.keys()
    assert all(slug(title.strip()) == name for name, title in listed.items())


def test_each_is_in_the_reference_and_in_the_api_document() -> None:
    titles = titles_in(SOURCES) | MADE
    listed, _ = listed_in_reference()
    document = yaml.safe_load((ROOT / "router/openapi.yaml").read_text())

    assert {slug(title) for title in titles} | {"unsupported-capability"} == listed.keys()
    assert document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] == [
        f"urn:problem:autopilot-orchestrator:{name}" for name in sorted(listed)
    ]
    assert all(slug(title.strip()) == name for name, title in listed.items() if name != "unsupported-capability")
