"""What is in a KV namespace: counted, written to a file line by line, and put back.

A line is a JSON object with the keys of Cloudflare's bulk upload (`key`, `value`, `base64`, `metadata`, `expiration` in
seconds since 1970), so that other tools can read it. Values are read a hundred at a time as text; one that is no text
is read once more by itself, byte for byte, and kept as base64.

Touches the network, by the Account that it is given, and the files that it is told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data.d1.values import Sum
from orchestrator.data.kv_pairs import Pair, ScratchNamespace, pair_of, row_of, value_of
from orchestrator.data.private import open_text
from orchestrator.data.store import Progress, Store
from orchestrator.errors import CloudflareError, OrchestratorError, UserError

FILE = "values.ndjson"
_KEYS_A_PAGE = 1000
_VALUES_A_CALL = 100
_PAIRS_A_CALL = 100  # few, so that little is refused together where the day's writes are used up
_BYTES_A_CALL = 20 * 2**20
_NOT_FOUND = 404
_NOT_TEXT = "\ufffd"  # what a byte that is no UTF-8 becomes
_LEAST_TTL_S = 60


def keys(account: Account, store: Store) -> Iterator[dict[str, Any]]:
    """`{name, metadata?, expiration?}` of each key."""
    return contents.kv_keys(account, store.id)


def is_empty(account: Account, store: Store) -> bool:
    return next(keys(account, store), None) is None


def save(account: Account, store: Store, file: Path, progress: Progress) -> tuple[int, int]:
    """Write every pair to `file`; how many there are, and the bytes of their values."""
    count = size = 0
    with open_text(file) as lines:
        for pair in _pairs(account, store, progress):
            count, size = count + 1, size + len(value_of(pair))
            lines.write(json.dumps(pair, ensure_ascii=False) + "\n")
    return count, size


def is_unchanged(account: Account, store: Store, file: Path, progress: Progress, *, now: int) -> bool:
    """Whether the namespace has exactly the pairs of `file`, but for those that expire about now."""
    with file.open(encoding="utf-8") as lines:
        saved = _sum((json.loads(line) for line in lines), now)
    current = _sum(_pairs(account, store, progress), now)
    return (saved.rows, saved.checksum) == (current.rows, current.checksum)


def _sum(pairs: Iterable[Pair], now: int) -> Sum:
    return Sum(row_of(pair) for pair in pairs if not _expires(pair, now))


def _expires(pair: Pair, now: int) -> bool:
    return bool(pair.get("expiration", now + _LEAST_TTL_S) < now + _LEAST_TTL_S)


def _pairs(account: Account, store: Store, progress: Progress) -> Iterator[Pair]:
    """Every pair, as a line has it."""
    listed = keys(account, store)
    count = 0
    while batch := list(islice(listed, _VALUES_A_CALL)):
        for key, value in _values(account, store, batch):
            count += 1
            yield pair_of(key, value)
        progress(f"{store.title}: {count:,} keys read")


def put_back(account: Account, store: Store, file: Path, progress: Progress, *, now: int) -> tuple[int, int]:
    """Write the pairs of `file` that the namespace does not have; how many, and how many have expired by `now`."""
    there = {key["name"] for key in keys(account, store)}
    written = expired = 0
    for pairs, expired in _calls(file, there, now):  # noqa: B007  the last one counts
        if pairs:
            if failed := contents.put_kv_pairs(account, store.id, pairs):
                raise OrchestratorError(f"{store.title}: {len(failed)} keys were not written", "run it again: --merge")
            written += len(pairs)
            progress(f"{store.title}: {written:,} keys written")
    return written, expired


def rehearse(file: Path, *, now: int) -> None:
    """Put the pairs of `file` into a namespace that keeps nothing but their sum, and compare. Raises UserError."""
    scratch = ScratchNamespace()
    for pairs, _ in _calls(file, set(), now):
        scratch.put(pairs)
    with file.open(encoding="utf-8") as lines:
        saved = _sum((json.loads(line) for line in lines), now)
    if (saved.rows, saved.checksum) != (scratch.sum.rows, scratch.sum.checksum):
        raise UserError(f"what would come back of {file} is not what it has", "take another backup")


def _calls(file: Path, there: Collection[str], now: int) -> Iterator[tuple[list[Pair], int]]:
    """The pairs of `file` but for the keys in `there`, as many as a call takes; and how many had expired so far."""
    pairs: list[Pair] = []
    size = expired = 0
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            pair = json.loads(line)
            if pair["key"] in there:
                continue
            if _expires(pair, now):
                expired += 1
                continue
            if pairs and (len(pairs) == _PAIRS_A_CALL or size + len(line) > _BYTES_A_CALL):
                yield pairs, expired
                pairs, size = [], 0
            pairs.append(pair)
            size += len(line)
    yield pairs, expired


def value_size(line: str) -> int:
    """The bytes of the value in a line of the file."""
    return len(value_of(json.loads(line)))


def _values(account: Account, store: Store, wanted: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bytes]]:
    try:
        found = contents.kv_values(account, store.id, [key["name"] for key in wanted])
    except CloudflareError as error:
        if error.status not in (400, 413):  # together they are too large for one answer
            raise
        found = {key["name"]: _NOT_TEXT for key in wanted}
    for key in wanted:
        text = found.get(key["name"])
        value = None if text is None else text.encode()
        if text is not None and _NOT_TEXT in text:
            value = contents.kv_value(account, store.id, key["name"])
        if value is not None:  # gone or expired since the list was read
            yield key, value
