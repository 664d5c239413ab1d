"""rclone, a client of R2 that people use, on the local Cloudflare's S3 API."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.s3_client import keys_of, s3_client

RCLONE = shutil.which("rclone")
pytestmark = pytest.mark.skipif(
    RCLONE is None and not os.environ.get("CI"), reason="rclone is not installed (Debian: apt-get install rclone)"
)


def rclone(server: LocalCloudflare, *arguments: str) -> str:
    keys = keys_of(server)
    settings = {
        "TYPE": "s3",
        "PROVIDER": "Cloudflare",
        "ENDPOINT": server.s3_url,
        "ACCESS_KEY_ID": keys.id,
        "SECRET_ACCESS_KEY": keys.secret,
        "REGION": "auto",
        "ACL": "private",
        "CHUNK_SIZE": "5Mi",
        "UPLOAD_CUTOFF": "5Mi",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
    environment = {f"RCLONE_CONFIG_R2_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [RCLONE or "rclone", "--config", os.devnull, "--retries", "1", *arguments],
        env={**others, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_bucket_is_copied_there_and_back(cloudflare_api: LocalCloudflare, tmp_path: Path) -> None:
    files = {
        "index.html": b"<h1>Hello</h1>",
        "empty": b"",
        "sub/folder/☃ a+b&c.txt": "Grüße".encode(),
        "large.bin": random.Random(1).randbytes(12 * 2**20),  # noqa: S311
    }
    for name, content in files.items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)
    s3_client(cloudflare_api, keys_of(cloudflare_api)).create_bucket(Bucket="efh-private")

    rclone(cloudflare_api, "copy", "--metadata", str(tmp_path / "out"), "r2:efh-private")
    rclone(cloudflare_api, "check", "--download", str(tmp_path / "out"), "r2:efh-private")
    rclone(cloudflare_api, "copyto", "r2:efh-private/large.bin", "r2:efh-private/copy.bin")
    rclone(cloudflare_api, "mkdir", "r2:efh-other")
    rclone(cloudflare_api, "sync", "r2:efh-private", "r2:efh-other")
    rclone(cloudflare_api, "copy", "r2:efh-other", str(tmp_path / "in"))

    found = {
        str(file.relative_to(tmp_path / "in")): file.read_bytes()
        for file in (tmp_path / "in").rglob("*")
        if file.is_file()
    }
    assert found == {**files, "copy.bin": files["large.bin"]}
    rclone(cloudflare_api, "purge", "r2:efh-other")
    assert rclone(cloudflare_api, "lsf", "r2:").split() == ["efh-private/"]
