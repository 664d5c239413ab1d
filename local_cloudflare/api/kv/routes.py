"""Workers KV's calls: namespaces, then values, metadata, lists and bulk calls within one.

Namespaces are listed by page, keys by cursor; some clients ask for further pages until one is empty.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict
from typing import Any, Literal

from starlette.responses import Response

from local_cloudflare.api.auth import KV_READ, KV_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.kv import errors
from local_cloudflare.api.kv.models import Namespaces, Write, check_key

_BULK_KEYS = 10_000
_BULK_GET_KEYS = 100
_LIST_KEYS = 1000


async def list_namespaces(call: Call) -> Answer:
    order: Literal["id", "title"] = "id" if call.query.get("order") == "id" else "title"
    wanted = call.page(per_page=20, most=1000, malformed=errors.malformed_parameter)
    found = Namespaces(call.cloud).all(order, descending=call.query.get("direction") == "desc")
    return page([asdict(namespace) for namespace in found], wanted)


async def create_namespace(call: Call) -> Answer:
    return Answer(result=asdict(Namespaces(call.cloud).create((await call.json_object()).get("title"))))


async def get_namespace(call: Call) -> Answer:
    return Answer(result=asdict(Namespaces(call.cloud).get(call["namespace_id"])))


async def rename_namespace(call: Call) -> Answer:
    title = (await call.json_object()).get("title")
    return Answer(result=asdict(Namespaces(call.cloud).rename(call["namespace_id"], title)))


async def delete_namespace(call: Call) -> Answer:
    await Namespaces(call.cloud).delete(call["namespace_id"])
    return Answer(result={})


async def get_value(call: Call) -> Response:
    found = await _get_value(call, "get")
    headers = {"expiration": str(found.expiration)} if found.expiration is not None else {}
    return Response(found.value, media_type="application/octet-stream", headers=headers)


async def get_metadata(call: Call) -> Answer:
    return Answer(result=(await _get_value(call, "get metadata")).metadata)


async def put_value(call: Call) -> Answer:
    """The body is the value, or a form with the parts `value` and `metadata`."""
    metadata: Any = None
    if call.header("content-type").startswith("multipart/form-data"):
        parts = {part.name: part.content for part in await call.parts()}
        if "value" not in parts:
            raise errors.malformed_body("the part `value` is missing")
        value = parts["value"]
        metadata = _json(parts["metadata"]) if "metadata" in parts else None
    else:
        value = await call.request.body()
    write = Write(
        key=call["key_name"],
        value=value,
        metadata=metadata,
        expiration=_seconds(call.query.get("expiration")),
        expiration_ttl=_seconds(call.query.get("expiration_ttl")),
    )
    await Namespaces(call.cloud).put(call["namespace_id"], write)
    return Answer(result={})


async def delete_value(call: Call) -> Answer:
    namespace = Namespaces(call.cloud).get(call["namespace_id"], "delete")
    check_key(call["key_name"])
    await call.cloud.runtime.kv.delete(namespace.id, call["key_name"])
    return Answer(result={})


async def list_keys(call: Call) -> Answer:
    namespace = Namespaces(call.cloud).get(call["namespace_id"], "list keys")
    limit = call.integer("limit", _LIST_KEYS, malformed=errors.malformed_parameter)
    if not 10 <= limit <= _LIST_KEYS:
        raise errors.malformed_parameter("limit")
    found = await call.cloud.runtime.kv.list(
        namespace.id, prefix=call.query.get("prefix", ""), limit=limit, cursor=call.query.get("cursor") or None
    )
    keys = [{name: value for name, value in asdict(key).items() if value is not None} for key in found.keys]
    return Answer(result=keys, info={"count": len(keys), "cursor": found.cursor or ""})


async def put_bulk(call: Call) -> Answer:
    items = await call.json()
    if not isinstance(items, list) or len(items) > _BULK_KEYS:
        raise errors.malformed_body(f"must be a list of at most {_BULK_KEYS} pairs")
    namespaces = Namespaces(call.cloud)
    namespaces.get(call["namespace_id"], "bulk put")
    for write in [_write(item) for item in items]:
        await namespaces.put(call["namespace_id"], write)
    return Answer(result={"successful_key_count": len(items), "unsuccessful_keys": []})


async def delete_bulk(call: Call) -> Answer:
    keys = await call.json()
    if not isinstance(keys, list) or len(keys) > _BULK_KEYS or not all(isinstance(key, str) for key in keys):
        raise errors.malformed_body(f"must be a list of at most {_BULK_KEYS} keys")
    namespace = Namespaces(call.cloud).get(call["namespace_id"], "bulk delete")
    for key in keys:
        await call.cloud.runtime.kv.delete(namespace.id, key)
    return Answer(result={"successful_key_count": len(keys), "unsuccessful_keys": []})


async def get_bulk(call: Call) -> Answer:
    """Values as text or, with `type: json`, parsed; a key that is not there has the value null."""
    body = await call.json_object()
    keys = body.get("keys")
    if not isinstance(keys, list) or len(keys) > _BULK_GET_KEYS or not all(isinstance(key, str) for key in keys):
        raise errors.malformed_body(f"`keys` must be a list of at most {_BULK_GET_KEYS} keys")
    namespace = Namespaces(call.cloud).get(call["namespace_id"], "bulk get")
    values: dict[str, Any] = {}
    for key in keys:
        found = await call.cloud.runtime.kv.get(namespace.id, key)
        value = None
        if found is not None:
            value = _json(found.value) if body.get("type") == "json" else found.value.decode("utf-8", "replace")
        if found is not None and body.get("withMetadata"):
            with_metadata = {"value": value, "metadata": found.metadata, "expiration": found.expiration}
            value = {name: item for name, item in with_metadata.items() if name != "expiration" or item is not None}
        values[key] = value
    return Answer(result={"values": values})


async def _get_value(call: Call, operation: str) -> Any:
    namespace = Namespaces(call.cloud).get(call["namespace_id"], operation)
    check_key(call["key_name"])
    found = await call.cloud.runtime.kv.get(namespace.id, call["key_name"])
    if found is None:
        raise errors.key_not_found(operation)
    return found


def _write(item: Any) -> Write:
    if not isinstance(item, dict) or not isinstance(item.get("key"), str) or not isinstance(item.get("value"), str):
        raise errors.malformed_body("each pair must have a `key` and a `value`")
    try:
        value = base64.b64decode(item["value"], validate=True) if item.get("base64") else item["value"].encode()
    except binascii.Error as error:
        raise errors.malformed_body(f"the value of {item['key']!r} is not base64") from error
    return Write(
        key=item["key"],
        value=value,
        metadata=item.get("metadata"),
        expiration=_seconds(item.get("expiration")),
        expiration_ttl=_seconds(item.get("expiration_ttl")),
    )


def _seconds(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.malformed_parameter("expiration") from error


def _json(value: bytes) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise errors.malformed_body("not JSON") from error


_NAMESPACES = "/accounts/{account_id}/storage/kv/namespaces"
_NAMESPACE = f"{_NAMESPACES}/{{namespace_id}}"

ROUTES = (
    Route(method="GET", path=_NAMESPACES, handler=list_namespaces, permission=KV_READ),
    Route(method="POST", path=_NAMESPACES, handler=create_namespace, permission=KV_WRITE),
    Route(method="GET", path=_NAMESPACE, handler=get_namespace, permission=KV_READ),
    Route(method="PUT", path=_NAMESPACE, handler=rename_namespace, permission=KV_WRITE),
    Route(method="DELETE", path=_NAMESPACE, handler=delete_namespace, permission=KV_WRITE),
    Route(method="GET", path=f"{_NAMESPACE}/keys", handler=list_keys, permission=KV_READ),
    Route(method="PUT", path=f"{_NAMESPACE}/bulk", handler=put_bulk, permission=KV_WRITE),
    Route(method="DELETE", path=f"{_NAMESPACE}/bulk", handler=delete_bulk, permission=KV_WRITE),
    Route(method="POST", path=f"{_NAMESPACE}/bulk/delete", handler=delete_bulk, permission=KV_WRITE),
    Route(method="POST", path=f"{_NAMESPACE}/bulk/get", handler=get_bulk, permission=KV_READ),
    Route(method="GET", path=f"{_NAMESPACE}/values/{{key_name}}", handler=get_value, permission=KV_READ),
    Route(method="PUT", path=f"{_NAMESPACE}/values/{{key_name}}", handler=put_value, permission=KV_WRITE),
    Route(method="DELETE", path=f"{_NAMESPACE}/values/{{key_name}}", handler=delete_value, permission=KV_WRITE),
    Route(method="GET", path=f"{_NAMESPACE}/metadata/{{key_name}}", handler=get_metadata, permission=KV_READ),
)
