"""Files that are whole or not there, locks, hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrator.files import PRIVATE, sha256_of, take_lock, write_whole


@pytest.mark.parametrize("content", ["Grüße\r\n", b"\x00\xff"])
def test_a_file_is_replaced_by_exactly_what_was_given(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    write_whole(path, content)

    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", "s3cret", mode=PRIVATE)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.mkdir()
    (folder / "inside").write_text("before")

    with pytest.raises(OSError, match="directory"):
        write_whole(folder, "after")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_lock_is_taken_once_until_its_file_is_closed(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a") as first, (tmp_path / "lock").open("a") as second:
        assert take_lock(first)
        assert not take_lock(second)
        first.close()
        assert take_lock(second)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")

    assert sha256_of(tmp_path / "file") == hashlib.sha256(b"bytes").hexdigest()
