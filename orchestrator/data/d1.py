"""What is in a D1 database: counted, exported as SQL by Cloudflare itself, and put back statement by statement.

Touches the network, by the Account that it is given, and the files that it is told.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from orchestrator.cloudflare.account import Account
from orchestrator.data.store import Progress, Store
from orchestrator.errors import CloudflareError, OrchestratorError

FILE = "database.sql"
_POLL_S = 1.0
_STATEMENTS_A_CALL = 100
_CHARACTERS_A_CALL = 90_000
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
)
# Rows that have a rule about others may come before them, in one call.
_BEGIN = "PRAGMA defer_foreign_keys = TRUE;"
_CREATE = re.compile(r"\s*(CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX|VIEW|TRIGGER))\s+(?!IF\s+NOT\s+EXISTS)", re.IGNORECASE)
_CREATE_TABLE = re.compile(r"\s*CREATE\s+TABLE\b", re.IGNORECASE)
_INSERT = re.compile(r"\s*INSERT\s+INTO\s+", re.IGNORECASE)


def size(account: Account, store: Store) -> tuple[int, int]:
    """The number of its tables, and the bytes of its file."""
    details = account.call("GET", _path(store))["result"]
    return int(details.get("num_tables") or 0), int(details.get("file_size") or 0)


def is_empty(account: Account, store: Store) -> bool:
    """Whether it has no tables."""
    return not account.call("POST", f"{_path(store)}/query", json={"sql": _TABLES}, repeatable=True)["result"][0][
        "results"
    ]


def save(account: Account, store: Store, file: Path, progress: Progress) -> tuple[int, int]:
    """Have it exported, and write the SQL to `file`; how many tables there are, and the bytes of the SQL."""
    url = _exported(account, store, progress)
    progress(f"{store.title}: downloading")
    try:
        # The URL itself is the permission: the API token must not go there.
        with httpx.stream("GET", url, timeout=60, follow_redirects=True) as answer, file.open("wb") as output:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                output.write(chunk)
    except httpx.HTTPError as error:
        raise CloudflareError(f"{store.title}: the export could not be downloaded: {error}", "run it again") from error
    exported, expected = tables(file), size(account, store)[0]
    if exported != expected:
        raise OrchestratorError(f"{store.title}: the export has {exported} of {expected} tables", "run it again")
    return exported, file.stat().st_size


def put_back(account: Account, store: Store, file: Path, progress: Progress) -> int:
    """Run the statements of `file`; what is there already stays as it is. How many statements there were."""
    batch: list[str] = []
    done = 0

    def send() -> None:
        nonlocal done
        if batch:
            sql = "\n".join([_BEGIN, *batch])
            account.call("POST", f"{_path(store)}/query", json={"sql": sql}, repeatable=True)
            done += len(batch)
            progress(f"{store.title}: {done:,} statements done")
        batch.clear()

    for statement in statements(file):
        if batch and (len(batch) == _STATEMENTS_A_CALL or sum(map(len, batch)) + len(statement) > _CHARACTERS_A_CALL):
            send()
        batch.append(repeatable(statement))
    send()
    return done


def tables(file: Path) -> int:
    """How many tables the SQL in `file` makes."""
    return sum(_CREATE_TABLE.match(statement) is not None for statement in statements(file))


def statements(file: Path) -> Iterator[str]:
    """The statements of a file of SQL; a semicolon in a text, a comment or a trigger ends none."""
    pending = ""
    with file.open(encoding="utf-8", newline="") as lines:
        for line in lines:
            pending += line
            if line.rstrip().endswith(";") and sqlite3.complete_statement(pending):
                yield pending.strip()
                pending = ""
    if pending.strip():
        yield pending.strip()


def repeatable(statement: str) -> str:
    """The statement so that doing it twice does no harm, and a row that is there stays."""
    return _INSERT.sub("INSERT OR IGNORE INTO ", _CREATE.sub(r"\1 IF NOT EXISTS ", statement, count=1), count=1)


def _exported(account: Account, store: Store, progress: Progress) -> str:
    """Where the export can be downloaded. Cloudflare gives it up when nobody asks how far it is."""
    body = {"output_format": "polling"}
    while True:
        answer = account.call("POST", f"{_path(store)}/export", json=body, repeatable=True)["result"]
        if answer.get("status") == "complete":
            return str(answer["result"]["signed_url"])
        if answer.get("status") == "error":
            raise CloudflareError(f"{store.title}: Cloudflare could not export it: {answer.get('error')}")
        progress(f"{store.title}: {' '.join(answer.get('messages') or ['exporting'])}")
        body["current_bookmark"] = answer["at_bookmark"]
        time.sleep(_POLL_S)


def _path(store: Store) -> str:
    return f"/d1/database/{store.id}"
