"""ai-employee: files, from the signed call to what was stored."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.autopilots import Autopilot, running

CONTENT = b"%PDF-1.7 \xff"
FILE = {"name": "résumé.pdf", "contentType": "text/html", "content": base64.b64encode(CONTENT).decode()}
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def employee() -> Iterator[Autopilot]:
    with running("employee", bindings={"PUBLIC_URL": "https://agent.example.com"}) as autopilot:
        yield autopilot


class TestFiles:
    def test_a_file_is_kept_in_the_private_bucket(self, employee: Autopilot) -> None:
        answer = employee.call("files.intake.upload", FILE)
        [row] = employee.sql("EFH_CRM", f"SELECT object FROM files WHERE '{answer.json()['key']}' LIKE '%' || id")  # noqa: S608

        assert answer.status_code == 201
        assert employee.stored("EFH_PRIVATE", row["object"]).content == CONTENT
        assert (
            answer.json().items()
            >= {
                "name": "résumé.pdf",
                "size": len(CONTENT),
                "sha256": hashlib.sha256(CONTENT).hexdigest(),
                "contentType": "application/pdf",
                "declaredType": "text/html",
            }.items()
        )
        assert employee.get(f"/{answer.json()['key']}").status_code == 404, "nothing of it is public"

    def test_a_file_is_read_back(self, employee: Autopilot) -> None:
        stored = employee.call("files.intake.upload", FILE).json()

        read = employee.call("files.intake.get", {"key": stored["key"]})

        assert read.status_code == 200
        assert base64.b64decode(read.json()["content"]) == CONTENT
        assert read.json().items() >= stored.items()
        assert employee.call("files.intake.get", {"key": f"intake/{'0' * 32}"}).status_code == 404

    def test_a_repeat_finds_the_file_and_another_file_is_refused(self, employee: Autopilot) -> None:
        first, again, other = (
            employee.call("files.intake.upload", file, idempotency_key="upload-1")
            for file in (FILE, FILE, FILE | {"content": ""})
        )

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
        assert again.json() == first.json()
        read = employee.call("files.intake.get", {"key": first.json()["key"]}).json()
        assert base64.b64decode(read["content"]) == CONTENT

    def test_a_file_of_the_version_before_is_read(self, employee: Autopilot) -> None:
        key = f"intake/{'a' * 32}"
        employee.store("EFH_PRIVATE", key, "hello")

        read = employee.call("files.intake.get", {"key": key}).json()

        assert (base64.b64decode(read["content"]), read["sha256"]) == (b"hello", hashlib.sha256(b"hello").hexdigest())

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"\x89PNG\r\n\x1a\n....", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"PK\x03\x04" + b"." * 60 + b"word/document.xml", WORD),
            (b"PK\x03\x04...", "application/zip"),
            (b"MZ\x90\x00", "application/x-msdownload"),
            ("Grüße, 世界".encode(), "text/plain"),
            (b"<script>alert(1)</script>", "text/plain"),
            (b"a\x00b", "application/octet-stream"),
            (b"\xc3\x28", "application/octet-stream"),
        ],
    )
    def test_its_type_is_what_its_first_bytes_say(self, employee: Autopilot, content: bytes, found: str) -> None:
        file = {"name": "x.png", "contentType": "image/png", "content": base64.b64encode(content).decode()}

        assert employee.call("files.intake.upload", file).json()["contentType"] == found

    def test_a_large_file_goes_as_it_is_with_a_ticket(self, employee: Autopilot) -> None:
        content = b"%PDF-1.7\n" + random.Random(7).randbytes(25 * 1024 * 1024 - 9)  # noqa: S311
        asked = employee.call("files.intake.upload", {"name": "film.pdf", "size": len(content)})
        ticket = asked.json()["upload"]
        path = urlsplit(ticket["url"]).path

        stored = employee.http.put(path, content=content, headers=ticket["headers"])
        again = employee.http.put(path, content=content, headers=ticket["headers"])
        read = employee.call("files.intake.get", {"key": asked.json()["key"]}).json()
        back = employee.http.get(urlsplit(read["download"]["url"]).path, headers=read["download"]["headers"])

        assert (asked.status_code, stored.status_code, again.status_code) == (202, 201, 200)
        assert stored.json() == again.json()
        assert (stored.json()["size"], stored.json()["contentType"]) == (len(content), "application/pdf")
        assert stored.json()["sha256"] == hashlib.sha256(content).hexdigest()
        assert "content" not in read
        assert back.content == content
        assert back.headers["content-disposition"].startswith("attachment")

    def test_a_ticket_opens_one_file_for_one_method_and_size(self, employee: Autopilot) -> None:
        tickets = [employee.call("files.intake.upload", {"name": "a", "size": 5}).json()["upload"] for _ in range(2)]
        path, other = (urlsplit(ticket["url"]).path for ticket in tickets)
        headers = tickets[0]["headers"]
        expires, size, signed = headers["authorization"].removeprefix("Bearer ").split(".")

        def put(path: str, content: bytes = b"12345", authorization: str = headers["authorization"]) -> int:
            return employee.http.put(path, content=content, headers={"authorization": authorization}).status_code

        assert put(other) == 401
        assert put(path, authorization="") == 401
        assert put(path, b"123456", f"Bearer {expires}.6.{signed}") == 401
        assert put(path, authorization=f"Bearer {int(expires) + 1}.{size}.{signed}") == 401
        assert employee.http.get(path, headers=headers).status_code == 401
        assert put(path, b"123456") == 422
        assert put(path) == 201

    @pytest.mark.parametrize("size", [0, 25 * 1024 * 1024 + 1])
    def test_a_file_of_another_size_gets_no_ticket(self, employee: Autopilot, size: int) -> None:
        answer = employee.call("files.intake.upload", {"name": "a", "size": size})

        assert [error["pointer"] for error in answer.json()["errors"]] == ["/meta/size"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"name": "../../etc/passwd"}, "/meta/name"),
            ({"name": ".."}, "/meta/name"),
            ({"name": "a\\b"}, "/meta/name"),
            ({"contentType": "text/html\r\nx: y"}, "/meta/contentType"),
            ({"content": "YWI"}, "/meta/content"),
            ({"content": "not base64!"}, "/meta/content"),
        ],
    )
    def test_a_file_that_cannot_be_kept_is_refused(
        self, employee: Autopilot, change: dict[str, str], pointer: str
    ) -> None:
        answer = employee.call("files.intake.upload", FILE | change)

        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestScheduling:
    def test_without_a_queue_it_says_what_makes_one(self, employee: Autopilot) -> None:
        answer = employee.call("task.schedule", {"at": "2027-01-01T00:00:00Z", "task": "send_followup"})

        document = answer.json()
        assert (answer.status_code, document["title"], document["missing"]) == (503, "Not configured", ["TASK_QUEUE"])
        assert "async: true" in document["hint"]
