"""A bare HTTP/1.1 connection for load: what is sent is made once, and as little as possible is read of what comes back,
so that the figures are those of the Workers and not of the client."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit


def message(url: str, path: str, body: object, headers: Mapping[str, str]) -> bytes:
    """A POST of `body` as JSON, ready to be sent."""
    content = json.dumps(body).encode()
    given = {
        "host": urlsplit(url).netloc,
        "content-type": "application/json",
        "content-length": str(len(content)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


class Connection:
    """Kept open from one request to the next. Use it in a `with` statement; one thread at a time."""

    def __init__(self, url: str, timeout: float = 60) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def send(self, message: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError where the connection breaks off."""
        self._socket.sendall(message)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            self._receive(received)
        head, body = bytes(received[:end]).lower(), received[end + 4 :]
        if b"\r\ntransfer-encoding: chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                self._receive(body)
        else:
            length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
            while len(body) < length:
                self._receive(body)
        return int(head[9:12]), bytes(body)

    def _receive(self, into: bytearray) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the connection was closed before the answer was complete")
        into += data
