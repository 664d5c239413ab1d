"""What the runtime's R2 gets of a body that breaks off: never the whole of an object, which it would keep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import httpx
import pytest

from local_cloudflare.runtime.r2 import R2

PIECES = [b"one", b"two", b"three"]


@pytest.mark.parametrize("arrived", range(4))
def test_of_a_body_that_breaks_off_something_is_kept_back(arrived: int) -> None:
    size = sum(map(len, PIECES[:arrived]))
    told: list[int] = []
    sent = bytearray()

    async def body() -> AsyncIterator[bytes]:
        """All bytes come, and then the client is gone before it is known that there are no more."""
        for piece in PIECES[:arrived]:
            yield piece
        raise ConnectionResetError

    async def send(*_request: Any, headers: dict[str, str], content: AsyncIterable[bytes], **_: Any) -> httpx.Response:
        told.append(int(headers["content-length"]))
        async for piece in content:
            sent.extend(piece)
        raise AssertionError("the whole of it was sent")

    with pytest.raises(ConnectionResetError):
        asyncio.run(R2(send).put("files", "a", body(), size=size))  # type: ignore[arg-type]

    assert len(sent) < told[0]
