"""What is in an R2 bucket: counted, saved as files with an index, put back, and emptied.

The index has a line for each object: its key, the file that has its bytes, their SHA-256, and its metadata. A save that
was broken off goes on where it stopped, since a line is written only when its file is whole.

Cloudflare's REST API cannot set custom metadata (S3's and a Worker's can): it is in the index, and `put_back` says how
many objects came back without theirs. Touches the network, by the Account that it is given, and the files that it is
told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestrator.cloudflare.account import Account
from orchestrator.data.parallel import in_parallel
from orchestrator.data.store import Progress, Store
from orchestrator.errors import CloudflareError, OrchestratorError, UserError

INDEX = "objects.ndjson"
FOLDER = "objects"
_PER_PAGE = 1000
_TRIES = 3
_NAME_CHARACTERS = 120
_HEADERS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
}


@dataclass(frozen=True, kw_only=True)
class Object:
    """One object as it is listed; a line of the index also has `file` (below the backup's folder) and `sha256`."""

    key: str
    size: int
    etag: str
    storage_class: str = "Standard"
    http_metadata: dict[str, str] = field(default_factory=dict)
    custom_metadata: dict[str, str] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""


def objects(account: Account, store: Store) -> Iterator[Object]:
    """Every object. Raises UserError where a key cannot be named in a URL: it must be dealt with by S3's API."""
    cursor = ""
    while True:
        params = {"per_page": _PER_PAGE, **({"cursor": cursor} if cursor else {})}
        answer = account.call("GET", f"{_bucket(store)}/objects", params=params, headers=store.headers)
        for listed in answer["result"]:
            _object_path(store, listed["key"])
            yield Object(
                key=listed["key"],
                size=int(listed["size"]),
                etag=listed["etag"],
                storage_class=listed.get("storage_class") or "Standard",
                http_metadata={key: str(value) for key, value in (listed.get("http_metadata") or {}).items() if value},
                custom_metadata=dict(listed.get("custom_metadata") or {}),
            )
        cursor = (answer.get("result_info") or {}).get("cursor") or ""
        if not cursor:
            return


def is_empty(account: Account, store: Store) -> bool:
    return next(objects(account, store), None) is None


def save(account: Account, store: Store, folder: Path, progress: Progress) -> tuple[int, int]:
    """Write every object below `folder`, with the index; how many there are, and their bytes."""
    listed = list(objects(account, store))
    current = {(each.key, each.etag) for each in listed}
    kept = [each for each in read_index(folder) if (each.key, each.etag) in current and (folder / each.file).is_file()]
    saved = {each.key for each in kept}
    missing = [each for each in listed if each.key not in saved]
    (folder / FOLDER).mkdir(exist_ok=True)
    _write_index(folder, kept)
    numbers = {each.key: number for number, each in enumerate(listed, 1)}
    with (folder / INDEX).open("a", encoding="utf-8") as index:
        done = in_parallel(lambda each: _save_one(account, store, each, folder, numbers[each.key]), missing)
        for number, one in enumerate(done, len(kept) + 1):
            index.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            index.flush()
            progress(f"{store.title}: object {number:,} of {len(listed):,} read")
    return len(listed), sum(each.size for each in listed)


def put_back(account: Account, store: Store, folder: Path, progress: Progress) -> tuple[int, int]:
    """Upload the objects that the bucket does not have; how many, and how many of them have lost custom metadata."""
    there = {each.key for each in objects(account, store)}
    wanted = [each for each in read_index(folder) if each.key not in there]
    for number, _ in enumerate(in_parallel(lambda each: _upload(account, store, each, folder), wanted), 1):
        progress(f"{store.title}: object {number:,} of {len(wanted):,} written")
    return len(wanted), sum(bool(each.custom_metadata) for each in wanted)


def empty(account: Account, store: Store, progress: Progress) -> None:
    """Delete every object."""
    keys = [each.key for each in objects(account, store)]

    def delete(key: str) -> None:
        account.call("DELETE", _object_path(store, key), headers=store.headers, repeatable=True)

    for number, _ in enumerate(in_parallel(delete, keys), 1):
        progress(f"{store.title}: object {number:,} of {len(keys):,} deleted")


def read_index(folder: Path) -> list[Object]:
    """The lines of the index; none where there is none yet, without a last line that was not written whole."""
    file = folder / INDEX
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return [Object(**json.loads(line)) for line in lines if line.endswith("\n")]


def _write_index(folder: Path, lines: Sequence[Object]) -> None:
    (folder / INDEX).write_text("".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in lines))


def _save_one(account: Account, store: Store, one: Object, folder: Path, number: int) -> Object:
    """A download is not tried again by the account, since it does not know where the bytes go: so it is here."""
    for tries_left in reversed(range(_TRIES)):
        try:
            return _download(account, store, one, folder, number)
        except CloudflareError as error:
            if not tries_left or 400 <= error.status < 500:
                raise
    raise AssertionError("the last try returns or raises")


def _download(account: Account, store: Store, one: Object, folder: Path, number: int) -> Object:
    file = f"{FOLDER}/{number:06}-{quote(one.key, safe='')[:_NAME_CHARACTERS]}"
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    path = _object_path(store, one.key)
    with (folder / file).open("wb") as output:
        for chunk in account.download(path, headers=store.headers):
            size += output.write(chunk)
            sha256.update(chunk)
            md5.update(chunk)
    # An object that was uploaded in parts has another form of etag, which tells nothing about its bytes.
    if size != one.size or (len(one.etag) == md5.digest_size * 2 and one.etag != md5.hexdigest()):
        raise OrchestratorError(
            f"{store.title}: the object {one.key} changed while it was read, or arrived broken", "run it again"
        )
    return Object(**{**asdict(one), "file": file, "sha256": sha256.hexdigest()})


def _upload(account: Account, store: Store, one: Object, folder: Path) -> None:
    metadata = {_HEADERS[name]: value for name, value in one.http_metadata.items() if name in _HEADERS}
    headers = {**metadata, **store.headers, "cf-r2-storage-class": one.storage_class}
    path, content = _object_path(store, one.key), (folder / one.file).read_bytes()
    answer: dict[str, Any] = account.call("PUT", path, content=content, headers=headers, repeatable=True)
    if int(answer["result"].get("size") or len(content)) != len(content):
        raise CloudflareError(f"{store.title}: the object {one.key} was written with another size")


def _bucket(store: Store) -> str:
    return f"/r2/buckets/{store.name}"


def _object_path(store: Store, key: str) -> str:
    if {".", ".."} & set(key.split("/")):  # in a URL these would name another object
        raise UserError(
            f"{store.title}: the object {key!r} cannot be named in a URL of Cloudflare's REST API",
            "rename or delete it with an S3 client, then run this again",
        )
    return f"{_bucket(store)}/objects/{quote(key, safe='/')}"
