"""Databases made up at random: every kind of table, rule, value and name that a backup has to give back.

A seed always makes the same database. It is a list of calls, each of them statements that are done together, written
without any code of the product: values are SQL literals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

_NAMES = (
    "people",
    'odd "name"',
    "it's",
    "order",
    "création",
    "create table x",
    "with space",
    "Ünïcode☃",
    "semi;colon",
    "100",
    "-- no comment",
)
_TEXTS = (
    "",
    "x",
    "create table x (y); INSERT INTO z VALUES (1);",
    "it's",
    "a\\nb\nc",
    "\r\n",
    "☃ ünï",
    "1",
    "1.0",
    " 2 ",
    "NULL",
    "\ufeffbom",
    "\ufffd",
    "-- x",
    "😀",
    "{}",
    "t",
    "i5",
)
_INTEGERS = (0, 1, -1, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))
_REALS = (0.0, 1.0, -1.5, 0.1, 1e300, -1e-300, 5e-324, 1.7976931348623157e308, 2.0**53, 1e21, 123456789.123456789)
_TYPES = ("INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC", "")
_STRICT_TYPES = ("INTEGER", "TEXT", "REAL", "BLOB", "ANY")


def literal_text(text: str | bytes) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    return f"CAST(X'{content.hex()}' AS TEXT)"


@dataclass(frozen=True)
class _Made:
    name: str
    key: str  # a column that others can refer to, or ""
    keys: tuple[str, ...]  # literals of its values


class GeneratedDatabase:
    """`calls` make it; `tables` are its names."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311
        self.calls: list[list[str]] = []
        self.tables: list[str] = []
        self._rows: list[str] = []
        self._late: list[str] = []
        self._may_be_large = True
        self._make()

    def _make(self) -> None:
        count = self._random.randint(0, 6)
        names = self._random.sample(_NAMES, count)
        styles = {name: self._random.choice(("none", "integer", "auto", "text", "without", "pair")) for name in names}
        keys = {name: self._keys(styles[name]) for name in names}
        tables = [self._table(name, styles, keys) for name in names]
        self.tables = names
        if tables:
            self.calls.append(tables)
        self.calls.append(["PRAGMA defer_foreign_keys = ON", *self._rows, "SELECT 1"])
        if "auto" in styles.values() and self._random.random() < 0.5:
            auto = self._random.choice([name for name in names if styles[name] == "auto"])
            self.calls.append([f"UPDATE sqlite_sequence SET seq = seq + 1000 WHERE name = {literal_text(auto)}"])
        if self._late:
            self.calls.append(self._late)
        if self._random.random() < 0.3:
            self.calls.append(self._search())

    def _table(self, name: str, styles: dict[str, str], keys: dict[str, list[str]]) -> str:
        strict = self._random.random() < 0.25
        style = styles[name]
        columns: list[tuple[str, str]] = []
        parts: list[str] = []
        rules: list[str] = []
        match style:
            case "integer" | "auto":
                parts.append(f"id INTEGER PRIMARY KEY{' AUTOINCREMENT' if style == 'auto' else ''}")
            case "text":
                parts.append("id TEXT PRIMARY KEY NOT NULL" + self._random.choice(("", " COLLATE NOCASE")))
            case "without":
                parts.append("id INT NOT NULL")
                rules.append("PRIMARY KEY (id" + self._random.choice(("", " DESC")) + ")")
            case "pair":
                parts += ["id INT NOT NULL", "part TEXT NOT NULL"]
                rules += ["PRIMARY KEY (id, part)", "UNIQUE (id)"]
            case "none":
                pass
        for number in range(self._random.randint(1, 4)):
            kind = self._random.choice(_STRICT_TYPES if strict else _TYPES)
            extra = self._random.choice(("", "", " DEFAULT 7", " CHECK (1)"))
            column = self._random.choice((f"c{number}", f"the {number}. column", f'q"{number}'))
            columns.append((column, kind))
            parts.append(f"{_quoted(column)} {kind}{extra}")
        references = []
        for number, parent in enumerate(styles):
            if keys[parent] and self._random.random() < 0.35:
                # of the key's affinity: SQLite miscounts the deferred rules of a row that refers to itself otherwise
                kind = "TEXT" if styles[parent] == "text" else "INTEGER"
                parts.append(f"r{number} {kind} REFERENCES {_quoted(parent)}(id)")
                references.append((f"r{number}", parent))
        if self._random.random() < 0.3:
            stored = self._random.choice(("VIRTUAL", "STORED"))
            parts.append(f"made TEXT GENERATED ALWAYS AS (typeof({_quoted(columns[0][0])})) {stored}")
        options = [*(["WITHOUT ROWID"] if style in ("without", "pair") else []), *(["STRICT"] if strict else [])]
        self._fill(name, style, keys[name], columns, references, keys)
        self._late += self._built_on(name, columns[0][0])
        return f"CREATE TABLE {_quoted(name)} ({', '.join([*parts, *rules])}) {', '.join(options)}"

    def _fill(
        self,
        name: str,
        style: str,
        own: list[str],
        columns: list[tuple[str, str]],
        references: list[tuple[str, str]],
        keys: dict[str, list[str]],
    ) -> None:
        for number in range(self._random.randint(0, 12) if style == "none" else len(own)):
            self._may_be_large = True  # a row has at most 2,000,000 bytes
            row = [] if style == "none" else [own[number]]
            row += ["'part'"] if style == "pair" else []
            row += [self._value(kind) for _, kind in columns]
            row += [
                self._random.choice(keys[parent]) if self._random.random() < 0.7 else "NULL" for _, parent in references
            ]
            shown = [] if style == "none" else ["id"]
            shown += ["part"] if style == "pair" else []
            shown += [_quoted(column) for column, _ in columns] + [column for column, _ in references]
            self._rows.append(f"INSERT INTO {_quoted(name)} ({', '.join(shown)}) VALUES ({', '.join(row)})")
        if style == "none" and self._random.random() < 0.5:
            self._rows.append(f"DELETE FROM {_quoted(name)} WHERE rowid % 3 = 1")

    def _built_on(self, name: str, column: str) -> list[str]:
        table, first, short = _quoted(name), _quoted(column), f"{len(self._late)}"
        every = (
            f"CREATE INDEX {_quoted(f'by {name}')} ON {table} ({first} DESC)",
            f"CREATE INDEX {_quoted(f'typed {name}')} ON {table} (typeof({first})) WHERE {first} IS NOT NULL",
            f"CREATE VIEW {_quoted(f'seen {name}')} AS SELECT {first} AS seen FROM {table} -- all of them",
            f"CREATE TABLE log{short} (at TEXT)",
            f"CREATE TRIGGER {_quoted(f'logged {name}')} AFTER INSERT ON {table} BEGIN\n"
            f"  INSERT INTO log{short} VALUES ('create table x;');\n  UPDATE log{short} SET at = 'b;';\nEND",
        )
        if self._random.random() < 0.4:
            instead = f"CREATE TRIGGER {_quoted(f'instead {name}')} INSTEAD OF INSERT ON {_quoted(f'seen {name}')}"
            return [every[2], f"{instead} BEGIN SELECT 1; END"]
        return list(every[3:]) if self._random.random() < 0.5 else list(every[: self._random.randint(0, 3)])

    def _search(self) -> list[str]:
        made = [
            "CREATE VIRTUAL TABLE search USING fts5(title, body UNINDEXED)",
            "INSERT INTO search (rowid, title, body) VALUES (7, 'hello world', 'create table x'), (-3, '', NULL)",
        ]
        if self._random.random() < 0.5:
            made += [
                "CREATE TABLE doc (id INTEGER PRIMARY KEY, words TEXT)",
                "INSERT INTO doc VALUES (1, 'one two'), (2, 'two three')",
                "CREATE VIRTUAL TABLE found USING fts5(words, content='doc', content_rowid='id')",
                "INSERT INTO found (found) VALUES ('rebuild')",
                "CREATE TRIGGER doc_added AFTER INSERT ON doc BEGIN\n"
                "  INSERT INTO found (rowid, words) VALUES (new.id, new.words);\nEND",
            ]
        return made

    def _keys(self, style: str) -> list[str]:
        count = self._random.randint(0, 8)
        match style:
            case "none":
                return []
            case "integer" | "auto":
                return [str(key) for key in self._random.sample([-5, 0, 1, 2, 3, 99, 2**53 + 1, 2**60, 7, 8], count)]
            case "text":
                return [literal_text(key) for key in self._random.sample(_TEXTS[:12], count)]
            case _:
                return [str(key) for key in self._random.sample(range(-20, 20), count)]

    def _value(self, kind: str) -> str:
        pick = self._random.random()
        if pick < 0.1:
            return "NULL"
        if pick < 0.12 and self._may_be_large:
            self._may_be_large = False
            return self._large(kind)
        kind = kind if kind not in ("ANY", "NUMERIC", "") else self._random.choice(_STRICT_TYPES[:4])
        match kind:
            case "INTEGER":
                value = self._random.choice((*_INTEGERS, self._random.randint(-(2**63), 2**63 - 1)))
                return str(value) if value != -(2**63) else "(-9223372036854775807 - 1)"
            case "REAL":
                real = self._random.choice((*_REALS, self._real()))
                return self._random.choice((repr(real), repr(real), "9e999", "-9e999"))
            case "BLOB":
                size = self._random.choice((0, 1, 16, 300))
                return f"X'{self._random.randbytes(size).hex()}'"
            case _:
                odd = (b"nul\0in it", b"\0", b"\xff\xfe no utf-8", b"x" * 5000)
                return literal_text(self._random.choice((*_TEXTS, *odd)))

    def _real(self) -> float:
        value = math.ldexp(self._random.random(), self._random.randint(-1070, 1023))
        return value if self._random.random() < 0.5 else -value

    def _large(self, kind: str) -> str:
        """Up to 1.8 MB."""
        size = self._random.choice((60_000, 130_000, 400_000, 600_000))
        text = f"replace(hex(zeroblob({size // 2})),'00','añ☃')"
        match kind:
            case "BLOB":
                return f"CAST({text} AS BLOB)"
            case "TEXT" | "ANY" | "NUMERIC" | "":
                return text
            case _:
                return "NULL"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
