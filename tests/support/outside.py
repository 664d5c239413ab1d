"""Somebody who changes the account behind Pulumi's back: through the API, with calls that must succeed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.local_cloudflare import LocalCloudflare

CODE = "export default { fetch: () => new Response('changed outside') }"


class Outside:
    """Somebody with a token for the account, and no Pulumi."""

    def __init__(self, server: LocalCloudflare) -> None:
        self._server = server

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The result of a call that must succeed."""
        answer = self._server.call(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()["result"]

    def call_zone(self, method: str, path: str, **options: Any) -> Any:
        """As `call`, below /zones."""
        answer = self._server.call_zone(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()["result"]

    def zone(self, name: str) -> str:
        """A zone's id."""
        return str(self.call_zone("GET", "", params={"name": name})[0]["id"])

    def domain(self, host: str) -> str:
        """A custom domain's id."""
        return str(self.call("GET", "/workers/domains", params={"hostname": host})[0]["id"])

    def namespace(self, title: str) -> str:
        """The id of a KV namespace."""
        return str(self._id("/storage/kv/namespaces", "title", title, "id"))

    def database(self, name: str) -> str:
        return str(self._id("/d1/database", "name", name, "uuid"))

    def _id(self, path: str, key: str, name: str, id: str) -> Any:
        return next(each[id] for each in self.call("GET", path, params={"per_page": 100}) if each[key] == name)

    def settings(self, worker: str, **settings: Any) -> None:
        """Change a Worker's settings, which deploys it anew."""
        form = {"settings": (None, json.dumps(settings), "application/json")}
        self.call("PATCH", f"/workers/scripts/{worker}/settings", files=form)

    def bindings(self, worker: str, change: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Change a Worker's bindings: by name, to other fields, to None for none at all."""
        before = self.call("GET", f"/workers/scripts/{worker}/settings")["bindings"]
        kept = [{"name": each["name"], "type": "inherit"} for each in before if each["name"] not in change]
        put = [{"name": name, **binding} for name, binding in change.items() if binding is not None]
        self.settings(worker, bindings=[*kept, *put])

    def upload(self, worker: str, code: str, *, path: str = "", **metadata: Any) -> None:
        """Upload a Worker as `wrangler deploy` does, or only its content (`path="/content"`)."""
        described = {"main_module": "worker.js", "compatibility_date": "2026-07-01", **metadata}
        form = {
            "metadata": (None, json.dumps(described), "application/json"),
            "worker.js": ("worker.js", code, "application/javascript+module"),
        }
        self.call("PUT", f"/workers/scripts/{worker}{path}", files=form)

    def crons(self, worker: str, *crons: str) -> None:
        self.call("PUT", f"/workers/scripts/{worker}/schedules", json=[{"cron": cron} for cron in crons])

    def subdomain(self, worker: str, **switches: bool) -> None:
        self.call("POST", f"/workers/scripts/{worker}/subdomain", json=switches)

    def script_settings(self, worker: str, **settings: Any) -> None:
        """What belongs to all versions: nothing is deployed by it."""
        self.call("PATCH", f"/workers/scripts/{worker}/script-settings", json=settings)

    def delete_namespace(self, title: str) -> None:
        self.call("DELETE", f"/storage/kv/namespaces/{self.namespace(title)}")

    def create_namespace(self, title: str) -> str:
        return str(self.call("POST", "/storage/kv/namespaces", json={"title": title})["id"])

    def delete_database(self, name: str) -> None:
        self.call("DELETE", f"/d1/database/{self.database(name)}")

    def create_database(self, name: str) -> None:
        self.call("POST", "/d1/database", json={"name": name})

    def delete_bucket(self, name: str, jurisdiction: str = "default") -> None:
        self.call("DELETE", f"/r2/buckets/{name}", headers={"cf-r2-jurisdiction": jurisdiction})

    def create_bucket(self, name: str, jurisdiction: str = "default") -> None:
        self.call("POST", "/r2/buckets", json={"name": name}, headers={"cf-r2-jurisdiction": jurisdiction})

    def delete_worker(self, name: str) -> None:
        self.call("DELETE", f"/workers/scripts/{name}", params={"force": "true"})
