"""A backup's objects back into a bucket, and a look at what is there then. An object that is there stays as it is.

Touches the network, by the Account that it is given, and reads the backup's folder.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.s3 import PASSING
from orchestrator.data.parallel import in_parallel
from orchestrator.data.r2.bytes import PART, ByRest, Way, way_to
from orchestrator.data.r2.metadata import Object, needs_s3
from orchestrator.data.r2.objects import objects, read_index
from orchestrator.data.store import Progress, Store
from orchestrator.errors import CloudflareError, UserError

_NOBODYS = (401, 403)  # of the keys, not of one object


def put_back(
    account: Account, store: Store, folder: Path, progress: Progress, *, part: int = PART
) -> tuple[int, tuple[str, ...]]:
    """Upload the objects that the bucket does not have; how many came back, and a line for each that is not as it was.

    Raises UserError, before anything is written, where only the REST API can be had and something needs S3's.
    """
    saved = read_index(folder)
    there = {each.key: each for each in objects(account, store)}
    wanted = [each for each in saved if each.sha256 and each.key not in there]
    with way_to(account, store, part) as way:
        if isinstance(way, ByRest) and (needs := [each.key for each in wanted if needs_s3(each)]):
            raise UserError(
                f"{store.title}: {len(needs):,} objects need R2's S3 API to come back, {needs[0]!r} for one",
                "give an R2 token that may read and write this bucket: docs/guide/data.md",
            )
        refused: dict[str, str] = {}

        def write(one: Object) -> None:
            try:
                way.write(one, folder / one.file)
            except CloudflareError as error:
                if error.status in PASSING or error.status in _NOBODYS:
                    raise
                refused[one.key] = error.message

        for number, _ in enumerate(in_parallel(write, wanted), 1):
            progress(f"{store.title}: object {number:,} of {len(wanted):,} written")
        progress(f"{store.title}: comparing what is there now")
        there = {each.key: each for each in objects(account, store)}
        notes = [note for each in saved if (note := _note(way, each, there.get(each.key), folder, refused))]
    return len(wanted) - len(refused), tuple(notes)


def _note(way: Way, one: Object, now: Object | None, folder: Path, refused: dict[str, str]) -> str:
    """What is not as it was, empty where all is."""
    if not one.sha256:
        return f"{one.key!r} is not in the backup: {one.problem}"
    if one.key in refused:
        return f"{one.key!r} did not come back: {refused[one.key]}"
    if now is None:
        return f"{one.key!r} is not there: it was deleted, or R2 has not listed it yet"
    if now.size != one.size or now.etag not in (one.etag, way.expected(one, folder / one.file)):
        return f"{one.key!r} was there with other contents, and stays as it is"
    if (now.http_metadata, now.custom_metadata) != (one.http_metadata, one.custom_metadata):
        return f"{one.key!r} has other metadata than it had{f': {one.problem}' if one.problem else ''}"
    if now.storage_class != one.storage_class:
        return f"{one.key!r} has the storage class {now.storage_class}, not {one.storage_class}"
    return ""
