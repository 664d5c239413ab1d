"""The storage class of each object: the runtime's objects have none, so it is kept beside the account.

Known by the version of the object, which is another one after each write, by a Worker's too: a Worker that names no
class writes in the bucket's.
"""

from __future__ import annotations

from dataclasses import replace

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.r2.models import Bucket, bucket_id
from local_cloudflare.runtime.models import R2Object

KIND = "r2_storage_class"
OF_S3 = {"STANDARD": "Standard", "STANDARD_IA": "InfrequentAccess"}
IN_S3 = {name: s3 for s3, name in OF_S3.items()}


def keep(cloud: Cloud, bucket: Bucket, written: R2Object, storage_class: str) -> R2Object:
    """After a write: the object, with its class."""
    cloud.store.put(KIND, _id(bucket, written), {"class": storage_class})
    return replace(written, storage_class=storage_class)


def classed(cloud: Cloud, bucket: Bucket, item: R2Object) -> R2Object:
    """An object as it was read, with its class."""
    known = cloud.store.get(KIND, _id(bucket, item))
    return replace(item, storage_class=known["class"] if known else bucket.storage_class)


def _id(bucket: Bucket, item: R2Object) -> str:
    return f"{bucket_id(bucket.name, bucket.jurisdiction)}/{item.version}"
