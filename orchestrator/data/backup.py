"""A backup: one store's contents in a folder, with a file that says what is in it and lets every byte be checked.

    backup.json       what it is of, how much, and the SHA-256 of the files below; written last, so that a folder
                      without it is a backup that was interrupted
    values.ndjson     of a KV namespace: a pair a line
    objects.ndjson    of an R2 bucket: an object a line; their bytes are in objects/
    database.sqlite   of a D1 database: the same tables and rows

Only the owner can read the folder, and git ignores it. Touches the network, by the Account that it is given, and the
folder that it is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.cloudflare.account import Account
from orchestrator.data import kv
from orchestrator.data.d1 import contents as d1
from orchestrator.data.d1.contents import TableSum
from orchestrator.data.private import make_folder, open_text
from orchestrator.data.r2 import contents as r2
from orchestrator.data.store import Progress, Store, StoreKind
from orchestrator.errors import UserError
from orchestrator.files import PRIVATE, sha256_of, write_whole

ABOUT = "backup.json"
FORMAT = 2
_UNFINISHED = ".unfinished"
_OURS = {_UNFINISHED, ".gitignore"}
_FILES: Mapping[StoreKind, str] = {"kv": kv.FILE, "r2": r2.INDEX, "d1": d1.FILE}
_KEYS = {"account_id": "accountId", "taken_at": "takenAt"}
_ATTRIBUTES = {key: attribute for attribute, key in _KEYS.items()}
UNITS: Mapping[StoreKind, str] = {"kv": "keys", "r2": "objects", "d1": "tables"}


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a whole backup holds: `items` keys, objects or tables, in `bytes` (of the file, for a database).

    `sha256`: of the file that lists or holds them. `tables`: of a database, the rows of each table and their checksum,
    which were compared with the database after it was read. `taken_at`: RFC 3339.
    """

    kind: StoreKind
    name: str
    id: str
    account_id: str
    taken_at: str
    items: int
    bytes: int
    sha256: str
    tables: Mapping[str, TableSum] = field(default_factory=dict)
    format: int = FORMAT


def take(account: Account, store: Store, folder: Path, progress: Progress, *, now: str) -> Backup:
    """Back `store` up into `folder`, and check it. Raises UserError where the folder has something else in it."""
    _prepare(folder, store)
    tables: Mapping[str, TableSum] = {}
    match store.kind:
        case "kv":
            items, size = kv.save(account, store, folder / kv.FILE, progress)
        case "r2":
            items, size = r2.save(account, store, folder, progress)
        case "d1":
            tables = d1.save(account, store, folder, progress)
            items, size = len(tables), (folder / d1.FILE).stat().st_size
    backup = Backup(
        kind=store.kind,
        name=store.name,
        id=store.id,
        account_id=account.account_id,
        taken_at=now,
        items=items,
        bytes=size,
        sha256=sha256_of(folder / _FILES[store.kind]),
        tables=tables,
    )
    progress(f"{store.title}: checking the backup")
    _check(backup, folder)
    write_whole(folder / ABOUT, json.dumps(to_object(backup), indent=2) + "\n", mode=PRIVATE)
    (folder / _UNFINISHED).unlink()
    return backup


def to_object(backup: Backup) -> dict[str, Any]:
    """As in JSON, with keys in camelCase."""
    return {_KEYS.get(key, key): value for key, value in asdict(backup).items()}


def read(folder: Path) -> Backup:
    """A whole backup, every byte of it checked. Raises UserError where it is not whole, or not as it was."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        _refuse_another_format(about, folder)
        tables = {name: TableSum(**each) for name, each in about.pop("tables", {}).items()}
        backup = Backup(**{_ATTRIBUTES.get(key, key): value for key, value in about.items()}, tables=tables)
    except FileNotFoundError:
        raise UserError(
            f"there is no whole backup in {folder}: it has no {ABOUT}", "an interrupted one: run `backup` again"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{folder / ABOUT} is not what `backup` writes: {error}") from error
    _check(backup, folder)
    return backup


def _refuse_another_format(about: Mapping[str, Any], folder: Path) -> None:
    """The first format had another file for databases alone."""
    found = about["format"]
    if found == 1 and about["kind"] == "d1":
        raise UserError(
            f"the backup in {folder} has a database as SQL, which is not restored any more",
            f"`wrangler d1 execute NAME --remote --file {folder / 'database.sql'}` runs it",
        )
    if found not in (1, FORMAT):
        raise UserError(
            f"the backup in {folder} has format {found}; this version reads up to {FORMAT}",
            "restore it with the version of this program that took it",
        )


def _prepare(folder: Path, store: Store) -> None:
    """Make the folder, or take up a backup of the same store that was interrupted."""
    if (folder / ABOUT).exists():
        raise UserError(f"{folder} holds a backup already", "name another folder")
    marker = folder / _UNFINISHED
    label = f"{store.kind} {store.id}\n"
    begun = marker.read_text(encoding="utf-8") if marker.exists() else ""
    if folder.exists() and begun != label and {each.name for each in folder.iterdir()} - _OURS:
        raise UserError(f"{folder} is not empty", "name another folder")
    make_folder(folder)
    with open_text(marker) as file:
        file.write(label)


def _check(backup: Backup, folder: Path) -> None:
    file = folder / _FILES[backup.kind]
    if not file.is_file() or sha256_of(file) != backup.sha256:
        raise UserError(f"the backup in {folder} is broken: {file.name} is not what was written", "take another backup")
    if (counted := _count(backup, folder)) != (backup.items, backup.bytes):
        raise UserError(
            f"the backup in {folder} is broken: it has {counted[0]} {UNITS[backup.kind]} in {counted[1]} bytes, "
            f"not {backup.items} in {backup.bytes}",
            "take another backup",
        )


def _count(backup: Backup, folder: Path) -> tuple[int, int]:
    """What is really in the folder: items and bytes; objects only where their bytes are those that were read."""
    match backup.kind:
        case "kv":
            with (folder / kv.FILE).open(encoding="utf-8") as lines:
                sizes = [kv.value_size(line) for line in lines]
            return len(sizes), sum(sizes)
        case "r2":
            whole = [each for each in r2.read_index(folder) if not each.sha256 or _is_whole(each, folder)]
            return len(whole), sum(each.size for each in whole)
        case "d1":
            d1.check(folder, backup.tables)
            return len(backup.tables), (folder / d1.FILE).stat().st_size


def _is_whole(one: r2.Object, folder: Path) -> bool:
    file = folder / one.file
    return file.resolve().is_relative_to(folder.resolve()) and file.is_file() and sha256_of(file) == one.sha256
