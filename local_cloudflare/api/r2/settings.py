"""What a bucket is set up with beside its objects: public access, CORS, lifecycle rules, locks.

Kept and answered, and nothing more: no object expires here, and none is served under another name.
"""

from __future__ import annotations

import hashlib
from typing import Any

from local_cloudflare.api import errors as api_errors
from local_cloudflare.api.auth import R2_READ, R2_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.r2 import errors
from local_cloudflare.api.r2.models import SETTINGS, Buckets, bucket_id

DEFAULT_RULE = {
    "id": "Default Multipart Abort Rule",
    "enabled": True,
    "conditions": {"prefix": ""},
    "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
}
"""Every bucket has it until somebody puts other rules."""


def _id(call: Call) -> str:
    jurisdiction = call.header("cf-r2-jurisdiction") or "default"
    return bucket_id(Buckets(call.cloud, jurisdiction).get(call["bucket_name"]).name, jurisdiction)


def _settings(call: Call) -> dict[str, Any]:
    return call.cloud.store.get(SETTINGS, _id(call)) or {}


def _put(call: Call, **changed: Any) -> None:
    call.cloud.store.put(SETTINGS, _id(call), {**_settings(call), **changed})


async def _rules(call: Call) -> list[dict[str, Any]]:
    rules = (await call.json_object()).get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise api_errors.invalid_body()
    return rules


def _managed(call: Call) -> dict[str, Any]:
    """The r2.dev domain; its name is made of the bucket's id, as far as this Cloudflare gives it one."""
    id = hashlib.md5(_id(call).encode(), usedforsecurity=False).hexdigest()
    return {"bucketId": id, "domain": f"pub-{id}.r2.dev", "enabled": bool(_settings(call).get("managed"))}


async def get_managed_domain(call: Call) -> Answer:
    return Answer(result=_managed(call))


async def put_managed_domain(call: Call) -> Answer:
    enabled = (await call.json_object()).get("enabled")
    if not isinstance(enabled, bool):
        raise api_errors.invalid_body()
    _put(call, managed=enabled)
    return Answer(result=_managed(call))


async def list_custom_domains(call: Call) -> Answer:
    return Answer(result={"domains": _settings(call).get("domains", [])})


async def post_custom_domain(call: Call) -> Answer:
    """Active at once: there is no zone, and no certificate to wait for."""
    body = await call.json_object()
    if not all(isinstance(body.get(key), kind) for key, kind in (("domain", str), ("enabled", bool), ("zoneId", str))):
        raise api_errors.invalid_body()
    added = {key: body[key] for key in ("domain", "enabled")}
    domain = {**added, "zoneId": body["zoneId"], "status": {"ownership": "active", "ssl": "active"}}
    others = [each for each in _settings(call).get("domains", []) if each["domain"] != body["domain"]]
    _put(call, domains=[*others, domain])
    return Answer(result=added)


async def get_cors(call: Call) -> Answer:
    if not (rules := _settings(call).get("cors")):
        raise errors.no_cors()
    return Answer(result={"rules": rules})


async def put_cors(call: Call) -> Answer:
    _put(call, cors=await _rules(call))
    return Answer(result={})


async def delete_cors(call: Call) -> Answer:
    _put(call, cors=[])
    return Answer(result={})


async def get_lifecycle(call: Call) -> Answer:
    return Answer(result={"rules": _settings(call).get("lifecycle", [DEFAULT_RULE])})


async def put_lifecycle(call: Call) -> Answer:
    _put(call, lifecycle=await _rules(call))
    return Answer(result={})


async def get_lock(call: Call) -> Answer:
    return Answer(result={"rules": _settings(call).get("lock", [])})


async def put_lock(call: Call) -> Answer:
    _put(call, lock=await _rules(call))
    return Answer(result={})


_BUCKET = "/accounts/{account_id}/r2/buckets/{bucket_name}"

ROUTES = (
    Route(method="GET", path=f"{_BUCKET}/domains/managed", handler=get_managed_domain, permission=R2_READ),
    Route(method="PUT", path=f"{_BUCKET}/domains/managed", handler=put_managed_domain, permission=R2_WRITE),
    Route(method="GET", path=f"{_BUCKET}/domains/custom", handler=list_custom_domains, permission=R2_READ),
    Route(method="POST", path=f"{_BUCKET}/domains/custom", handler=post_custom_domain, permission=R2_WRITE),
    Route(method="GET", path=f"{_BUCKET}/cors", handler=get_cors, permission=R2_READ),
    Route(method="PUT", path=f"{_BUCKET}/cors", handler=put_cors, permission=R2_WRITE),
    Route(method="DELETE", path=f"{_BUCKET}/cors", handler=delete_cors, permission=R2_WRITE),
    Route(method="GET", path=f"{_BUCKET}/lifecycle", handler=get_lifecycle, permission=R2_READ),
    Route(method="PUT", path=f"{_BUCKET}/lifecycle", handler=put_lifecycle, permission=R2_WRITE),
    Route(method="GET", path=f"{_BUCKET}/lock", handler=get_lock, permission=R2_READ),
    Route(method="PUT", path=f"{_BUCKET}/lock", handler=put_lock, permission=R2_WRITE),
)
