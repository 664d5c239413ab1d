"""Buckets made up at random, with everything that keys, metadata and sizes can be; and what is in one, read back."""

from __future__ import annotations

import hashlib
import random
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from orchestrator.data.r2.metadata import Object, amz_headers, http_headers
from tests.support.local_cloudflare import LocalCloudflare

LARGE = 5 * 2**20  # the least length of a part
_PIECES = (
    "a", "B", "/", "//", "..", ".", "/../", " ", "+", "%", "%2F", "?", "#", "&", "=", "'", '"', "\\", "<", ">", "~",
    "\u2028", "\u2029", "\u0085", "\u00a0", "\u202e", "é", "e\u0301", "☃", "🎉", "漢字", "\t", "\n", "\r", "\x01",
    "\x7f", "*", "index.html", "x" * 200, "long/" * 20,
)  # fmt: skip
_TEXTS = (
    "", "plain", "two  spaces", " ends ", "Grüße ☃ 🎉", "=?UTF-8?B?4piD?=", "=?", "a\tb", "é" * 60, "x" * 300,
)  # fmt: skip
_HTTP = {
    "contentType": ("text/html; charset=utf-8", "image/png", "x/y"),
    "contentLanguage": ("de", "ar, he"),
    "contentDisposition": ('attachment; filename="a b.pdf"', 'attachment; filename="Grüße ☃.pdf"'),
    "contentEncoding": ("gzip", "br", "gzip, br"),
    "cacheControl": ("max-age=60", "no-store"),
    "cacheExpiry": ("2030-01-02T03:04:05.000Z", "1999-12-31T23:59:59.000Z"),
}
_NAMES = ("by", "author-name", "x", "1", "long-" * 6 + "name")


@dataclass(frozen=True, kw_only=True)
class Made:
    """An object as it is to be: what Cloudflare lists of it, and its bytes."""

    listed: Object
    content: bytes = field(repr=False)


def made_up(seed: int, *, large: bool = False) -> list[Made]:
    """The objects of a bucket, the same for the same seed; `large`: one that goes up in parts."""
    chance = random.Random(seed)  # noqa: S311
    keys: dict[str, None] = {}
    for _ in range(chance.randrange(9)):
        key = "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 8)))
        if 0 < len(key.encode()) <= 1024:
            keys[unicodedata.normalize("NFC", key) if chance.random() < 0.5 else key] = None
    if chance.random() < 0.1:
        keys["k" * 1024] = None
    sizes = [chance.choice((0, 1, 255, 4096, 70_000)) + chance.randrange(3) for _ in keys]
    if large:
        keys["large ☃"] = None
        sizes.append(2 * LARGE + chance.randrange(LARGE))
    return [_made(chance, key, size) for key, size in zip(keys, sizes, strict=True)]


def _made(chance: random.Random, key: str, size: int) -> Made:
    content = chance.randbytes(size)
    http = {name: chance.choice(values) for name, values in _HTTP.items() if chance.random() < 0.4}
    custom = {name: chance.choice(_TEXTS) for name in _NAMES if chance.random() < 0.4}
    sha256, md5 = hashlib.sha256(content), hashlib.md5(content, usedforsecurity=False)
    one = Object(
        key=key,
        size=size,
        etag=md5.hexdigest(),
        storage_class=chance.choice(("Standard", "InfrequentAccess")),
        http_metadata=http,
        custom_metadata=custom,
    )
    return Made(listed=Object(**{**vars(one), "sha256": sha256.hexdigest(), "md5": md5.hexdigest()}), content=content)


def fill(s3: Any, objects: list[Made]) -> None:
    """Write them, by the S3 client that the product has."""
    for each in objects:
        one = each.listed
        s3.put(one.key, lambda each=each: [each.content], one.size, one.sha256, http_headers(one), amz_headers(one))


def found(server: LocalCloudflare, s3: Any, bucket: str) -> dict[str, tuple[Any, ...]]:
    """What is in a bucket: metadata as listed, and the bytes, by key."""
    listed: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = server.call("GET", f"/r2/buckets/{bucket}/objects", params={"cursor": cursor} if cursor else {}).json()
        listed += answer["result"]
        cursor = answer["result_info"].get("cursor", "")
        if not cursor:
            break
    return {
        each["key"]: (
            each["storage_class"],
            each["http_metadata"],
            each["custom_metadata"],
            hashlib.sha256(b"".join(s3.read(each["key"], each["etag"]))).hexdigest(),
        )
        for each in listed
    }


def expected(objects: list[Made]) -> dict[str, tuple[Any, ...]]:
    listed = [each.listed for each in objects]
    return {one.key: (one.storage_class, one.http_metadata, one.custom_metadata, one.sha256) for one in listed}
