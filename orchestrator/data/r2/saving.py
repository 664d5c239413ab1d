"""A bucket into a folder: each object's bytes in a file that appears when it is whole, and a line in the index.

A backup that was interrupted continues: what it has is looked at byte for byte, and read again where it is not what the
bucket has now. An object that cannot be read, or could not come back as it was, is told of, and the others are saved.

Touches the network, by the Account that it is given, and the files that it is told.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.s3 import PASSING, TRIES
from orchestrator.data.parallel import in_parallel
from orchestrator.data.private import open_bytes, open_text
from orchestrator.data.r2.bytes import ByRest, Way, way_to
from orchestrator.data.r2.metadata import FOLDER, Object, file_name, needs_s3
from orchestrator.data.r2.objects import INDEX, line, lines, objects, read_index
from orchestrator.data.store import Progress, Store
from orchestrator.errors import CloudflareError, OrchestratorError, UserError
from orchestrator.files import PRIVATE, sha256_of, write_whole

_CHANGED = (404, 412)
_TOLD = 5


def save(account: Account, store: Store, folder: Path, progress: Progress) -> tuple[int, int]:
    """Write every object below `folder`, with the index; how many there are, and their bytes.

    Raises UserError where only the REST API can be had and something would not come back by it.
    """
    listed = list(objects(account, store))
    (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
    with way_to(account, store) as way:
        if isinstance(way, ByRest):
            _refuse_what_needs_s3(store, listed)
        kept = _find_kept(folder, listed, way)
        write_whole(folder / INDEX, lines(kept), mode=PRIVATE)
        saved = {each.key for each in kept}
        missing = [each for each in listed if each.key not in saved]
        with open_text(folder / INDEX, append=True) as index:
            done = in_parallel(lambda each: _save_one(way, store, each, folder), missing)
            for number, one in enumerate(done, len(kept) + 1):
                index.write(line(one))
                index.flush()
                progress(f"{store.title}: object {number:,} of {len(listed):,} read")
    changed = {each.key: each for each in listed} != {each.key: each for each in objects(account, store)}
    if changed:
        raise OrchestratorError(
            f"{store.title}: objects changed while it was saved", "run it again: it reads what has changed"
        )
    _sweep(folder, {file_name(each.key) for each in listed})
    return len(listed), sum(each.size for each in listed)


def _sweep(folder: Path, wanted: set[str]) -> None:
    """Remove the files that an earlier run left of objects that are no more."""
    for file in (folder / FOLDER).iterdir():
        if f"{FOLDER}/{file.name}" not in wanted:
            file.unlink()


def _refuse_what_needs_s3(store: Store, listed: list[Object]) -> None:
    problems = [f"{each.key!r}: {problem}" for each in listed if (problem := needs_s3(each))]
    if problems:
        more = f", and {len(problems) - _TOLD:,} more" if len(problems) > _TOLD else ""
        raise UserError(
            f"{store.title} cannot be backed up without R2's S3 API: {'; '.join(problems[:_TOLD])}{more}",
            "give an R2 token that may read and write this bucket: docs/guide/data.md",
        )


def _find_kept(folder: Path, listed: list[Object], way: Way) -> list[Object]:
    """What an earlier run saved that is still what the bucket has, its bytes looked at again."""
    before = {each.key: each for each in read_index(folder)}
    found = [before[each.key] for each in listed if each.key in before and before[each.key].as_listed() == each]
    return [replace(each, problem=way.problem(each)) for each in found if _is_whole(each, folder / each.file)]


def _is_whole(one: Object, file: Path) -> bool:
    whole = bool(one.sha256) and file.is_file() and file.stat().st_size == one.size
    return whole and sha256_of(file) == one.sha256


def _save_one(way: Way, store: Store, one: Object, folder: Path) -> Object:
    """A download is tried again from its beginning. What R2 refuses to give is told, and is no end of the others."""
    for tries_left in reversed(range(TRIES)):
        try:
            return _download(way, store, one, folder)
        except CloudflareError as error:
            if error.status in _CHANGED:
                raise OrchestratorError(
                    f"{store.title}: the object {one.key!r} changed while it was read", "run it again"
                ) from error
            if error.status not in PASSING:
                return replace(one, problem=f"it could not be read: {error.message}")
            if not tries_left:
                raise
            way.pause(tries_left)
    raise AssertionError("the last try returns or raises")


def _download(way: Way, store: Store, one: Object, folder: Path) -> Object:
    file = folder / file_name(one.key)
    part = file.with_suffix(".part")
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with open_bytes(part) as output:
        for chunk in way.read(one):
            size += output.write(chunk)
            sha256.update(chunk)
            md5.update(chunk)
        output.flush()
        os.fsync(output.fileno())
    # An object that was uploaded in parts has another form of ETag, which tells nothing about its bytes.
    if size != one.size or (len(one.etag) == md5.digest_size * 2 and one.etag != md5.hexdigest()):
        raise CloudflareError(f"{store.title}: the object {one.key!r} arrived broken", "run it again")
    part.replace(file)
    return replace(
        one, file=file_name(one.key), sha256=sha256.hexdigest(), md5=md5.hexdigest(), problem=way.problem(one)
    )
