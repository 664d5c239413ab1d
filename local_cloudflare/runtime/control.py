"""Requests to the Node process's control port."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import LogLine, QueuedMessage, QueueResult, WorkerConfig
from local_cloudflare.runtime.node import Node


class Control:
    """Calls by method and path."""

    def __init__(self, client: httpx.AsyncClient, node: Node) -> None:
        self._client = client
        self._url = f"http://127.0.0.1:{node.control_port}"
        self._headers = {"authorization": f"Bearer {node.token}"}

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Raises RuntimeFault with the process's own message, or when there is no answer."""
        content = None if body is None else json.dumps(body).encode()
        try:
            response = await self._client.request(method, self._url + path, headers=self._headers, content=content)
        except httpx.HTTPError as error:
            raise RuntimeFault(f"{method} {path}: the Workers runtime did not answer: {error!r}") from error
        answer: dict[str, Any] = response.json()
        if not response.is_success:
            raise RuntimeFault(f"{method} {path}: {answer['error']}")
        return answer

    async def log_lines(self, query: Mapping[str, str]) -> AsyncIterator[LogLine]:
        """Until the process has no more; with `follow`, until it ends."""
        try:
            async with self._client.stream("GET", f"{self._url}/logs", params=query, headers=self._headers) as response:
                async for line in response.aiter_lines():
                    yield LogLine(**json.loads(line))
        except httpx.HTTPError as error:
            raise RuntimeFault(f"the Workers' logs ended: {error!r}") from error


def queue_body(queue: str, messages: Sequence[QueuedMessage]) -> dict[str, Any]:
    """A batch as dispatch.mjs takes it."""
    return {
        "queue": queue,
        "messages": [
            {
                "id": each.id,
                "timestamp": each.sent_at,
                "attempts": each.attempts,
                "contentType": each.content_type,
                "body": b64encode(each.body).decode(),
            }
            for each in messages
        ],
    }


def queue_result(answer: Mapping[str, Any]) -> QueueResult:
    """What workerd says of a handler's run."""
    batch = answer.get("retryBatch") or {}
    return QueueResult(
        outcome=answer["outcome"],
        acknowledged=frozenset(answer.get("explicitAcks") or ()),
        retried={each["msgId"]: each.get("delaySeconds") for each in answer.get("retryMessages") or ()},
        retry_all=bool(batch.get("retry")),
        retry_delay_s=batch.get("delaySeconds"),
    )


def worker_path(name: str) -> str:
    return f"/workers/{quote(name, safe='')}"


def worker_body(config: WorkerConfig) -> dict[str, Any]:
    """A Worker as fleet.mjs takes it."""
    assets = config.assets
    return {
        "name": config.name,
        "version": config.version,
        "modules": [asdict(module) | {"path": _path(module.path)} for module in config.modules],
        "mainModule": config.main_module,
        "compatibilityDate": config.compatibility_date,
        "compatibilityFlags": list(config.compatibility_flags),
        "bindings": [dict(binding) for binding in config.bindings],
        "crons": list(config.crons),
        "assets": assets and {"directory": _path(assets.directory), "config": dict(assets.config)},
        "workersDev": config.workers_dev,
        "sourceMaps": {name: _path(path) for name, path in config.source_maps.items()},
    }


def _path(path: Path) -> str:
    return str(path.resolve())
