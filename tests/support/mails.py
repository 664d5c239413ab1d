"""The pure half of the employee's mail in workerd: read and classified, nothing stored. Hundreds of mails a request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, workerd


class Reader:
    """What the Worker makes of mails: their records but for what storing adds."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def read(self, metas: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        answer = self._http.post("/", content=json.dumps(list(metas)))
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def written(self, texts: Sequence[str]) -> list[str]:
        return list(self._http.post("/written", json=list(texts)).raise_for_status().json())


@contextmanager
def mail_reader() -> Iterator[Reader]:
    sources = {"mail": "tests/support/mail_worker.ts"}
    module = bundle(sources=sources, contents={}, data={}, root=ROOT, build=Path(".build/mail-tests"))["mail"]
    worker = {"name": "mail", "modules": True, "scriptPath": module.path, "compatibilityDate": "2026-07-01"}
    with workerd([worker]) as url, httpx.Client(base_url=url, timeout=60, limits=EACH_ITS_OWN) as http:
        yield Reader(http)
