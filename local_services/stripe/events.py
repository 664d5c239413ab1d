"""Events, and their delivery to the webhook endpoints, signed as Stripe signs: `t=…,v1=HMAC-SHA256(t.body)`."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import httpx

from local_services.stripe.world import World, new_id, now

API_VERSION = "2026-09-30.dahlia"
_TIMEOUT_S = 20


def make_event(world: World, type: str, subject: dict[str, Any]) -> dict[str, Any]:
    event = {
        "id": new_id("evt_"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now(),
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": len(world.settings["webhooks"]),
        "type": type,
    }
    return world.save("event", event)


def signature(body: str, secret: str, at: float | None = None) -> str:
    """The header `Stripe-Signature` of `body`; `secret`: all of `whsec_…` is the key."""
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def deliver(world: World, event: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell each endpoint, once; what each answered: `{url, status}`, a status of 0 for no answer."""
    body = json.dumps(event)
    told = []
    async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
        for endpoint in world.settings["webhooks"]:
            headers = {"stripe-signature": signature(body, endpoint["secret"]), "content-type": "application/json"}
            try:
                url = httpx.URL(endpoint["url"])
                if url.host.endswith(".localhost"):  # this machine, which not every resolver knows
                    headers["host"] = url.netloc.decode()
                    url = url.copy_with(host="127.0.0.1")
                status = (await client.post(url, content=body, headers=headers)).status_code
            except (httpx.HTTPError, httpx.InvalidURL):
                status = 0
            told.append({"url": endpoint["url"], "status": status})
    return told
