"""The calls that were made since the last reset: for tests that count them. Bounded; the oldest are forgotten."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MOST = 50_000


@dataclass(frozen=True, kw_only=True)
class RecordedCall:
    """`path` is below /client/v4 (S3: whole), no query; `status` 0 where the connection was cut; `fault` struck it."""

    method: str
    path: str
    query: str
    status: int
    fault: str = ""


class Calls:
    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=MOST)

    def add(self, call: RecordedCall) -> None:
        self._calls.append(call)

    def clear(self) -> None:
        self._calls.clear()

    def report(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._calls]
