"""Sites through the routing Worker: a version is staged, its contents go to the deployer's own address, and it is
activated.

Touches the network, and reads the files that are sent. Interrupted, the same call continues: what is there is not sent
again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import httpx

from orchestrator.dispatch.pinned_transport import PinnedTransport, is_loopback
from orchestrator.errors import OrchestratorError, UserError
from orchestrator.http_calls import failure_words
from orchestrator.router_client.connection import RouterConnection
from orchestrator.router_client.site_folder import SiteFile, SiteFolder

CAPABILITY = "web.pages.deploy"
_AT_ONCE = 4
_TRIES = 3
_TIMEOUT_S = 120


class Sites(RouterConnection):
    """The sites of the deployed page-deployer. `uploads`: what contents are sent over, for tests."""

    def __init__(self, url: str, token: str, *, uploads: httpx.BaseTransport | None = None, **options: Any) -> None:
        super().__init__(url, token, **options)
        local = is_loopback(httpx.URL(url).host)
        self._uploads = httpx.Client(
            transport=uploads or PinnedTransport(allow_loopback=local),
            timeout=httpx.Timeout(_TIMEOUT_S, connect=10),
        )

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Close the connections."""
        self._uploads.close()
        super().close()

    def deploy(self, site: str, folder: SiteFolder, report: Callable[[str], None]) -> dict[str, Any]:
        """Stage, send what is missing, activate; the answer to the last. Raises UserError, OrchestratorError."""
        sources = {file.sha256: file for file in folder.files}
        known: int | None = None
        while True:
            staged = self._task({"action": "stage", "site": site, **folder.manifest()}, f"{site} was not staged")
            if staged["missing"] == 0:
                break
            if known is not None and staged["missing"] >= known:
                raise OrchestratorError(f"{site} was not deployed: what was sent did not arrive", "a retry is safe")
            known = staged["missing"]
            report(f"{staged['version'][:12]}: {known} of {len(sources)} contents are to be sent")
            self._send_all(staged["uploads"], sources, report)
        active = {"action": "activate", "site": site, "version": staged["version"], "generation": staged["generation"]}
        return self._task(active, f"{site} was not activated")

    def _task(self, meta: Mapping[str, Any], doing: str) -> dict[str, Any]:
        return self._call("POST", "/autopilot/plan", doing, content=json.dumps({"task": CAPABILITY, "meta": meta}))

    def _send_all(
        self, uploads: list[dict[str, Any]], sources: Mapping[str, SiteFile], report: Callable[[str], None]
    ) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            sent = pool.map(lambda upload: self._send(upload, sources[upload["sha256"]]), uploads)
            for number, file in enumerate(sent, 1):
                report(f"  {number} of {len(uploads)}  {file.path}  {file.size} bytes")

    def _send(self, upload: Mapping[str, Any], file: SiteFile) -> SiteFile:
        url = str(upload["url"])
        if not url.startswith(("https://", "http://")):
            raise UserError(
                "the site was not sent: the Worker that deploys pages has no public address",
                "give it `public: true` in autopilots.yaml, then `pulumi up`",
            )
        why = ""
        for _ in range(_TRIES):
            try:
                content = file.source.read_bytes()
                answer = self._uploads.put(url, content=content, headers=dict(upload["headers"]))
            except httpx.HTTPError as error:
                why = failure_words(error)
                continue
            if answer.is_success:
                return file
            why = _why(answer)
            if answer.is_client_error:
                break
        raise OrchestratorError(f"{file.path} was not sent: {why}", "the site is as it was; a retry continues")


def _why(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, LookupError, TypeError):
        return f"the Worker answered {answer.status_code}"
