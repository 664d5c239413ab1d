"""The newer list of Workers, by the official SDK: what it says of each, and which changes count as a deployment."""

from __future__ import annotations

from collections.abc import Callable

import cloudflare
import pytest

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside

CODE = "export default { fetch: () => new Response('hello'), scheduled: () => {} }"


@pytest.fixture
def outside(cloudflare_api: LocalCloudflare) -> Outside:
    outside = Outside(cloudflare_api)
    outside.upload("page", CODE)
    return outside


def test_it_has_the_switches_and_the_logging_of_each_worker(
    outside: Outside, sdk: cloudflare.Cloudflare, cloudflare_api: LocalCloudflare
) -> None:
    outside.subdomain("page", enabled=True, previews_enabled=True)
    outside.script_settings("page", observability={"enabled": True}, logpush=True)

    (worker,) = sdk.workers.beta.workers.list(account_id=cloudflare_api.account_id)

    assert worker.name == "page"
    assert (worker.subdomain.enabled, worker.subdomain.previews_enabled) == (True, True)
    assert (worker.observability.enabled, worker.logpush) == (True, True)


def test_it_is_paged_by_name(outside: Outside, sdk: cloudflare.Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    outside.upload("asset", CODE)

    pages = sdk.workers.beta.workers.list(account_id=cloudflare_api.account_id, per_page=1).iter_pages()

    assert [[worker.name for worker in page.result] for page in pages if page.result] == [["asset"], ["page"]]


SECRET = {"name": "KEY", "text": "value", "type": "secret_text"}
CHANGES: dict[str, tuple[Callable[[Outside], object], bool]] = {
    "code": (lambda outside: outside.upload("page", CODE, path="/content"), True),
    "bindings": (lambda outside: outside.bindings("page", {"A": {"type": "plain_text", "text": "b"}}), True),
    "a secret": (lambda outside: outside.call("PUT", "/workers/scripts/page/secrets", json=SECRET), True),
    "compatibility": (lambda outside: outside.settings("page", compatibility_date="2026-01-01"), True),
    "schedules": (lambda outside: outside.crons("page", "0 6 * * *"), False),
    "the switch": (lambda outside: outside.subdomain("page", enabled=True), False),
    "logging": (lambda outside: outside.script_settings("page", observability={"enabled": True}), False),
}


@pytest.mark.parametrize(("change", "deploys"), CHANGES.values(), ids=CHANGES)
def test_what_counts_as_a_deployment(
    outside: Outside,
    sdk: cloudflare.Cloudflare,
    cloudflare_api: LocalCloudflare,
    change: Callable[[Outside], object],
    deploys: bool,
) -> None:
    (before,) = sdk.workers.beta.workers.list(account_id=cloudflare_api.account_id)
    change(outside)
    (after,) = sdk.workers.beta.workers.list(account_id=cloudflare_api.account_id)

    assert (after.deployed_on != before.deployed_on) == deploys
