"""Which bodies the routing Worker takes, over HTTP, in workerd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.refusals import refused
from tests.support.router_fixtures import Client
from tests.support.workers import AUTHORIZED

MIB = 1024 * 1024


class TestBody:
    def plan(self, client: Client, content: Any, content_type: str | None = "application/json") -> httpx.Response:
        headers = AUTHORIZED | ({"content-type": content_type} if content_type else {})
        return client("router").post("/autopilot/plan", content=content, headers=headers)

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
    )
    def test_json_is_taken(self, client: Client, content_type: str) -> None:
        assert self.plan(client, b'{"task": "echo"}', content_type).status_code == 200

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", None]
    )
    def test_another_media_type_is_refused(self, client: Client, content_type: str | None) -> None:
        response = self.plan(client, b'{"task": "echo"}', content_type)

        refused(response, 415, "Unsupported media type")
        assert response.headers["accept"] == "application/json"

    @pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
    def test_so_is_another_encoding(self, client: Client, encoding: str) -> None:
        headers = AUTHORIZED | {"content-encoding": encoding}

        response = client("router").post("/autopilot/plan", json={"task": "echo"}, headers=headers)

        refused(response, 415, "Unsupported media type")
        assert response.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "of unknown length"])
    def test_one_of_more_than_1_mib_is_refused(self, client: Client, is_chunked: bool) -> None:
        body = b'{"task": "echo", "meta": {"x": "' + b"x" * MIB + b'"}}'

        refused(self.plan(client, chunks(body) if is_chunked else body), 413, "Content too large")

    @pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "of unknown length"])
    def test_one_of_just_1_mib_is_taken(self, client: Client, is_chunked: bool) -> None:
        body = b'{"task": "echo", "meta": {"do": "plain", "status": 200, "text": "'
        body += b"x" * (MIB - len(body) - 3) + b'"}}'
        assert len(body) == MIB

        assert self.plan(client, chunks(body) if is_chunked else body).status_code == 200

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "Unexpected end of JSON input"),
            (b"{", "position 1 (line 1 column 2)"),
            (b'{"task": "echo",}', "position 16 (line 1 column 17)"),
            (b"task=echo", "Unexpected token"),
            (b'{"task": NaN}', "Unexpected token"),
            (b'{"task": "\xff"}', "it is not UTF-8"),
        ],
    )
    def test_what_is_not_json_is_refused_with_the_place(self, client: Client, content: bytes, why: str) -> None:
        document = refused(self.plan(client, content), 400, "Malformed body")

        assert why in document["detail"]

    @pytest.mark.parametrize(
        ("content", "errors"),
        [
            (b"[]", [("", "must be an object")]),
            (b"null", [("", "must be an object")]),
            (b'"echo"', [("", "must be an object")]),
            (b"{}", [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": ""}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": 7}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "\\ud800"}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "' + b"x" * 257 + b'"}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "echo", "meta": []}', [("/meta", "must be an object")]),
            (b'{"task": "echo", "meta": null}', [("/meta", "must be an object")]),
            (
                b'{"task": null, "meta": "x", "explain": 1, "a/b~c": 1}',
                [
                    (
                        "/a~1b~0c",
                        "is not a member of a plan request: it has task, meta, at, every, timezone, callback"
                        " and explain",
                    ),
                    ("/task", "must be a string of 1 to 256 characters"),
                    ("/meta", "must be an object"),
                    ("/explain", "must be true or false"),
                ],
            ),
        ],
    )
    def test_all_that_is_wrong_is_said_at_once(
        self, client: Client, content: bytes, errors: list[tuple[str, str]]
    ) -> None:
        document = refused(self.plan(client, content), 422, "Invalid request")

        assert document["errors"] == [{"pointer": pointer, "message": message} for pointer, message in errors]

    def test_a_name_of_256_characters_is_a_task_nobody_has(self, client: Client) -> None:
        name = "😀" * 256

        document = refused(
            self.plan(client, f'{{"task": "{name}"}}'.encode()), 404, f"No autopilot currently supports {name}"
        )

        assert document["known"] == []  # a name of more than 64 characters is compared with none


def chunks(body: bytes) -> Iterator[bytes]:
    """Sent with Transfer-Encoding: chunked, so without a Content-Length."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]
