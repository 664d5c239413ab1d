"""One large object out of a bucket and back: the memory that it takes. `python -m bench.large_object [--gib 2]`.

Backs a bucket of the local Cloudflare up and restores it into another, in this process, and prints the peak of resident
memory of this process, and of the local Cloudflare's (its Python and its workerd), with the seconds that each way took.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.r2_access import open_s3
from orchestrator.data import backup, restore
from orchestrator.data.store import Store
from tests.support.local_cloudflare import LocalCloudflare

BLOCK = 2**20
SOURCE, TARGET = (Store(kind="r2", name=name, id=name) for name in ("old-files", "new-files"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2)
    size = int(parser.parse_args().gib * 2**30) // BLOCK * BLOCK
    with tempfile.TemporaryDirectory() as directory:
        server = LocalCloudflare(Path(directory) / "cloudflare")
        os.environ["R2_ENDPOINT_URL"] = server.s3_url
        try:
            measure(server, size, Path(directory) / "saved")
        finally:
            server.close()


def measure(server: LocalCloudflare, size: int, folder: Path) -> None:
    with Account(account_id=server.account_id, token=server.token, base_url=server.url) as account:
        for store in (SOURCE, TARGET):
            server.call("POST", "/r2/buckets", json={"name": store.name}).raise_for_status()
        s3 = open_s3(account, SOURCE.name, SOURCE.jurisdiction)
        assert s3 is not None
        sha256 = hashlib.sha256()
        for block in content(size):
            sha256.update(block)
        s3.put("large", lambda: content(size), size, sha256.hexdigest())
        print(f"an object of {size / 2**30:.1f} GiB; this process: {own_peak():.0f} MiB before")
        began = time.monotonic()
        taken = backup.take(account, SOURCE, folder, say_nothing, now="2026-11-26T00:00:00Z")
        print(f"out:  {time.monotonic() - began:.0f} s, peak {own_peak():.0f} MiB")
        began = time.monotonic()
        done = restore.put_back(account, taken, TARGET, folder, say_nothing, merge=False, now=0)
        print(f"back: {time.monotonic() - began:.0f} s, peak {own_peak():.0f} MiB, notes {list(done.notes)}")
        again = hashlib.sha256()
        there = open_s3(account, TARGET.name, TARGET.jurisdiction)
        assert there is not None
        etag = there.etag("large")
        for chunk in there.read("large", str(etag)):
            again.update(chunk)
        print(f"the same bytes: {again.digest() == sha256.digest()}; ETag {etag}")
        s3.close()
        there.close()
    for name, peak in peaks_below(os.getpid()):
        print(f"{name}: peak {peak:.0f} MiB")


def content(size: int) -> Iterator[bytes]:
    """Blocks that differ."""
    for number in range(size // BLOCK):
        yield number.to_bytes(8, "big") * (BLOCK // 8)


def own_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peaks_below(pid: int) -> list[tuple[str, float]]:
    """Name and peak, in MiB, of each process below one: Linux only."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        if int(fields["PPid"]) == pid:
            if "VmHWM" in fields:
                found.append((fields["Name"].strip(), int(fields["VmHWM"].split()[0]) / 1024))
            found += peaks_below(int(status.parent.name))
    return found


def say_nothing(_text: str) -> None: ...


if __name__ == "__main__":
    main()
