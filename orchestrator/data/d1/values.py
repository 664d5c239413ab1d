"""SQLite's values, exactly: as they come over the API, as they go over it, and as bytes to be summed up.

JSON as D1 answers it loses integers beyond 2^53, tells no 1.0 from 1, has no infinity, and spoils a text that is no
UTF-8. SQLite reads about one real in twelve of 17 digits as its neighbour. So a value is asked for with its type before
it, text and blobs as hex, and is sent as a text that SQL turns back: a real as a whole number times a power of two.

Touches nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

PIECE = 500_000
"""Bytes of a text or blob that one answer has: SQLite makes no text longer than 2,000,000, and hex doubles them."""


class Text(bytes):
    """A text of SQLite, as the bytes that it is stored as; a blob is plain `bytes`."""


Value = None | int | float | Text | bytes
Row = tuple[Value, ...]
_MODULUS = 2**256


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def asked(expression: str, piece: str = "1") -> str:
    """SQL that gives a value as `answered` takes it: its first PIECE bytes, or those from `piece` (SQL, from 1) on."""
    return (
        f"CASE typeof({expression}) WHEN 'null' THEN NULL WHEN 'integer' THEN 'i'||{expression} "
        f"WHEN 'text' THEN 't'||hex(substr(CAST({expression} AS BLOB),{piece},{PIECE})) "
        f"WHEN 'blob' THEN 'b'||hex(substr({expression},{piece},{PIECE})) "
        f"ELSE CASE WHEN {expression}-{expression}=0 THEN {expression} WHEN {expression}>0 THEN 'r+' ELSE 'r-' END END"
    )


def answered(cell: str | float | None) -> Value:
    """A value as the API answered it to `asked`."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        return float(cell)
    tag, rest = cell[0], cell[1:]
    match tag:
        case "i":
            return int(rest)
        case "t":
            return Text(bytes.fromhex(rest))
        case "b":
            return bytes.fromhex(rest)
        case "r":
            return math.inf if rest == "+" else -math.inf
    raise ValueError(f"a value of SQLite cannot begin with {cell[:10]!r}")


def sent(value: Value) -> str | None:
    """A value as text, for `received`."""
    match value:
        case None:
            return None
        case int():
            return f"i{value}"
        case float():
            return "r{}p{}".format(*_binary(value))
        case Text():
            try:
                return f"x{value.hex()}" if value.find(0) >= 0 else f"t{value.decode()}"
            except UnicodeDecodeError:
                return f"x{value.hex()}"
        case _:
            return f"b{value.hex()}"


def received(expression: str) -> str:
    """SQL that makes the value again of what `sent` gave."""
    rest, exponent = f"substr({expression},2)", f"substr({expression},instr({expression},'p')+1)"
    return (
        f"CASE substr({expression},1,1) WHEN 't' THEN {rest} WHEN 'i' THEN CAST({rest} AS INTEGER) "
        f"WHEN 'r' THEN CAST({rest} AS INTEGER)*pow(2.0,CAST({exponent} AS INTEGER)) "
        f"WHEN 'b' THEN unhex({rest}) WHEN 'x' THEN CAST(unhex({rest}) AS TEXT) END"
    )


def total(terms: Sequence[str]) -> str:
    """SQL that adds terms up, in pairs: SQLite takes no expression deeper than 100."""
    if not terms:
        return "0"
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({total(terms[:half])}+{total(terms[half:])})"


class Sum:
    """How many rows were added, and one checksum of all of them that does not depend on their order."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows = 0
        self._sum = 0
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(_bytes(row)).digest())) % _MODULUS

    @property
    def checksum(self) -> str:
        """64 hex digits: the SHA-256 of each row, added up. A row that is there twice counts twice."""
        return f"{self._sum:064x}"


def _bytes(row: Row) -> bytes:
    parts = []
    for value in row:
        match value:
            case None:
                parts.append(b"n")
            case int():
                parts.append(b"i%d;" % value)
            case float():
                parts.append(b"r" + value.hex().encode() + b";")
            case _:
                parts.append(b"%s%d;%s" % (b"t" if isinstance(value, Text) else b"b", len(value), value))
    return b"".join(parts)


def _binary(value: float) -> tuple[int, int]:
    """(m, e) with value = m * 2^e, exactly."""
    if math.isinf(value):
        return (1 if value > 0 else -1), 1024
    numerator, denominator = value.as_integer_ratio()
    if denominator > 1:
        return numerator, 1 - denominator.bit_length()
    zeros = (numerator & -numerator).bit_length() - 1 if numerator else 0
    return numerator >> zeros, zeros
