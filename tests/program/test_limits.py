"""The program and the plan's limits: what Cloudflare would refuse stops it before anything is declared."""

from __future__ import annotations

import logging
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest

from orchestrator.bundle.modules import Module
from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import derive
from orchestrator.errors import CloudflareError, LimitError
from orchestrator.infra.limits import check_limits, read_inventory
from orchestrator.infra.settings import read_settings
from orchestrator.manifest import parse
from tests.support.checkout import Checkout
from tests.support.program import ACCOUNT, MANIFEST, Recorder, await_program, configure

REFUSED_PORT = "http://127.0.0.1:1/client/v4"  # nobody may listen there, so nobody answers

Handler = Callable[[httpx.Request], httpx.Response]


def account_with(crons: int) -> Handler:
    """An account with one Worker that nobody declared, which has `crons` of them."""
    answers: dict[str, Any] = {
        "/workers/scripts": [{"id": "old-site", "handlers": ["scheduled"]}],
        "/workers/scripts/old-site/schedules": {"schedules": [{"cron": f"{n} * * * *"} for n in range(crons)]},
        "/storage/kv/namespaces": [],
        "/d1/database": [],
        "/r2/buckets": {"buckets": []},
    }

    def handler(request: httpx.Request) -> httpx.Response:
        result = answers[request.url.path.partition(ACCOUNT)[2]]
        return httpx.Response(200, json={"success": True, "errors": [], "result": result})

    return handler


def offline(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused")


def check(handler: Handler, folder: Path, *, preview: bool = True, manifest: str = MANIFEST, **config: str) -> None:
    """The program's check on the manifest of test_platform, which has two crons, or another one."""
    pulumi.runtime.set_mocks(Recorder(), project="project", stack="dev", preview=preview)
    configure(**config)
    desired = derive(parse(manifest, "autopilots.yaml"))
    for worker in desired.workers:
        (folder / f"{worker.key}.js").write_text("export default {}")
    modules = {worker.key: Module(path=f"{worker.key}.js", sha256="ab" * 32) for worker in desired.workers}
    account = Account(account_id=ACCOUNT, token="t", transport=httpx.MockTransport(handler))

    def program() -> None:
        inventory = read_inventory(account, desired)
        check_limits(desired, modules, read_settings(), inventory=inventory, root=folder)

    await_program(program)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", REFUSED_PORT)
    caplog.set_level(logging.DEBUG)


def messages(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What the program told Pulumi, without the spaces that align a table."""
    return [
        re.sub(" +", " ", record.getMessage())
        for record in caplog.records
        if record.levelno == level and record.name == "root"
    ]


def tables(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of all limits, as `pulumi preview --debug` shows them; Pulumi's own words of this level left out."""
    return [each for each in messages(caplog, logging.DEBUG) if each.startswith("Cloudflare")]


def test_a_preview_shows_one_table_with_what_else_is_in_the_account(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check(account_with(crons=1), tmp_path)

    (table,) = tables(caplog)
    assert table.startswith("Cloudflare's free plan\n LIMIT PER USED OF SHARE NOTE\n")
    assert "Cron triggers account 3 5 60% 1 not declared" in table
    assert table.endswith("account: read; what nobody declared is counted too")
    (told,) = messages(caplog, logging.INFO)
    assert told.startswith("Cloudflare's free plan: nothing is near its limit (all: --debug, or ")
    assert messages(caplog, logging.WARNING) == []


def test_a_preview_shows_only_what_is_near_its_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    check(account_with(crons=2), tmp_path)

    (table,) = messages(caplog, logging.INFO)
    heading, _, row, note = table.splitlines()
    assert heading == "Cloudflare's free plan, what is near its limit"
    assert row.startswith(" Cron triggers account 4 5 80% near")
    assert note == " account: read; what nobody declared is counted too"


def test_an_update_says_only_what_is_near(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    check(account_with(crons=2), tmp_path, preview=False)

    assert messages(caplog, logging.INFO) == []
    (warning,) = messages(caplog, logging.WARNING)
    assert "Cron triggers per account: 4 of 5 (clerk 1, router 1; not declared: old-site 2): take some out" in warning


@pytest.mark.parametrize("preview", [True, False])
def test_too_much_with_what_else_is_there_is_an_error_in_preview_and_update(tmp_path: Path, preview: bool) -> None:
    with pytest.raises(LimitError, match=r"nothing was changed: .*\n  - Cron triggers .* not declared: old-site 4"):
        check(account_with(crons=4), tmp_path, preview=preview)

    check(account_with(crons=4), tmp_path, preview=preview, plan="paid")


def test_what_schedules_take_of_the_queues_day_is_shown_and_too_much_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beats = [f"{name}: {{task: create_lead, every: '* * * * *'}}" for name in ("one", "two", "three")]
    for few in (beats[:1], beats[:2]):
        check(account_with(crons=0), tmp_path, manifest=f"{MANIFEST}schedules: {{{', '.join(few)}}}\n")

    one, two = tables(caplog)
    assert "Queue operations of schedules day 4,320 10,000 43% -" in one
    assert "Queue operations of schedules day 8,640 10,000 86% near" in two
    with pytest.raises(LimitError, match=r"Queue operations of schedules per day: 12,960 of 10,000"):
        check(account_with(crons=0), tmp_path, manifest=f"{MANIFEST}schedules: {{{', '.join(beats)}}}\n")


def test_offline_the_file_alone_is_counted_and_the_table_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check(offline, tmp_path)

    (table,) = tables(caplog)
    assert "Cron triggers account 2 5 40% -" in table
    assert "account: not read, so only what is declared is counted (GET /accounts/" in table
    assert "no connection" in table


def test_over_five_crons_the_program_stops_before_anything_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    checkout = Checkout.create(tmp_path / "project")
    (checkout.folder / "Pulumi.dev.yaml").write_text("config: {project:apiToken: canary}")
    manifest = checkout.manifest.read_text()
    crons = [f"{minute} * * * *" for minute in range(5)]
    edited = manifest.replace("- name: efh-agent\n", f"- name: efh-agent\n          crons: {crons}\n")
    checkout.manifest.write_text(edited)
    monkeypatch.chdir(checkout.folder)
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="project", stack="dev", preview=True)
    configure()

    def program() -> None:
        runpy.run_path("__main__.py")

    with pytest.raises(pulumi.RunError) as failure:
        await_program(program)

    assert recorder.declared == []
    assert "Cron triggers per account: 7 of 5 (efh-agent 5, efh-autopilot-orchestrator 1, efh-payout-batch 1): " in str(
        failure.value
    )
    assert "pulumi config set plan paid -s dev" in str(failure.value)
    (of_a_plain_secret,) = messages(caplog, logging.WARNING)
    assert of_a_plain_secret.startswith("apiToken is kept as plain text: put a new value in its place: pulumi config")
    assert "canary" not in of_a_plain_secret


def refused(request: httpx.Request) -> httpx.Response:
    """By a token that may do anything but D1."""
    if "/d1/" not in request.url.path:
        return account_with(crons=0)(request)
    errors = [{"code": 10000, "message": "Authentication error"}]
    return httpx.Response(403, json={"success": False, "errors": errors, "result": None})


def test_a_permission_that_is_missing_is_named_by_a_preview_and_stops_an_update(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check(refused, tmp_path)
    (warning,) = messages(caplog, logging.WARNING)
    assert "lacks the account permission D1 Edit" in warning

    with pytest.raises(CloudflareError, match=r"nothing was changed(.|\n)*lacks the account permission D1 Edit"):
        check(refused, tmp_path, preview=False)
