"""Values, objects and rows in an account, which whatever a test does must leave as they are, byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.drift_stack import ARCHIVE, LEDGER, ROUTER
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside

_VALUES = {"greeting": "Grüß Gott".encode(), "bytes": bytes(range(256)), "empty": b""}
_NAMESPACES = ("REGISTRY", "NOTES", ARCHIVE)
_BUCKETS = {"efh-files": "default", "efh-cold": "default", "efh-archive": "eu"}
_ROWS = [{"id": 1, "note": "it's here"}, {"id": 2, "note": "\u2603"}]


@contextmanager
def planted_data(server: LocalCloudflare, *, without: Collection[str]) -> Iterator[None]:
    """Put it there, and find it again at the end."""
    planted = PlantedData(server, without=without)
    try:
        yield
        planted.assert_unchanged()
    finally:
        planted.remove()


class PlantedData:
    """What is put into every namespace, bucket and database of the drift stack but those named in `without`."""

    def __init__(self, server: LocalCloudflare, *, without: Collection[str]) -> None:
        self._server = server
        self._outside = Outside(server)
        self._namespaces = {name: self._outside.namespace(name) for name in _NAMESPACES if name not in without}
        self._buckets = {name: place for name, place in _BUCKETS.items() if name not in without}
        self._databases = [self._outside.database(name) for name in (LEDGER, ROUTER) if name not in without]
        for id in self._namespaces.values():
            for key, value in _VALUES.items():
                self._call("PUT", f"/storage/kv/namespaces/{id}/values/{key}", content=value)
        for name in self._buckets:
            for key, value in _VALUES.items():
                self._object("PUT", name, key, content=value)
        for id in self._databases:
            self._query(id, "DROP TABLE IF EXISTS planted")
            self._query(id, "CREATE TABLE planted (id INTEGER PRIMARY KEY, note TEXT)")
            for row in _ROWS:
                self._query(id, "INSERT INTO planted VALUES (?, ?)", row["id"], row["note"])

    def assert_unchanged(self) -> None:
        """The same things, by their ids, have the same bytes."""
        for id in self._namespaces.values():
            for key, value in _VALUES.items():
                assert self._call("GET", f"/storage/kv/namespaces/{id}/values/{key}") == value
        for name in self._buckets:
            for key, value in _VALUES.items():
                assert self._object("GET", name, key) == value
        for id in self._databases:
            assert self._query(id, "SELECT * FROM planted ORDER BY id") == _ROWS

    def remove(self) -> None:
        """Buckets are deleted only when they are empty; the next test may want to."""
        for name in self._buckets:
            for key in _VALUES:
                self._object("DELETE", name, key)

    def _object(self, method: str, bucket: str, key: str, content: bytes | None = None) -> bytes:
        headers = {"cf-r2-jurisdiction": self._buckets[bucket]}
        return self._call(method, f"/r2/buckets/{bucket}/objects/{key}", content=content, headers=headers)

    def _query(self, database: str, sql: str, *parameters: object) -> object:
        body = {"sql": sql, "params": [str(each) for each in parameters]}
        return self._outside.call("POST", f"/d1/database/{database}/query", json=body)[0]["results"]

    def _call(self, method: str, path: str, **options: Any) -> bytes:
        answer = self._server.call(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.content
