"""A D1 database over the API: its objects and rows read exactly, and statements run in one transaction.

Rows are read by queries in the order of their key, a page at a time. Not by Cloudflare's export: it rounds integers
beyond 2^53, spoils some texts, refuses a database with a search index, and blocks the database meanwhile
(docs/decisions/0024). Touches the network, by the Account that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data.d1.schema import IN_USE, OBJECTS, SEQUENCES, SchemaObject, Table
from orchestrator.data.d1.values import (
    PIECE,
    Row,
    Text,
    Value,
    answered,
    asked,
    quoted,
    received,
    sent,
    total,
)

Statement = tuple[str, Sequence[str]]
_ROWS_A_PAGE = 1000
_BYTES_A_PAGE = 1_000_000
_LONGEST_NUMBER = 30  # as text, by whose bytes SQL measures it


class D1:
    """One database. Its parameters are texts, as the API documents them."""

    def __init__(self, account: Account, id: str) -> None:
        self._account = account
        self._id = id

    def run(self, statements: Sequence[Statement]) -> list[list[list[Any]]]:
        """The rows of each statement; all are done, or none. Raises CloudflareError.

        Sent again where no answer came: a statement that must not be done twice has to see to that.
        """
        return contents.run_d1(self._account, self._id, statements)

    def query(self, sql: str, *parameters: str) -> list[list[Any]]:
        return self.run([(sql, parameters)])[0]

    def objects(self) -> list[SchemaObject]:
        """Everything that was made in it, in the order in which it was made."""
        return [
            SchemaObject(type=type, name=name, table=table, sql=sql) for type, name, table, sql in self.query(OBJECTS)
        ]

    def sequences(self) -> dict[str, Value]:
        """The last AUTOINCREMENT of each table that has any."""
        if not self.query("SELECT 1 FROM sqlite_master WHERE name = ?", SEQUENCES):
            return {}
        sql = f"SELECT name, {asked('seq')} FROM {SEQUENCES} WHERE {IN_USE}"
        return {name: answered(seq) for name, seq in self.query(sql)}

    def rows(self, table: Table) -> Iterator[Row]:
        """Every row, as `table.read` names its columns."""
        after: Sequence[str] = ()
        places = [table.read.index(column) for column in table.key]
        while page := self.query(_page(table, is_first=not after), *after):
            size = 0
            row: Row = ()
            for cells in page:
                row = tuple(answered(cell) for cell in cells)
                whole = tuple(self._whole(table, row, column) for column in range(len(row)))
                size += sum(len(value) if isinstance(value, bytes) else _LONGEST_NUMBER for value in whole)
                yield whole
            if len(page) < _ROWS_A_PAGE and size <= _BYTES_A_PAGE:
                return  # one more row would have been in it
            after = [str(sent(row[place])) for place in places]

    def _whole(self, table: Table, row: Row, column: int) -> Value:
        """A long text or blob, with the pieces that a page does not have."""
        value = row[column]
        if not isinstance(value, bytes) or len(value) < PIECE:
            return value
        pieces = [value]
        names = ", ".join(map(quoted, table.key))
        keys = [str(sent(row[table.read.index(name)])) for name in table.key]
        sql = (
            f"SELECT {asked(quoted(table.read[column]), 'CAST(?1 AS INTEGER)')} FROM {quoted(table.name)} "
            f"WHERE ({names}) = ({', '.join(received(f'?{number}') for number in range(2, len(keys) + 2))})"
        )
        while len(pieces[-1]) == PIECE:
            [[cell]] = self.query(sql, str(PIECE * len(pieces) + 1), *keys) or [[None]]
            more = answered(cell)
            if not isinstance(more, bytes):
                break  # it changed meanwhile, which the second reading sees
            pieces.append(more)
        return (Text if isinstance(value, Text) else bytes)(b"".join(pieces))


def _page(table: Table, *, is_first: bool) -> str:
    """SQL for a page: at most so many rows, and only so many that their bytes fit, but one at least."""
    name = quoted(table.name)
    order = ", ".join(map(quoted, table.key))
    after = ", ".join(received(f"?{number}") for number in range(1, len(table.key) + 1))
    where = "" if is_first else f"WHERE ({order}) > ({after})"
    size = total([f"ifnull(octet_length({quoted(column)}),0)" for column in table.read])
    return (
        f"SELECT {', '.join(asked(quoted(column)) for column in table.read)} FROM {name} {where} ORDER BY {order} "
        f"LIMIT 1+(SELECT count(*) FROM (SELECT sum({size}) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS bytes "
        f"FROM {name} {where} ORDER BY {order} LIMIT {_ROWS_A_PAGE}) WHERE bytes <= {_BYTES_A_PAGE})"
    )
