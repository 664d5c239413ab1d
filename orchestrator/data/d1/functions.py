"""SQL functions that D1 has and an older SQLite has not, so that a schema that uses them can be copied and tried out.

What we call ourselves is there in full. What only a rule of the schema calls answers NULL, by which every CHECK holds
and no index finds two rows alike: the copy reads no generated column, and D1 holds its own rules when rows come back.
Touches the connection that it is given.
"""

from __future__ import annotations

import binascii
import sqlite3
from contextlib import closing
from functools import cache

_JSONB = ("", "_array", "_extract", "_insert", "_object", "_patch", "_remove", "_replace", "_set")
_RULES_ALONE = ("concat", "concat_ws", "timediff", *(f"jsonb{n}" for n in _JSONB))


def add_missing(connection: sqlite3.Connection) -> None:
    """Add those that this SQLite has not."""
    known = _known()
    for name, function in (("unhex", _unhex), ("octet_length", _octet_length)):
        if name not in known:
            connection.create_function(name, 1, function, deterministic=True)
    for name in {*_RULES_ALONE} - known:
        connection.create_function(name, -1, _unknown, deterministic=True)


@cache
def _known() -> frozenset[str]:
    """The functions of this SQLite."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset(name for (name,) in connection.execute("SELECT name FROM pragma_function_list"))


def _unknown(*_values: object) -> None:
    return None


def _unhex(value: object) -> bytes | None:
    if value is None:
        return None
    try:
        return binascii.unhexlify(value if isinstance(value, bytes) else str(value))
    except ValueError:
        return None


def _octet_length(value: object) -> int | None:
    if value is None:
        return None
    return len(value) if isinstance(value, bytes) else len(str(value).encode())
