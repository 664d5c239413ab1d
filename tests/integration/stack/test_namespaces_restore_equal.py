"""What a backup gives back is what was there: namespaces made up at random, with faults at the calls.

tests/support/seeds.py says how to run a thousand.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.data import kv
from orchestrator.data.store import Store
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.restores import FAULTS, NOW, SEEDS, account_of, restored, save, say_nothing


@pytest.fixture
def account(cloudflare_api: LocalCloudflare) -> Iterator[Account]:
    with account_of(cloudflare_api) as account:
        yield account


@pytest.mark.parametrize("seed", SEEDS)
def test_a_namespace(account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int) -> None:
    stores = []
    for title in ("source" + "x" * 224, "target"):
        made = account.call("POST", "/storage/kv/namespaces", json={"title": title})["result"]
        stores.append(Store(kind="kv", name=title, id=made["id"]))
    source, target = stores
    random = Random(seed)  # noqa: S311
    made = {pair["key"]: pair for pair in pairs(random, _keys(seed))}
    account.call("PUT", f"/storage/kv/namespaces/{source.id}/bulk", json=[*made.values()])

    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/kv/*"}]})
    taken = save(account, source, tmp_path / "saved")
    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/kv/*"}]})
    done = restored(account, target, tmp_path / "saved")
    cloudflare_api.local("DELETE", "/faults")

    assert done.written == taken.items == len(made)
    assert held(cloudflare_api, target.id) == {key: _told(pair) for key, pair in made.items()}


def held(server: LocalCloudflare, namespace: str) -> dict[str, tuple[Any, ...]]:
    """The pairs of a namespace of less than 1,000, each value read by itself."""
    path = f"/storage/kv/namespaces/{namespace}"
    keys = server.call("GET", f"{path}/keys").json()["result"]
    return {
        key["name"]: (
            server.call("GET", f"{path}/values/{quote(key['name'], safe='')}").content,
            key.get("metadata"),
            key.get("expiration"),
        )
        for key in keys
    }


def _told(pair: dict[str, Any]) -> tuple[Any, ...]:
    return base64.b64decode(pair["value"]), pair.get("metadata"), pair.get("expiration")


def _keys(seed: int) -> int:
    """Every tenth namespace is read and written by several calls; the others are small, so that there can be many."""
    return 110 if seed % 10 == 0 else seed % 10 * 2


PIECES = (
    *("a/", "b ", "/", "//", ".", "..", "/../", "☃", "🎉", "é", "e\u0301", "%", "%2F", "?#&", "\\", '"', "+", "="),
    *("\t", "\n", "\r", "\x01", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffd", "x" * 30),
)


def pairs(random: Random, count: int) -> Iterator[dict[str, Any]]:
    keys = {"".join(random.choice(PIECES) for _ in range(random.randint(1, 9))) + str(n) for n in range(count)}
    keys |= {("☃" * 170)[: 170 * (count > 10)] + "k" * 2}  # 512 bytes
    for key in sorted(keys):
        value = random.choice(
            (b"", b"\xff\x00", "☃ text".encode(), random.randbytes(random.randint(1, 3000)), b"\xef\xbf\xbd")
        )
        pair: dict[str, Any] = {"key": key, "value": base64.b64encode(value).decode(), "base64": True}
        if random.random() < 0.3:
            pair["metadata"] = random.choice(({"by": "Ada ☃"}, [1, None, 2.5], "text", 0, False, {"a": {"b": ""}}))
        if random.random() < 0.2:
            pair["expiration"] = NOW + random.randint(10_000, 10**8)
        yield pair


@pytest.mark.parametrize(
    "pair",
    [{"value": "y"}, {"value": "x", "metadata": 1}, {"value": "x", "expiration": NOW + 9999}],
    ids=["value", "metadata", "expiration"],  # none with the time: each process of a run must collect the same names
)
def test_another_value_metadata_or_expiration_of_the_same_key_is_seen(
    account: Account, tmp_path: Path, pair: dict[str, Any]
) -> None:
    id = account.call("POST", "/storage/kv/namespaces", json={"title": "source"})["result"]["id"]
    source, path = Store(kind="kv", name="source", id=id), f"/storage/kv/namespaces/{id}/bulk"
    account.call("PUT", path, json=[{"key": "a", "value": "x"}])
    save(account, source, tmp_path / "saved")
    file = tmp_path / "saved" / kv.FILE
    assert kv.is_unchanged(account, source, file, say_nothing, now=NOW)

    account.call("PUT", path, json=[{"key": "a", **pair}])

    assert not kv.is_unchanged(account, source, file, say_nothing, now=NOW)
