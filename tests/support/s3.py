"""An S3 server on loopback for tests: moto's, in a thread, with one empty bucket. As R2 is, for Pulumi's state."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from moto.server import ThreadedMotoServer

BUCKET = "pulumi-state"


@dataclass(frozen=True)
class S3:
    """`environment`: what the documentation says that Pulumi needs, with this server's address in R2's place."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint={self.url}&region=auto&s3ForcePathStyle=true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def objects(self, prefix: str = "") -> list[str]:
        """The keys in the bucket."""
        listed = httpx.get(f"{self.url}/{BUCKET}", params={"list-type": "2", "prefix": prefix}).raise_for_status().text
        return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run one; it listens until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        s3 = S3(f"http://{host}:{port}")
        httpx.put(f"{s3.url}/{BUCKET}").raise_for_status()
        yield s3
    finally:
        server.stop()
