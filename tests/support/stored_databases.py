"""What a database of the local Cloudflare holds, read from the file that workerd keeps, by no code of the product.

Not the index of a virtual table, which may be built in another way and find the same; not generated columns, which may
call what this SQLite has not; not what SQLite keeps for itself (statistics; last AUTOINCREMENT values of no table).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

from local_cloudflare.runtime.d1_files import D1Files
from tests.support.local_cloudflare import LocalCloudflare

_MADE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' AND type || name <> ?"
_SEQUENCES = "sqlite_sequence"


def contents_of(server: LocalCloudflare, id: str) -> dict[str, Any]:
    """The rows of each table with their numbers, as often as they are there, and under "" everything that was made."""
    file = D1Files(server.data / "runtime" / "d1").path(id)
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        listed = connection.execute("PRAGMA main.table_list").fetchall()
        shadows = {name for _, name, type, *_ in listed if type == "shadow"}
        made = connection.execute(_MADE, [f"table{_SEQUENCES}"]).fetchall()
        connection.text_factory = lambda text: ("text", text)
        tables = {
            name: _rows(connection, name, "" if without_rowid else "rowid, ")
            for _, name, type, _, without_rowid, _ in listed
            if type in ("table", "virtual") and not name.startswith(("_cf_", "sqlite_"))
        }
        has_sequences = any(name == _SEQUENCES for _, name, *_ in listed)
        sequences = _rows(connection, _SEQUENCES, "") if has_sequences else Counter()
    return {
        **tables,
        _SEQUENCES: [
            each for each in sorted(sequences.items(), key=repr) if each[0][0] and each[0][0][1].decode() in tables
        ],
        "": sorted(each for each in made if each[2] not in shadows and not each[1].startswith("_cf_")),
    }


def _rows(connection: sqlite3.Connection, table: str, number: str) -> Counter[tuple[Any, ...]]:
    columns = connection.execute("SELECT CAST(name AS BLOB) FROM pragma_table_xinfo(?) WHERE hidden = 0", [table])
    names = number + ", ".join(_quoted(name.decode()) for (name,) in columns)
    return Counter(map(_exact, connection.execute(f"SELECT {names} FROM {_quoted(table)}")))  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _exact(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """1 is not 1.0 here."""
    return tuple(value.hex() if isinstance(value, float) else value for value in row)
