"""What each Worker is really bound to on a stack: the manifest's bindings with what only the stack knows.

The Pulumi program declares it and `drift` expects it, so it is worked out here for both. A secret is a name here; its
value is added by the program alone.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Binding, SecretBinding, TextBinding
from orchestrator.names import (
    ALERT_URL,
    ALERT_URLS,
    API_TOKEN,
    BUILD_ID,
    CALLER_TOKENS,
    CLOUDFLARE_ACCOUNT_ID,
    CLOUDFLARE_ANALYTICS_TOKEN,
    CLOUDFLARE_API_TOKEN,
    CLOUDFLARE_API_URL,
    HEAL,
    JOURNAL_DAYS,
    MARK,
    PUBLIC_API_URL,
    PUBLIC_URL,
    WEBHOOK_SECRET,
)

SECRETS_BY_CONFIG_KEY: Mapping[str, str] = {
    "apiToken": API_TOKEN,
    "webhookSecret": WEBHOOK_SECRET,
    "callers": CALLER_TOKENS,
    "diagnoseToken": CLOUDFLARE_API_TOKEN,
    "analyticsToken": CLOUDFLARE_ANALYTICS_TOKEN,
    "heal": HEAL,
    "alertUrl": ALERT_URL,
    "alertUrls": ALERT_URLS,
}
"""The secrets that the program binds itself: the name of the binding, by the key of the stack's configuration."""


def router_texts(
    *, account_id: str, secrets: Collection[str], api_url: str | None, journal_days: str | None
) -> dict[str, str]:
    """The plain values that the stack's configuration gives the routing Worker, by the names of their bindings.

    `secrets`: the names that have a value, which tell whether it has a token for the account; `api_url`: where the API
    is, None for the public one, which needs no telling.
    """
    has_token = CLOUDFLARE_API_TOKEN in secrets or CLOUDFLARE_ANALYTICS_TOKEN in secrets
    elsewhere = api_url if api_url != PUBLIC_API_URL else None
    account = {CLOUDFLARE_ACCOUNT_ID: account_id, CLOUDFLARE_API_URL: elsewhere} if has_token else {}
    texts = {**account, JOURNAL_DAYS: journal_days}
    return {name: text for name, text in texts.items() if text}


def bound_to(
    desired: Desired,
    *,
    secrets: Collection[str],
    urls: Mapping[str, str],
    build_id: str,
    router_texts: Mapping[str, str],
    mark: str | None,
) -> dict[str, tuple[Binding, ...]]:
    """The bindings of each Worker, by its key, as they are declared on the stack.

    `secrets`: the names that have a value (an optional one without is not bound); `urls`: where a Worker answers, by
    key, of those that have an address; `build_id` tells the routing Worker's module; `mark`: the platform's, None
    before it has one. What the manifest names itself wins over what is added.
    """
    bound = {}
    for worker in desired.workers:
        address = {PUBLIC_URL: urls[worker.key]} if worker.key in urls else {}
        added = {**address, **({MARK: mark} if mark else {})}
        if worker.key == desired.router:
            added |= {BUILD_ID: build_id, **router_texts}
        named = {binding.name for binding in worker.bindings}
        bound[worker.key] = (
            *(each for each in worker.bindings if not isinstance(each, SecretBinding) or each.secret in secrets),
            *(TextBinding(name=name, text=text) for name, text in added.items() if name not in named),
        )
    return bound


def build_id_of(sha256: str) -> str:
    """The routing Worker's BUILD_ID: the beginning of its module's hash."""
    return sha256[:12]


def worker_urls(desired: Desired, template: str) -> dict[str, str]:
    """Where each Worker that has an address answers, by key; `template` has `{worker}` for its name."""
    return {worker.key: template.format(worker=worker.name) for worker in desired.workers if worker.public}
