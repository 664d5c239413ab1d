"""How requests reach Workers in the runtime, and how answers come back."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator

import pytest

from tests.support.live_runtime import ECHO, HELLO, LiveRuntime, live_runtime


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRuntime]:
    with live_runtime(tmp_path_factory.mktemp("runtime")) as live:
        yield live


EARLY = """export default { fetch(request) {
  return new URL(request.url).pathname === "/throws" ? undefined.x : new Response("too large", { status: 413 });
} };"""


@pytest.mark.parametrize("size", [70_000, 1_200_000, 5_000_000])
@pytest.mark.parametrize("sent", ["whole", "in chunks"])
def test_an_answer_before_the_body_was_read_arrives_every_time(live: LiveRuntime, size: int, sent: str) -> None:
    live.upload("early", EARLY)
    body = b"a" * size
    for path, status in (("/", 413), ("/throws", 500)) * 5:
        content = body if sent == "whole" else iter([body[: size // 2], body[size // 2 :]])
        assert live.call("early", path, "POST", content=content).status_code == status


def test_an_answer_does_not_wait_for_a_client_that_waits_for_it(live: LiveRuntime) -> None:
    """As a conversation does: the answer's beginning first, then the rest of what is sent."""
    live.upload("early", "export default { fetch: (request) => new Response(request.body) };")
    with socket.create_connection(("127.0.0.1", live.runtime.workers_port), timeout=30) as client:
        host = f"early.localhost:{live.runtime.workers_port}"
        client.sendall(f"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".encode())
        with client.makefile("rb") as answer:
            assert any(b"hello" in line for line in answer)
            client.sendall(b"3\r\nbye\r\n0\r\n\r\n")
            assert any(b"bye" in line for line in answer)


def test_a_body_that_the_edge_does_not_take_is_refused(live: LiveRuntime) -> None:
    live.upload("early", EARLY)

    answer = live.call("early", "/throws", "POST", content=b"a" * 100_000_001)

    assert (answer.status_code, answer.text) == (413, "Payload Too Large\n")


@pytest.mark.parametrize("host", ["hello.example.com", "127.0.0.1.example.com", "hello.localhost.example.com", ""])
def test_no_other_host_is_served(live: LiveRuntime, host: str) -> None:
    live.upload("hello", HELLO)
    answer = live.call("hello", headers={"host": host})
    assert (answer.status_code, "localhost only" in answer.text) == (421, True)


def test_a_request_reaches_the_worker_as_it_was_sent(live: LiveRuntime) -> None:
    live.upload("echo", ECHO)
    answer = live.call(
        "echo", "/p%20q?a=1&b=%2F", "PROPFIND", content=b"body", headers={"x-local-worker": "other", "x-own": "1"}
    )
    seen = answer.json()
    assert (answer.status_code, seen["method"], seen["body"]) == (201, "PROPFIND", "body")
    assert seen["url"] == f"{live.runtime.url('echo')}/p%20q?a=1&b=%2F"
    assert seen["headers"]["x-own"] == "1"
    assert seen["headers"]["cf-connecting-ip"] == "127.0.0.1"
    assert seen["headers"]["cf-ray"] == answer.headers["cf-ray"]
    assert not [name for name in seen["headers"] if name.startswith("x-local-")]
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_request_without_a_body_stays_without(live: LiveRuntime, method: str) -> None:
    live.upload("echo", ECHO)
    answer = live.call("echo", "/", method)
    assert (answer.status_code, answer.content and answer.json()["body"]) == (201, b"" if method == "HEAD" else "")


def test_bodies_are_streamed_both_ways(live: LiveRuntime) -> None:
    live.upload("mirror", "export default { fetch: (request) => new Response(request.body) };")
    body = os.urandom(3_000_000)
    chunks = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
    assert live.call("mirror", "/", "POST", content=chunks).content == body


def test_an_answer_is_passed_on_while_it_is_written(live: LiveRuntime) -> None:
    live.upload("drip", _waits_for_a_key("drip"), bindings=(_kv("KV", "drip"),))
    with live.stream("drip") as chunks:
        assert next(chunks) == "drip started;"
        live.run(live.runtime.kv.put("drip", "go", b"1"))
        assert "".join(chunks) == "drip ended"


def test_a_request_in_flight_survives_a_new_version(live: LiveRuntime) -> None:
    live.upload("long", _waits_for_a_key("old"), bindings=(_kv("KV", "long"),))
    with live.stream("long") as chunks:
        assert next(chunks) == "old started;"
        live.upload("long", HELLO)
        assert live.call("long").text == "hello"
        live.run(live.runtime.kv.put("long", "go", b"1"))
        assert "".join(chunks) == "old ended"


def test_a_web_socket_is_passed_through(live: LiveRuntime) -> None:
    live.upload(
        "socket",
        """export default { fetch() {
          const [client, server] = Object.values(new WebSocketPair());
          server.accept();
          server.addEventListener("message", ({ data }) => server.send(`heard ${data}`));
          return new Response(null, { status: 101, webSocket: client });
        } };""",
    )
    with socket.create_connection(("127.0.0.1", live.runtime.workers_port), timeout=20) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET / HTTP/1.1\r\nHost: socket.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        answers = connection.makefile("rb")
        assert answers.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        while answers.readline() != b"\r\n":
            pass
        connection.sendall(b"\x81\x85\0\0\0\0hello")  # a text frame of 5 bytes, masked with zeros
        assert answers.read(2 + 11) == b"\x81\x0bheard hello"
        answers.close()


def _waits_for_a_key(name: str) -> str:
    """Code that answers a first chunk, and the rest once the key `go` is in the namespace KV."""
    return f"""export default {{ fetch(_, env, ctx) {{
      const {{ readable, writable }} = new TransformStream();
      const writer = writable.getWriter(), encoder = new TextEncoder();
      ctx.waitUntil((async () => {{
        await writer.write(encoder.encode("{name} started;"));
        while (await env.KV.get("go") === null) await scheduler.wait(20);
        await writer.write(encoder.encode("{name} ended"));
        await writer.close();
      }})());
      return new Response(readable);
    }} }};"""


def _kv(name: str, namespace: str) -> dict[str, str]:
    return {"type": "kv_namespace", "name": name, "namespace_id": namespace}
