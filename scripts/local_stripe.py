"""Stripe for the stack `local`: the one on this machine, with nothing to sign up for, unless somebody has set a key.

What was set here is known again by its ciphertext in Pulumi.local.yaml; any other is somebody's own, and stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

import httpx
import yaml

from local_cloudflare.settings import Settings
from orchestrator.errors import OrchestratorError
from orchestrator.manifest import Manifest
from scripts.local_stack import STACK, pulumi, read_secret, store_secret

API_KEY, WEBHOOK_SECRET = "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"
WEBHOOK_PATH = "/stripe/webhook"


def set_stripe_secrets(cloudflare: Settings, manifest: Manifest, config: Path) -> None:
    """The secrets that Workers of the manifest ask for, in the stack's configuration, the file `config`."""
    scheme, _, rest = cloudflare.stripe_url.partition("://")
    webhook = _ours(WEBHOOK_SECRET).get("value") or f"whsec_{token_hex(16)}"
    wanted = {API_KEY: f"{scheme}://sk_test_local@{rest}", WEBHOOK_SECRET: webhook}
    asked = {secret.name for worker in manifest.workers for secret in worker.secrets}
    for name in sorted(wanted.keys() & asked):
        there, ours = _ciphertext(config, name), _ours(name)
        if there is not None and (there != ours.get("ciphertext") or ours["value"] == wanted[name]):
            continue
        path = f"secrets.{name}"
        pulumi("config", "set", "--secret", "--path", path, "--stack", STACK, capture=True, stdin=wanted[name])
        known = {"value": wanted[name], "ciphertext": _ciphertext(config, name)}
        store_secret(f"local-{name}", json.dumps(known))


def tell_stripe_of_webhooks(cloudflare: Settings, manifest: Manifest, config: Path, urls: Mapping[str, str]) -> None:
    """Have this machine's Stripe call each Worker that verifies its webhooks. `urls`: where Workers answer, by name."""
    secret = _ours(WEBHOOK_SECRET)
    if not secret or _ciphertext(config, WEBHOOK_SECRET) != secret["ciphertext"]:
        return
    names = [each.name for each in manifest.workers if any(one.name == WEBHOOK_SECRET for one in each.secrets)]
    endpoints = [{"url": urls[name] + WEBHOOK_PATH, "secret": secret["value"]} for name in names if name in urls]
    answer = httpx.put(f"{cloudflare.stripe_url}/_control/settings", json={"webhooks": endpoints})
    if not answer.is_success:
        raise OrchestratorError(f"the local Stripe took no webhooks: {answer.text}", "run `make up` again")


def _ours(name: str) -> dict[str, str]:
    return dict(json.loads(read_secret(f"local-{name}") or "{}"))


def _ciphertext(config: Path, name: str) -> str | None:
    """How the stack's configuration has the secret; None where it has none."""
    values = (yaml.safe_load(config.read_text()) or {}).get("config") or {} if config.exists() else {}
    for key, value in values.items():
        if key.partition(":")[2] == "secrets":
            found = value.get(name) if isinstance(value, dict) else value
            return None if found is None else json.dumps(found)
    return None
