"""The official provider's own calls, as they were recorded, are taken: create, refresh, update and destroy.

The request bodies are sent byte for byte, with this account's ids in place of the recorded ones.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT

RECORDS = ROOT / "tests" / "support" / "provider_records" / "trace.jsonl"
ACCOUNT = "0" * 31 + "1"


def recorded() -> list[dict[str, Any]]:
    return [call for call in map(json.loads, RECORDS.read_text().splitlines()) if "method" in call]


def shape(value: Any) -> Any:
    """The names in an answer, without what they hold; lists by their first element."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def lacks(answer: Any, record: Any, where: str = "") -> list[str]:
    """Which names of the recorded answer are not in the answer."""
    if isinstance(record, dict):
        if not isinstance(answer, dict):
            return [where]
        return [
            missing
            for name, item in record.items()
            for missing in (lacks(answer[name], item, f"{where}.{name}") if name in answer else [f"{where}.{name}"])
        ]
    if isinstance(record, list) and record:
        return lacks(answer[0], record[0], f"{where}[]") if isinstance(answer, list) and answer else [where]
    return []


def test_every_recorded_call_is_answered_with_what_the_provider_read(cloudflare_api: LocalCloudflare) -> None:
    ids = {ACCOUNT: cloudflare_api.account_id}
    with httpx.Client(headers={"Authorization": f"Bearer {cloudflare_api.token}"}, timeout=60) as client:
        for call in recorded():
            path, body = call["path"], call["body"]
            for old, new in ids.items():
                path, body = path.replace(old, new), body.replace(old, new)
            headers = dict(call["headers"])
            if path.endswith("base64=true"):
                headers["Authorization"] = f"Bearer {ids['session-token']}"
            answer = client.request(call["method"], f"{cloudflare_api.url}{path}", content=body, headers=headers)
            assert answer.status_code == call["status"], (call["method"], path, answer.text)
            if not call["answer"].startswith("{"):
                assert answer.headers["content-type"].startswith("multipart/form-data; boundary=")
                continue
            result, record = answer.json()["result"], json.loads(call["answer"])["result"]
            for name in ("id", "uuid", "jwt", "queue_id", "consumer_id"):
                if isinstance(result, dict) and name in result and result[name] != record.get(name):
                    ids[record[name]] = result[name]
            if path.endswith("/assets-upload-session"):
                record = {"jwt": ""}  # what was uploaded once is not asked for again
            if record:
                assert lacks(shape(result), shape(record)) == [], (call["method"], path)
    state = cloudflare_api.local("GET", "/state")
    assert [state[kind] for kind in ("kv", "r2", "d1", "queues", "workers")] == [[]] * 5
