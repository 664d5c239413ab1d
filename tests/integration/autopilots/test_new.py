"""`new`: the autopilot of each template passes the test that comes with it, and the project's checks; and all of them
come up on the stack `local`, do what they are asked, and leave an empty second preview.
"""

from __future__ import annotations

import runpy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cloudflare.listening import listening_on, server_of
from orchestrator.catalog.templates import load_template, render, template_names
from tests.support.checkout import Checkout
from tests.support.eventually import eventually
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


def test_each_is_brought_up_asked_and_previewed_again(stack: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    with service() as other, listening_on(0) as listener:
        other.answer = {"loaves": 12}
        for template in TEMPLATES:
            url = ("--set", f"url={other.url}/x") if template in WITH_URL else ()
            stack.run(PYTHON, "-m", "orchestrator", "new", f"rye-{template}", "--template", template, *url)
        stack.run(f"{BIN}/node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json")

        stack.make("up")
        stack.shell("pulumi config set --secret --path secrets.RYE_EXTERNAL_API_API_KEY s3cret && pulumi up -y -f")

        stack.shell("pulumi preview -s local --expect-no-changes")
        here = f"--name here --endpoint http://127.0.0.1:{listener.getsockname()[1]}/"
        register = f"python -m orchestrator register {here} --capability here.do"
        exported = stack.shell(f"{register}; env; python -m orchestrator secret here").splitlines()
        env = dict(line.partition("=")[::2] for line in exported)
        monkeypatch.setenv("AUTOPILOT_NAME", "here")
        monkeypatch.setenv("WEBHOOK_SECRET", exported[-1])
        cron = env["CLOUDFLARE_BASE_URL"].replace("/client/v4", "/_local/cron")
        with serving(stack.folder / "autopilots/rye-python-service/service.py", listener):
            ask = partial(plan, env)
            assert ask("ai-text", {"question": "What is rye?"})["text"]
            assert ask("http-relay", {"text": "bread"}) == {"loaves": 12}
            assert ask("kv-cache", {"key": "rye"}) == {"key": "rye", "item": {"loaves": 12}, "isCached": False}
            assert ask("webhook-receiver", {}) == {"events": []}
            body = {"task": "here.do", "meta": {"text": "bread"}}
            assert call(env, "POST", "/autopilot/plan", json=body) == {"text": "daerb"}
            assert ask("external-api", {"order": {}}) == {"loaves": 12}
            assert other.calls[-1][1]["authorization"] == "Bearer s3cret"
            run = ask("queue-consumer", {"text": "one two"})["id"]
            eventually(lambda: call(env, "GET", f"/autopilot/runs/{run}")["status"] == "done", "the words are counted")
            assert call(env, "GET", f"/autopilot/runs/{run}")["result"]["body"] == {"words": 2}
            token = {"authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"}
            assert httpx.post(cron, headers=token, json={"worker": "efh-rye-cron-collector"}).is_success
            assert ask("cron-collector", {})["value"] == {"loaves": 12}


@contextmanager
def serving(file: Path, listener: Any) -> Iterator[None]:
    """The service of the template in Python, which runs elsewhere: here beside the stack, as its first lines say."""
    server = server_of(runpy.run_path(str(file))["app"])
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.end()
        thread.join()


def plan(env: Mapping[str, str], template: str, meta: object) -> dict[str, Any]:
    task = f"rye_{template.replace('-', '_')}"
    return call(env, "POST", "/autopilot/plan", json={"task": task, "meta": meta})


def call(env: Mapping[str, str], method: str, path: str, **options: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {env['ORCHESTRATOR_TOKEN']}"}
    answer = httpx.request(method, env["ORCHESTRATOR_URL"] + path, headers=headers, timeout=60, **options)
    assert answer.is_success, f"{path} {options}: {answer.status_code} {answer.text}"
    document: dict[str, Any] = answer.json()
    return document
