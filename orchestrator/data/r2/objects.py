"""The objects of a bucket as Cloudflare lists them, and as lines of a backup's index.

The list is the REST API's: JSON, so any key and any metadata comes whole. Touches the network, by the Account that it
is given, and reads the index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data.r2.metadata import Object
from orchestrator.data.store import Store

INDEX = "objects.ndjson"


def objects(account: Account, store: Store) -> Iterator[Object]:
    """Every object, in the order of keys."""
    for listed in contents.r2_objects(account, store.name, store.headers):
        yield Object(
            key=listed["key"],
            size=int(listed["size"]),
            etag=listed["etag"],
            storage_class=listed.get("storage_class") or "Standard",
            http_metadata={key: str(value) for key, value in (listed.get("http_metadata") or {}).items() if value},
            custom_metadata=dict(listed.get("custom_metadata") or {}),
        )


def is_empty(account: Account, store: Store) -> bool:
    return next(objects(account, store), None) is None


def differences(account: Account, store: Store, folder: Path) -> list[str]:
    """What a backup does not have as the bucket has it now, or could not give back: a line for each."""
    saved = {each.key: each for each in read_index(folder)}
    lines = problems(folder)
    for one in objects(account, store):
        kept = saved.pop(one.key, None)
        if kept is None or kept.as_listed() != one:
            lines.append(f"{one.key!r}: {'is not in the backup' if kept is None else 'has changed since'}")
    return [*lines, *(f"{key!r}: has been deleted since" for key in saved)]


def problems(folder: Path) -> list[str]:
    """What a backup could not read, or could not give back as it was: a line for each object."""
    return [f"{each.key!r}: {each.problem}" for each in read_index(folder) if each.problem]


def is_all_read(folder: Path) -> bool:
    """Whether a backup has the bytes of every object."""
    return all(each.sha256 for each in read_index(folder))


def read_index(folder: Path) -> list[Object]:
    """The lines of the index; none where there is none yet, without a last line that was not written whole."""
    file = folder / INDEX
    if not file.exists():
        return []
    with file.open("rb") as lines:  # as bytes: what Unicode calls a line's end is part of a key
        return [Object(**json.loads(line)) for line in lines if line.endswith(b"\n")]


def line(one: Object) -> str:
    """A line of the index, ASCII only."""
    return json.dumps(asdict(one)) + "\n"


def lines(several: Iterable[Object]) -> str:
    return "".join(map(line, several))
