"""The messages of all queues, in one SQLite file: what was taken in is there until it is acknowledged.

`changed` is set by whatever may make a message due: a new one, and, by who knows of it, another setting of a queue.

A message that is being delivered is *held*. Opening the file holds nothing: whoever held it is gone, so it is delivered
again, as a queue that delivers at least once does. Times are milliseconds since 1970; queues are known by id.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

ContentType = Literal["text", "json", "bytes", "v8"]
CONTENT_TYPES: tuple[ContentType, ...] = ("text", "json", "bytes", "v8")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    sent_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS message_by_time ON message (queue, held, due_at);
CREATE TABLE IF NOT EXISTS operation (
    day TEXT NOT NULL, queue TEXT NOT NULL, action TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (day, queue, action)
) WITHOUT ROWID;
"""
# As Cloudflare counts them: one for each 64 KB that are written, read or deleted; a retry is another read.
_COUNTED = """
CREATE TRIGGER IF NOT EXISTS {action} AFTER {event} BEGIN
    INSERT INTO operation VALUES (date('now'), {row}.queue, '{action}', max(1, (length({row}.body) + 65535) / 65536))
    ON CONFLICT DO UPDATE SET number = number + excluded.number;
END;
"""
_SCHEMA += "".join(
    _COUNTED.format(action=action, event=event, row=row)
    for action, row, event in (
        ("WriteMessage", "NEW", "INSERT ON message"),
        ("ReadMessage", "NEW", "UPDATE OF held ON message WHEN NEW.held = 1"),
        ("DeleteMessage", "OLD", "DELETE ON message"),
    )
)
_HOLD = """
UPDATE message SET held = 1 WHERE serial IN (
    SELECT serial FROM message WHERE queue = ? AND held = 0 AND due_at <= ? ORDER BY due_at, serial LIMIT ?
) RETURNING serial, id, content_type, body, sent_at, failures
"""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """What a producer sends; `delay_s` None: the queue's own delivery delay."""

    body: bytes
    content_type: ContentType
    delay_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """`failures`: how often it was delivered and not acknowledged."""

    serial: int
    id: str
    content_type: ContentType
    body: bytes
    sent_at: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Due:
    """Of what may be delivered now: how many, and since when the first of them; `next_at`: when another one is due."""

    count: int
    since: int | None
    next_at: int | None


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """All that is not acknowledged, held or not."""

    count: int
    bytes: int
    oldest_at: int | None
    delayed: int
    held: int


class Messages:
    """Writes are on disk, in SQLite's log, when a method returns: a killed process loses none."""

    def __init__(self, path: Path) -> None:
        self.changed = asyncio.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)
        self._connection.execute("UPDATE message SET held = 0 WHERE held = 1")

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def put(self, queue: str, incoming: Iterable[Incoming], *, now: int, delay_s: int) -> None:
        """All of them or none; `delay_s` is that of the messages which have none of their own."""
        rows = [
            (queue, secrets.token_hex(16), each.content_type, each.body, now, now + 1000 * _delay(each, delay_s))
            for each in incoming
        ]
        self._all_or_none(
            "INSERT INTO message (queue, id, content_type, body, sent_at, due_at) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        self.changed.set()

    def due(self, queue: str, now: int) -> Due:
        count, since = self._row(
            "SELECT count(*), min(due_at) FROM message WHERE queue = ? AND held = 0 AND due_at <= ?", (queue, now)
        )
        (next_at,) = self._row(
            "SELECT min(due_at) FROM message WHERE queue = ? AND held = 0 AND due_at > ?", (queue, now)
        )
        return Due(count=count, since=since, next_at=next_at)

    def hold(self, queue: str, most: int, now: int) -> list[Message]:
        """Take those that have been due longest; nobody else gets them until they are given back."""
        rows = self._connection.execute(
            _HOLD,
            (queue, now, most),
        ).fetchall()
        return [
            Message(serial=serial, id=id, content_type=type, body=body, sent_at=sent_at, failures=failures)
            for serial, id, type, body, sent_at, failures in sorted(rows)
        ]

    def acknowledge(self, serials: Iterable[int]) -> None:
        self._all_or_none("DELETE FROM message WHERE serial = ?", [(serial,) for serial in serials])

    def give_back(self, serials: Iterable[int], due_at: int, *, failed: bool) -> None:
        """To be delivered again at `due_at`; `failed`: that delivery counts."""
        self._all_or_none(
            "UPDATE message SET held = 0, due_at = ?, failures = failures + ? WHERE serial = ?",
            [(due_at, int(failed), serial) for serial in serials],
        )

    def move(self, serials: Iterable[int], queue: str, now: int) -> None:
        """To a dead letter queue, with id and time as they are."""
        self._all_or_none(
            "UPDATE message SET queue = ?, held = 0, failures = 0, due_at = ? WHERE serial = ?",
            [(queue, now, serial) for serial in serials],
        )

    def purge(self, queue: str) -> None:
        """Also when the queue itself goes."""
        self._connection.execute("DELETE FROM message WHERE queue = ?", (queue,))

    def expire(self, queue: str, before: int) -> int:
        """Remove what was sent before that time; answers how many went."""
        return self._connection.execute(
            "DELETE FROM message WHERE queue = ? AND held = 0 AND sent_at < ?", (queue, before)
        ).rowcount

    def clear(self) -> None:
        self._connection.executescript("DELETE FROM message; DELETE FROM operation")

    def operations(self) -> list[tuple[str, str, str, int]]:
        """How many there were: day, queue, action and number."""
        return self._connection.execute("SELECT day, queue, action, number FROM operation").fetchall()

    def backlog(self, queue: str, now: int) -> Backlog:
        count, size, oldest, delayed, held = self._row(
            "SELECT count(*), coalesce(sum(length(body)), 0), min(sent_at), coalesce(sum(held = 0 AND due_at > ?), 0),"
            " coalesce(sum(held), 0) FROM message WHERE queue = ?",
            (now, queue),
        )
        return Backlog(count=count, bytes=size, oldest_at=oldest, delayed=delayed, held=held)

    def _row(self, statement: str, values: Sequence[object]) -> tuple[int, ...]:
        row: tuple[int, ...] = self._connection.execute(statement, values).fetchone()
        return row

    def _all_or_none(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(statement, rows)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _delay(incoming: Incoming, queue_s: int) -> int:
    return queue_s if incoming.delay_s is None else incoming.delay_s
