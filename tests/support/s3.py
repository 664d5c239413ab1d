"""The S3 servers that Pulumi's state is tested on: moto's, in a thread, and the local Cloudflare's R2."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.server import ThreadedMotoServer

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.s3_client import S3Keys, keys_of, s3_client_at

BUCKET = "pulumi-state"


class S3:
    """A server with one empty bucket.

    `environment`: what the documentation says that Pulumi needs, with this server's address in R2's place.
    """

    def __init__(self, url: str, keys: S3Keys) -> None:
        self._client: Any = s3_client_at(url, keys, region="us-east-1")  # R2 takes it for its `auto`
        self._client.create_bucket(Bucket=BUCKET)
        self.environment = {
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint={url}&region=auto&s3ForcePathStyle=true",
            "AWS_ACCESS_KEY_ID": keys.id,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }

    def objects(self, prefix: str = "") -> list[str]:
        """The keys in the bucket."""
        listed = self._client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]


def on_r2(server: LocalCloudflare) -> S3:
    return S3(server.s3_url, keys_of(server))


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run one; it listens until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3(f"http://{host}:{port}", S3Keys(id="key", secret="secret"))
    finally:
        server.stop()
