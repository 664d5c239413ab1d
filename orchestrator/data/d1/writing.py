"""SQL that writes rows: their values as one JSON text for each statement, or in pieces where a value is long.

Touches nothing. D1 takes statements of 100,000 bytes with 100 parameters of at most 2,000,000 bytes each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from orchestrator.data.d1.schema import Table
from orchestrator.data.d1.source import Statement
from orchestrator.data.d1.values import Row, Text, Value, quoted, received, sent

LONG = 100_000
"""Bytes from which on a text or blob gets parameters of its own."""

_PIECE = 400_000
_ROWS_A_STATEMENT = 2_000
_CHARACTERS_A_STATEMENT = 900_000  # as ASCII JSON, so that they are bytes too


def inserts(table: Table, rows: Sequence[Row], *, merge: bool = False) -> Iterator[Statement]:
    """Statements that write `rows` (as `table.read` names their columns).

    `merge`: a row whose key is taken stays out, and a row gets a new number where nothing but that told it apart.
    """
    skipped = int(merge and bool(table.rowid) and table.rowid not in table.primary)
    columns = table.read[skipped:]
    texts: list[str] = []
    size = 0
    for row in rows:
        values = row[skipped:]
        if any(isinstance(value, bytes) and len(value) >= LONG for value in values):
            yield _long(table, columns, values, merge)
            continue
        text = json.dumps([sent(value) for value in values])
        if texts and (len(texts) == _ROWS_A_STATEMENT or size + len(text) > _CHARACTERS_A_STATEMENT):
            yield _short(table, columns, texts, merge)
            texts, size = [], 0
        texts.append(text)
        size += len(text)
    if texts:
        yield _short(table, columns, texts, merge)


def weight(row: Row) -> int:
    """About how many bytes a row takes in a call."""
    return sum(20 + 2 * len(value) if isinstance(value, bytes) else 20 for value in row)


def _short(table: Table, columns: Sequence[str], texts: Sequence[str], merge: bool) -> Statement:
    values = [received(f"json_extract(value,'$[{place}]')") for place in range(len(columns))]
    return _insert(table, columns, values, "FROM json_each(?1)", merge), [f"[{','.join(texts)}]"]


def _long(table: Table, columns: Sequence[str], values: Sequence[Value], merge: bool) -> Statement:
    """One row: ?1 has the short values, the others have parameters of their own."""
    parameters = [""]
    short: list[str | None] = []
    expressions = []
    for place, value in enumerate(values):
        if isinstance(value, bytes) and len(value) >= LONG:
            pieces = [value[start : start + _PIECE].hex() for start in range(0, len(value), _PIECE)]
            joined = "||".join(f"unhex(?{len(parameters) + number})" for number in range(1, len(pieces) + 1))
            expressions.append(f"CAST({joined} AS {'TEXT' if isinstance(value, Text) else 'BLOB'})")
            parameters += pieces
            short.append(None)
        else:
            expressions.append(received(f"json_extract(?1,'$[{place}]')"))
            short.append(sent(value))
    parameters[0] = json.dumps(short)
    return _insert(table, columns, expressions, "", merge), parameters


def _insert(table: Table, columns: Sequence[str], values: Sequence[str], source: str, merge: bool) -> str:
    names = ", ".join(map(quoted, columns))
    end = " ON CONFLICT DO NOTHING" if merge and not table.is_virtual else ""
    return f"INSERT INTO {quoted(table.name)} ({names}) SELECT {', '.join(values)} {source} WHERE true{end}"
