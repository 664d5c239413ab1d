"""One S3 call as a handler sees it, signed by a token that may make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.r2.models import Bucket, Buckets, check_key
from local_cloudflare.api.s3 import errors
from local_cloudflare.api.s3.payload import Payload

_LARGEST_DOCUMENT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class S3Call:
    """`headers` by name in lower case, `query` decoded; `bucket_name` and `key` empty where the path has none."""

    cloud: Cloud
    method: str
    jurisdiction: str
    bucket_name: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    payload: Payload

    @property
    def buckets(self) -> Buckets:
        return Buckets(self.cloud, self.jurisdiction)

    def bucket(self) -> Bucket:
        """The bucket, which is there; the key checked."""
        found = self.buckets.get(self.bucket_name)
        if self.key:
            check_key(self.key)
        return found

    def integer(self, name: str, default: int, most: int) -> int:
        """A parameter from 0 to `most`; a larger one is `most`."""
        value = self.query.get(name) or str(default)
        if not value.isascii() or not value.isdigit():
            raise errors.invalid_argument(name)
        return min(int(value), most)

    async def document(self) -> bytes:
        """The body, of a size that a document may have."""
        if self.payload.size > _LARGEST_DOCUMENT:
            raise errors.malformed_xml()
        return await self.payload.read()
