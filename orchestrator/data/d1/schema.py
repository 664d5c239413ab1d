"""What a database is made of, read from the local copy of it: SQLite itself says, nothing is read out of SQL text.

Touches the SQLite connection that it is given, and changes nothing there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from orchestrator.data.d1.guard import guard
from orchestrator.data.d1.values import Text, quoted
from orchestrator.errors import UserError

MARKS = "orchestrator_restore"
"""The table of a database that is being restored: what has come back so far."""

SEQUENCES = "sqlite_sequence"
IN_USE = "name IN (SELECT name FROM sqlite_master WHERE type = 'table')"
"""The rows of SEQUENCES that mean a table: anybody may write others."""
OWN = (
    "sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' "
    f"AND tbl_name <> '{MARKS}' COLLATE NOCASE"
)
OBJECTS = f"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE {OWN} ORDER BY rowid"
_MOST_COLUMNS = 100


@dataclass(frozen=True, kw_only=True)
class SchemaObject:
    """A table, index, view or trigger, with the SQL that made it, word for word."""

    type: str
    name: str
    table: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """`columns` are those that hold data (none that is generated). `rowid` is the name that means a row's number, where
    it has one that no column shows; `primary` its primary key. `is_keyed`: whether something keeps each of its rows
    from being added once more."""

    name: str
    columns: tuple[str, ...]
    rowid: str | None
    primary: tuple[str, ...]
    is_keyed: bool
    is_virtual: bool
    indexes: int

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of a row here: the row's number first, where there is one."""
        return (*((self.rowid,) if self.rowid else ()), *self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that rows are read in the order of."""
        return (self.rowid,) if self.rowid else self.primary


def named(connection: sqlite3.Connection, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows whose texts are names."""
    rows = connection.execute(sql, parameters).fetchall()
    return [tuple(cell.decode() if isinstance(cell, Text) else cell for cell in row) for row in rows]


def objects(connection: sqlite3.Connection) -> list[SchemaObject]:
    """In the order in which they were made; without what a virtual table makes for itself."""
    found = [SchemaObject(type=t, name=n, table=table, sql=sql) for t, n, table, sql in named(connection, OBJECTS)]
    return without_shadows(connection, found)


def without_shadows(connection: sqlite3.Connection, made: Iterable[SchemaObject]) -> list[SchemaObject]:
    """Without the tables that virtual tables of this database make for themselves."""
    hidden = set[str]().union(*_shadows(connection).values())
    return [each for each in made if each.table.casefold() not in hidden]


def _shadows(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The tables that each virtual table makes for itself, in small letters, by its name.

    Each is made once more where nothing else is: SQLite tells shadow tables by their names alone, and a table of the
    user's may have such a name (`posts_content`, which `posts` indexes).
    """
    virtual = {name for _, name, type, *_ in named(connection, "PRAGMA main.table_list") if type == "virtual"}
    found = {}
    for name, sql in named(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        if name in virtual:
            with closing(sqlite3.connect(":memory:")) as alone:
                guard(alone)
                alone.execute(sql)
                made = alone.execute("SELECT lower(name) FROM sqlite_master WHERE type = 'table'").fetchall()
            found[name] = {each for (each,) in made if each != name.casefold()}
    return found


def tables(connection: sqlite3.Connection) -> dict[str, Table]:
    """The tables with rows of their own, by name. A search index over another table is none."""
    without_rowid = {name for _, name, _, _, wr, _ in named(connection, "PRAGMA main.table_list") if wr}
    virtual = _shadows(connection)
    return {
        each.name: _table(connection, each.name, each.name in virtual, each.name in without_rowid)
        for each in objects(connection)
        if each.type == "table" and (each.name not in virtual or _content(each.name) in virtual[each.name])
    }


def virtual_tables(connection: sqlite3.Connection) -> set[str]:
    """The names of all virtual tables, with rows of their own or without."""
    return {*_shadows(connection)}


def rebuilt(connection: sqlite3.Connection) -> list[str]:
    """The search indexes (FTS5) over another table: they hold nothing that it does not."""
    return [name for name, made in _shadows(connection).items() if made and _content(name) not in made]


def _content(virtual: str) -> str:
    """Where a search index keeps texts of its own."""
    return f"{virtual}_content".casefold()


def parents(connection: sqlite3.Connection, names: Collection[str]) -> Mapping[str, set[str]]:
    """The tables that each table's rows refer to."""
    folded = {name.casefold(): name for name in names}
    return {
        name: {folded[row[2].casefold()] for row in foreign_keys(connection, name) if row[2].casefold() in folded}
        for name in names
    }


def foreign_keys(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """(id, seq, parent, column, parent's column or None, …) of each column of each foreign key."""
    return named(connection, f"PRAGMA foreign_key_list({quoted(table)})")


def _table(connection: sqlite3.Connection, name: str, is_virtual: bool, without_rowid: bool) -> Table:
    info = named(connection, f"PRAGMA table_xinfo({quoted(name)})")
    columns = tuple(column for _, column, _, _, _, _, hidden in info if not hidden)
    primary = tuple(row[1] for row in sorted((row for row in info if row[5]), key=lambda row: row[5]))
    indexes = named(connection, f"PRAGMA index_list({quoted(name)})")
    rowid = None
    if not without_rowid:
        is_alias = len(primary) == 1 and not any(origin == "pk" for _, _, _, origin, _ in indexes) and not is_virtual
        rowid = primary[0] if is_alias else _rowid(name, {row[1].casefold() for row in info})
        columns = tuple(column for column in columns if column != rowid)
    if len(columns) + (rowid is not None) > _MOST_COLUMNS:
        raise UserError(
            f"the table {name} has {len(columns)} columns and no INTEGER PRIMARY KEY, which is more than D1 can answer "
            "at once with the row's number",
            f"move some of its columns into another table, or save it by `wrangler d1 export --table {name}`",
        )
    return Table(
        name=name,
        columns=columns,
        rowid=rowid,
        primary=primary,
        is_keyed=not is_virtual and (without_rowid or rowid in primary or _is_unique(connection, name, indexes)),
        is_virtual=is_virtual,
        indexes=len(indexes),
    )


def _is_unique(connection: sqlite3.Connection, table: str, indexes: Iterable[tuple[Any, ...]]) -> bool:
    """Whether a UNIQUE index tells all rows of a table apart: one of NULLs does not, which are never equal."""
    for _, index, is_unique, _, partial in indexes:
        columns = [column for _, _, column in named(connection, f"PRAGMA index_info({quoted(index)})")]
        if is_unique and not partial and all(columns):
            null = " OR ".join(f"{quoted(column)} IS NULL" for column in columns)
            [(has_null,)] = named(connection, f"SELECT EXISTS (SELECT 1 FROM {quoted(table)} WHERE {null})")
            if not has_null:
                return True
    return False


def _rowid(table: str, columns: set[str]) -> str:
    for name in ("rowid", "_rowid_", "oid"):
        if name not in columns:
            return name
    raise UserError(
        f"the table {table} has columns named rowid, _rowid_ and oid, so that its rows cannot be told apart",
        "rename one of these columns",
    )
