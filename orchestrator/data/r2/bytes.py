"""The ways to an object's bytes: S3's API, which can do everything, or Cloudflare's REST API within its limits.

Touches the network, and the files that it is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.contents import r2_object_path
from orchestrator.cloudflare.r2_access import open_s3
from orchestrator.cloudflare.s3 import S3
from orchestrator.data.r2.metadata import Object, amz_headers, http_headers, needs_s3, s3_problem
from orchestrator.data.store import Store
from orchestrator.errors import CloudflareError

PART = 64 * 2**20
_MOST_PARTS = 10_000
_CHUNK = 2**18
_THERE = 412


class Way(Protocol):
    """`problem`: why an object cannot come back by it as it was. `write`: the ETag that it has now; None where one of
    that key was there already, which stays."""

    def problem(self, one: Object) -> str: ...
    def read(self, one: Object) -> Iterator[bytes]: ...
    def write(self, one: Object, file: Path) -> str | None: ...
    def delete(self, key: str) -> None: ...
    def expected(self, one: Object, file: Path, /) -> str: ...
    def pause(self, tries_left: int) -> None: ...


@contextmanager
def way_to(account: Account, store: Store, part: int = PART) -> Iterator[Way]:
    """By S3's API where it can be had; there an object of more than `part` bytes goes up in parts of so many."""
    s3 = open_s3(account, store.name, store.jurisdiction)
    if s3 is None:
        yield ByRest(account, store)
        return
    try:
        yield ByS3(s3, part)
    finally:
        s3.close()


class ByS3:
    def __init__(self, s3: S3, part: int) -> None:
        self._s3 = s3
        self._part = part

    def problem(self, one: Object) -> str:
        return s3_problem(one)

    def read(self, one: Object) -> Iterator[bytes]:
        return self._s3.read(one.key, one.etag)

    def delete(self, key: str) -> None:
        self._s3.delete(key)

    def pause(self, tries_left: int) -> None:
        self._s3.pause(tries_left)

    def expected(self, one: Object, file: Path) -> str:
        """The ETag that an object has which was written by this way."""
        if one.size <= self._part:
            return one.md5 or _digest("md5", file, 0, one.size).hex()  # an older index has none
        size = self._part_size(one.size)
        sums = [_digest("md5", file, start, size) for start in range(0, one.size, size)]
        return f"{hashlib.md5(b''.join(sums), usedforsecurity=False).hexdigest()}-{len(sums)}"

    def write(self, one: Object, file: Path) -> str | None:
        if one.size > self._part:
            return self._write_in_parts(one, file)
        try:
            content = _slice(file, 0, one.size)
            return self._s3.put(one.key, content, one.size, one.sha256, http_headers(one), amz_headers(one))
        except CloudflareError as error:
            if error.status != _THERE:
                raise
            # Either it was there, or this call was made before and its answer was lost.
            expected = self.expected(one, file)
            return expected if self._s3.etag(one.key) == expected else None

    def _write_in_parts(self, one: Object, file: Path) -> str | None:
        """One length for all parts but the last, as R2 wants it."""
        if self._s3.etag(one.key) is not None:
            return None
        upload = self._s3.create_upload(one.key, http_headers(one), amz_headers(one))
        try:
            size, etags = self._part_size(one.size), []
            for number, start in enumerate(range(0, one.size, size), 1):
                length = min(size, one.size - start)
                sha256 = _digest("sha256", file, start, length).hex()
                etags.append(self._s3.put_part(one.key, upload, number, _slice(file, start, length), length, sha256))
            return self._s3.complete_upload(one.key, upload, etags, self.expected(one, file))
        except BaseException:
            with suppress(CloudflareError):  # R2 itself forgets one that is not ended, after seven days
                self._s3.abort_upload(one.key, upload)
            raise

    def _part_size(self, size: int) -> int:
        return max(self._part, -(-size // _MOST_PARTS))


class ByRest:
    """For an API token that R2's S3 API does not take."""

    def __init__(self, account: Account, store: Store) -> None:
        self._account = account
        self._store = store

    def problem(self, one: Object) -> str:
        return needs_s3(one) or s3_problem(one)

    def read(self, one: Object) -> Iterator[bytes]:
        headers = {**self._store.headers, "accept-encoding": "identity"}
        return self._account.download(self._path(one.key), headers=headers)

    def delete(self, key: str) -> None:
        self._account.call("DELETE", self._path(key), headers=self._store.headers, repeatable=True)

    def expected(self, one: Object, file: Path) -> str:
        return one.md5 or _digest("md5", file, 0, one.size).hex()

    def pause(self, tries_left: int) -> None:
        """The account's own rate limiter is enough."""

    def write(self, one: Object, file: Path) -> str | None:
        headers = {
            **{name: value.encode() for name, value in http_headers(one).items()},
            **self._store.headers,
            "cf-r2-storage-class": one.storage_class,
        }
        content = file.read_bytes()  # at most 300 MiB
        path = self._path(one.key)
        return str(self._account.result("PUT", path, content=content, headers=headers, repeatable=True)["etag"])

    def _path(self, key: str) -> str:
        if {".", ".."} & set(key.split("/")):  # in a URL these would name another object
            raise CloudflareError(
                f"{self._store.title}: the object {key!r} cannot be named in a URL of Cloudflare's REST API",
                "give an R2 token: docs/guide/data.md",
                status=400,
            )
        return r2_object_path(self._store.name, key)


def _slice(file: Path, start: int, length: int) -> Callable[[], Iterable[bytes]]:
    def read() -> Iterator[bytes]:
        with file.open("rb") as content:
            content.seek(start)
            left = length
            while left and (chunk := content.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk

    return read


def _digest(algorithm: str, file: Path, start: int, length: int) -> bytes:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in _slice(file, start, length)():
        digest.update(chunk)
    return digest.digest()
