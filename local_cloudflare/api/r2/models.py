"""R2 buckets of the account. The objects in them are in the runtime.

A bucket belongs to a jurisdiction: the same name in another one is another bucket, and a call that names the wrong one
does not find it.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.r2 import errors

KIND = "r2_bucket"
SETTINGS = "r2_settings"  # under the bucket's id
KEY_BYTES = 1024
JURISDICTIONS = ("default", "eu", "us", "fedramp", "fedramp-high")
_STORAGE_CLASSES = ("Standard", "InfrequentAccess")
_LOCATIONS = ("apac", "eeur", "enam", "weur", "wnam", "oc")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@dataclass(frozen=True, kw_only=True)
class Bucket:
    name: str
    creation_date: str
    location: str
    storage_class: str
    jurisdiction: str


class Buckets:
    """The buckets of one jurisdiction. Raises 10042 where R2 is not switched on."""

    def __init__(self, cloud: Cloud, jurisdiction: str) -> None:
        if not cloud.settings.r2_enabled:
            raise errors.not_enabled()
        if jurisdiction not in JURISDICTIONS:
            raise errors.invalid_parameter("cf-r2-jurisdiction")
        self._cloud = cloud
        self._store = cloud.store
        self._jurisdiction = jurisdiction

    def all(self) -> list[Bucket]:
        """By name."""
        found = [Bucket(**document) for document in self._store.all(KIND, id_prefix=f"{self._jurisdiction}/")]
        return sorted(found, key=lambda bucket: bucket.name)

    def get(self, name: str) -> Bucket:
        document = self._store.get(KIND, self._id(name))
        if document is None:
            raise errors.bucket_not_found()
        return Bucket(**document)

    def create(self, body: dict[str, Any]) -> Bucket:
        name = body.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise errors.invalid_name()
        hint = str(body.get("locationHint") or "wnam").lower()
        if hint not in _LOCATIONS:
            raise errors.invalid_parameter("locationHint")
        storage_class = storage_class_of(body.get("storageClass") or "Standard")
        if self._store.get(KIND, self._id(name)) is not None:
            raise errors.bucket_exists()
        return self._save(
            Bucket(
                name=name,
                creation_date=self._cloud.now(),
                location=hint.upper(),
                storage_class=storage_class,
                jurisdiction=self._jurisdiction,
            )
        )

    def set_storage_class(self, name: str, storage_class: str) -> Bucket:
        return self._save(replace(self.get(name), storage_class=storage_class_of(storage_class)))

    async def delete(self, name: str) -> None:
        """Refused unless it is empty."""
        self.get(name)
        if not await self._cloud.runtime.r2.is_empty(name, jurisdiction=self._jurisdiction):
            raise errors.bucket_not_empty(name, self._cloud.account_id)
        with self._store.transaction():
            self._store.delete(KIND, self._id(name))
            self._store.delete(SETTINGS, self._id(name))

    def _id(self, name: str) -> str:
        return bucket_id(name, self._jurisdiction)

    def _save(self, bucket: Bucket) -> Bucket:
        self._store.put(KIND, self._id(bucket.name), asdict(bucket))
        return bucket


def bucket_id(name: str, jurisdiction: str) -> str:
    """Under which a bucket is kept in the store."""
    return f"{jurisdiction}/{name}"


def check_key(key: str) -> None:
    if not key or len(key.encode()) > KEY_BYTES:
        raise errors.key_too_long(KEY_BYTES)


def storage_class_of(wanted: Any) -> str:
    if wanted not in _STORAGE_CLASSES:
        raise errors.invalid_parameter("storage class")
    return str(wanted)
