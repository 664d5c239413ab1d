"""The one reader of multipart bodies: bytes as they came."""

from __future__ import annotations

import pytest

from orchestrator.multipart import Part, contents, encode, parse

BODY = (
    b'--b\r\nContent-Disposition: form-data; name="w.js"\r\n\r\nline\nline\r\n\r\n--bar\r\n--b\r\n\r\ntwo\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("multipart/form-data; boundary=b", BODY, [b"line\nline\r\n\r\n--bar", b"two"]),
        ('multipart/form-data; boundary="b"', BODY, [b"line\nline\r\n\r\n--bar", b"two"]),
        ("application/javascript", b"whole", [b"whole"]),
        ("", b"whole", [b"whole"]),
    ],
)
def test_the_bytes_of_each_part(content_type: str, body: bytes, expected: list[bytes]) -> None:
    assert contents(body, content_type) == expected


@pytest.mark.parametrize("body", [b"", b"--b\r\n", BODY[:-4], BODY[:40]])
def test_a_body_that_is_cut_short_is_not_taken_for_a_whole_one(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        contents(body, "multipart/form-data; boundary=b")


def test_what_is_written_is_read_back() -> None:
    parts = [
        Part(name="worker.js", filename="worker.js", content_type="application/javascript+module", content=b"\r\n--"),
        Part(name="data", content_type="application/octet-stream", content=bytes(range(256))),
    ]

    assert parse(encode(parts, "x1"), "multipart/form-data; boundary=x1") == parts
