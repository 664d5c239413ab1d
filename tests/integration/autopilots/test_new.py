"""`new`: the autopilot of each template passes the test that comes with it, and the project's checks.

NEW_STACK=1 brings all of them up on the stack `local`, asks each, and previews a second time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.catalog.templates import load_template, render, template_names
from tests.support.checkout import Checkout
from tests.support.loopback_service import service
from tests.support.project import ROOT

TEMPLATES = template_names(ROOT)
WITH_URL = ("cron-collector", "external-api", "http-relay", "kv-cache")
PYTHON, BIN = ".venv/bin/python", ".venv/bin"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.create(tmp_path / "project")


def test_what_comes_with_each_template_passes_the_checks_and_its_own_test(checkout: Checkout) -> None:
    for template in TEMPLATES:
        checkout.run(PYTHON, "-m", "orchestrator", "new", f"rye-{template}", "--template", template)

    checkout.run(PYTHON, "-m", "orchestrator", "validate")
    checkout.run(PYTHON, "-m", "scripts.catalog")
    tests = [f"tests/integration/autopilots/test_rye_{name.replace('-', '_')}.py" for name in TEMPLATES]
    code = [f"autopilots/rye-{name}" for name in TEMPLATES]
    checkout.run(f"{BIN}/ruff", "check", *tests, *code)
    _write_under_names(checkout, "a", "abcdefghijklmnopqrstuvwx")
    checkout.run(f"{BIN}/ruff", "format", "--check", *tests, *code, "autopilots/named")
    checkout.run(
        *(f"{BIN}/node", "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "autopilots")
    )
    checkout.run(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


def _write_under_names(checkout: Checkout, *names: str) -> None:
    """How lines break must not depend on the autopilot's name: who wrote one needs no `make format`."""
    for name in names:
        for template in TEMPLATES:
            for path, text in render(load_template(ROOT, template), name, {}).files.items():
                file = checkout.folder / "autopilots/named" / name / template / Path(path).name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)


@pytest.fixture
def stack(checkout: Checkout) -> Iterator[Checkout]:
    try:
        yield checkout
    finally:
        checkout.make("destroy")


@pytest.mark.skipif(not os.environ.get("NEW_STACK"), reason="minutes: NEW_STACK=1 runs it")
def test_each_is_brought_up_asked_and_previewed_again(stack: Checkout) -> None:
    with service() as other:
        other.answer = {"loaves": 12}
        for template in TEMPLATES:
            url = ("--set", f"url={other.url}/x") if template in WITH_URL else ()
            stack.run(PYTHON, "-m", "orchestrator", "new", f"rye-{template}", "--template", template, *url)
        stack.run(f"{BIN}/node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json")

        stack.make("up")

        stack.shell("pulumi preview -s local --expect-no-changes")
        assert plan(stack, "ai-text", {"question": "What is rye?"})["text"]
        assert plan(stack, "http-relay", {"text": "bread"}) == {"loaves": 12}
        assert plan(stack, "kv-cache", {"key": "rye"}) == {"key": "rye", "item": {"loaves": 12}, "isCached": False}
        assert plan(stack, "webhook-receiver", {}) == {"events": []}
        assert plan(stack, "queue-consumer", {"text": "one two"})["status"] == "queued"
        stack.shell("python -m orchestrator plan rye_cron_collector --meta '{}'", expect=2)  # a 404
        stack.shell("python -m orchestrator plan rye_external_api --meta '{\"order\": {}}'", expect=1)


def plan(stack: Checkout, template: str, meta: object) -> dict[str, Any]:
    task = f"rye_{template.replace('-', '_')}"
    answer: dict[str, Any] = json.loads(stack.shell(f"python -m orchestrator plan {task} --meta '{json.dumps(meta)}'"))
    return answer
