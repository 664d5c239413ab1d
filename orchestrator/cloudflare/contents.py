"""What is in a namespace, bucket, database or queue: the REST API's calls on it, by the thing's id or name.

`headers` of a bucket name its jurisdiction. Touches the network, by the Account that it is given; every function may
raise CloudflareError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from orchestrator.cloudflare.account import Account
from orchestrator.errors import CloudflareError

Headers = Mapping[str, str]
_A_PAGE = 1000
_NOT_FOUND = 404


def kv_keys(account: Account, namespace: str, *, a_page: int = _A_PAGE) -> Iterator[dict[str, Any]]:
    """`{name, metadata?, expiration?}` of each key."""
    return account.paged_by_cursor(f"{_namespace(namespace)}/keys", {"limit": a_page})


def kv_values(account: Account, namespace: str, keys: Sequence[str]) -> dict[str, str | None]:
    """The values of up to 100 keys as text; what is no UTF-8 in them comes as U+FFFD."""
    body = {"keys": list(keys), "type": "text"}
    found = account.result("POST", f"{_namespace(namespace)}/bulk/get", json=body, repeatable=True)
    values: dict[str, str | None] = found["values"]
    return values


def kv_value(account: Account, namespace: str, key: str) -> bytes | None:
    """The bytes of a value; None where there is no such key."""
    path = f"{_namespace(namespace)}/values/{quote(key, safe='')}"
    answer = account.request("GET", path)
    if answer.status_code == _NOT_FOUND:
        return None
    if not answer.is_success:
        raise CloudflareError(f"GET {path}: HTTP {answer.status_code}", status=answer.status_code)
    return answer.content


def put_kv_pairs(account: Account, namespace: str, pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write `{key, value, base64?, metadata?, expiration?}`; the keys that were not written."""
    result = account.result("PUT", f"{_namespace(namespace)}/bulk", json=list(pairs), repeatable=True) or {}
    return list(result.get("unsuccessful_keys") or ())


def delete_namespace(account: Account, namespace: str) -> None:
    account.call("DELETE", _namespace(namespace))


def r2_objects(account: Account, bucket: str, headers: Headers, *, a_page: int = _A_PAGE) -> Iterator[dict[str, Any]]:
    """The objects in the order of keys, with all that is known of each."""
    return account.paged_by_cursor(f"/r2/buckets/{bucket}/objects", {"per_page": a_page}, headers=headers)


def r2_object_path(bucket: str, key: str) -> str:
    return f"/r2/buckets/{bucket}/objects/{quote(key, safe='/')}"


def delete_bucket(account: Account, bucket: str, headers: Headers) -> None:
    account.call("DELETE", f"/r2/buckets/{bucket}", headers=headers)


def d1_details(account: Account, database: str) -> dict[str, Any]:
    """`{name, num_tables, file_size, …}`."""
    details: dict[str, Any] = account.result("GET", _database(database))
    return details


def run_d1(account: Account, database: str, statements: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Any]]]:
    """The rows of each statement with its parameters, which are texts; all are done, or none.

    Sent again where no answer came: a statement that must not be done twice has to see to that.
    """
    body = {"batch": [{"sql": sql, "params": list(parameters)} for sql, parameters in statements]}
    answer = account.result("POST", f"{_database(database)}/raw", json=body, repeatable=True)
    return [each["results"]["rows"] for each in answer]


def delete_database(account: Account, database: str) -> None:
    account.call("DELETE", _database(database))


def queue_metrics(account: Account, queue: str) -> dict[str, Any]:
    """`{backlog_count, backlog_bytes, oldest_message_timestamp_ms}`, approximately, as Cloudflare says."""
    metrics: dict[str, Any] = account.result("GET", f"/queues/{queue}/metrics")
    return metrics


def delete_queue(account: Account, queue: str) -> None:
    account.call("DELETE", f"/queues/{queue}")


def _namespace(id: str) -> str:
    return f"/storage/kv/namespaces/{id}"


def _database(id: str) -> str:
    return f"/d1/database/{id}"
