"""The journal of the router `journalled`, as tests ask for it and fill it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from tests.support.eventually import eventually
from tests.support.workers import TOKEN

AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}


class Journal:
    """`plan` sends a task under a request id of its own, by which `entry` finds what was written of it."""

    def __init__(self, client: Callable[[str], httpx.Client], setup: str = "journalled") -> None:
        self._router = client(setup)
        self._corpus = client("corpus")

    def plan(self, task: object, meta: object = None, **headers: str) -> str:
        return self.post({"task": task, "meta": {} if meta is None else meta}, **headers)

    def post(self, body: object, path: str = "/autopilot/plan", **headers: str) -> str:
        """The request id."""
        request_id = uuid.uuid4().hex
        self._router.post(path, json=body, headers={**AUTHORIZED, **headers, "x-request-id": request_id})
        return request_id

    def get(self, path: str = "/autopilot/journal", **parameters: object) -> httpx.Response:
        given = {name: str(value) for name, value in parameters.items()}
        return self._router.get(path, params=given, headers=AUTHORIZED)

    def entry(self, request_id: str) -> dict[str, Any]:
        """Waits for it."""
        entry: dict[str, Any]
        entries = eventually(lambda: self.get(requestId=request_id).json()["entries"], "the call is journalled")
        (entry,) = entries
        return entry

    def wait_for_serial(self, serial: int) -> None:
        """Until a day's entry of this number is written."""
        eventually(lambda: self.sql("SELECT 1 FROM journal WHERE serial = ?", serial)["results"], "it is written")

    def sql(self, sql: str, *values: object) -> dict[str, Any]:
        """D1's result: `results` and `meta`."""
        answer = self._corpus.post("/sql", json={"sql": sql, "values": values})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def clear(self) -> None:
        """Forget everything; the schema is there afterwards."""
        self.get().raise_for_status()
        self.sql("DELETE FROM journal")
        self.sql("DELETE FROM journal_counts")
        self.sql("UPDATE journal_counted SET at = 0, id = 0")

    def fill(self, entries: Sequence[Mapping[str, object]]) -> None:
        """Write rows with these fields as they are: `at` in milliseconds since 1970."""
        self.get().raise_for_status()
        empty = {"serial": 1, "request_id": "r", "kind": "plan", "caller": "default", "outcome": "done"}
        rows = [{"id": number, **empty, **entry} for number, entry in enumerate(entries)]
        names = sorted({name for row in rows for name in row})
        selected = ", ".join(f"value ->> '{name}'" for name in names)
        insert = f"INSERT INTO journal ({', '.join(names)}) SELECT {selected} FROM json_each(?)"  # noqa: S608 - of tests
        self.sql(insert, json.dumps(rows))

    def count(self) -> None:
        """As the scheduled run does."""
        self._corpus.post("/count", json={}).raise_for_status()

    def prune(self, days: str | None = None) -> int:
        answer = self._corpus.post("/prune", json={} if days is None else {"days": days})
        return int(answer.json()["pruned"])

    def dump(self) -> str:
        """All that the database holds: its schema and every row of every table, as text."""
        schema = self.sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")["results"]
        names = [table["name"] for table in schema if not table["name"].startswith("_")]  # those are D1's own
        tables = [self.sql(f"SELECT * FROM {name}")["results"] for name in names]  # noqa: S608 - of the schema
        return json.dumps([schema, tables])
