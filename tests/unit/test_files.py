"""Files that are whole or not there, locks, hashes."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.files import PRIVATE, sha256_of, take_lock, write_together, write_whole


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


def test_several_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    (tmp_path / "gone").write_text("before")
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(OSError, match=r"."):
        write_together({tmp_path / "a": "after", tmp_path / "gone": None, tmp_path / "file/b": "after"})
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "a": "before",
        "gone": "before",
        "file": "no folder",
    }

    write_together({tmp_path / "a": "after", tmp_path / "gone": None, tmp_path / "new/b": "Grüße\r\n"})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "file", "new"]
    assert ((tmp_path / "a").read_text(), (tmp_path / "new/b").read_bytes().decode()) == ("after", "Grüße\r\n")


class _Interrupted(type(Path())):  # type: ignore[misc]
    """A path at whose replacement somebody presses Ctrl-C."""

    def replace(self, target: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return super().replace(target)


def test_an_interrupt_in_the_middle_waits_until_all_are_in_place(tmp_path: Path) -> None:
    paths = [_Interrupted(tmp_path / name) for name in ("a", "b")]

    with pytest.raises(KeyboardInterrupt):
        write_together(dict.fromkeys(paths, "after"))

    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a": "after", "b": "after"}


def test_an_interrupt_before_that_leaves_all_as_it_was(tmp_path: Path) -> None:
    class Contents(dict[Path, str | None]):
        """Ctrl-C comes when its items are asked for a second time, to be written, before the last."""

        rounds = 0

        def items(self) -> Any:
            self.rounds += 1
            for path, text in super().items():
                if path.name == "d" and self.rounds > 1:
                    assert len(list(tmp_path.iterdir())) == 4, "three are written beside it"
                    raise KeyboardInterrupt
                yield path, text

    (tmp_path / "a").write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write_together(Contents({tmp_path / name: "after" for name in "abcd"}))

    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a": "before"}
