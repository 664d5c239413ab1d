"""A backup: one store's contents in a folder, with a file that says what is in it and lets every byte be checked.

    backup.json       what it is of, how much, and the SHA-256 of the files below; written last, so that a folder
                      without it is a backup that was broken off
    values.ndjson     of a KV namespace: a pair a line
    objects.ndjson    of an R2 bucket: an object a line; their bytes are in objects/
    database.sql      of a D1 database

Touches the network, by the Account that it is given, and the folder that it is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestrator.cloudflare.account import Account
from orchestrator.data import d1, kv, r2
from orchestrator.data.store import Progress, Store, StoreKind
from orchestrator.errors import UserError
from orchestrator.files import sha256_of, write_whole

ABOUT = "backup.json"
FORMAT = 1
_UNFINISHED = ".unfinished"
_FILES: Mapping[StoreKind, str] = {"kv": kv.FILE, "r2": r2.INDEX, "d1": d1.FILE}
_KEYS = {"account_id": "accountId", "taken_at": "takenAt"}
_ATTRIBUTES = {key: attribute for attribute, key in _KEYS.items()}  # an older backup has the attributes' names
UNITS: Mapping[StoreKind, str] = {"kv": "keys", "r2": "objects", "d1": "tables"}


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a whole backup holds: `items` keys, objects or tables, in `bytes` (of SQL, for a database).

    `sha256`: of the file that lists or holds them. `taken_at`: RFC 3339.
    """

    kind: StoreKind
    name: str
    id: str
    account_id: str
    taken_at: str
    items: int
    bytes: int
    sha256: str
    format: int = FORMAT


def take(account: Account, store: Store, folder: Path, progress: Progress, *, now: str) -> Backup:
    """Back `store` up into `folder`, and check it. Raises UserError where the folder has something else in it."""
    _prepare(folder, store)
    match store.kind:
        case "kv":
            items, size = kv.save(account, store, folder / kv.FILE, progress)
        case "r2":
            items, size = r2.save(account, store, folder, progress)
        case "d1":
            items, size = d1.save(account, store, folder / d1.FILE, progress)
    backup = Backup(
        kind=store.kind,
        name=store.name,
        id=store.id,
        account_id=account.account_id,
        taken_at=now,
        items=items,
        bytes=size,
        sha256=sha256_of(folder / _FILES[store.kind]),
    )
    progress(f"{store.title}: checking the backup")
    _check(backup, folder)
    write_whole(folder / ABOUT, json.dumps(to_object(backup), indent=2) + "\n")
    (folder / _UNFINISHED).unlink()
    return backup


def to_object(backup: Backup) -> dict[str, Any]:
    """As in JSON, with keys in camelCase."""
    return {_KEYS.get(key, key): value for key, value in asdict(backup).items()}


def read(folder: Path) -> Backup:
    """A whole backup, every byte of it checked. Raises UserError where it is not whole, or not as it was."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        backup = Backup(**{_ATTRIBUTES.get(key, key): value for key, value in about.items()})
    except FileNotFoundError:
        raise UserError(
            f"there is no whole backup in {folder}: it has no {ABOUT}", "one that was broken off: run `backup` again"
        ) from None
    except (ValueError, TypeError) as error:
        raise UserError(f"{folder / ABOUT} is not what `backup` writes: {error}") from error
    if backup.format != FORMAT:
        raise UserError(f"the backup in {folder} has format {backup.format}; this version reads {FORMAT}")
    _check(backup, folder)
    return backup


def _prepare(folder: Path, store: Store) -> None:
    """Make the folder, or take up a backup of the same store that was broken off."""
    if (folder / ABOUT).exists():
        raise UserError(f"{folder} holds a backup already", "name another folder")
    marker = folder / _UNFINISHED
    label = f"{store.kind} {store.id}\n"
    if folder.exists() and any(folder.iterdir()) and (not marker.exists() or marker.read_text() != label):
        raise UserError(f"{folder} is not empty", "name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(label)


def _check(backup: Backup, folder: Path) -> None:
    file = folder / _FILES[backup.kind]
    if not file.is_file() or sha256_of(file) != backup.sha256:
        raise UserError(f"the backup in {folder} is broken: {file.name} is not what was written", "take another one")
    if (counted := _count(backup.kind, folder)) != (backup.items, backup.bytes):
        raise UserError(
            f"the backup in {folder} is broken: it has {counted[0]} {UNITS[backup.kind]} in {counted[1]} bytes, "
            f"not {backup.items} in {backup.bytes}",
            "take another one",
        )


def _count(kind: StoreKind, folder: Path) -> tuple[int, int]:
    """What is really in the folder: items and bytes; objects only where their bytes are those that were read."""
    match kind:
        case "kv":
            with (folder / kv.FILE).open(encoding="utf-8") as lines:
                sizes = [kv.value_size(line) for line in lines]
            return len(sizes), sum(sizes)
        case "r2":
            whole = [each for each in r2.read_index(folder) if _is_whole(each, folder)]
            return len(whole), sum(each.size for each in whole)
        case "d1":
            return d1.tables(folder / d1.FILE), (folder / d1.FILE).stat().st_size


def _is_whole(one: r2.Object, folder: Path) -> bool:
    file = folder / one.file
    return file.resolve().is_relative_to(folder.resolve()) and file.is_file() and sha256_of(file) == one.sha256
