"""An answer of the test autopilot that it holds back, part by part, until a test lets the next one go."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tests.support.eventually import eventually

EVENTS = ["data: one\n\n", "data: two\n\n", "data: [DONE]\n\n"]


class Held:
    """An autopilot's answer in parts: `meta` asks for it, `release` lets the next part go."""

    def __init__(self, url: str, **more: Any) -> None:
        self.key = uuid.uuid4().hex
        self.meta = {"do": "parts", "key": self.key, "parts": EVENTS, **more}
        self._url = url

    def ended(self) -> str:
        """How its answer ended: `whole`, or `cancelled`. Waits for it."""
        return str(eventually(lambda: self._state()["ended"], "the answer ends"))

    def is_called(self) -> bool:
        return bool(self._state()["calls"])

    def _state(self) -> dict[str, Any]:
        given = {"params": {"state": self.key}, "headers": {"host": "efh-echo.localhost"}}
        state: dict[str, Any] = httpx.get(self._url, **given).json()  # type: ignore[arg-type]
        return state

    def release(self, _: object = None) -> None:
        httpx.post(self._url, params={"release": self.key}, headers={"host": "efh-echo.localhost"}).raise_for_status()
